#ifndef SERVER_STORE_USER_RECORD_H
#define SERVER_STORE_USER_RECORD_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"
#include "server/store/user_store.h"

/*
 * A user, between struct user and the bytes of a UserRecord: the only place
 * that knows each member of both. Part of user_store.
 */

/* user_record_check returns INVALID_ARGUMENT for what must not be stored. */
NODISCARD enum code user_record_check(const struct user *user);

/* user_record_pack packs a user that passed the check. */
NODISCARD enum code user_record_pack(struct arena *arena,
                                     const struct user *user,
                                     struct bytes *out);

/* user_record_unpack copies into the arena; DATA_LOSS if it is not `id`'s. */
NODISCARD enum code user_record_unpack(struct arena *arena, struct bytes value,
                                       uint64_t id, struct user *out);

#endif
