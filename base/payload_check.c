#include "base/payload_check.h"

#include <stdint.h>

#include "base/encoding.h"

#define VARINT_BYTES_MAX 10
#define TAG_BYTES_MAX 5 /* protobuf-c reads no longer tag or length */
#define FIELD_NUMBER_MAX ((1U << 29) - 1)

/* A message being walked; the one that holds it lies below on the stack. */
struct frame {
	const ProtobufCMessageDescriptor *type;
	const uint8_t *end;
};

/* Where the walk is. `at` never passes the end of the innermost frame. */
struct walk {
	const uint8_t *at;
	struct frame stack[PAYLOAD_DEPTH_MAX];
	size_t depth;
};

static bool
read_varint_of(unsigned bytes_max, const uint8_t **at, const uint8_t *end,
               uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes_max && *at < end; i++) {
		uint8_t byte = *(*at)++;

		/* The tenth byte has room for one bit. */
		if (i == VARINT_BYTES_MAX - 1 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if ((byte & 0x80) == 0) {
			*out = value;
			return true;
		}
	}
	return false;
}

static bool
read_varint(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
	return read_varint_of(VARINT_BYTES_MAX, at, end, out);
}

static bool
skip(struct walk *walk, size_t len)
{
	if (len > (size_t)(walk->stack[walk->depth - 1].end - walk->at))
		return false;
	walk->at += len;
	return true;
}

static ProtobufCWireType
declared_wire_type(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return PROTOBUF_C_WIRE_TYPE_32BIT;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return PROTOBUF_C_WIRE_TYPE_64BIT;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
	default:
		return PROTOBUF_C_WIRE_TYPE_VARINT;
	}
}

/* Many numbers in one field: all whole, none left over. */
static bool
packed_is_valid(ProtobufCWireType wire, const uint8_t *at, size_t len)
{
	const uint8_t *end = at + len;
	uint64_t value;

	if (wire == PROTOBUF_C_WIRE_TYPE_32BIT)
		return len % 4 == 0;
	if (wire == PROTOBUF_C_WIRE_TYPE_64BIT)
		return len % 8 == 0;
	while (at < end)
		if (!read_varint(&at, end, &value))
			return false;
	return true;
}

static bool
enter(struct walk *walk, const ProtobufCMessageDescriptor *type, size_t len)
{
	if (walk->depth == PAYLOAD_DEPTH_MAX)
		return false;
	walk->stack[walk->depth++] = (struct frame){ type, walk->at + len };
	return true;
}

/* A field whose length is written before it; `field` is NULL if unknown. */
static bool
walk_prefixed(struct walk *walk, const ProtobufCFieldDescriptor *field)
{
	const uint8_t *end = walk->stack[walk->depth - 1].end;
	ProtobufCWireType wire;
	uint64_t len;

	if (!read_varint_of(TAG_BYTES_MAX, &walk->at, end, &len) ||
	    len > (size_t)(end - walk->at))
		return false;
	if (field == NULL || field->type == PROTOBUF_C_TYPE_BYTES)
		return skip(walk, len);
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return utf8_is_valid((const char *)walk->at, len) &&
		       skip(walk, len);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return enter(walk, field->descriptor, len);
	wire = declared_wire_type(field->type);
	return field->label == PROTOBUF_C_LABEL_REPEATED &&
	       packed_is_valid(wire, walk->at, len) && skip(walk, len);
}

static bool
walk_field(struct walk *walk)
{
	const struct frame *frame = &walk->stack[walk->depth - 1];
	const ProtobufCFieldDescriptor *field;
	uint64_t tag, ignored;
	ProtobufCWireType wire;

	if (!read_varint_of(TAG_BYTES_MAX, &walk->at, frame->end, &tag) ||
	    tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX)
		return false;
	wire = (ProtobufCWireType)(tag & 7);
	field = protobuf_c_message_descriptor_get_field(frame->type,
	                                                (unsigned)(tag >> 3));
	if (wire == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
		return walk_prefixed(walk, field);
	if (field != NULL && wire != declared_wire_type(field->type))
		return false;
	switch (wire) {
	case PROTOBUF_C_WIRE_TYPE_VARINT:
		return read_varint(&walk->at, frame->end, &ignored);
	case PROTOBUF_C_WIRE_TYPE_64BIT:
		return skip(walk, 8);
	case PROTOBUF_C_WIRE_TYPE_32BIT:
		return skip(walk, 4);
	default: /* groups, and the two numbers that mean nothing */
		return false;
	}
}

bool
payload_is_valid(const ProtobufCMessageDescriptor *type, const void *data,
                 size_t len)
{
	struct walk walk = { .at = data };

	if (len == 0)
		return true;
	walk.stack[walk.depth++] = (struct frame){ type, walk.at + len };
	while (walk.depth > 0) {
		if (walk.at == walk.stack[walk.depth - 1].end)
			walk.depth--;
		else if (!walk_field(&walk))
			return false;
	}
	return true;
}
