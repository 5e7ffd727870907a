#include "gateway/form.h"

#include <string.h>
#include <strings.h>

#include "gateway/header_value.h"

#define BOUNDARY_MAX 70 /* RFC 2046, section 5.1.1 */
#define HEAD_MAX 4096

struct multipart {
	struct form form;
	const char *at;
	const char *end;
	char delimiter[BOUNDARY_MAX + 5]; /* CR LF, two dashes, boundary */
	size_t delimiter_len;
};

static enum code
fail(struct multipart *m, const char *what)
{
	m->form.what = what;
	return CODE_INVALID_ARGUMENT;
}

static size_t
left(const struct multipart *m)
{
	return (size_t)(m->end - m->at);
}

static bool
skip(struct multipart *m, const char *text)
{
	size_t len = strlen(text);

	if (left(m) < len || memcmp(m->at, text, len) != 0)
		return false;
	m->at += len;
	return true;
}

/* What stands before the next delimiter; *m moves behind the delimiter. */
static bool
take_until_delimiter(struct multipart *m, struct bytes *out)
{
	const char *found =
		memmem(m->at, left(m), m->delimiter, m->delimiter_len);

	if (found == NULL)
		return false;
	*out = (struct bytes){ m->at, (size_t)(found - m->at) };
	m->at = found + m->delimiter_len;
	return true;
}

/* What a part's head says about it. */
struct part {
	const char *name; /* NULL: none */
	bool is_file;
	bool is_encoded;
};

static void
read_header(struct arena *arena, char *line, struct part *part)
{
	static const char disposition[] = "content-disposition:";
	static const char encoding[] = "content-transfer-encoding:";
	const char *ignored;

	if (strncasecmp(line, disposition, sizeof(disposition) - 1) == 0) {
		const char *value = line + sizeof(disposition) - 1;

		if (!header_value_is(value, "form-data") ||
		    !header_value_parameter(arena, value, "name", &part->name))
			part->name = NULL;
		part->is_file = header_value_parameter(arena, value, "filename",
		                                       &ignored) ||
		                header_value_parameter(arena, value,
		                                       "filename*", &ignored);
	} else if (strncasecmp(line, encoding, sizeof(encoding) - 1) == 0) {
		const char *value = line + sizeof(encoding) - 1;

		part->is_encoded = !header_value_is(value, "7bit") &&
		                   !header_value_is(value, "8bit") &&
		                   !header_value_is(value, "binary");
	}
}

/* Lines up to the empty one. */
static enum code
read_head(struct multipart *m, struct part *part)
{
	const char *start = m->at;

	while (!skip(m, "\r\n")) {
		const char *end = memmem(m->at, left(m), "\r\n", 2);
		char *line;

		if (end == NULL || end - start > HEAD_MAX)
			return fail(m, "the head of a part does not end");
		line = arena_memdup(m->form.arena, m->at,
		                    (size_t)(end - m->at));
		if (line == NULL)
			return CODE_RESOURCE_EXHAUSTED;
		read_header(m->form.arena, line, part);
		m->at = end + 2;
	}
	if (m->form.arena->full)
		return CODE_RESOURCE_EXHAUSTED;
	if (part->name == NULL)
		return fail(m, "a part has no name");
	if (part->is_encoded)
		return fail(m, "a part has a transfer encoding");
	return CODE_OK;
}

static enum code
read_part(struct multipart *m)
{
	struct part part = { 0 };
	struct bytes content;
	enum code code = read_head(m, &part);

	if (code != CODE_OK)
		return code;
	/* The delimiter's CR LF may be the one that ended the head. */
	m->at -= 2;
	if (!take_until_delimiter(m, &content))
		return fail(m, "a part does not end");
	if (content.len >= 2)
		content = (struct bytes){ (const char *)content.data + 2,
			                  content.len - 2 };
	if (!part.is_file)
		content.data =
			arena_memdup(m->form.arena, content.data, content.len);
	if (content.data == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	return form_add(&m->form,
	                (struct bytes){ part.name, strlen(part.name) }, content,
	                part.is_file);
}

static enum code
read_parts(struct multipart *m)
{
	struct bytes preamble;

	/* The first delimiter may be without the line end before it. */
	if (left(m) >= m->delimiter_len - 2 &&
	    memcmp(m->at, m->delimiter + 2, m->delimiter_len - 2) == 0)
		m->at += m->delimiter_len - 2;
	else if (!take_until_delimiter(m, &preamble))
		return fail(m, "there is no boundary");
	while (!skip(m, "--")) {
		enum code code;

		while (left(m) > 0 && (*m->at == ' ' || *m->at == '\t'))
			m->at++;
		if (!skip(m, "\r\n"))
			return fail(m, "a boundary is not alone on its line");
		code = read_part(m);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

enum code
form_read_multipart(struct arena *arena, struct bytes body,
                    const char *boundary, struct json **out, const char **what)
{
	struct multipart m = { .at = body.data };
	size_t len = strlen(boundary);
	enum code code;

	if (len == 0 || len > BOUNDARY_MAX) {
		*what = "the boundary has 1 to 70 characters";
		return CODE_INVALID_ARGUMENT;
	}
	m.end = m.at + body.len;
	memcpy(m.delimiter, "\r\n--", 4);
	memcpy(m.delimiter + 4, boundary, len + 1);
	m.delimiter_len = len + 4;
	code = form_init(&m.form, arena);
	if (code == CODE_OK)
		code = read_parts(&m);
	if (code == CODE_OK)
		*out = m.form.object;
	if (code == CODE_INVALID_ARGUMENT)
		*what = m.form.what;
	return code;
}
