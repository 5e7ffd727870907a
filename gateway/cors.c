#include "gateway/cors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/answer.h"

#define ORIGIN_MAX 261 /* https:// and a name of 253 characters */

struct cors {
	char **origins;
	size_t origin_count;
	bool allow_all;
	bool allow_credentials;
};

static enum code PRINTF_LIKE(3, 4)
	refuse(char *err, size_t err_size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(err, err_size, fmt, ap);
	va_end(ap);
	return CODE_INVALID_ARGUMENT;
}

/* A scheme, "://", and a host with perhaps a port; nothing behind it. */
static bool
is_origin(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._~:[]";
	const char *host = strstr(text, "://");

	if (host == NULL || host == text || strlen(text) > ORIGIN_MAX)
		return false;
	host += 3;
	return *host != '\0' && strspn(host, allowed) == strlen(host);
}

static enum code
check(const struct cors_options *options, char *err, size_t err_size)
{
	if (options->allow_all && options->allow_credentials)
		return refuse(err, err_size,
		              "cors: allow_all with allow_credentials would "
		              "let every web page act for a user; list the "
		              "origins instead");
	for (size_t i = 0; i < options->origin_count; i++) {
		const char *origin = options->origins[i];

		if (strcmp(origin, "*") == 0)
			return refuse(err, err_size,
			              "cors: \"*\" is no origin; set "
			              "allow_all instead");
		if (!is_origin(origin))
			return refuse(err, err_size,
			              "cors: \"%s\" is no origin; write scheme "
			              "and host without a path or a slash at "
			              "the end, as in http://localhost:3000",
			              origin);
	}
	return CODE_OK;
}

static bool
copy_origins(struct cors *cors, const struct cors_options *options)
{
	cors->origins = calloc(options->origin_count + 1, sizeof(char *));
	if (cors->origins == NULL)
		return false;
	for (size_t i = 0; i < options->origin_count; i++) {
		cors->origins[i] = strdup(options->origins[i]);
		if (cors->origins[i] == NULL)
			return false;
		cors->origin_count++;
	}
	return true;
}

enum code
cors_open(const struct cors_options *options, struct cors **out, char *err,
          size_t err_size)
{
	enum code code = check(options, err, err_size);
	struct cors *cors;

	if (code != CODE_OK)
		return code;
	cors = calloc(1, sizeof(*cors));
	if (cors == NULL || !copy_origins(cors, options)) {
		cors_close(cors);
		(void)refuse(err, err_size, "cors: not enough memory");
		return CODE_RESOURCE_EXHAUSTED;
	}
	cors->allow_all = options->allow_all;
	cors->allow_credentials = options->allow_credentials;
	*out = cors;
	return CODE_OK;
}

void
cors_close(struct cors *cors)
{
	if (cors == NULL)
		return;
	for (size_t i = 0; i < cors->origin_count; i++)
		free(cors->origins[i]);
	free(cors->origins);
	free(cors);
}

/* Its own text of the origin; NULL if it is not on the list. */
static const char *
listed_as(const struct cors *cors, const char *origin)
{
	for (size_t i = 0; origin != NULL && i < cors->origin_count; i++)
		if (strcmp(cors->origins[i], origin) == 0)
			return cors->origins[i];
	return NULL;
}

bool
cors_lists(const struct cors *cors, const char *origin)
{
	return listed_as(cors, origin) != NULL;
}

/* What to answer an allowed origin with; NULL if it is not allowed. */
static const char *
allowed_as(const struct cors *cors, const char *origin)
{
	if (origin == NULL)
		return NULL;
	if (cors->allow_all)
		return "*";
	return listed_as(cors, origin);
}

static bool
add_origin(const struct cors *cors, const char *origin, bool credentials,
           struct answer *answer)
{
	const char *allowed = allowed_as(cors, origin);

	if (allowed == NULL)
		return false;
	answer_add(answer, "Access-Control-Allow-Origin", allowed);
	if (cors->allow_credentials || (credentials && !cors->allow_all))
		answer_add(answer, "Access-Control-Allow-Credentials", "true");
	return true;
}

void
cors_preflight(const struct cors *cors, const char *origin, bool credentials,
               struct answer *answer)
{
	if (!add_origin(cors, origin, credentials, answer))
		return;
	answer_add(answer, "Access-Control-Allow-Headers",
	           "accept, authorization, content-type, user-agent, "
	           "x-csrftoken, x-requested-with");
	answer_add(answer, "Access-Control-Allow-Methods",
	           "DELETE, GET, OPTIONS, PATCH, POST, PUT");
	answer_add(answer, "Access-Control-Max-Age", "86400");
}

void
cors_expose(const struct cors *cors, const char *origin, bool credentials,
            struct answer *answer)
{
	if (add_origin(cors, origin, credentials, answer))
		answer_add(answer, "Access-Control-Expose-Headers",
		           "X-Request-Id, Retry-After");
}
