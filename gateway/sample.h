#ifndef GATEWAY_SAMPLE_H
#define GATEWAY_SAMPLE_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/*
 * Values that a reader believes, by the names of fields, for the examples in
 * the description of the API: one person, one role, one session. No token
 * among them has a signature, and no password is anybody's.
 */

/*
 * sample_find returns the sample of a field as text, "true" of a boolean and
 * "7" of a number. message is the short name of the request or reply that it
 * is part of, some of which have their own. "": the field is to be absent.
 * NULL: there is none of that name.
 */
const char *sample_find(const char *message, const char *name);

/*
 * sample_message makes a reply with all its fields filled but absent (NULL:
 * none is) and floating point; lists have one item, enums their first value
 * that means something. NULL when the arena is full.
 */
ProtobufCMessage *sample_message(struct arena *arena,
                                 const ProtobufCMessageDescriptor *type,
                                 const ProtobufCFieldDescriptor *absent);

#endif
