#ifndef SERVER_DOMAIN_UID_H
#define SERVER_DOMAIN_UID_H

#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"

/*
 * A user's id as Django's links write it (`uidb64`): base64url, without
 * padding, of the decimal number.
 */

/* uid_write: RESOURCE_EXHAUSTED when the arena is full. */
NODISCARD enum code uid_write(struct arena *arena, uint64_t id, char **out);

/* uid_read accepts only what uid_write writes for an id that a user can have;
   INVALID_ARGUMENT for all else. */
NODISCARD enum code uid_read(const char *text, uint64_t *out);

#endif
