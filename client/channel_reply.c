#include "client/channel_reply.h"

#include <string.h>

#include "base/payload_check.h"

#define REQUEST_ID_SIZE 16

/* A code this program has no name for is still no success. */
static enum code
known_code(uint32_t code)
{
	switch ((enum code)code) {
	case CODE_OK:
	case CODE_INVALID_ARGUMENT:
	case CODE_DEADLINE_EXCEEDED:
	case CODE_NOT_FOUND:
	case CODE_ALREADY_EXISTS:
	case CODE_PERMISSION_DENIED:
	case CODE_RESOURCE_EXHAUSTED:
	case CODE_FAILED_PRECONDITION:
	case CODE_UNIMPLEMENTED:
	case CODE_INTERNAL:
	case CODE_UNAVAILABLE:
	case CODE_DATA_LOSS:
	case CODE_UNAUTHENTICATED:
		return (enum code)code;
	}
	return CODE_INTERNAL;
}

static enum code
unpack(struct arena *arena, const ProtobufCMessageDescriptor *type,
       struct bytes packed, ProtobufCMessage **out)
{
	ProtobufCMessage *message;

	if (!payload_is_valid(type, packed.data, packed.len))
		return CODE_INTERNAL;
	message = protobuf_c_message_unpack(type, &arena->pb, packed.len,
	                                    packed.data);
	if (message == NULL)
		return arena->full ? CODE_RESOURCE_EXHAUSTED : CODE_INTERNAL;
	*out = message;
	return CODE_OK;
}

/* A Call that could not be read is answered without its id. */
static bool
is_reply_to(const Latchkey__Rpc__V1__Reply *reply, const uint8_t *request_id)
{
	if (reply->request_id.len == 0)
		return reply->status->code != CODE_OK;
	return reply->request_id.len == REQUEST_ID_SIZE &&
	       memcmp(reply->request_id.data, request_id, REQUEST_ID_SIZE) == 0;
}

enum code
channel_reply_read(struct arena *arena, struct bytes packed,
                   const uint8_t request_id[16],
                   const ProtobufCMessageDescriptor *type,
                   struct channel_reply *out)
{
	const Latchkey__Rpc__V1__Reply *reply;
	ProtobufCMessage *envelope = NULL, *payload = NULL;
	enum code code;

	code = unpack(arena, &latchkey__rpc__v1__reply__descriptor, packed,
	              &envelope);
	if (code != CODE_OK)
		return code;
	reply = (const Latchkey__Rpc__V1__Reply *)envelope;
	if (reply->status == NULL || !is_reply_to(reply, request_id))
		return CODE_INTERNAL;
	code = known_code(reply->status->code);
	if (code == CODE_OK) {
		const struct bytes bytes = { reply->payload.data,
			                     reply->payload.len };

		code = unpack(arena, type, bytes, &payload);
		if (code != CODE_OK)
			return code;
	}
	out->status = reply->status;
	out->payload = payload;
	return code;
}
