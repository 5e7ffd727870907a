/*
 * "body.*": the members of a body that no other row of the route names, passed
 * on as pairs for a server that knows which of them mean something. All of
 * them: of a list, an object or a text that cannot be sent the server is told
 * that it came, because only the server knows whether that is a fault. What
 * has a name that nothing can have is nobody's and stays behind.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/field_value.h"
#include "gateway/message.h"
#include "gateway/pair.h"
#include "gateway/text.h"

/* What a JavaScript number holds exactly: 2^53 - 1. */
#define INTEGER_MAX 9007199254740991

static bool
is_named(const struct field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		for (size_t s = 0; s < fields[i].source_count; s++)
			if (fields[i].sources[s].origin == FIELD_BODY &&
			    strcmp(fields[i].sources[s].name, name) == 0)
				return true;
	return false;
}

static bool
read_integer(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' && *out >= -INTEGER_MAX &&
	       *out <= INTEGER_MAX;
}

static void
set_unfit(struct field_filler *f, const struct pair_shape *shape,
          const struct json *value, ProtobufCMessage *pair)
{
	ProtobufCMessage *unfit =
		message_new(f->arena, shape->unfit->descriptor);

	if (unfit == NULL) {
		f->outcome->violations.failed = true;
		return;
	}
	if (value->has_nul || value->surrogate != 0)
		message_set_integer(unfit, shape->character,
		                    value->has_nul ? 0 : value->surrogate);
	message_set_child(pair, shape->unfit, unfit);
}

/* Strings, and numbers that are no integers, by their text. */
static void
set_text(struct field_filler *f, const struct pair_shape *shape,
         const struct json *value, ProtobufCMessage *pair)
{
	struct bytes text = text_trim(value->text, value->text_len);
	char *copy = arena_memdup(f->arena, text.data, text.len);

	if (copy == NULL)
		f->outcome->violations.failed = true;
	else
		message_set_text(pair, shape->text, copy);
}

static bool
is_unfit(const struct json *value)
{
	return value->type == JSON_LIST || value->type == JSON_OBJECT ||
	       value->has_nul || value->surrogate != 0;
}

static void
set_value(struct field_filler *f, const struct pair_shape *shape,
          const struct json *value, ProtobufCMessage *pair)
{
	bool is_flag = value->type == JSON_TRUE || value->type == JSON_FALSE;
	int64_t number;

	if (value->type == JSON_NULL)
		return;
	if (is_unfit(value))
		set_unfit(f, shape, value, pair);
	else if (is_flag && shape->flag != NULL)
		message_set_bool(pair, shape->flag, value->type == JSON_TRUE);
	else if (is_flag)
		message_set_text(pair, shape->text,
		                 value->type == JSON_TRUE ? "true" : "false");
	else if (value->type == JSON_NUMBER && shape->integer != NULL &&
	         read_integer(value->text, &number))
		message_set_integer(pair, shape->integer, number);
	else
		set_text(f, shape, value, pair);
}

static ProtobufCMessage *
make_pair(struct field_filler *f, const struct pair_shape *shape,
          const struct json *member)
{
	ProtobufCMessage *pair =
		message_new(f->arena, f->field->target->descriptor);

	if (pair == NULL) {
		f->outcome->violations.failed = true;
		return NULL;
	}
	message_set_text(pair, shape->name, member->key);
	set_value(f, shape, member, pair);
	return pair;
}

void
field_members_fill(struct field_filler *f, const struct field *fields,
                   size_t count)
{
	const struct json *first = f->input->body->first;
	ProtobufCMessage *message = field_value_message(f);
	struct pair_shape shape;
	void **list;
	size_t len = 0;

	for (const struct json *m = first; m != NULL; m = m->next)
		len++;
	list = arena_alloc(f->arena, len * sizeof(*list));
	f->outcome->violations.failed |= list == NULL;
	if (list == NULL || message == NULL ||
	    !pair_shape_find(f->field->target->descriptor, &shape))
		return;
	len = 0;
	for (const struct json *m = first;
	     m != NULL && !f->outcome->violations.failed; m = m->next)
		if (pair_name_is_good(m->key) &&
		    !is_named(fields, count, m->key))
			list[len++] = make_pair(f, &shape, m);
	message_set_list(message, f->field->target, list, len);
}
