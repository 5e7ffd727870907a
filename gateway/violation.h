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

struct violations {
	struct arena *arena;
	struct violation *first;
	bool failed; /* sticky: the arena is full */
};

void violations_init(struct violations *list, struct arena *arena);

/* violations_add adds a message to a field's; both are lent. */
void violations_add(struct violations *list, const char *field,
                    const char *message);

/* violations_write returns {"field":["message",...],...} as text. */
NODISCARD enum code violations_write(const struct violations *list,
                                     const char **out);

#endif
