/*
 * Writes JSON into an arena. A full arena is remembered and reported once, by
 * json_out_end, so that the code that writes an answer reads straight down.
 */
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FIRST_SIZE 256
#define STEP 4096 /* by which a text grows in place */

void
json_out_init(struct json_out *out, struct arena *arena)
{
	*out = (struct json_out){ .arena = arena };
}

/* While nobody else uses the arena, a long text needs its own length only. */
static bool
grow_in_place(struct json_out *out, size_t needed)
{
	size_t wanted = needed + STEP;

	if (out->data == NULL)
		return false;
	if (!arena_extend(out->arena, out->data, out->size, wanted)) {
		if (!arena_extend(out->arena, out->data, out->size, needed))
			return false;
		wanted = needed;
	}
	out->size = wanted;
	return true;
}

static bool
grow_elsewhere(struct json_out *out, size_t needed)
{
	size_t size = out->size == 0 ? FIRST_SIZE : out->size;
	char *data;

	while (size < needed)
		size *= 2;
	data = arena_alloc(out->arena, size);
	if (data == NULL)
		return false;
	if (out->len > 0)
		memcpy(data, out->data, out->len);
	out->data = data;
	out->size = size;
	return true;
}

static bool
reserve(struct json_out *out, size_t len)
{
	size_t needed = out->len + len;

	if (len > SIZE_MAX / 4 - out->len)
		out->failed = true;
	if (!out->failed && needed > out->size)
		out->failed = !grow_in_place(out, needed) &&
		              !grow_elsewhere(out, needed);
	return !out->failed;
}

void
json_out_raw(struct json_out *out, const char *text, size_t len)
{
	if (len == 0 || !reserve(out, len))
		return;
	memcpy(out->data + out->len, text, len);
	out->len += len;
}

static bool
must_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

/* What stands after the backslash; NUL: the character's number. */
static char
short_escape(unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *found = c == '\0' ? NULL : strchr(from, c);

	if (found == NULL)
		return '\0';
	return to[found - from];
}

static void
put_escaped(struct json_out *out, unsigned char c)
{
	char escape = short_escape(c);
	char text[8];

	if (escape != '\0')
		(void)snprintf(text, sizeof(text), "\\%c", escape);
	else
		(void)snprintf(text, sizeof(text), "\\u%04x", c);
	json_out_raw(out, text, strlen(text));
}

void
json_out_text(struct json_out *out, const char *text, size_t len)
{
	size_t plain = 0; /* start of what needs no escape */

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (!must_escape(c))
			continue;
		json_out_raw(out, text + plain, i - plain);
		put_escaped(out, c);
		plain = i + 1;
	}
	json_out_raw(out, text + plain, len - plain);
}

void
json_out_string(struct json_out *out, const char *text, size_t len)
{
	json_out_raw(out, "\"", 1);
	json_out_text(out, text, len);
	json_out_raw(out, "\"", 1);
}

size_t
json_string_len(const char *text, size_t len)
{
	size_t size = len + 2; /* quotes */

	for (size_t i = 0; i < len; i++)
		if (must_escape((unsigned char)text[i]))
			size += short_escape((unsigned char)text[i]) != '\0'
			                ? 1
			                : 5;
	return size;
}

void
json_out_int(struct json_out *out, int64_t number)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%" PRId64, number);

	json_out_raw(out, text, (size_t)len);
}

void
json_out_uint(struct json_out *out, uint64_t number)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%" PRIu64, number);

	json_out_raw(out, text, (size_t)len);
}

static void
put_scalar(struct json_out *out, const struct json *value)
{
	switch (value->type) {
	case JSON_NULL:
		json_out_raw(out, "null", 4);
		break;
	case JSON_FALSE:
		json_out_raw(out, "false", 5);
		break;
	case JSON_TRUE:
		json_out_raw(out, "true", 4);
		break;
	case JSON_NUMBER:
		json_out_raw(out, value->text, value->text_len);
		break;
	case JSON_STRING:
		json_out_string(out, value->text, value->text_len);
		break;
	case JSON_LIST:
		json_out_raw(out, "[]", 2);
		break;
	case JSON_OBJECT:
		json_out_raw(out, "{}", 2);
		break;
	}
}

/* A form hangs all values of a name below the last one, which is a string. */
static bool
is_full(const struct json *value)
{
	return value->first != NULL &&
	       (value->type == JSON_LIST || value->type == JSON_OBJECT);
}

void
json_out_value(struct json_out *out, const struct json *value)
{
	const struct json *open[JSON_DEPTH_MAX];
	const struct json *at = value;
	size_t depth = 0;

	while (at != NULL) {
		if (depth > 0 && at->key != NULL) {
			json_out_string(out, at->key, at->key_len);
			json_out_raw(out, ":", 1);
		}
		if (is_full(at) && depth < JSON_DEPTH_MAX) {
			json_out_raw(out, at->type == JSON_LIST ? "[" : "{", 1);
			open[depth++] = at;
			at = at->first;
			continue;
		}
		out->failed |= is_full(at);
		put_scalar(out, at);
		while (depth > 0 && at->next == NULL) {
			at = open[--depth];
			json_out_raw(out, at->type == JSON_LIST ? "]" : "}", 1);
		}
		if (depth == 0)
			return;
		json_out_raw(out, ",", 1);
		at = at->next;
	}
}

enum code
json_out_end(struct json_out *out)
{
	if (!reserve(out, 1))
		return CODE_RESOURCE_EXHAUSTED;
	out->data[out->len] = '\0';
	return CODE_OK;
}
