#include "server/services/user_change.h"

#include <string.h>

#include "server/domain/mailing.h"
#include "server/domain/role.h"
#include "server/server.h"
#include "server/services/account_mail.h"
#include "server/services/caller.h"
#include "server/services/rank.h"
#include "server/services/store_refusal.h"
#include "server/store/link_store.h"
#include "server/store/role_store.h"
#include "server/store/session_store.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name

enum code
user_change_begin(struct rpc_call *call, uint64_t id,
                  struct user_change *change)
{
	enum code code;

	store_begin_write(call->server->store, &change->txn);
	code = caller_renew(call, &change->txn);
	if (code != CODE_OK)
		return code;
	code = user_store_find(&change->txn, call->arena, id, &change->before);
	if (code == CODE_NOT_FOUND)
		return rpc_fail(call, code, REASON(UNSPECIFIED),
		                "there is no such user");
	if (code != CODE_OK)
		return code;
	if (!rank_may_touch(call, &change->before))
		return rank_refuse(call);
	change->after = change->before;
	return CODE_OK;
}

/* note_unknown says which role there is none of. */
static void
note_role(struct rpc_call *call, struct store_txn *txn, const char *name)
{
	size_t mark = call->arena->used;
	const char *fault = role_name_fault(name);
	struct role_entry role;
	enum code code;

	if (fault != NULL) {
		rpc_violation(call, "roles", "malformed", fault);
		return;
	}
	code = role_store_find(txn, call->arena, name, &role);
	arena_rewind(call->arena, mark);
	if (code != CODE_NOT_FOUND)
		return;
	fault = arena_printf(call->arena, "Role \"%s\" does not exist.", name);
	rpc_violation(call, "roles", "unknown",
	              fault == NULL ? "A role does not exist." : fault);
}

enum code
user_change_roles(struct rpc_call *call, struct store_txn *txn, char **names,
                  size_t count, struct user *user)
{
	const char **sorted;
	const char *fault;

	if (count > USER_ROLE_COUNT_MAX) {
		rpc_violation(call, "roles", "too_long",
		              "Ensure this field has no more than 64 roles.");
		return CODE_OK;
	}
	sorted = arena_alloc(call->arena, count * sizeof(*sorted));
	if (sorted == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	if (count > 0)
		memcpy(sorted, names, count * sizeof(*sorted));
	count = role_sort(sorted, count);
	for (size_t i = 0; i < count; i++)
		note_role(call, txn, sorted[i]);
	fault = role_list_fault(sorted, count);
	if (fault != NULL)
		rpc_violation(call, "roles", "too_long", fault);
	user->roles = sorted;
	user->role_count = count;
	return CODE_OK;
}

_Static_assert(USER_ROLE_COUNT_MAX == 64, "user_change_roles says so");

static bool
is_keeper(const struct user *user)
{
	return user->is_superuser && user->is_active;
}

/* has_keeper looks for an active superuser other than `id`. */
static bool
has_keeper(struct rpc_call *call, struct store_txn *txn, uint64_t id)
{
	size_t mark = call->arena->used;
	struct user user = { 0 };
	bool found = false;

	while (!found &&
	       user_store_next(txn, call->arena, user.id, &user) == CODE_OK) {
		found = user.id != id && is_keeper(&user);
		arena_rewind(call->arena, mark);
	}
	return found;
}

static bool
has_new_address(const struct user_change *change)
{
	return strcmp(change->before.email, change->after.email) != 0;
}

/* is_within_rank looks at what only superusers may do unconditionally. */
static bool
is_within_rank(const struct rpc_call *call, const struct user_change *change)
{
	const struct user *before = &change->before, *after = &change->after;
	const struct rank_roles none = { 0 };
	const struct rank_roles old = { before->roles, before->role_count };
	const struct rank_roles new = { after->roles, after->role_count };

	if (rank_is_superuser(call))
		return true;
	if (before->is_staff != after->is_staff ||
	    before->is_superuser != after->is_superuser)
		return false;
	if (has_new_address(change) && !rank_may_hand(call, none, old))
		return false;
	return rank_may_hand(call, old, new);
}

enum code
user_change_judge(struct rpc_call *call, struct user_change *change)
{
	bool kept;

	if (!is_within_rank(call, change))
		return rank_refuse(call);
	if (!is_keeper(&change->before) || is_keeper(&change->after))
		return CODE_OK;
	kept = has_keeper(call, &change->txn, change->before.id);
	if (change->txn.code != CODE_OK)
		return change->txn.code;
	if (kept)
		return CODE_OK;
	return rpc_fail(call, CODE_FAILED_PRECONDITION, REASON(LAST_SUPERUSER),
	                "this is the last active superuser");
}

void
user_change_invite(struct rpc_call *call, struct store_txn *txn,
                   const struct user *user)
{
	const struct server *server = call->server;
	const struct mailing mailing = account_mail_of(call, txn);

	if (strcmp(user->password_hash, USER_PASSWORD_UNUSABLE) == 0)
		mailing_link(&mailing, user, LINK_INVITATION);
	else if (server->registration == REGISTRATION_VERIFY)
		mailing_link(&mailing, user, LINK_VERIFY_EMAIL);
}

/* What is open for an inactive user would be open again once active. */
static void
shut_out(struct rpc_call *call, struct store_txn *txn, const struct user *user)
{
	const struct session_ending ending = { .reason = SESSION_ENDED_REVOKED,
		                               .now_us = call->now_us };
	size_t ended;

	session_store_end_all(txn, call->arena, user->id, &ending, &ended);
	link_store_end_purpose(txn, call->arena, user->id, LINK_RESET_PASSWORD,
	                       call->now_us);
}

enum code
user_change_put(struct rpc_call *call, struct user_change *change)
{
	struct store_txn *txn = &change->txn;
	struct user *user = &change->after;
	enum code code = user_change_judge(call, change);

	if (code != CODE_OK)
		return code;
	if (has_new_address(change)) {
		user->email_verified = false;
		link_store_end_all(txn, call->arena, user->id, call->now_us);
		user_change_invite(call, txn, user);
	}
	if (!user->is_active)
		shut_out(call, txn, user);
	user_store_put(txn, call->arena, user);
	return txn->code;
}

enum code
user_change_end(struct rpc_call *call, struct store_txn *txn, enum code code)
{
	enum code end;

	store_fail(txn, code);
	end = store_end(txn);
	if (end == CODE_OK) {
		account_mail_wake(call);
		return CODE_OK;
	}
	/* Refused by a rule, or failed in the store. */
	return call->message[0] != '\0' ? code : store_refuse(call, txn);
}
