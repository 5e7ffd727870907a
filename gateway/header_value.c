#include "gateway/header_value.h"

#include <string.h>
#include <strings.h>

#define SPACE " \t"

/* The part before the next `stop`, without the white space around it. */
static struct bytes
next_part(const char **text, const char *stop)
{
	const char *begin = *text + strspn(*text, SPACE);
	size_t len = strcspn(begin, stop);

	*text = begin + len;
	while (len > 0 && strchr(SPACE, begin[len - 1]) != NULL)
		len--;
	return (struct bytes){ begin, len };
}

static bool
equals(struct bytes part, const char *token)
{
	return part.len == strlen(token) &&
	       strncasecmp(part.data, token, part.len) == 0;
}

bool
header_value_is(const char *value, const char *token)
{
	return equals(next_part(&value, ";"), token);
}

/* Reads a quoted string, *text behind its opening quote; NULL if unclosed. */
static char *
read_quoted(struct arena *arena, const char **text)
{
	char *out = arena_alloc(arena, strlen(*text) + 1);
	size_t len = 0;

	if (out == NULL)
		return NULL;
	for (; **text != '"'; (*text)++) {
		if (**text == '\\' && (*text)[1] != '\0')
			(*text)++;
		if (**text == '\0')
			return NULL;
		out[len++] = **text;
	}
	(*text)++;
	return out;
}

bool
header_value_parameter(struct arena *arena, const char *value, const char *name,
                       const char **out)
{
	(void)next_part(&value, ";");
	while (*value == ';') {
		struct bytes key;
		const char *text;

		value++;
		key = next_part(&value, "=;");
		if (*value != '=')
			continue;
		value++;
		value += strspn(value, SPACE);
		if (*value == '"') {
			value++;
			text = read_quoted(arena, &value);
			value += strspn(value, SPACE);
		} else {
			struct bytes part = next_part(&value, ";");

			text = arena_memdup(arena, part.data, part.len);
		}
		if (text == NULL || (*value != ';' && *value != '\0'))
			return false;
		if (equals(key, name)) {
			*out = text;
			return true;
		}
	}
	return false;
}

/* q=0 excludes a type (RFC 9110, section 12.4.2). */
static bool
is_excluded(struct bytes range)
{
	const char *text = range.data;
	const char *end = text + range.len;

	while (text < end && (text = memchr(text, ';', (size_t)(end - text)))) {
		text++;
		while (text < end && strchr(SPACE, *text) != NULL)
			text++;
		if (end - text < 3 || strncasecmp(text, "q=0", 3) != 0)
			continue;
		text += 3;
		if (text < end && *text == '.')
			text++;
		while (text < end && *text == '0')
			text++;
		return text >= end || strchr(" \t;", *text) != NULL;
	}
	return false;
}

bool
header_value_names(const char *accept, const char *type)
{
	while (accept != NULL && *accept != '\0') {
		struct bytes range = next_part(&accept, ",");
		const char *text = range.data;

		if (equals(next_part(&text, ";,"), type) && !is_excluded(range))
			return true;
		accept += *accept == ',';
	}
	return false;
}

bool
header_value_accepts_json(const char *accept)
{
	if (accept == NULL || accept[strspn(accept, SPACE)] == '\0')
		return true;
	while (*accept != '\0') {
		struct bytes range = next_part(&accept, ",");
		const char *text = range.data;
		struct bytes type = next_part(&text, ";,");

		if ((equals(type, "application/json") ||
		     equals(type, "application/*") || equals(type, "*/*")) &&
		    !is_excluded(range))
			return true;
		accept += *accept == ',';
	}
	return false;
}

const char *
header_value_bearer(struct arena *arena, const char *value, bool *malformed)
{
	struct bytes scheme, token, rest;

	*malformed = false;
	if (value == NULL)
		return NULL;
	scheme = next_part(&value, SPACE);
	if (scheme.len != 6 || memcmp(scheme.data, "Bearer", 6) != 0)
		return NULL;
	token = next_part(&value, SPACE);
	rest = next_part(&value, SPACE);
	if (token.len == 0 || rest.len > 0) {
		*malformed = true;
		return NULL;
	}
	return arena_memdup(arena, token.data, token.len);
}
