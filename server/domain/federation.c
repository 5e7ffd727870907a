#include "server/domain/federation.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/domain/https_fetch.h"
#include "server/domain/issuer_keys.h"
#include "server/store/identity_store.h"

#define GOOGLE "https://accounts.google.com"
#define GOOGLE_ALIAS "accounts.google.com"
#define ISSUERS_MAX (1 + FEDERATION_OTHERS_MAX)

struct federation {
	struct issuer issuers[ISSUERS_MAX];
	char *texts[ISSUERS_MAX]; /* what their members point into */
	size_t count;
	char *ca;
	bool https_began;
};

static enum code
no_memory(char *err, size_t err_size)
{
	(void)snprintf(err, err_size, "not enough memory");
	return CODE_RESOURCE_EXHAUSTED;
}

static bool
is_https(const char *url)
{
	return strncmp(url, "https://", 8) == 0 && url[8] != '\0' &&
	       strlen(url) <= HTTPS_FETCH_URL_MAX &&
	       strpbrk(url, " \"<>\\\r\n\t") == NULL;
}

/* One word of an issuer's row. Returns what is wrong with it, or NULL. */
static const char *
take_word(struct issuer *issuer, const char **keys_url, char *word)
{
	char *value = strchr(word, '=');

	if (value == NULL || value[1] == '\0')
		return "is not NAME=VALUE";
	*value++ = '\0';
	if (strcmp(word, "keys") == 0) {
		*keys_url = value;
		return is_https(value) ? NULL : "is not an https URL";
	}
	if (strcmp(word, "audience") == 0) {
		if (issuer->audience_count == ISSUER_TEXTS_MAX)
			return "is one audience too many";
		issuer->audiences[issuer->audience_count++] = value;
		return NULL;
	}
	if (strcmp(word, "domain") == 0) {
		if (issuer->domain_count == ISSUER_TEXTS_MAX)
			return "is one domain too many";
		issuer->domains[issuer->domain_count++] = value;
		return NULL;
	}
	return "is neither keys, audience nor domain";
}

static const char *
take_row(struct issuer *issuer, const char **keys_url, char *text)
{
	char *rest = NULL, *word = strtok_r(text, " ", &rest);
	const char *fault = NULL;

	if (word == NULL || !is_https(word) ||
	    strlen(word) > IDENTITY_ISSUER_MAX)
		return "does not begin with an https URL";
	issuer->url = word;
	issuer->name = word + strlen("https://");
	while (fault == NULL && (word = strtok_r(NULL, " ", &rest)) != NULL)
		fault = take_word(issuer, keys_url, word);
	if (fault == NULL && *keys_url == NULL)
		fault = "has no keys=URL";
	if (fault == NULL && issuer->audience_count == 0)
		fault = "has no audience=ID";
	return fault;
}

static enum code
open_keys(struct federation *f, struct issuer *issuer, const char *url,
          char *err, size_t err_size)
{
	const struct issuer_keys_options options = { .issuer = issuer->url,
		                                     .url = url,
		                                     .ca = f->ca };

	if (issuer_keys_open(&options, &issuer->keys) == CODE_OK)
		return CODE_OK;
	return no_memory(err, err_size);
}

static enum code
add_other(struct federation *f, const char *row, char *err, size_t err_size)
{
	struct issuer *issuer = &f->issuers[f->count];
	const char *keys_url = NULL, *fault;
	char *text = strdup(row);

	if (text == NULL)
		return no_memory(err, err_size);
	f->texts[f->count++] = text;
	issuer->alias = "";
	issuer->hosted_domain = "";
	fault = take_row(issuer, &keys_url, text);
	for (size_t i = 0; fault == NULL && i + 1 < f->count; i++)
		if (strcmp(f->issuers[i].url, issuer->url) == 0)
			fault = "is there twice";
	if (fault == NULL)
		return open_keys(f, issuer, keys_url, err, err_size);
	(void)snprintf(err, err_size, "federation.issuers: \"%s\": a part %s",
	               row, fault);
	return CODE_INVALID_ARGUMENT;
}

