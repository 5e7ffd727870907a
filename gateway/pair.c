#include "gateway/pair.h"

#include <string.h>

#include "gateway/message.h"

static bool
is_value(const ProtobufCFieldDescriptor *field)
{
	return message_has_presence(field) &&
	       (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* The one field of a message such as UnfitValue; NULL: it is none. */
static const ProtobufCFieldDescriptor *
find_character(const ProtobufCMessageDescriptor *type)
{
	return type->n_fields == 1 && is_value(&type->fields[0]) &&
	                       message_kind(&type->fields[0]) == MESSAGE_INTEGER
	               ? &type->fields[0]
	               : NULL;
}

/* Where a value of this kind goes; NULL: nowhere. */
static const ProtobufCFieldDescriptor **
find_place(struct pair_shape *shape, const ProtobufCFieldDescriptor *field)
{
	enum message_kind kind = message_kind(field);

	if (strcmp(field->name, "name") == 0 && kind == MESSAGE_TEXT)
		return &shape->name;
	if (!is_value(field))
		return NULL;
	switch (kind) {
	case MESSAGE_TEXT:
		return &shape->text;
	case MESSAGE_INTEGER:
		return &shape->integer;
	case MESSAGE_BOOL:
		return &shape->flag;
	case MESSAGE_CHILD:
		shape->character = find_character(field->descriptor);
		return shape->character == NULL ? NULL : &shape->unfit;
	default:
		return NULL;
	}
}

bool
pair_shape_find(const ProtobufCMessageDescriptor *type, struct pair_shape *out)
{
	struct pair_shape shape = { 0 };

	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor **place =
			find_place(&shape, &type->fields[i]);

		if (place == NULL || *place != NULL ||
		    type->fields[i].label == PROTOBUF_C_LABEL_REPEATED)
			return false;
		*place = &type->fields[i];
	}
	*out = shape;
	return shape.name != NULL && shape.text != NULL;
}

bool
pair_name_is_good(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return len > 0 && len <= PAIR_NAME_MAX && name[len] == '\0' &&
	       name[0] >= 'a' && name[0] <= 'z';
}

static bool
has(const ProtobufCMessage *pair, const ProtobufCFieldDescriptor *field)
{
	return field != NULL && message_count(pair, field) > 0;
}

void
pair_write(const struct pair_shape *shape, const ProtobufCMessage *pair,
           struct json_out *out)
{
	if (has(pair, shape->text)) {
		const char *text = message_get(pair, shape->text, 0).text;

		json_out_string(out, text, strlen(text));
	} else if (has(pair, shape->integer)) {
		json_out_int(out, message_get(pair, shape->integer, 0).number);
	} else if (has(pair, shape->flag)) {
		bool flag = message_get(pair, shape->flag, 0).number != 0;

		json_out_raw(out, flag ? "true" : "false", flag ? 4 : 5);
	} else {
		json_out_raw(out, "null", 4);
	}
}
