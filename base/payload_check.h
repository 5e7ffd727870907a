#ifndef BASE_PAYLOAD_CHECK_H
#define BASE_PAYLOAD_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#define PAYLOAD_DEPTH_MAX 16 /* messages within messages */

/*
 * payload_is_valid walks packed bytes against a message type before anybody
 * unpacks them, because protobuf-c is too trusting: its strings have no length,
 * so one with a NUL byte is cut there in silence, and it passes what is not
 * UTF-8. True only if every tag, varint and length is whole, every known field
 * has a wire type of its declared type, every string is UTF-8 without NUL,
 * no group occurs and nesting is at most PAYLOAD_DEPTH_MAX. Unknown fields are
 * skipped but must be whole. Allocates nothing; linear in len.
 */
bool payload_is_valid(const ProtobufCMessageDescriptor *type, const void *data,
                      size_t len);

#endif
