#include "server/domain/https_fetch.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#define MAX_AGE_MAX 31536000 /* seconds: a year, as RFC 9111 would have it */
#define CACHE_CONTROL "cache-control:"
#define MAX_AGE "max-age="

struct transfer {
	const struct https_fetch *fetch;
	struct https_answer answer;
	char error[CURL_ERROR_SIZE];
};

enum code
https_begin(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
	               ? CODE_OK
	               : CODE_INTERNAL;
}

void
https_end(void)
{
	curl_global_cleanup();
}

/* Cuts the first directive off a list; false: there is none left. */
static bool
next_directive(const char **at, const char *end, const char **word, size_t *len)
{
	const char *comma;

	while (*at < end && strchr(" \t,\r\n", **at) != NULL)
		(*at)++;
	if (*at == end)
		return false;
	comma = memchr(*at, ',', (size_t)(end - *at));
	*word = *at;
	*at = comma == NULL ? end : comma;
	*len = (size_t)(*at - *word);
	return true;
}

static bool
begins(const char *text, size_t len, const char *with)
{
	return len >= strlen(with) &&
	       strncasecmp(text, with, strlen(with)) == 0;
}

static int64_t
read_seconds(const char *text, size_t len)
{
	int64_t seconds = 0;
	size_t digits = 0;

	for (; digits < len && text[digits] >= '0' && text[digits] <= '9';
	     digits++)
		if (seconds < MAX_AGE_MAX)
			seconds = seconds * 10 + (text[digits] - '0');
	if (digits == 0)
		return -1;
	return seconds < MAX_AGE_MAX ? seconds : MAX_AGE_MAX;
}

int64_t
https_max_age_read(const char *value, size_t len)
{
	const char *end = value + len, *word;
	const size_t prefix = strlen(MAX_AGE);
	int64_t max_age_s = -1;

	while (next_directive(&value, end, &word, &len)) {
		if (begins(word, len, "no-store") ||
		    begins(word, len, "no-cache"))
			return 0;
		if (begins(word, len, MAX_AGE))
			max_age_s = read_seconds(word + prefix, len - prefix);
	}
	return max_age_s;
}

/* What libcurl calls. */

static size_t
on_body(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * count;

	if (len > t->fetch->out_size - t->answer.len) {
		(void)snprintf(t->error, sizeof(t->error),
		               "more than %zu bytes", t->fetch->out_size);
		return 0;
	}
	memcpy(t->fetch->out + t->answer.len, data, len);
	t->answer.len += len;
	return len;
}

static size_t
on_header(char *data, size_t size, size_t count, void *arg)
{
	const size_t prefix = strlen(CACHE_CONTROL);
	struct transfer *t = arg;
	size_t len = size * count;

	if (begins(data, len, CACHE_CONTROL))
		t->answer.max_age_s =
			https_max_age_read(data + prefix, len - prefix);
	return len;
}

/* Sets an option and keeps the first failure. */
#define SET(option, value)                                                     \
	do {                                                                   \
		if (rc == CURLE_OK)                                            \
			rc = curl_easy_setopt(easy, (option), (value));        \
	} while (0)

static CURLcode
set_up(CURL *easy, struct transfer *t)
{
	const struct https_fetch *fetch = t->fetch;
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_URL, fetch->url);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_TIMEOUT_MS, (long)fetch->timeout_ms);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (*fetch->ca != '\0') {
		SET(CURLOPT_CAINFO, fetch->ca);
		SET(CURLOPT_CAPATH, NULL);
	}
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)fetch->out_size);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, t);
	SET(CURLOPT_ERRORBUFFER, t->error);
	return rc;
}

enum code
https_fetch_run(const struct https_fetch *fetch, struct https_answer *answer,
                char *err, size_t err_size)
{
	struct transfer t = { .fetch = fetch, .answer = { .max_age_s = -1 } };
	CURL *easy = curl_easy_init();
	CURLcode rc = CURLE_OUT_OF_MEMORY;
	long status = 0;

	if (easy != NULL)
		rc = set_up(easy, &t);
	if (rc == CURLE_OK)
		rc = curl_easy_perform(easy);
	if (rc == CURLE_OK)
		rc = curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(easy);
	if (rc == CURLE_OK && status == 200) {
		*answer = t.answer;
		return CODE_OK;
	}
	if (rc == CURLE_OK)
		(void)snprintf(err, err_size, "answered with status %ld",
		               status);
	else
		(void)snprintf(err, err_size, "%s",
		               t.error[0] != '\0' ? t.error
		                                  : curl_easy_strerror(rc));
	return CODE_UNAVAILABLE;
}
