#include "client/ctl/message_json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"

#define PATH_SIZE 192

/* Where we are in the JSON, for errors; grows and shrinks with the descent. */
struct reader {
	struct arena *arena;
	struct message_json_error *err;
	char path[PATH_SIZE];
};

/* The depth of the JSON, which json_read bounds, bounds the recursion. */
// NOLINTBEGIN(misc-no-recursion)
static enum code read_message(struct reader *reader,
                              const ProtobufCMessageDescriptor *type,
                              const struct json *json, ProtobufCMessage **out);

static enum code
refuse(struct reader *reader, const char *what)
{
	(void)snprintf(reader->err->text, sizeof(reader->err->text), "%s: %s",
	               *reader->path == '\0' ? "the request" : reader->path,
	               what);
	return CODE_INVALID_ARGUMENT;
}

static size_t
path_push(struct reader *reader, const char *name)
{
	size_t len = strlen(reader->path);

	(void)snprintf(reader->path + len, sizeof(reader->path) - len, "%s%s",
	               len == 0 ? "" : ".", name);
	return len;
}

static size_t
path_push_index(struct reader *reader, size_t index)
{
	size_t len = strlen(reader->path);

	(void)snprintf(reader->path + len, sizeof(reader->path) - len, "[%zu]",
	               index);
	return len;
}

static void
path_pop(struct reader *reader, size_t len)
{
	reader->path[len] = '\0';
}

size_t
message_value_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return sizeof(int64_t);
	case PROTOBUF_C_TYPE_DOUBLE:
		return sizeof(double);
	case PROTOBUF_C_TYPE_FLOAT:
		return sizeof(float);
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default: /* 32 bits, and enums */
		return sizeof(int32_t);
	}
}

/* read_signed wants a whole number from lowest to highest. */
static enum code
read_signed(struct reader *reader, const struct json *json, int64_t lowest,
            int64_t highest, int64_t *out)
{
	char *end;
	long long value;

	if (json->type != JSON_NUMBER)
		return refuse(reader, "a whole number is wanted");
	errno = 0;
	value = strtoll(json->text, &end, 10);
	if (errno != 0 || *end != '\0' || value < lowest || value > highest)
		return refuse(reader, "a whole number in range is wanted");
	*out = value;
	return CODE_OK;
}

static enum code
read_unsigned(struct reader *reader, const struct json *json, uint64_t highest,
              uint64_t *out)
{
	char *end;
	unsigned long long value;

	if (json->type != JSON_NUMBER || *json->text == '-')
		return refuse(reader, "a whole number from 0 is wanted");
	errno = 0;
	value = strtoull(json->text, &end, 10);
	if (errno != 0 || *end != '\0' || value > highest)
		return refuse(reader, "a whole number in range is wanted");
	*out = value;
	return CODE_OK;
}

static enum code
read_number(struct reader *reader, const struct json *json, ProtobufCType type,
            void *out)
{
	uint64_t u = 0;
	int64_t i = 0;
	enum code code;

	switch (type) {
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return read_unsigned(reader, json, UINT64_MAX, out);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		code = read_unsigned(reader, json, UINT32_MAX, &u);
		if (code == CODE_OK)
			*(uint32_t *)out = (uint32_t)u;
		return code;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return read_signed(reader, json, INT64_MIN, INT64_MAX, out);
	default:
		code = read_signed(reader, json, INT32_MIN, INT32_MAX, &i);
		if (code == CODE_OK)
			*(int32_t *)out = (int32_t)i;
		return code;
	}
}

static enum code
read_real(struct reader *reader, const struct json *json, ProtobufCType type,
          void *out)
{
	double value;

	if (json->type != JSON_NUMBER)
		return refuse(reader, "a number is wanted");
	value = strtod(json->text, NULL);
	if (type == PROTOBUF_C_TYPE_DOUBLE)
		*(double *)out = value;
	else
		*(float *)out = (float)value;
	return CODE_OK;
}

static enum code
read_bool(struct reader *reader, const struct json *json, void *out)
{
	if (json->type != JSON_TRUE && json->type != JSON_FALSE)
		return refuse(reader, "true or false is wanted");
	*(protobuf_c_boolean *)out = json->type == JSON_TRUE;
	return CODE_OK;
}

static enum code
read_string(struct reader *reader, const struct json *json, void *out)
{
	if (json->type != JSON_STRING)
		return refuse(reader, "a text is wanted");
	if (json->has_nul || json->surrogate != 0)
		return refuse(reader, "a NUL or half a character in a text");
	*(char **)out = json->text;
	return CODE_OK;
}

