#ifndef CLIENT_CHANNEL_REPLY_H
#define CLIENT_CHANNEL_REPLY_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"
#include "proto/latchkey/rpc/v1/envelope.pb-c.h"

/* What a Reply says, unpacked. */
struct channel_reply {
	const Latchkey__Rpc__V1__Status *status; /* never NULL once read */
	ProtobufCMessage *payload; /* NULL unless the code is OK */
};

/*
 * channel_reply_read reads a packed Reply to the call of this id and returns
 * the code it carries. A server is trusted to be right, not to be harmless: a
 * reply that is not well-formed, of another call, without a status or with a
 * payload of another type is INTERNAL, one that does not fit
 * RESOURCE_EXHAUSTED, and then *out is untouched.
 */
NODISCARD enum code channel_reply_read(struct arena *arena, struct bytes packed,
                                       const uint8_t request_id[16],
                                       const ProtobufCMessageDescriptor *type,
                                       struct channel_reply *out);

#endif