/* Copies the audiences and two texts one behind the other. */
static char *
copy_google(const struct federation_options *o, struct issuer *issuer,
            const char **keys_url)
{
	const struct setting_list *list = o->google_audiences;
	size_t size = strlen(o->google_domain) + strlen(o->google_keys) + 2;
	char *text, *at;

	for (size_t i = 0; i < list->count; i++)
		size += strlen(list->items[i]) + 1;
	text = malloc(size);
	if (text == NULL)
		return NULL;
	at = text;
	for (size_t i = 0; i < list->count; i++) {
		issuer->audiences[i] = at;
		at = stpcpy(at, list->items[i]) + 1;
	}
	issuer->audience_count = list->count;
	issuer->hosted_domain = at;
	at = stpcpy(at, o->google_domain) + 1;
	*keys_url = at;
	(void)stpcpy(at, o->google_keys);
	return text;
}

/* Google speaks for its own domains and for those it hosts (`hd`). */
static enum code
add_google(struct federation *f, const struct federation_options *o, char *err,
           size_t err_size)
{
	struct issuer *issuer = &f->issuers[f->count];
	const char *keys_url = "";

	if (o->google_audiences->count > ISSUER_TEXTS_MAX ||
	    !is_https(o->google_keys)) {
		(void)snprintf(err, err_size,
		               "federation.google_audiences has more than %d "
		               "items, or federation.google_keys is not an "
		               "https URL",
		               ISSUER_TEXTS_MAX);
		return CODE_INVALID_ARGUMENT;
	}
	*issuer = (struct issuer){
		.name = "Google",
		.url = GOOGLE,
		.alias = GOOGLE_ALIAS,
		.domains = { "gmail.com", "googlemail.com" },
		.domain_count = 2,
		.owns_hosted_domain = true,
	};
	f->texts[f->count] = copy_google(o, issuer, &keys_url);
	if (f->texts[f->count++] == NULL)
		return no_memory(err, err_size);
	return open_keys(f, issuer, keys_url, err, err_size);
}

static enum code
add_all(struct federation *f, const struct federation_options *o, char *err,
        size_t err_size)
{
	enum code code = CODE_OK;

	if (*o->ca != '\0' && access(o->ca, R_OK) != 0) {
		(void)snprintf(err, err_size,
		               "federation.ca: %s cannot be read", o->ca);
		return CODE_NOT_FOUND;
	}
	f->ca = strdup(o->ca);
	if (f->ca == NULL)
		return no_memory(err, err_size);
	if (o->google_audiences->count > 0)
		code = add_google(f, o, err, err_size);
	for (size_t i = 0; code == CODE_OK && i < o->issuers->count; i++)
		code = add_other(f, o->issuers->items[i], err, err_size);
	if (code != CODE_OK)
		return code;
	f->https_began = https_begin() == CODE_OK;
	return f->https_began ? CODE_OK : no_memory(err, err_size);
}

enum code
federation_open(const struct federation_options *options,
                struct federation **out, char *err, size_t err_size)
{
	struct federation *federation;
	enum code code;

	*out = NULL;
	if (options->google_audiences->count + options->issuers->count == 0)
		return CODE_OK;
	if (options->issuers->count > FEDERATION_OTHERS_MAX) {
		(void)snprintf(err, err_size,
		               "federation.issuers: more than %d",
		               FEDERATION_OTHERS_MAX);
		return CODE_INVALID_ARGUMENT;
	}
	federation = calloc(1, sizeof(*federation));
	if (federation == NULL)
		return no_memory(err, err_size);
	code = add_all(federation, options, err, err_size);
	if (code == CODE_OK)
		*out = federation;
	else
		federation_close(federation);
	return code;
}

void
federation_close(struct federation *federation)
{
	if (federation == NULL)
		return;
	for (size_t i = 0; i < federation->count; i++) {
		issuer_keys_close(federation->issuers[i].keys);
		free(federation->texts[i]);
	}
	if (federation->https_began)
		https_end();
	free(federation->ca);
	free(federation);
}

const struct issuer *
federation_issuers(const struct federation *federation, size_t *count)
{
	*count = federation->count;
	return federation->issuers;
}
