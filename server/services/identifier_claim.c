#include "server/services/identifier_claim.h"

#include "server/store/user_store.h"

/* is_taken: what cannot be an identifier is nobody's. */
static bool
is_taken(struct rpc_call *call, struct store_txn *txn, const char *identifier,
         uint64_t by_other_than)
{
	size_t mark = call->arena->used;
	struct user user;
	enum code code = user_store_find_by_identifier(txn, call->arena,
	                                               identifier, &user);
	bool taken = code == CODE_OK && user.id != by_other_than;

	if (code != CODE_OK && code != CODE_NOT_FOUND &&
	    code != CODE_INVALID_ARGUMENT)
		store_fail(txn, code);
	arena_rewind(call->arena, mark);
	return taken;
}

void
identifier_claim_check_email(struct rpc_call *call, struct store_txn *txn,
                             const struct user *user)
{
	if (is_taken(call, txn, user->email, user->id))
		rpc_violation(call, "email", "unique",
		              "user with this email already exists.");
}

void
identifier_claim_check_username(struct rpc_call *call, struct store_txn *txn,
                                const struct user *user)
{
	if (*user->username != '\0' &&
	    is_taken(call, txn, user->username, user->id))
		rpc_violation(call, "username", "unique",
		              "A user with that username already exists.");
}

void
identifier_claim_check(struct rpc_call *call, struct store_txn *txn,
                       const struct user *user)
{
	identifier_claim_check_email(call, txn, user);
	identifier_claim_check_username(call, txn, user);
}
