#include "gateway/form.h"

#include <stdint.h>
#include <string.h>

#include "base/encoding.h"
#include "gateway/text.h"

enum code
form_init(struct form *form, struct arena *arena)
{
	*form = (struct form){ .arena = arena };
	form->object = arena_alloc(arena, sizeof(*form->object));
	if (form->object == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	form->object->type = JSON_OBJECT;
	form->tail = &form->object->first;
	return CODE_OK;
}

/* NULs are let through here: the field's own check names them. */
static bool
is_text(struct bytes b)
{
	const char *text = b.data;
	size_t at = 0;

	while (at <= b.len) {
		size_t len = strnlen(text + at, b.len - at);

		if (!utf8_is_valid(text + at, len))
			return false;
		at += len + 1;
	}
	return true;
}

/* The member of that name, or a new one at the end; NULL when full. */
static struct json *
find_or_add(struct form *form, struct bytes name)
{
	struct json *member = form->object->first;

	while (member != NULL &&
	       (member->key_len != name.len ||
	        memcmp(member->key, name.data, name.len) != 0))
		member = member->next;
	if (member != NULL)
		return member;
	member = arena_alloc(form->arena, sizeof(*member));
	if (member == NULL)
		return NULL;
	member->key = (char *)name.data;
	member->key_len = name.len;
	*form->tail = member;
	form->tail = &member->next;
	return member;
}

/* Every value of a name, for fields that are lists; the last is its own. */
static enum code
add_value(struct form *form, struct json *member, struct bytes value)
{
	struct json **link = &member->first;

	while (*link != NULL)
		link = &(*link)->next;
	*link = arena_alloc(form->arena, sizeof(**link));
	if (*link == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	(*link)->type = JSON_STRING;
	(*link)->text = (char *)(uintptr_t)value.data;
	(*link)->text_len = value.len;
	(*link)->has_nul = memchr(value.data, '\0', value.len) != NULL;
	return CODE_OK;
}

enum code
form_add(struct form *form, struct bytes name, struct bytes value, bool is_file)
{
	struct json *member;

	if (++form->count > FORM_FIELD_MAX) {
		form->what = "too many fields";
		return CODE_INVALID_ARGUMENT;
	}
	if (!is_text(name) || (!is_file && !is_text(value))) {
		form->what = "a field is not UTF-8";
		return CODE_INVALID_ARGUMENT;
	}
	member = find_or_add(form, name);
	if (member == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	member->type = is_file ? JSON_LIST : JSON_STRING;
	member->text = (char *)(uintptr_t)value.data;
	member->text_len = value.len;
	member->has_nul = !is_file && memchr(value.data, '\0', value.len);
	return is_file ? CODE_OK : add_value(form, member, value);
}

static enum code
add_pair(struct form *form, struct bytes pair)
{
	const char *text = pair.data;
	const char *equals = memchr(text, '=', pair.len);
	size_t name_len = equals == NULL ? pair.len : (size_t)(equals - text);
	struct bytes name = { text, name_len };
	struct bytes value = { text + pair.len, 0 };

	if (pair.len == 0)
		return CODE_OK;
	if (equals != NULL)
		value = (struct bytes){ equals + 1, pair.len - name_len - 1 };
	if (!text_percent_decode(form->arena, name, true, &name) ||
	    !text_percent_decode(form->arena, value, true, &value)) {
		form->what = "a % is not followed by two digits";
		return form->arena->full ? CODE_RESOURCE_EXHAUSTED
		                         : CODE_INVALID_ARGUMENT;
	}
	return form_add(form, name, value, false);
}

enum code
form_read(struct arena *arena, struct bytes text, struct json **out,
          const char **what)
{
	const char *at = text.data;
	size_t left = text.len;
	struct form form;
	enum code code = form_init(&form, arena);

	while (code == CODE_OK && left > 0) {
		const char *end = memchr(at, '&', left);
		size_t len = end == NULL ? left : (size_t)(end - at);

		code = add_pair(&form, (struct bytes){ at, len });
		at += len + (end != NULL);
		left -= len + (end != NULL);
	}
	if (code == CODE_OK)
		*out = form.object;
	if (code == CODE_INVALID_ARGUMENT)
		*what = form.what;
	return code;
}
