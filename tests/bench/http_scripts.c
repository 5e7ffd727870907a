#include "tests/bench/http_scripts.h"

#include <stdio.h>
#include <string.h>

#include "tests/bench/bail.h"

#define BODY_MAX (TOKEN_JAR_TEXT_SIZE + 64)

static size_t
checked(int len)
{
	if (len < 0 || len >= HTTP_SCRIPT_REQUEST_MAX)
		bail("a request is too long");
	return (size_t)len;
}

static size_t
write_post(char to[HTTP_SCRIPT_REQUEST_MAX], const char *path, const char *body)
{
	return checked(snprintf(to, HTTP_SCRIPT_REQUEST_MAX,
	                        "POST %s HTTP/1.1\r\n"
	                        "Host: 127.0.0.1\r\n"
	                        "Accept: application/json\r\n"
	                        "Content-Type: application/json\r\n"
	                        "Content-Length: %zu\r\n"
	                        "\r\n"
	                        "%s",
	                        path, strlen(body), body));
}

static size_t
ask_login(void *ctx, unsigned index, char to[HTTP_SCRIPT_REQUEST_MAX])
{
	(void)ctx;
	(void)index;
	return write_post(to, "/api/auth/login/",
	                  "{\"email\":\"" TOKEN_JAR_EMAIL "\",\"password\":"
	                  "\"" TOKEN_JAR_PASSWORD "\"}");
}

static size_t
ask_refresh(void *ctx, unsigned index, char to[HTTP_SCRIPT_REQUEST_MAX])
{
	const struct token_pair *pair = token_jar_pair(ctx, index);
	char body[BODY_MAX];

	(void)checked(snprintf(body, sizeof(body), "{\"refresh\":\"%s\"}",
	                       pair->refresh));
	return write_post(to, "/api/auth/token/refresh/", body);
}

static bool
hear_rotate(void *ctx, unsigned index, const struct http_reply *reply)
{
	return token_jar_take(reply->body, reply->body_len, "refresh",
	                      token_jar_pair(ctx, index)->refresh);
}

static size_t
ask_me(void *ctx, unsigned index, char to[HTTP_SCRIPT_REQUEST_MAX])
{
	const struct token_pair *pair = token_jar_pair(ctx, index);

	return checked(snprintf(to, HTTP_SCRIPT_REQUEST_MAX,
	                        "GET /api/auth/users/me/ HTTP/1.1\r\n"
	                        "Host: 127.0.0.1\r\n"
	                        "Accept: application/json\r\n"
	                        "Authorization: Bearer %s\r\n"
	                        "\r\n",
	                        pair->access));
}

struct http_script
http_script_login(struct token_jar *jar)
{
	return (struct http_script){ jar, ask_login, NULL };
}

struct http_script
http_script_refresh(struct token_jar *jar)
{
	return (struct http_script){ jar, ask_refresh, NULL };
}

struct http_script
http_script_rotate(struct token_jar *jar)
{
	return (struct http_script){ jar, ask_refresh, hear_rotate };
}

struct http_script
http_script_me(struct token_jar *jar)
{
	return (struct http_script){ jar, ask_me, NULL };
}
