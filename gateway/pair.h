#ifndef GATEWAY_PAIR_H
#define GATEWAY_PAIR_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/json.h"

/*
 * Messages that are a name and a value, such as latchkey.v1.Attribute: a
 * string "name" and a oneof of values, of which absent is null. As JSON a list
 * of them is the members of an object, whose names the gateway does not know.
 */
#define PAIR_NAME_MAX 40 /* bytes */

struct pair_shape {
	const ProtobufCFieldDescriptor *name;
	const ProtobufCFieldDescriptor *text;      /* NULL: no such values */
	const ProtobufCFieldDescriptor *integer;   /* likewise */
	const ProtobufCFieldDescriptor *flag;      /* likewise */
	const ProtobufCFieldDescriptor *unfit;     /* a value that is no value,
	                                              as UnfitValue; NULL */
	const ProtobufCFieldDescriptor *character; /* in unfit */
};

/* pair_shape_find tells whether a message is such a pair, and how. */
bool pair_shape_find(const ProtobufCMessageDescriptor *type,
                     struct pair_shape *out);

/*
 * pair_name_is_good: a lower-case letter, then lower-case letters, digits and
 * '_', up to PAIR_NAME_MAX. Other names are nobody's.
 */
bool pair_name_is_good(const char *name);

/* pair_write appends the value as JSON. */
void pair_write(const struct pair_shape *shape, const ProtobufCMessage *pair,
                struct json_out *out);

#endif
