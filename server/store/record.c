#include "server/store/record.h"

enum code
record_pack(struct arena *arena, const ProtobufCMessage *message,
            struct bytes *out)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	/* One more: a record of defaults only has no bytes at all. */
	uint8_t *buf = arena_alloc(arena, len + 1);

	if (buf == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	(void)protobuf_c_message_pack(message, buf);
	*out = (struct bytes){ buf, len };
	return CODE_OK;
}

enum code
record_unpack(struct arena *arena, struct bytes value,
              const ProtobufCMessageDescriptor *type, void **out)
{
	ProtobufCMessage *message = protobuf_c_message_unpack(
		type, &arena->pb, value.len, value.data);

	if (message == NULL)
		return arena->full ? CODE_RESOURCE_EXHAUSTED : CODE_DATA_LOSS;
	*out = message;
	return CODE_OK;
}
