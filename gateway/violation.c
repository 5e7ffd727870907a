#include "gateway/violation.h"

#include <string.h>

#include "base/json.h"

struct violation {
	const char *field;
	struct violation_message *messages;
	struct violation *next;
};

void
violations_init(struct violations *list, struct arena *arena)
{
	*list = (struct violations){ .arena = arena };
}

/* Where the field's entry is, or is to be. */
static struct violation **
find(struct violations *list, const char *field)
{
	struct violation **link = &list->first;

	while (*link != NULL && strcmp((*link)->field, field) != 0)
		link = &(*link)->next;
	return link;
}

void
violations_add(struct violations *list, const char *field, long index,
               const char *message)
{
	struct violation **v = find(list, field);
	struct violation_message **link;

	if (*v == NULL)
		*v = arena_alloc(list->arena, sizeof(**v));
	if (*v == NULL) {
		list->failed = true;
		return;
	}
	(*v)->field = field;
	link = &(*v)->messages;
	while (*link != NULL)
		link = &(*link)->next;
	*link = arena_alloc(list->arena, sizeof(**link));
	if (*link == NULL)
		list->failed = true;
	else
		**link = (struct violation_message){ .text = message,
			                             .index = index,
			                             .of = *v };
}

const struct violation_message *
violations_next(const struct violations *list, const char *field,
                const struct violation_message *message)
{
	const struct violation *v = list->first;

	if (message != NULL && (message->next != NULL || field != NULL))
		return message->next;
	if (message != NULL)
		v = message->of->next;
	while (v != NULL && field != NULL && strcmp(v->field, field) != 0)
		v = v->next;
	return v == NULL ? NULL : v->messages;
}

bool
violations_merge(struct violations *list, const char *name,
                 const struct violations *other, const char *field)
{
	const struct violation_message *m = NULL;
	bool found = false;

	list->failed |= other->failed;
	while ((m = violations_next(other, field, m)) != NULL) {
		violations_add(list, name, m->index, m->text);
		found = true;
	}
	return found;
}

void
violations_merge_rest(struct violations *list, const struct violations *other)
{
	list->failed |= other->failed;
	for (const struct violation *v = other->first; v; v = v->next)
		if (*find(list, v->field) == NULL)
			(void)violations_merge(list, v->field, other, v->field);
}

static void
write_texts(struct json_out *text, const struct violation_message *from,
            const struct violation_message *to)
{
	json_out_raw(text, "[", 1);
	for (const struct violation_message *m = from; m != to; m = m->next) {
		json_out_raw(text, ",", m != from);
		json_out_string(text, m->text, strlen(m->text));
	}
	json_out_raw(text, "]", 1);
}

/* {"0":[...],"2":[...]}: items stand one after the other. */
static void
write_items(struct json_out *text, const struct violation_message *message)
{
	const char *separator = "{";

	while (message != NULL) {
		const struct violation_message *end = message;

		while (end != NULL && end->index == message->index)
			end = end->next;
		json_out_raw(text, separator, 1);
		json_out_raw(text, "\"", 1);
		json_out_int(text, message->index);
		json_out_raw(text, "\":", 2);
		write_texts(text, message, end);
		separator = ",";
		message = end;
	}
	json_out_raw(text, "}", 1);
}

enum code
violations_write(const struct violations *list, const char **out)
{
	struct json_out text;
	enum code code;

	if (list->failed)
		return CODE_RESOURCE_EXHAUSTED;
	json_out_init(&text, list->arena);
	json_out_raw(&text, "{", 1);
	for (const struct violation *v = list->first; v; v = v->next) {
		json_out_raw(&text, ",", v != list->first);
		json_out_string(&text, v->field, strlen(v->field));
		json_out_raw(&text, ":", 1);
		if (v->messages->index == VIOLATION_WHOLE)
			write_texts(&text, v->messages, NULL);
		else
			write_items(&text, v->messages);
	}
	json_out_raw(&text, "}", 1);
	code = json_out_end(&text);
	if (code == CODE_OK)
		*out = text.data;
	return code;
}
