#ifndef SERVER_STORE_LINK_STORE_H
#define SERVER_STORE_LINK_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"

struct store_txn;

#define LINK_TOKEN_SIZE 32  /* bytes, random; 43 characters of base64url */
#define LINK_HASH_SIZE 32   /* bytes, BLAKE2b-256 of the token's bytes */
#define LINK_KEPT_S 2592000 /* 30 days after it expired, used or not */

/* Stored in LinkRecord; the numbers are on disk. */
enum link_purpose {
	LINK_VERIFY_EMAIL = 1,
	LINK_RESET_PASSWORD = 2,
	LINK_INVITATION = 3,
};

/* A one-time link; LinkRecord explains each member. */
struct link {
	uint8_t hash[LINK_HASH_SIZE];
	enum link_purpose purpose;
	uint64_t user_id;
	const char *email;
	int64_t created_at_us;
	int64_t expires_at_us;
	int64_t used_at_us; /* 0 while unused */
};

/*
 * Both writes fail the transaction with INVALID_ARGUMENT for a user 0, an
 * unknown purpose, a time before 1970, and an address over USER_EMAIL_MAX.
 *
 * link_store_add fails the transaction with ALREADY_EXISTS for a known hash.
 */
void link_store_add(struct store_txn *txn, struct arena *arena,
                    const struct link *link);

/*
 * link_store_put replaces a link; hash, user and expiry stay the same. It
 * fails the transaction with NOT_FOUND for an unknown hash, INVALID_ARGUMENT
 * for another user or expiry.
 */
void link_store_put(struct store_txn *txn, struct arena *arena,
                    const struct link *link);

/*
 * link_store_find copies a link into the arena. NOT_FOUND does not fail the
 * transaction, other failures do; *out is then untouched.
 */
NODISCARD enum code link_store_find(struct store_txn *txn, struct arena *arena,
                                    const uint8_t hash[LINK_HASH_SIZE],
                                    struct link *out);

/* link_store_end_all marks a user's unused links used, whatever they are for.
 */
void link_store_end_all(struct store_txn *txn, struct arena *arena,
                        uint64_t user_id, int64_t now_us);

/* link_store_end_purpose does so with the links of one purpose. */
void link_store_end_purpose(struct store_txn *txn, struct arena *arena,
                            uint64_t user_id, enum link_purpose purpose,
                            int64_t now_us);

/* link_store_del_all deletes a user's links: the user is going. */
void link_store_del_all(struct store_txn *txn, struct arena *arena,
                        uint64_t user_id);

/*
 * link_store_sweep deletes up to `max` links that expired LINK_KEPT_S before
 * now_us, oldest first, and counts them in *deleted.
 */
void link_store_sweep(struct store_txn *txn, struct arena *arena,
                      int64_t now_us, size_t max, size_t *deleted);

#endif
