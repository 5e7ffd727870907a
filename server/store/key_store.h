#ifndef SERVER_STORE_KEY_STORE_H
#define SERVER_STORE_KEY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"

struct store_txn;

#define KEY_ID_MAX 64       /* bytes */
#define KEY_ALG_MAX 16      /* bytes */
#define KEY_SEALED_MAX 8192 /* bytes: RSA of 8192 bits takes five thousand */

/* Stored in SigningKeyRecord; the numbers are on disk. */
enum key_purpose { KEY_PURPOSE_ACCESS = 1, KEY_PURPOSE_REFRESH = 2 };

/* A signing key as it lies on disk: sealed. SigningKeyRecord explains it. */
struct stored_key {
	const char *kid;
	const char *alg;
	enum key_purpose purpose;
	struct bytes sealed;
	int64_t created_at_us;
	int64_t retired_at_us;
	bool accept_without_kid;
	int64_t signs_from_us;
	int64_t verifies_until_us;
};

/*
 * Both writes fail the transaction with INVALID_ARGUMENT for an empty or too
 * long member or an unknown purpose.
 */

/* key_store_add fails the transaction with ALREADY_EXISTS for a known kid. */
void key_store_add(struct store_txn *txn, struct arena *arena,
                   const struct stored_key *key);

/* key_store_put replaces a key that exists, or fails with NOT_FOUND. */
void key_store_put(struct store_txn *txn, struct arena *arena,
                   const struct stored_key *key);

/* key_store_del removes a key; absence is not a failure. */
void key_store_del(struct store_txn *txn, const char *kid);

/*
 * key_store_list copies every key into the arena, in kid order: *out points at
 * *count keys. Returns the transaction's code.
 */
NODISCARD enum code key_store_list(struct store_txn *txn, struct arena *arena,
                                   struct stored_key **out, size_t *count);

#endif
