#ifndef GATEWAY_FIELD_VALUE_H
#define GATEWAY_FIELD_VALUE_H

#include <stdbool.h>

#include "gateway/field.h"

/*
 * Where a row's value is in a request, and the pieces of its filling: private
 * to field_*.c.
 */
struct field_filler {
	struct arena *arena;
	const struct field *field;
	const struct field_input *input;
	const char *name; /* what the client calls it */
	ProtobufCMessage *message;
	struct field_outcome *outcome;
	bool bad;
};

/*
 * field_value_find returns the row's value: of its first source that is there,
 * or of all, joined. NULL if none is. *made holds what is no member of a body
 * or query. *name is what to call it.
 */
const struct json *field_value_find(const struct field *field,
                                    const struct field_input *input,
                                    struct json *made, const char **name);

/* field_value_report adds a message; NULL: there was no memory to make it. */
void field_value_report(struct field_filler *f, const char *what);

/*
 * field_value_text checks a string and returns a copy of it in the arena, NULL
 * when it is bad. index: which of a list it is, or VIOLATION_WHOLE.
 */
char *field_value_text(struct field_filler *f, const struct json *value,
                       long index);

/* field_value_message returns the message that the row's target is in. */
ProtobufCMessage *field_value_message(struct field_filler *f);

/* field_members_fill passes on what other rows do not name (field_members.c).
 */
void field_members_fill(struct field_filler *f, const struct field *fields,
                        size_t count);

#endif
