#include "gateway/message.h"

#include <assert.h>
#include <string.h>

#include "proto/services.h"

ProtobufCMessage *
message_new(struct arena *arena, const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *message = arena_alloc(arena, type->sizeof_message);

	if (message != NULL)
		type->message_init(message);
	return message;
}

enum message_kind
message_kind(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return MESSAGE_TEXT;
	case PROTOBUF_C_TYPE_BOOL:
		return MESSAGE_BOOL;
	case PROTOBUF_C_TYPE_ENUM:
		return MESSAGE_ENUM;
	case PROTOBUF_C_TYPE_MESSAGE:
		return MESSAGE_CHILD;
	case PROTOBUF_C_TYPE_BYTES:
		return MESSAGE_BYTES;
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		return MESSAGE_OTHER;
	default:
		return MESSAGE_INTEGER;
	}
}

static bool
is_oneof(const ProtobufCFieldDescriptor *field)
{
	return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

bool
message_has_presence(const ProtobufCFieldDescriptor *field)
{
	return field->label != PROTOBUF_C_LABEL_REPEATED &&
	       (is_oneof(field) || field->type == PROTOBUF_C_TYPE_MESSAGE);
}

const ProtobufCMethodDescriptor *
message_method_find(const char *name)
{
	const char *slash = strchr(name, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - name);

	for (size_t i = 0; slash != NULL && i < api_service_count; i++) {
		const ProtobufCServiceDescriptor *service = api_services[i];

		if (strlen(service->name) == len &&
		    memcmp(service->name, name, len) == 0)
			return protobuf_c_service_descriptor_get_method_by_name(
				service, slash + 1);
	}
	return NULL;
}

static void *
place(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	return (char *)message + field->offset;
}

static const void *
look(const ProtobufCMessage *message, size_t offset)
{
	return (const char *)message + offset;
}

/* A oneof's case names the member that is set, by its number. */
static void
mark_present(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	uint32_t id = field->id;

	if (is_oneof(field))
		memcpy((char *)message + field->quantifier_offset, &id,
		       sizeof(id));
}

void
message_set_text(ProtobufCMessage *message,
                 const ProtobufCFieldDescriptor *field, char *text)
{
	assert(message_kind(field) == MESSAGE_TEXT);
	memcpy(place(message, field), (void *)&text, sizeof(text));
	mark_present(message, field);
}

void
message_set_bool(ProtobufCMessage *message,
                 const ProtobufCFieldDescriptor *field, bool value)
{
	protobuf_c_boolean flag = value;

	assert(message_kind(field) == MESSAGE_BOOL);
	memcpy(place(message, field), &flag, sizeof(flag));
	mark_present(message, field);
}

static bool
is_wide(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return true;
	default:
		return false;
	}
}

static bool
is_unsigned(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return true;
	default:
		return false;
	}
}

bool
message_integer_fits(const ProtobufCFieldDescriptor *field, int64_t value)
{
	if (is_unsigned(field))
		return value >= 0 && (is_wide(field) || value <= UINT32_MAX);
	return is_wide(field) || (value >= INT32_MIN && value <= INT32_MAX);
}

void
message_set_integer(ProtobufCMessage *message,
                    const ProtobufCFieldDescriptor *field, int64_t value)
{
	uint32_t narrow = (uint32_t)value;

	assert(message_integer_fits(field, value));
	if (is_wide(field))
		memcpy(place(message, field), &value, sizeof(value));
	else
		memcpy(place(message, field), &narrow, sizeof(narrow));
	mark_present(message, field);
}

void
message_set_bytes(ProtobufCMessage *message,
                  const ProtobufCFieldDescriptor *field, struct bytes bytes)
{
	ProtobufCBinaryData value = { bytes.len,
		                      (uint8_t *)(uintptr_t)bytes.data };

	assert(message_kind(field) == MESSAGE_BYTES &&
	       field->label != PROTOBUF_C_LABEL_REPEATED);
	memcpy(place(message, field), &value, sizeof(value));
	mark_present(message, field);
}

void
message_set_child(ProtobufCMessage *message,
                  const ProtobufCFieldDescriptor *field,
                  ProtobufCMessage *child)
{
	assert(message_kind(field) == MESSAGE_CHILD &&
	       field->label != PROTOBUF_C_LABEL_REPEATED &&
	       child->descriptor == field->descriptor);
	memcpy(place(message, field), (void *)&child, sizeof(void *));
	mark_present(message, field);
}

