#ifndef GATEWAY_VIOLATION_H
#define GATEWAY_VIOLATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/code.h"

/*
 * The bad fields of one request, each with its messages, in the order in which
 * they were found: what "{fields}" stands for in a profile.
 */
struct violation;

struct violation_message {
	const char *text;
	long index;
	struct violation_message *next; /* about the same field */
	const struct violation *of;
};

struct violations {
	struct arena *arena;
	struct violation *first;
	bool failed; /* sticky: the arena is full */
};

void violations_init(struct violations *list, struct arena *arena);

#define VIOLATION_WHOLE (-1L) /* the field itself, not one of its items */

/*
 * violations_add adds a message to a field's, about its index-th item or about
 * the whole; the texts are lent.
 */
void violations_add(struct violations *list, const char *field, long index,
                    const char *message);

/* violations_next returns the next message after `message`, the first after
 * NULL; NULL: there is no other. Of one field, or, with NULL, of all. */
const struct violation_message *
violations_next(const struct violations *list, const char *field,
                const struct violation_message *message);

/* violations_merge adds what `other` says about a field under `name`; false
 * if that is nothing. */
bool violations_merge(struct violations *list, const char *name,
                      const struct violations *other, const char *field);

/* violations_merge_rest adds what `other` says about fields that the list has
 * nothing about. */
void violations_merge_rest(struct violations *list,
                           const struct violations *other);

/*
 * violations_write returns {"field":["message",...],...} as text, and
 * {"field":{"0":["message"],...}} where items are bad.
 */
NODISCARD enum code violations_write(const struct violations *list,
                                     const char **out);

#endif
