#ifndef SERVER_DOMAIN_KEYRING_H
#define SERVER_DOMAIN_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"
#include "server/store/key_store.h"

struct store;

/*
 * The server's signing keys, opened once at start and read-only afterwards.
 * On disk they are sealed (XChaCha20-Poly1305, the kid as associated data)
 * with the master key, which lies in a file of its own.
 */
#define MASTER_KEY_SIZE 32 /* bytes */

enum key_alg { KEY_HS256, KEY_ES256, KEY_RS256 };

struct keyring;
struct signing_key;

/* key_alg_name returns "ES256" and the like. */
const char *key_alg_name(enum key_alg alg);
bool key_alg_from_name(const char *name, enum key_alg *out);

/*
 * master_key_make writes a new random key: a file of 64 hex digits and a line
 * end, 0400. ALREADY_EXISTS if the path is taken.
 */
NODISCARD enum code master_key_make(const char *path);

/*
 * master_key_load reads it. PERMISSION_DENIED unless the file is a regular
 * one, belongs to the caller and is readable by nobody else; INVALID_ARGUMENT
 * for other content. err gets one sentence on failure.
 */
NODISCARD enum code master_key_load(const char *path,
                                    uint8_t out[MASTER_KEY_SIZE], char *err,
                                    size_t err_size);

/*
 * keyring_add_key makes a new key of `alg` for `purpose`, seals it and writes
 * it, durably; it signs from the next keyring_open on. Refresh keys are HS256.
 */
NODISCARD enum code keyring_add_key(struct store *store,
                                    const uint8_t master[MASTER_KEY_SIZE],
                                    enum key_alg alg, enum key_purpose purpose,
                                    int64_t now_us);

/* keyring_add_secret does it for a given HS256 access secret, 32+ bytes. */
NODISCARD enum code keyring_add_secret(struct store *store,
                                       const uint8_t master[MASTER_KEY_SIZE],
                                       struct bytes secret, int64_t now_us);

/*
 * keyring_open unseals and parses every key. UNAUTHENTICATED: the master key
 * is not the one they were sealed with; FAILED_PRECONDITION: no key that may
 * sign for some purpose. err gets one sentence.
 */
NODISCARD enum code keyring_open(struct store *store,
                                 const uint8_t master[MASTER_KEY_SIZE],
                                 struct keyring **out, char *err,
                                 size_t err_size);
void keyring_close(struct keyring *keyring);

/* keyring_signer returns the newest key that may sign for `purpose`. */
const struct signing_key *keyring_signer(const struct keyring *keyring,
                                         enum key_purpose purpose);

/*
 * keyring_find returns the key of exactly this kid (NULL: the key marked for
 * tokens without one) if it fits `alg`, else NULL.
 */
const struct signing_key *keyring_find(const struct keyring *keyring,
                                       const char *kid, enum key_alg alg);

const char *signing_key_kid(const struct signing_key *key);
enum key_alg signing_key_alg(const struct signing_key *key);
enum key_purpose signing_key_purpose(const struct signing_key *key);

#define SIGNATURE_MAX 512 /* bytes: RS256 with 4096-bit keys */

/* signing_key_sign signs as RFC 7518 says: HMAC, r||s, or PKCS#1 v1.5. */
NODISCARD enum code signing_key_sign(const struct signing_key *key,
                                     struct bytes message,
                                     uint8_t out[SIGNATURE_MAX],
                                     size_t *out_len);

/* signing_key_verify compares in constant time where that matters. */
bool signing_key_verify(const struct signing_key *key, struct bytes message,
                        struct bytes signature);

/* A public key as RFC 7517 wants it; strings live in the arena. */
struct public_key {
	const char *kid;
	enum key_alg alg;
	const char *x, *y; /* ES256: P-256 coordinates, base64url */
	const char *n, *e; /* RS256, base64url */
};

/* keyring_list_public lists access keys that have a public half, newest first.
 */
NODISCARD enum code keyring_list_public(const struct keyring *keyring,
                                        struct arena *arena,
                                        struct public_key **out, size_t *count);

#endif
