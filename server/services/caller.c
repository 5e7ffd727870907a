#include "server/services/caller.h"

#include <assert.h>

#include "base/encoding.h"
#include "server/services/token_check.h"

static enum role
user_role(const struct user *user)
{
	if (user->is_superuser)
		return ROLE_SUPERUSER;
	return user->is_staff ? ROLE_STAFF : ROLE_USER;
}

static void
fill(const struct token_check *check, struct principal *out)
{
	out->user_id = check->user.id;
	out->role = user_role(&check->user);
	out->user = &check->user;
	hex_encode(check->session.id, SESSION_ID_SIZE, out->session_id);
}

enum code
caller_authenticate(struct rpc_call *call, struct principal *out)
{
	struct token_check *check =
		arena_alloc(call->arena, sizeof(struct token_check));
	enum code code;

	if (check == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	code = token_check(call, call->access_token, 1U << TOKEN_ACCESS, check);
	if (code != CODE_OK) {
		call->subject = LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER;
		return code;
	}
	fill(check, out);
	return CODE_OK;
}

static enum code
refuse_role(struct rpc_call *call)
{
	return rpc_fail(call, CODE_PERMISSION_DENIED,
	                LATCHKEY__RPC__V1__REASON__REASON_ROLE_MISSING,
	                "the caller may not do this any more");
}

enum code
caller_renew(struct rpc_call *call, struct store_txn *txn)
{
	const struct principal *before = call->caller;
	struct principal *now = arena_alloc(call->arena, sizeof(*now));
	struct token_check *check =
		arena_alloc(call->arena, sizeof(struct token_check));
	enum code code;

	if (now == NULL || check == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	check->claims.user_id = before->user_id;
	if (!hex_decode(before->session_id, check->claims.session_id,
	                SESSION_ID_SIZE))
		return CODE_INTERNAL;
	code = token_resolve(call, txn, check);
	if (code == CODE_OK) {
		fill(check, now);
		call->caller = now;
		if (now->role < call->method->role)
			code = refuse_role(call);
	}
	if (code != CODE_OK)
		call->subject = LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER;
	return code;
}

const struct user *
caller_user(const struct rpc_call *call)
{
	assert(call->caller != NULL && call->caller->user != NULL);
	return call->caller->user;
}
