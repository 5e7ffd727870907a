#ifndef GATEWAY_MESSAGE_H
#define GATEWAY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"

/*
 * Protobuf messages by reflection: the one place that knows how protobuf-c
 * lays them out. Fields are top-level fields of the message they are used
 * with; nobody may pass another message's.
 */

/* message_new makes an empty message in the arena; NULL when full. */
ProtobufCMessage *message_new(struct arena *arena,
                              const ProtobufCMessageDescriptor *type);

/* How a field's values are shown and filled. */
enum message_kind {
	MESSAGE_TEXT,
	MESSAGE_BOOL,
	MESSAGE_INTEGER,
	MESSAGE_ENUM,
	MESSAGE_CHILD, /* a message */
	MESSAGE_BYTES, /* filled and sent as they are, never shown */
	MESSAGE_OTHER, /* floating point: not supported */
};

enum message_kind message_kind(const ProtobufCFieldDescriptor *field);

/* message_has_presence tells whether absent differs from empty. */
bool message_has_presence(const ProtobufCFieldDescriptor *field);

/* message_method_find finds "latchkey.v1.AuthService/Refresh"; may be NULL. */
const ProtobufCMethodDescriptor *message_method_find(const char *name);

/* Setters of singular fields. Text is lent and lives as long as the message. */
void message_set_text(ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field, char *text);
void message_set_bool(ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field, bool value);
/* message_integer_fits tells whether the field's type holds the number. */
bool message_integer_fits(const ProtobufCFieldDescriptor *field, int64_t value);
/* message_set_integer sets an integer that fits, or an enum by its number. */
void message_set_integer(ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field, int64_t value);
/* message_set_bytes lends the bytes to a bytes field. */
void message_set_bytes(ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field,
                       struct bytes bytes);
/* message_set_child lends a message to a singular field of its type. */
void message_set_child(ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field,
                       ProtobufCMessage *child);
/* message_set_list lends the values of a repeated field: char * or messages,
 * as its kind is. */
void message_set_list(ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field, void **values,
                      size_t count);
/* message_set_enums sets a repeated enum; the numbers are lent. */
void message_set_enums(ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field, int *numbers,
                       size_t count);

/* message_count returns 0 if absent, 1 if present, or a list's length. */
size_t message_count(const ProtobufCMessage *message,
                     const ProtobufCFieldDescriptor *field);

/* One value, as text or as a number; which of them, message_kind tells. */
struct message_value {
	const char *text; /* of an enum its name, "" for an unknown number */
	bool is_unsigned;
	int64_t number;   /* also bool and enum */
	uint64_t natural; /* if is_unsigned */
};

/* message_get returns the value at index, which is below message_count. */
struct message_value message_get(const ProtobufCMessage *message,
                                 const ProtobufCFieldDescriptor *field,
                                 size_t index);

/* message_bytes returns the value of a singular bytes field. */
struct bytes message_bytes(const ProtobufCMessage *message,
                           const ProtobufCFieldDescriptor *field);

/* message_child returns the message at index, below message_count. */
const ProtobufCMessage *message_child(const ProtobufCMessage *message,
                                      const ProtobufCFieldDescriptor *field,
                                      size_t index);

#endif
