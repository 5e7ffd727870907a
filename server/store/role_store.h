#ifndef SERVER_STORE_ROLE_STORE_H
#define SERVER_STORE_ROLE_STORE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/code.h"
#include "base/message_limit.h"

struct store_txn;

#define ROLE_NAME_MAX 80 /* characters */
/*
 * Bytes of a user's roles as a JSON list: what a token has room for, whatever
 * else is in it (token_json.c counts).
 */
#define ROLE_LIST_MAX 1536
#define ROLE_DESCRIPTION_MAX 300 /* characters */
#define ROLE_PERMISSIONS_MAX 200
#define PERMISSION_MAX 100 /* bytes */
#define ROLES_MAX 1000     /* in the store */

/*
 * Bytes of all roles: for each name, description and permission its length as
 * a string in JSON and ROLE_TEXT_COST more. That is more than it takes packed,
 * unpacked or in JSON, so a list of all roles fits an answer and its memory.
 */
#define ROLES_SIZE_MAX 786432
#define ROLE_TEXT_COST 32

_Static_assert(ROLES_SIZE_MAX <= REPLY_PAYLOAD_MAX,
               "all roles can always be listed");

/* A role; strings are never NULL. */
struct role_entry {
	const char *name;
	const char *description;
	const char *const *permissions; /* sorted, without repetition */
	size_t permission_count;
};

/*
 * Both writes fail the transaction with INVALID_ARGUMENT for an empty name or
 * permission, a text over its limit or not UTF-8, and for permissions that are
 * too many, not sorted or named twice.
 *
 * role_store_add fails the transaction with ALREADY_EXISTS for a known name,
 * with RESOURCE_EXHAUSTED when there are ROLES_MAX.
 */
void role_store_add(struct store_txn *txn, struct arena *arena,
                    const struct role_entry *role);

/* role_store_put replaces a role that exists, or fails with NOT_FOUND. */
void role_store_put(struct store_txn *txn, struct arena *arena,
                    const struct role_entry *role);

/*
 * role_store_del removes a role; absence is not a failure. Users keep the name
 * until they are changed.
 */
void role_store_del(struct store_txn *txn, const char *name);

/*
 * role_store_find copies a role into the arena, up to 30 KiB: arena_rewind
 * before the next. NOT_FOUND does not fail the transaction, other failures do;
 * *out is then untouched.
 */
NODISCARD enum code role_store_find(struct store_txn *txn, struct arena *arena,
                                    const char *name, struct role_entry *out);

/* role_entry_size returns what a role takes of ROLES_SIZE_MAX. */
size_t role_entry_size(const struct role_entry *role);

/* role_store_size adds that up for all roles, one after the other. */
NODISCARD enum code role_store_size(struct store_txn *txn, struct arena *arena,
                                    size_t *out);

/* role_store_list copies every role into the arena, by name. */
NODISCARD enum code role_store_list(struct store_txn *txn, struct arena *arena,
                                    struct role_entry **out, size_t *count);

#endif
