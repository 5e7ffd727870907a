/*
 * Heads as libmicrohttpd 0.9.75 would read them, with its leniencies: whatever
 * http_framing_check accepts of what it makes of any bytes, those bytes are
 * exactly one well-formed head: printed anew, what was read gives them back.
 * (But for NULs around the LF that ends a line: nobody can tell them from CRLF
 * afterwards.)
 */
#include "gateway/http_framing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/fuzz/fuzz.h"

struct reader {
	char *at; /* the next line */
	char *end;
};

/* A line ends at CRLF or a bare LF, which become NULs. */
static char *
next_line(struct reader *reader, size_t *len)
{
	char *line = reader->at;

	for (char *c = line; c < reader->end; c++) {
		bool is_crlf =
			c[0] == '\r' && c + 1 < reader->end && c[1] == '\n';

		if (!is_crlf && c[0] != '\n')
			continue;
		*len = (size_t)(c - line);
		*c++ = '\0';
		if (is_crlf)
			*c++ = '\0';
		reader->at = c;
		return line;
	}
	return NULL;
}

static bool
read_line(struct http_head *head, char *line, size_t len)
{
	char *target = memchr(line, ' ', len);
	char *version = line + len;

	if (target == NULL)
		return false;
	*target++ = '\0';
	while (target < line + len && *target == ' ')
		target++;
	while (version > target && *version != ' ')
		version--;
	if (version == target)
		return false;
	*version++ = '\0';
	head->method = line;
	head->target_at = target;
	head->target_len = strlen(target);
	head->version = version;
	return true;
}

/* A line that begins with white space goes on with the one before it. */
static bool
read_field(struct http_head *head, char *line)
{
	char *colon = strchr(line, ':');

	if ((line[0] == ' ' || line[0] == '\t') && head->field_count > 0)
		return true;
	if (colon == NULL)
		return false;
	*colon++ = '\0';
	while (*colon == ' ' || *colon == '\t')
		colon++;
	if (head->field_count == HTTP_FIELDS_MAX)
		head->overflow = true;
	else
		head->fields[head->field_count++] =
			(struct http_field){ line, colon };
	return true;
}

static bool
read_head(struct http_head *head, char *bytes, size_t size)
{
	struct reader reader = { bytes, bytes + size };
	size_t len = 0;
	char *line;

	do
		line = next_line(&reader, &len);
	while (line != NULL && *line == '\0');
	if (line == NULL || !read_line(head, line, len))
		return false;
	while ((line = next_line(&reader, &len)) != NULL && *line != '\0')
		if (!read_field(head, line))
			return false;
	head->size = (size_t)(reader.at - head->method);
	return line != NULL;
}

static void
want(const char **raw, const char *text, size_t len)
{
	if (memcmp(*raw, text, len) != 0)
		abort();
	*raw += len;
}

/* The end of one line, or of the last one and the empty one behind it. */
static void
want_end(const char **raw, bool is_last)
{
	size_t len = is_last ? 4 : 2;

	if (memchr(*raw, '\0', len) == NULL)
		want(raw, "\r\n\r\n", len);
	else if ((*raw)[len - 1] != '\n')
		abort();
	else
		*raw += len;
}

/* raw: where the method lay in the bytes as they came */
static void
check(const struct http_head *head, const struct http_framing *framing,
      const char *raw)
{
	const char *end = raw + head->size;
	size_t hosts = 0, lengths = 0;

	want(&raw, head->method, strlen(head->method));
	want(&raw, " ", 1);
	want(&raw, head->target, head->target_len);
	want(&raw, " HTTP/1.", 8);
	want(&raw, head->version + 7, 1);
	want_end(&raw, head->field_count == 0);
	for (size_t i = 0; i < head->field_count; i++) {
		const char *name = head->fields[i].name;
		const char *value = head->fields[i].value;

		want(&raw, name, strlen(name));
		want(&raw, ":", 1);
		while (*raw == ' ' || *raw == '\t')
			raw++;
		want(&raw, value, strlen(value));
		want_end(&raw, i + 1 == head->field_count);
		hosts += strcasecmp(name, "host") == 0;
		lengths += strcasecmp(name, "content-length") == 0 ||
		           strcasecmp(name, "transfer-encoding") == 0;
	}
	if (raw != end || hosts > 1 || lengths > 1 ||
	    (framing->chunked && framing->body_len > 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_limits limits = { .body_max = 1000,
		                                   .head_max = 4096,
		                                   .url_max = 1024 };
	static struct http_head head;
	struct http_framing framing;
	char *bytes = malloc(size + 4);
	char *target = NULL;
	char *raw = malloc(size + 4);

	if (bytes == NULL || raw == NULL)
		abort();
	memset(bytes, 0, size + 4);
	memset(raw, 0, size + 4);
	memcpy(bytes, data, size);
	memcpy(raw, data, size);
	head = (struct http_head){ 0 };
	if (read_head(&head, bytes, size)) {
		target = strdup(head.target_at);
		head.target = target;
		if (http_framing_check(&head, &limits, &framing) == 0)
			check(&head, &framing, raw + (head.method - bytes));
	}
	free(target);
	free(bytes);
	free(raw);
	return 0;
}
