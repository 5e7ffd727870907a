#ifndef SERVER_RPC_REPLY_H
#define SERVER_RPC_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "proto/latchkey/rpc/v1/envelope.pb-c.h"
#include "server/rpc/rpc.h"

/*
 * A Reply about to be packed. Points into the call and the response; needs no
 * memory beyond itself, so that even a call that ran out is answered.
 */
struct reply {
	Latchkey__Rpc__V1__Reply message;
	Latchkey__Rpc__V1__Status status;
	Latchkey__Rpc__V1__FieldViolation violations[RPC_VIOLATIONS_MAX];
	Latchkey__Rpc__V1__FieldViolation *violation_list[RPC_VIOLATIONS_MAX];
	const ProtobufCMessage *payload; /* NULL unless the code is OK */
	size_t envelope_len;
	size_t payload_len;
};

/* reply_init says how a call ended; payload is NULL unless code is OK. */
void reply_init(struct reply *reply, const struct rpc_call *call,
                enum code code, const ProtobufCMessage *payload);

/* reply_size returns the bytes that reply_pack will write. */
size_t reply_size(const struct reply *reply);

/* reply_pack writes reply_size bytes. */
void reply_pack(const struct reply *reply, uint8_t *out);

#endif