void
message_set_list(ProtobufCMessage *message,
                 const ProtobufCFieldDescriptor *field, void **values,
                 size_t count)
{
	assert(field->label == PROTOBUF_C_LABEL_REPEATED &&
	       (message_kind(field) == MESSAGE_TEXT ||
	        message_kind(field) == MESSAGE_CHILD));
	memcpy(place(message, field), (void *)&values, sizeof(values));
	memcpy((char *)message + field->quantifier_offset, &count,
	       sizeof(count));
}

void
message_set_enums(ProtobufCMessage *message,
                  const ProtobufCFieldDescriptor *field, int *numbers,
                  size_t count)
{
	assert(message_kind(field) == MESSAGE_ENUM &&
	       field->label == PROTOBUF_C_LABEL_REPEATED);
	memcpy(place(message, field), (void *)&numbers, sizeof(numbers));
	memcpy((char *)message + field->quantifier_offset, &count,
	       sizeof(count));
}

size_t
message_count(const ProtobufCMessage *message,
              const ProtobufCFieldDescriptor *field)
{
	const void *pointer;
	size_t count;
	uint32_t id;

	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		memcpy(&count, look(message, field->quantifier_offset),
		       sizeof(count));
		return count;
	}
	if (is_oneof(field)) {
		memcpy(&id, look(message, field->quantifier_offset),
		       sizeof(id));
		if (id != field->id)
			return 0;
	}
	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		return 1;
	memcpy((void *)&pointer, look(message, field->offset), sizeof(pointer));
	return pointer != NULL;
}

/* Where the value at index is: in the message or in the list beside it. */
static const void *
locate(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
       size_t index, size_t size)
{
	const char *list;

	assert(index < message_count(message, field));
	if (field->label != PROTOBUF_C_LABEL_REPEATED)
		return look(message, field->offset);
	memcpy((void *)&list, look(message, field->offset), sizeof(list));
	return list + index * size;
}

static struct message_value
get_text(const void *at)
{
	struct message_value value = { 0 };

	memcpy((void *)&value.text, at, sizeof(value.text));
	if (value.text == NULL)
		value.text = "";
	return value;
}

static struct message_value
get_enum(const ProtobufCFieldDescriptor *field, const void *at)
{
	const ProtobufCEnumValue *found;
	int number;

	memcpy(&number, at, sizeof(number));
	found = protobuf_c_enum_descriptor_get_value(field->descriptor, number);
	return (struct message_value){ .text = found == NULL ? "" : found->name,
		                       .number = number };
}

static struct message_value
get_integer(const ProtobufCFieldDescriptor *field, const void *at)
{
	struct message_value value = { .is_unsigned = is_unsigned(field) };
	uint32_t narrow;

	if (is_wide(field)) {
		memcpy(&value.natural, at, sizeof(value.natural));
		value.number = (int64_t)value.natural;
	} else {
		memcpy(&narrow, at, sizeof(narrow));
		value.natural = narrow;
		value.number =
			value.is_unsigned ? (int64_t)narrow : (int32_t)narrow;
	}
	return value;
}

struct message_value
message_get(const ProtobufCMessage *message,
            const ProtobufCFieldDescriptor *field, size_t index)
{
	protobuf_c_boolean flag;

	switch (message_kind(field)) {
	case MESSAGE_TEXT:
		return get_text(locate(message, field, index, sizeof(char *)));
	case MESSAGE_BOOL:
		memcpy(&flag, locate(message, field, index, sizeof(flag)),
		       sizeof(flag));
		return (struct message_value){ .number = flag != 0 };
	case MESSAGE_ENUM:
		return get_enum(field,
		                locate(message, field, index, sizeof(int)));
	case MESSAGE_INTEGER:
		return get_integer(field, locate(message, field, index,
		                                 is_wide(field) ? 8 : 4));
	case MESSAGE_CHILD:
	case MESSAGE_BYTES:
	case MESSAGE_OTHER:
		break;
	}
	assert(false && "the field has no value that can be shown");
	return (struct message_value){ 0 };
}

const ProtobufCMessage *
message_child(const ProtobufCMessage *message,
              const ProtobufCFieldDescriptor *field, size_t index)
{
	const void *child;

	assert(message_kind(field) == MESSAGE_CHILD);
	memcpy((void *)&child, locate(message, field, index, sizeof(void *)),
	       sizeof(child));
	return child;
}

struct bytes
message_bytes(const ProtobufCMessage *message,
              const ProtobufCFieldDescriptor *field)
{
	ProtobufCBinaryData value;

	assert(message_kind(field) == MESSAGE_BYTES);
	if (message_count(message, field) == 0)
		return (struct bytes){ 0 };
	memcpy(&value, locate(message, field, 0, sizeof(value)), sizeof(value));
	return (struct bytes){ value.data, value.len };
}
