#include "gateway/http_framing.h"

#include <string.h>
#include <strings.h>

#define LENGTH_DIGITS_MAX 18 /* fits size_t */

/* Fields that two readers must not find twice, each its own. */
static const char *const singles[] = {
	"Authorization",
	"Content-Encoding",
	"Content-Length",
	"Content-Type",
	"Host",
	"Origin",
	"Transfer-Encoding",
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* RFC 9110, section 5.6.2: what methods and field names are made of. */
static bool
is_token(const char *text)
{
	const char *c = text;

	while (is_alnum(*c) || (*c != '\0' && strchr("!#$%&'*+-.^_`|~", *c)))
		c++;
	return c > text && *c == '\0';
}

static bool
value_is_clean(const char *value)
{
	for (const unsigned char *c = (const unsigned char *)value; *c; c++)
		if ((*c < ' ' && *c != '\t') || *c == 0x7f)
			return false;
	return true;
}

static size_t
trimmed_len(const char *value)
{
	size_t len = strlen(value);

	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
	return len;
}

/* Two NULs stand for the two bytes that ended the line. */
static const char *
line_end(const char *last)
{
	const char *end = last + strlen(last);

	return end[1] == '\0' ? end + 2 : NULL;
}

/* Each string begins where the one before it and its separator end. */
static bool
layout_is_plain(const struct http_head *head)
{
	const char *at = head->method + strlen(head->method) + 1;

	if (head->target_at != at || head->version != at + head->target_len + 1)
		return false;
	at = line_end(head->version);
	for (size_t i = 0; i < head->field_count; i++) {
		if (head->fields[i].name != at)
			return false;
		at = line_end(head->fields[i].value);
	}
	return at != NULL && at + 2 == head->method + head->size &&
	       at[0] == '\0' && at[1] == '\0';
}

/*
 * Only the origin form ("/path?query"), and "*" for OPTIONS. In the path every
 * % stands before two hexadecimal digits that are not 00.
 */
static bool
target_is_clean(const struct http_head *head)
{
	const char *end = head->target + head->target_len;
	bool in_path = true;

	if (head->target_len == 1 && *head->target == '*')
		return strcmp(head->method, "OPTIONS") == 0;
	if (head->target_len == 0 || *head->target != '/')
		return false;
	for (const char *c = head->target; c < end; c++) {
		if (*c <= ' ' || *c >= 0x7f || *c == '#')
			return false;
		if (*c == '?')
			in_path = false;
		if (*c != '%' || !in_path)
			continue;
		if (end - c < 3 || !is_hex(c[1]) || !is_hex(c[2]) ||
		    (c[1] == '0' && c[2] == '0'))
			return false;
	}
	return true;
}

static bool
fields_are_clean(const struct http_head *head)
{
	for (size_t i = 0; i < head->field_count; i++)
		if (!is_token(head->fields[i].name) ||
		    !value_is_clean(head->fields[i].value))
			return false;
	return true;
}

/* find returns the only field of that name; *count how many there are. */
static const char *
find(const struct http_head *head, const char *name, size_t *count)
{
	const char *value = NULL;

	*count = 0;
	for (size_t i = 0; i < head->field_count; i++)
		if (strcasecmp(head->fields[i].name, name) == 0) {
			value = head->fields[i].value;
			++*count;
		}
	return value;
}

static bool
singles_are_single(const struct http_head *head)
{
	size_t count;

	for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
		(void)find(head, singles[i], &count);
		if (count > 1)
			return false;
	}
	return true;
}

/* A name or address with a port; what could name a user or a path is not. */
static bool
host_is_valid(const char *host)
{
	size_t len = trimmed_len(host);

	for (size_t i = 0; i < len; i++)
		if (!is_alnum(host[i]) && !strchr("-._~:[]%", host[i]))
			return false;
	return true;
}

static bool
parse_length(const char *value, size_t *out)
{
	size_t len = trimmed_len(value);
	size_t number = 0;

	if (len == 0 || len > LENGTH_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(value[i]))
			return false;
		number = number * 10 + (size_t)(value[i] - '0');
	}
	*out = number;
	return true;
}

static bool
frame(const struct http_head *head, struct http_framing *out)
{
	bool is_old = strcmp(head->version, "HTTP/1.0") == 0;
	size_t count;
	const char *host = find(head, "Host", &count);
	const char *length = find(head, "Content-Length", &count);
	const char *coding = find(head, "Transfer-Encoding", &count);

	if (!is_old && strcmp(head->version, "HTTP/1.1") != 0)
		return false;
	if (host == NULL ? !is_old : !host_is_valid(host))
		return false;
	if (coding != NULL && (is_old || length != NULL ||
	                       trimmed_len(coding) != strlen("chunked") ||
	                       strncasecmp(coding, "chunked", 7) != 0))
		return false;
	if (length != NULL && !parse_length(length, &out->body_len))
		return false;
	out->chunked = coding != NULL;
	/*
	 * libmicrohttpd takes a bare LF between chunks, where nobody can see
	 * it: what follows a chunked body is therefore never read as a request.
	 */
	out->close = is_old || out->chunked;
	return true;
}

unsigned
http_framing_check(const struct http_head *head,
                   const struct http_limits *limits, struct http_framing *out)
{
	struct http_framing framing = { 0 };

	if (head->target == NULL || head->target_len > limits->url_max)
		return 414;
	if (head->overflow || head->size > limits->head_max)
		return 431;
	if (!layout_is_plain(head) || !is_token(head->method) ||
	    !target_is_clean(head) || !fields_are_clean(head) ||
	    !singles_are_single(head) || !frame(head, &framing))
		return 400;
	if (framing.body_len > limits->body_max)
		return 413;
	*out = framing;
	return 0;
}
