#ifndef SERVER_DOMAIN_KEYRING_H
#define SERVER_DOMAIN_KEYRING_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"
#include "server/domain/master_key.h"
#include "server/domain/signing_key.h"
#include "server/store/key_store.h"

struct store;

/*
 * The server's signing keys, opened once at start and read-only afterwards.
 * On disk they are sealed (XChaCha20-Poly1305, the kid as associated data)
 * with the master key. A kid is 16 random hex digits: a thumbprint (RFC 7638)
 * of an HS256 secret would tell about the secret.
 */
struct keyring;

#define KEYRING_MAX 64             /* keys of a store, retired ones included */
#define KEYRING_DIGEST_KEY_SIZE 32 /* bytes */

/*
 * keyring_add_key makes a new key of `alg` for `purpose`, seals it and writes
 * it, durably; it signs from the next keyring_open on. Refresh keys are HS256,
 * others INVALID_ARGUMENT; FAILED_PRECONDITION: there are KEYRING_MAX.
 */
NODISCARD enum code keyring_add_key(struct store *store,
                                    const uint8_t master[MASTER_KEY_SIZE],
                                    enum key_alg alg, enum key_purpose purpose,
                                    int64_t now_us);

/*
 * keyring_add_secret does it for a given HS256 access secret of SECRET_MIN to
 * PRIVATE_KEY_MAX bytes (others: INVALID_ARGUMENT), shared with a service that
 * verifies tokens with it. Like every new key it is not marked for tokens
 * without a kid.
 */
NODISCARD enum code keyring_add_secret(struct store *store,
                                       const uint8_t master[MASTER_KEY_SIZE],
                                       struct bytes secret, int64_t now_us);

/*
 * keyring_open unseals and parses every key. UNAUTHENTICATED: the master key
 * is not the one they were sealed with; DATA_LOSS: a key makes no sense;
 * FAILED_PRECONDITION: no key that may sign for some purpose. err gets one
 * sentence.
 */
NODISCARD enum code keyring_open(struct store *store,
                                 const uint8_t master[MASTER_KEY_SIZE],
                                 struct keyring **out, char *err,
                                 size_t err_size);

/* keyring_close wipes every key; it accepts NULL. */
void keyring_close(struct keyring *keyring);

/* keyring_signer returns the newest key that may sign for `purpose`. */
const struct signing_key *keyring_signer(const struct keyring *keyring,
                                         enum key_purpose purpose);

/*
 * keyring_find returns the key of exactly this kid (NULL: the newest key that
 * is marked for tokens without one) if it fits `alg`, else NULL. Retired keys
 * are found: what they signed is good until it expires.
 */
const struct signing_key *keyring_find(const struct keyring *keyring,
                                       const char *kid, enum key_alg alg);

/*
 * keyring_digest_key lends a key derived from the master key (libsodium's
 * crypto_kdf), for digests in the store that must not help to guess what was
 * digested.
 */
const uint8_t *keyring_digest_key(const struct keyring *keyring);

/* keyring_list_public lists access keys that have a public half, newest first.
 */
NODISCARD enum code keyring_list_public(const struct keyring *keyring,
                                        struct arena *arena,
                                        struct public_key **out, size_t *count);

#endif
