#ifndef SERVER_STORE_IDENTITY_STORE_H
#define SERVER_STORE_IDENTITY_STORE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"

struct store_txn;

#define IDENTITY_ISSUER_MAX 512  /* bytes */
#define IDENTITY_SUBJECT_MAX 255 /* bytes (OpenID Connect Core, section 2) */

/* Who a user is elsewhere; IdentityRecord explains each member. */
struct identity {
	const char *issuer;
	const char *subject;
	uint64_t user_id;
	int64_t created_at_us;
};

/*
 * identity_store_add links an identity to a user. It fails the transaction
 * with INVALID_ARGUMENT for an empty text or one over its limit, a user 0 or a
 * time before 1970, ALREADY_EXISTS for an identity that is anybody's.
 */
void identity_store_add(struct store_txn *txn, struct arena *arena,
                        const struct identity *identity);

/*
 * identity_store_find copies an identity into the arena. The two texts may be
 * anybody's. NOT_FOUND does not fail the transaction, other failures do; *out
 * is then untouched.
 */
NODISCARD enum code identity_store_find(struct store_txn *txn,
                                        struct arena *arena, const char *issuer,
                                        const char *subject,
                                        struct identity *out);

/* identity_store_del_all deletes a user's identities. */
void identity_store_del_all(struct store_txn *txn, uint64_t user_id);

#endif
