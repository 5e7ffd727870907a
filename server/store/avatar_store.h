#ifndef SERVER_STORE_AVATAR_STORE_H
#define SERVER_STORE_AVATAR_STORE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"

struct store_txn;

#define AVATAR_SIZE_MAX 262144 /* bytes */
#define AVATAR_PATH_MAX 64     /* bytes: yyyy/mm/dd/<32 hex>.<ext> */

#define AVATAR_MEDIA_TYPE_MAX 32 /* bytes */

struct avatar {
	const char *path; /* below /media/avatars/ */
	uint64_t user_id;
	const char *media_type;
	struct bytes image; /* 1 to AVATAR_SIZE_MAX bytes */
	int64_t created_at_us;
};

/*
 * avatar_store_add writes a new picture. It needs the picture's size and 256
 * bytes of the arena. It fails the transaction with INVALID_ARGUMENT for a
 * member out of its bounds, ALREADY_EXISTS for a known path.
 */
void avatar_store_add(struct store_txn *txn, struct arena *arena,
                      const struct avatar *avatar);

/*
 * avatar_store_find copies a picture into the arena: its size and 256 bytes.
 * The path may be anybody's text. NOT_FOUND does not fail the transaction,
 * other failures do; *out is then untouched.
 */
NODISCARD enum code avatar_store_find(struct store_txn *txn,
                                      struct arena *arena, const char *path,
                                      struct avatar *out);

/* avatar_store_del removes a picture; absence is not a failure. */
void avatar_store_del(struct store_txn *txn, const char *path);

#endif
