#include "tests/bench/http_reply.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define BODY_MAX (1024UL * 1024)

static const char length_name[] = "Content-Length:";
static const char coding_name[] = "Transfer-Encoding:";

static bool
is_named(const char *line, const char *end, const char *name, size_t name_len)
{
	return (size_t)(end - line) >= name_len &&
	       strncasecmp(line, name, name_len) == 0;
}

/* The number after leading spaces, to the end of the line. */
static bool
read_number(const char *at, const char *end, size_t *out)
{
	size_t number = 0;

	while (at < end && *at == ' ')
		at++;
	if (at == end)
		return false;
	for (; at < end; at++) {
		if (*at < '0' || *at > '9' || number > BODY_MAX)
			return false;
		number = number * 10 + (size_t)(*at - '0');
	}
	*out = number;
	return true;
}

/* Reads the header lines, each of which ends with CR LF, up to `end`. */
static bool
read_headers(const char *line, const char *end, size_t *length)
{
	const char *eol;

	for (; line < end; line = eol + 2) {
		eol = memmem(line, (size_t)(end - line), "\r\n", 2);
		if (eol == NULL)
			return false;
		if (is_named(line, eol, coding_name, sizeof(coding_name) - 1))
			return false;
		if (!is_named(line, eol, length_name, sizeof(length_name) - 1))
			continue;
		if (!read_number(line + sizeof(length_name) - 1, eol, length))
			return false;
	}
	return true;
}

/* "HTTP/1.1 200 OK" */
static bool
read_status(const char *data, size_t len, unsigned *status)
{
	static const char version[] = "HTTP/1.1 ";
	const char *digits = data + sizeof(version) - 1;
	size_t number = 0;

	if (len < sizeof(version) + 3 ||
	    memcmp(data, version, sizeof(version) - 1) != 0 ||
	    !read_number(digits, digits + 3, &number))
		return false;
	*status = (unsigned)number;
	return true;
}

enum http_reply_state
http_reply_read(const char *data, size_t len, struct http_reply *out)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);
	const char *first;
	size_t length = 0, head_len;
	unsigned status = 0;

	if (end == NULL)
		return HTTP_REPLY_PARTIAL;
	head_len = (size_t)(end - data) + 4;
	first = memmem(data, head_len, "\r\n", 2);
	if (first == NULL || !read_status(data, head_len, &status) ||
	    !read_headers(first + 2, end + 2, &length))
		return HTTP_REPLY_BAD;
	if (len - head_len < length)
		return HTTP_REPLY_PARTIAL;
	if (len - head_len > length)
		return HTTP_REPLY_BAD;
	*out = (struct http_reply){ status, data + head_len, length };
	return HTTP_REPLY_WHOLE;
}
