#include "server/rpc/reply.h"

#include <string.h>

#define PAYLOAD_TAG 0x1a /* Reply.payload: field 3, length-prefixed */

static size_t
varint_size(size_t value)
{
	size_t size = 1;

	while (value >= 0x80) {
		value >>= 7;
		size++;
	}
	return size;
}

static uint8_t *
put_varint(uint8_t *out, size_t value)
{
	while (value >= 0x80) {
		*out++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*out++ = (uint8_t)value;
	return out;
}

static void
init_failure(struct reply *reply, const struct rpc_call *call)
{
	Latchkey__Rpc__V1__Status *status = &reply->status;

	status->reason = call->reason;
	status->subject = call->subject;
	status->message = (char *)call->message;
	status->retry_after_ms = call->retry_after_ms;
	for (size_t i = 0; i < call->violation_count; i++) {
		Latchkey__Rpc__V1__FieldViolation *v = &reply->violations[i];

		latchkey__rpc__v1__field_violation__init(v);
		v->field = (char *)call->violations[i].field;
		v->code = (char *)call->violations[i].code;
		v->message = (char *)call->violations[i].message;
		reply->violation_list[i] = v;
	}
	status->violations = reply->violation_list;
	status->n_violations = call->violation_count;
}

void
reply_init(struct reply *reply, const struct rpc_call *call, enum code code,
           const ProtobufCMessage *payload)
{
	latchkey__rpc__v1__reply__init(&reply->message);
	latchkey__rpc__v1__status__init(&reply->status);
	reply->status.code = (uint32_t)code;
	if (code != CODE_OK)
		init_failure(reply, call);
	reply->message.status = &reply->status;
	/* Empty while the Call's own could not be read. */
	if (call->request_id_text[0] != '\0') {
		reply->message.request_id.data = (uint8_t *)call->request_id;
		reply->message.request_id.len = sizeof(call->request_id);
	}
	reply->payload = payload;
	reply->envelope_len =
		latchkey__rpc__v1__reply__get_packed_size(&reply->message);
	reply->payload_len =
		payload == NULL ? 0
				: protobuf_c_message_get_packed_size(payload);
}

size_t
reply_size(const struct reply *reply)
{
	if (reply->payload_len == 0)
		return reply->envelope_len;
	return reply->envelope_len + 1 + varint_size(reply->payload_len) +
	       reply->payload_len;
}

/* The payload, last, goes straight to its place instead of by a copy. */
void
reply_pack(const struct reply *reply, uint8_t *out)
{
	out += latchkey__rpc__v1__reply__pack(&reply->message, out);
	if (reply->payload_len == 0)
		return;
	*out++ = PAYLOAD_TAG;
	out = put_varint(out, reply->payload_len);
	(void)protobuf_c_message_pack(reply->payload, out);
}