static enum code
read_bytes(struct reader *reader, const struct json *json, void *out)
{
	ProtobufCBinaryData data = { 0 };

	if (json->type != JSON_STRING)
		return refuse(reader, "bytes as base64url are wanted");
	data.data = arena_alloc(reader->arena, json->text_len + 1);
	if (data.data == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	if (!base64url_decode(json->text, json->text_len, data.data,
	                      json->text_len + 1, &data.len))
		return refuse(reader, "bytes as base64url are wanted");
	*(ProtobufCBinaryData *)out = data;
	return CODE_OK;
}

static enum code
read_enum(struct reader *reader, const struct json *json,
          const ProtobufCEnumDescriptor *type, void *out)
{
	const ProtobufCEnumValue *value = NULL;

	if (json->type == JSON_STRING)
		value = protobuf_c_enum_descriptor_get_value_by_name(
			type, json->text);
	if (value == NULL)
		return refuse(reader, "no such name; see the .proto file");
	*(int *)out = value->value;
	return CODE_OK;
}

static enum code
read_value(struct reader *reader, const ProtobufCFieldDescriptor *field,
           const struct json *json, void *out)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		return read_message(reader, field->descriptor, json, out);
	case PROTOBUF_C_TYPE_STRING:
		return read_string(reader, json, out);
	case PROTOBUF_C_TYPE_BYTES:
		return read_bytes(reader, json, out);
	case PROTOBUF_C_TYPE_BOOL:
		return read_bool(reader, json, out);
	case PROTOBUF_C_TYPE_ENUM:
		return read_enum(reader, json, field->descriptor, out);
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		return read_real(reader, json, field->type, out);
	default:
		return read_number(reader, json, field->type, out);
	}
}

static enum code
read_list(struct reader *reader, const ProtobufCFieldDescriptor *field,
          const struct json *json, ProtobufCMessage *message)
{
	size_t size = message_value_size(field->type), count = 0, i = 0;
	char *values;

	if (json->type != JSON_LIST)
		return refuse(reader, "a list is wanted");
	for (const struct json *item = json->first; item != NULL;
	     item = item->next)
		count++;
	if (count == 0)
		return CODE_OK;
	values = arena_alloc(reader->arena, count * size);
	if (values == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	for (const struct json *item = json->first; item != NULL;
	     item = item->next, i++) {
		size_t mark = path_push_index(reader, i);
		enum code code =
			read_value(reader, field, item, values + i * size);

		if (code != CODE_OK)
			return code;
		path_pop(reader, mark);
	}
	*(size_t *)((char *)message + field->quantifier_offset) = count;
	*(void **)((char *)message + field->offset) = values;
	return CODE_OK;
}

static enum code
read_member(struct reader *reader, const struct json *member,
            ProtobufCMessage *message)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(
			message->descriptor, member->key);
	int *which;

	if (field == NULL || strlen(member->key) != member->key_len)
		return refuse(reader, "there is no such field");
	if (member->type == JSON_NULL)
		return CODE_OK;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return read_list(reader, field, member, message);
	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
		which = (int *)((char *)message + field->quantifier_offset);
		if (*which != 0)
			return refuse(reader, "another of its group is set");
		*which = (int)field->id;
	}
	return read_value(reader, field, member,
	                  (char *)message + field->offset);
}

static enum code
read_message(struct reader *reader, const ProtobufCMessageDescriptor *type,
             const struct json *json, ProtobufCMessage **out)
{
	ProtobufCMessage *message;

	if (json->type != JSON_OBJECT)
		return refuse(reader, "an object is wanted");
	message = arena_alloc(reader->arena, type->sizeof_message);
	if (message == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	protobuf_c_message_init(type, message);
	for (const struct json *member = json->first; member != NULL;
	     member = member->next) {
		size_t mark = path_push(reader, member->key);
		enum code code = read_member(reader, member, message);

		if (code != CODE_OK)
			return code;
		path_pop(reader, mark);
	}
	*out = message;
	return CODE_OK;
}

// NOLINTEND(misc-no-recursion)

enum code
message_from_json(struct arena *arena, const ProtobufCMessageDescriptor *type,
                  const struct json *json, ProtobufCMessage **out,
                  struct message_json_error *err)
{
	struct reader reader = { .arena = arena, .err = err };
	enum code code = read_message(&reader, type, json, out);

	if (code == CODE_RESOURCE_EXHAUSTED)
		(void)snprintf(err->text, sizeof(err->text),
		               "the request is too large");
	return code;
}
