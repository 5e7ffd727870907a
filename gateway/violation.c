#include "gateway/violation.h"

#include <string.h>

#include "base/json.h"

struct message {
	const char *text;
	struct message *next;
};

struct violation {
	const char *field;
	struct message *messages;
	struct violation *next;
};

void
violations_init(struct violations *list, struct arena *arena)
{
	*list = (struct violations){ .arena = arena };
}

/* The field's entry, made if it has none yet. */
static struct violation *
find_or_add(struct violations *list, const char *field)
{
	struct violation **link = &list->first;

	while (*link != NULL && strcmp((*link)->field, field) != 0)
		link = &(*link)->next;
	if (*link == NULL) {
		*link = arena_alloc(list->arena, sizeof(**link));
		if (*link != NULL)
			(*link)->field = field;
	}
	return *link;
}

void
violations_add(struct violations *list, const char *field, const char *message)
{
	struct violation *v = find_or_add(list, field);
	struct message **link;

	if (v == NULL) {
		list->failed = true;
		return;
	}
	link = &v->messages;
	while (*link != NULL)
		link = &(*link)->next;
	*link = arena_alloc(list->arena, sizeof(**link));
	if (*link == NULL)
		list->failed = true;
	else
		(*link)->text = message;
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
		json_out_string(&text, v->field, strlen(v->field));
		json_out_raw(&text, ":[", 2);
		for (const struct message *m = v->messages; m; m = m->next) {
			json_out_string(&text, m->text, strlen(m->text));
			json_out_raw(&text, ",", m->next != NULL);
		}
		json_out_raw(&text, "],", v->next == NULL ? 1 : 2);
	}
	json_out_raw(&text, "}", 1);
	code = json_out_end(&text);
	if (code == CODE_OK)
		*out = text.data;
	return code;
}
