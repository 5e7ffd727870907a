#ifndef CLIENT_CTL_MESSAGE_JSON_H
#define CLIENT_CTL_MESSAGE_JSON_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/code.h"
#include "base/json.h"

/*
 * Any protobuf message as JSON and back, by reflection, in the manner of the
 * proto3 JSON mapping: members have the names of the .proto file, enums are
 * names, numbers of 64 bits are numbers, bytes are base64url, null is absent.
 * Written messages show every field, a field with presence only if it is set.
 */

/* One sentence, the path first. */
struct message_json_error {
	char text[256];
};

/*
 * message_from_json makes a message of `type` in the arena. INVALID_ARGUMENT
 * with the path of the member at fault in err ("user.roles[2]: ..."), which
 * never quotes a value; RESOURCE_EXHAUSTED: the arena is full.
 */
NODISCARD enum code message_from_json(struct arena *arena,
                                      const ProtobufCMessageDescriptor *type,
                                      const struct json *json,
                                      ProtobufCMessage **out,
                                      struct message_json_error *err);

/* message_value_size returns the bytes of one value of a field in memory. */
size_t message_value_size(ProtobufCType type);

/* message_to_json appends a message; out->failed tells if it did not fit. */
void message_to_json(struct json_out *out, const ProtobufCMessage *message);

#endif
