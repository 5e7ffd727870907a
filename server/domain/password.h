#ifndef SERVER_DOMAIN_PASSWORD_H
#define SERVER_DOMAIN_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/code.h"

#define PASSWORD_MAX 1024      /* bytes */
#define PASSWORD_HASH_SIZE 128 /* bytes, NUL included */

/*
 * argon2id (RFC 9106) by libsodium: memory 19 MiB, 2 passes, 1 lane, in PHC
 * strings. At most `slots` hashes run at the same time, 19 MiB each; further
 * callers wait. Another form of hash is a row in password.c's table of formats.
 */
struct password_hasher;

/* INVALID_ARGUMENT: no slots. RESOURCE_EXHAUSTED: no memory. */
NODISCARD enum code password_hasher_open(unsigned slots,
                                         struct password_hasher **out);
/* password_hasher_close accepts NULL. No call may be running. */
void password_hasher_close(struct password_hasher *hasher);

/*
 * password_hash writes a new PHC string. RESOURCE_EXHAUSTED: no memory;
 * INVALID_ARGUMENT: longer than PASSWORD_MAX.
 */
NODISCARD enum code password_hash(struct password_hasher *hasher,
                                  const char *password,
                                  char out[PASSWORD_HASH_SIZE]);

/*
 * password_match tells in *match whether the password is the hash's. With
 * hash NULL or unusable ("!...") it takes as long as with a real one and the
 * answer is no. A hash of a form it does not know is INTERNAL, equally slowly.
 * RESOURCE_EXHAUSTED: no memory, which is never taken for a wrong password;
 * INVALID_ARGUMENT: longer than PASSWORD_MAX.
 */
NODISCARD enum code password_match(struct password_hasher *hasher,
                                   const char *password, const char *hash,
                                   bool *match);

/* password_needs_rehash: made with other parameters than today's. */
bool password_needs_rehash(const char *hash);

#endif
