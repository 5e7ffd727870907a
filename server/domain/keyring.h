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
 * The server's signing keys. Any number of threads may use them while one reads
 * them again: what a caller was lent stays good until keyring_close.
 * On disk they are sealed (XChaCha20-Poly1305, the kid as associated data)
 * with the master key. A kid is 16 random hex digits: a thumbprint (RFC 7638)
 * of an HS256 secret would tell about the secret.
 */
struct keyring;

#define KEYRING_MAX 64             /* keys of a store, retired ones included */
#define KEYRING_DIGEST_KEY_SIZE 32 /* bytes */
/* Arena for a list of KEYRING_MAX stored keys, in bytes. */
#define KEYRING_LIST_SIZE ((size_t)KEYRING_MAX * (PRIVATE_KEY_MAX + 1024))

/* What keyring_add makes. */
struct key_order {
	enum key_alg alg; /* a refresh key is HS256 */
	enum key_purpose purpose;
	/*
	 * HS256 for access tokens: the secret that is shared with a service
	 * which verifies with it, SECRET_MIN to PRIVATE_KEY_MAX bytes. Empty:
	 * the key is made here. Lent.
	 */
	struct bytes secret;
	int64_t now_us;
	int64_t signs_from_us; /* 0: at once */
};

/*
 * keyring_add makes a key, seals it and writes it, durably; kid gets its name,
 * unless NULL. A keyring knows it from the next keyring_open or keyring_reload
 * on. Like every new key it is not marked for tokens without a kid.
 * INVALID_ARGUMENT: the order contradicts the above; FAILED_PRECONDITION:
 * there are KEYRING_MAX keys.
 */
NODISCARD enum code keyring_add(struct store *store,
                                const uint8_t master[MASTER_KEY_SIZE],
                                const struct key_order *order,
                                char kid[KEY_ID_MAX + 1]);

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

/*
 * keyring_reload takes over what has changed in the store since: new keys,
 * retired ones, deleted ones. With master NULL it fails with UNAUTHENTICATED
 * if a new key must be unsealed. *changed tells whether anything was new. On
 * failure, of the kinds of keyring_open, all stays as it was, and *fault is
 * why.
 */
NODISCARD enum code keyring_reload(struct keyring *keyring, struct store *store,
                                   const uint8_t *master, bool *changed,
                                   const char **fault);

/* keyring_close wipes every key; it accepts NULL. */
void keyring_close(struct keyring *keyring);

/*
 * keyring_signer returns the newest key that may sign for `purpose` what is
 * issued at this time. While none has begun to sign, it is the one that would
 * first: tokens are always issued.
 */
const struct signing_key *keyring_signer(const struct keyring *keyring,
                                         enum key_purpose purpose,
                                         int64_t issued_at_us);

/*
 * keyring_find returns the key of exactly this kid (NULL: the newest key that
 * is marked for tokens without one) if it fits `alg`, else NULL. Retired keys
 * are found until they are deleted: what they signed is good until it expires.
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
