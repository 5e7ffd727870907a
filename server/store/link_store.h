#ifndef SERVER_STORE_LINK_STORE_H
#define SERVER_STORE_LINK_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"

struct store_txn;

#define LINK_TOKEN_SIZE 32 /* bytes, random; 43 characters of base64url */
#define LINK_HASH_SIZE 32  /* bytes, BLAKE2b-256 of the token's bytes */
#define LINK_KEPT_S (30 * 24 * 3600) /* after it expired or was used */

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

void link_store_add(struct store_txn *txn, struct arena *arena,
                    const struct link *link);
/* link_store_put replaces a link that exists. */
void link_store_put(struct store_txn *txn, struct arena *arena,
                    const struct link *link);
/* link_store_find: NOT_FOUND does not fail the transaction. */
NODISCARD enum code link_store_find(struct store_txn *txn, struct arena *arena,
                                    const uint8_t hash[LINK_HASH_SIZE],
                                    struct link *out);
/* link_store_end_all marks a user's unused links used. */
void link_store_end_all(struct store_txn *txn, struct arena *arena,
                        uint64_t user_id, int64_t now_us);
/* link_store_sweep deletes up to max links whose time to be kept is over. */
void link_store_sweep(struct store_txn *txn, struct arena *arena,
                      int64_t now_us, size_t max, size_t *deleted);

#endif
