#ifndef SERVER_DOMAIN_SIGNING_KEY_H
#define SERVER_DOMAIN_SIGNING_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"
#include "server/store/key_store.h"

/*
 * One key that signs and verifies (RFC 7515) with the one algorithm it was made
 * for (RFC 7518, section 3). The only file that includes libcrypto's headers.
 * Read-only once open: any number of threads may use it.
 */
enum key_alg { KEY_HS256, KEY_ES256, KEY_RS256 };

/* key_alg_name returns "ES256" and the like. */
const char *key_alg_name(enum key_alg alg);
bool key_alg_from_name(const char *name, enum key_alg *out);

#define SECRET_MIN 32        /* bytes of an HS256 secret (RFC 7518, 3.2) */
#define PRIVATE_KEY_MAX 4096 /* bytes: PKCS#8 of RSA-4096 and more */
#define RSA_BITS_MIN 2048    /* RFC 7518, 3.3 */
#define RSA_BITS_MAX 4096    /* a longer signature fits no token */
#define RSA_BITS_NEW 2048    /* what signing_key_make makes */
#define SIGNATURE_MAX 512    /* bytes: RS256 with 4096-bit keys */

/*
 * signing_key_make writes a new private key: PKCS#8 DER, or for HS256 a random
 * secret of SECRET_MIN bytes. The caller wipes it.
 */
NODISCARD enum code signing_key_make(enum key_alg alg,
                                     uint8_t out[PRIVATE_KEY_MAX],
                                     size_t *out_len);

struct signing_key;

/*
 * signing_key_open parses what signing_key_make wrote; `about` names kid,
 * algorithm and purpose and is copied. INVALID_ARGUMENT: not such a key, too
 * weak or too long. signing_key_close wipes it and accepts NULL.
 */
NODISCARD enum code signing_key_open(const struct stored_key *about,
                                     struct bytes private_key,
                                     struct signing_key **out);

/*
 * signing_key_open_public makes a key that only verifies, with RS256, of the
 * two unsigned big-endian numbers in another's JWK (RFC 7518, section 6.3.1).
 * INVALID_ARGUMENT for a size or an exponent that this server would not use.
 */
NODISCARD enum code signing_key_open_public(const char *kid,
                                            struct bytes modulus,
                                            struct bytes exponent,
                                            struct signing_key **out);
void signing_key_close(struct signing_key *key);

const char *signing_key_kid(const struct signing_key *key);
enum key_alg signing_key_alg(const struct signing_key *key);
enum key_purpose signing_key_purpose(const struct signing_key *key);

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

/*
 * signing_key_public fills *out. NOT_FOUND: an HS256 key has no public half.
 * RESOURCE_EXHAUSTED: the arena is full.
 */
NODISCARD enum code signing_key_public(const struct signing_key *key,
                                       struct arena *arena,
                                       struct public_key *out);

#endif
