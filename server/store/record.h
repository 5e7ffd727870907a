#ifndef SERVER_STORE_RECORD_H
#define SERVER_STORE_RECORD_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"

/* A stored record, between its message and its bytes. All in the arena. */

#define RECORD_META_KEY "meta" /* of the MetaRecord, in STORE_META */

/* record_pack fails with RESOURCE_EXHAUSTED when the arena is full. */
NODISCARD enum code record_pack(struct arena *arena,
                                const ProtobufCMessage *message,
                                struct bytes *out);

/*
 * record_unpack points *out at the message; RESOURCE_EXHAUSTED if the arena is
 * full, DATA_LOSS if the bytes are not such a message.
 */
NODISCARD enum code record_unpack(struct arena *arena, struct bytes value,
                                  const ProtobufCMessageDescriptor *type,
                                  void **out);

#endif
