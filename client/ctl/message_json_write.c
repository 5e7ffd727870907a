#include "client/ctl/message_json.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"

static void
put(struct json_out *out, const char *text)
{
	json_out_raw(out, text, strlen(text));
}

static void
put_real(struct json_out *out, double value)
{
	char text[40];

	(void)snprintf(text, sizeof(text), "%.17g", value);
	/* JSON has no word for infinity and no number. */
	put(out,
	    text[strspn(text, "-")] >= '0' && text[strspn(text, "-")] <= '9'
	            ? text
	            : "null");
}

static void
put_enum(struct json_out *out, const ProtobufCEnumDescriptor *type, int value)
{
	const ProtobufCEnumValue *known =
		protobuf_c_enum_descriptor_get_value(type, value);

	if (known != NULL)
		json_out_string(out, known->name, strlen(known->name));
	else
		json_out_int(out, value);
}

static void
put_bytes(struct json_out *out, const ProtobufCBinaryData *data)
{
	char *text = arena_alloc(out->arena, BASE64URL_SIZE(data->len));

	if (text == NULL) {
		out->failed = true;
		return;
	}
	base64url_encode(data->data, data->len, text);
	json_out_string(out, text, strlen(text));
}

static void
put_number(struct json_out *out, ProtobufCType type, const void *value)
{
	switch (type) {
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		json_out_uint(out, *(const uint64_t *)value);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		json_out_uint(out, *(const uint32_t *)value);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		json_out_int(out, *(const int64_t *)value);
		break;
	default:
		json_out_int(out, *(const int32_t *)value);
		break;
	}
}

static void
put_string(struct json_out *out, const char *text)
{
	json_out_string(out, text == NULL ? "" : text,
	                text == NULL ? 0 : strlen(text));
}

/* No type of ours holds itself, so the recursion ends. */
// NOLINTBEGIN(misc-no-recursion)
static void
put_value(struct json_out *out, const ProtobufCFieldDescriptor *field,
          const void *value)
{
	const ProtobufCMessage *message;

	switch (field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		message = *(const ProtobufCMessage *const *)value;
		if (message != NULL)
			message_to_json(out, message);
		else
			put(out, "null");
		break;
	case PROTOBUF_C_TYPE_STRING:
		put_string(out, *(const char *const *)value);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		put_bytes(out, value);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		put(out, *(const protobuf_c_boolean *)value ? "true" : "false");
		break;
	case PROTOBUF_C_TYPE_ENUM:
		put_enum(out, field->descriptor, *(const int *)value);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		put_real(out, *(const double *)value);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		put_real(out, *(const float *)value);
		break;
	default:
		put_number(out, field->type, value);
		break;
	}
}

static void
put_list(struct json_out *out, const ProtobufCFieldDescriptor *field,
         const ProtobufCMessage *message)
{
	const char *base = (const char *)message;
	size_t count = *(const size_t *)(base + field->quantifier_offset);
	const char *values = *(const char *const *)(base + field->offset);

	put(out, "[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			put(out, ",");
		put_value(out, field,
		          values + i * message_value_size(field->type));
	}
	put(out, "]");
}

static bool
is_shown(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
	const char *base = (const char *)message;

	return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 ||
	       *(const int *)(base + field->quantifier_offset) ==
	               (int)field->id;
}

void
message_to_json(struct json_out *out, const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;
	const char *separator = "{";

	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];

		if (!is_shown(field, message))
			continue;
		put(out, separator);
		separator = ",";
		json_out_string(out, field->name, strlen(field->name));
		put(out, ":");
		if (field->label == PROTOBUF_C_LABEL_REPEATED)
			put_list(out, field, message);
		else
			put_value(out, field,
			          (const char *)message + field->offset);
	}
	put(out, *separator == '{' ? "{}" : "}");
}
// NOLINTEND(misc-no-recursion)
