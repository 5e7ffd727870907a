#include "gateway/spec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096

/* Appends at *len and never beyond size; a sentence too long is cut. */
static void PRINTF_LIKE(3, 0)
	append(struct spec_file *file, size_t *len, const char *fmt, va_list ap)
{
	int n;

	if (*len >= file->err_size)
		return;
	n = vsnprintf(file->err + *len, file->err_size - *len, fmt, ap);
	if (n > 0)
		*len += (size_t)n;
}

static void PRINTF_LIKE(3, 4)
	add(struct spec_file *file, size_t *len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(file, len, fmt, ap);
	va_end(ap);
}

/* RFC 6901, section 3: '~' is written ~0 and '/' is written ~1. */
static void
add_key(struct spec_file *file, size_t *len, const struct json *value)
{
	for (size_t i = 0; i < value->key_len; i++) {
		if (value->key[i] == '~')
			add(file, len, "~0");
		else if (value->key[i] == '/')
			add(file, len, "~1");
		else
			add(file, len, "%c", value->key[i]);
	}
}

static void
add_pointer(struct spec_file *file, size_t *len, const struct spec *at)
{
	const struct spec *steps[JSON_DEPTH_MAX];
	size_t count = 0;

	for (; at->parent != NULL && count < JSON_DEPTH_MAX; at = at->parent)
		steps[count++] = at;
	while (count > 0) {
		const struct spec *step = steps[--count];

		add(file, len, "/");
		if (step->value->key != NULL)
			add_key(file, len, step->value);
		else
			add(file, len, "%zu", step->index);
	}
}

enum code
spec_fail(const struct spec *at, const char *fmt, ...)
{
	struct spec_file *file = at->file;
	va_list ap;
	size_t len = 0;

	if (file->failed)
		return CODE_INVALID_ARGUMENT;
	file->failed = true;
	add(file, &len, "%s: ", file->name);
	add_pointer(file, &len, at);
	add(file, &len, at->parent == NULL ? "" : ": ");
	va_start(ap, fmt);
	append(file, &len, fmt, ap);
	va_end(ap);
	return CODE_INVALID_ARGUMENT;
}

struct spec
spec_child(const struct spec *parent, const struct json *value, size_t index)
{
	return (struct spec){ .file = parent->file,
		              .value = value,
		              .parent = parent,
		              .index = index };
}

bool
spec_find(const struct spec *object, const char *key, struct spec *out)
{
	const struct json *member = json_member(object->value, key);

	if (member == NULL)
		return false;
	*out = spec_child(object, member, 0);
	return true;
}

enum code
spec_check_type(const struct spec *at, enum json_type type)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",       [JSON_FALSE] = "false",
		[JSON_TRUE] = "true",       [JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string", [JSON_LIST] = "a list",
		[JSON_OBJECT] = "an object"
	};

	if (at->value->type == type)
		return CODE_OK;
	return spec_fail(at, "is %s and must be %s", names[at->value->type],
	                 names[type]);
}

enum code
spec_check_members(const struct spec *object, const char *const *known)
{
	enum code code = spec_check_type(object, JSON_OBJECT);

	if (code != CODE_OK)
		return code;
	for (const struct json *m = object->value->first; m; m = m->next) {
		struct spec at = spec_child(object, m, 0);
		const char *const *name = known;

		while (*name != NULL && strcmp(*name, m->key) != 0)
			name++;
		if (*name == NULL)
			return spec_fail(&at, "is no member known here");
	}
	return CODE_OK;
}

enum code
spec_value_text(const struct spec *at, const char **out)
{
	const struct json *value = at->value;
	enum code code = spec_check_type(at, JSON_STRING);

	if (code != CODE_OK)
		return code;
	if (value->has_nul || value->surrogate != 0)
		return spec_fail(at, "holds a NUL or a lone surrogate");
	if (value->text_len == 0 || value->text_len > TEXT_MAX)
		return spec_fail(at, "must have 1 to %d bytes", TEXT_MAX);
	*out = value->text;
	return CODE_OK;
}

enum code
spec_text(const struct spec *object, const char *key, const char **out)
{
	struct spec at;

	return spec_find(object, key, &at) ? spec_value_text(&at, out)
	                                   : CODE_OK;
}

enum code
spec_bool(const struct spec *object, const char *key, bool *out)
{
	struct spec at;

	if (!spec_find(object, key, &at))
		return CODE_OK;
	if (at.value->type != JSON_TRUE && at.value->type != JSON_FALSE)
		return spec_fail(&at, "must be true or false");
	*out = at.value->type == JSON_TRUE;
	return CODE_OK;
}

enum code
spec_uint(const struct spec *object, const char *key, uint32_t min,
          uint32_t max, uint32_t *out)
{
	unsigned long long number;
	struct spec at;
	char *end;

	if (!spec_find(object, key, &at))
		return CODE_OK;
	if (at.value->type != JSON_NUMBER || at.value->text_len > 10)
		return spec_fail(&at, "must be a whole number from %u to %u",
		                 min, max);
	number = strtoull(at.value->text, &end, 10);
	if (*end != '\0' || number < min || number > max)
		return spec_fail(&at, "must be a whole number from %u to %u",
		                 min, max);
	*out = (uint32_t)number;
	return CODE_OK;
}
