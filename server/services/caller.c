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
	out->user_id = check->user.id;
	out->role = user_role(&check->user);
	out->user = &check->user;
	hex_encode(check->session.id, SESSION_ID_SIZE, out->session_id);
	return CODE_OK;
}

const struct user *
caller_user(const struct rpc_call *call)
{
	assert(call->caller != NULL && call->caller->user != NULL);
	return call->caller->user;
}

enum code
caller_refuse_gone(struct rpc_call *call)
{
	enum code code = rpc_fail(call, CODE_UNAUTHENTICATED,
	                          LATCHKEY__RPC__V1__REASON__REASON_USER_GONE,
	                          "the token's user does not exist");

	call->subject = LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER;
	return code;
}
