#include "server/services/rank.h"

#include <string.h>

#include "server/services/caller.h"
#include "server/store/user_store.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name

bool
rank_is_staff(const struct rpc_call *call)
{
	return call->caller->role >= ROLE_STAFF;
}

bool
rank_is_superuser(const struct rpc_call *call)
{
	return call->caller->role >= ROLE_SUPERUSER;
}

bool
rank_may_touch(const struct rpc_call *call, const struct user *target)
{
	return rank_is_superuser(call) ||
	       (rank_is_staff(call) && !target->is_superuser);
}

static bool
holds(struct rank_roles roles, const char *name)
{
	for (size_t i = 0; i < roles.count; i++)
		if (strcmp(roles.names[i], name) == 0)
			return true;
	return false;
}

/* Whether the caller holds everything that `some` has and `others` lacks. */
static bool
holds_rest(const struct user *caller, struct rank_roles some,
           struct rank_roles others)
{
	const struct rank_roles own = { caller->roles, caller->role_count };

	for (size_t i = 0; i < some.count; i++)
		if (!holds(others, some.names[i]) && !holds(own, some.names[i]))
			return false;
	return true;
}

bool
rank_may_hand(const struct rpc_call *call, struct rank_roles before,
              struct rank_roles after)
{
	const struct user *caller = caller_user(call);

	return rank_is_superuser(call) || (holds_rest(caller, before, after) &&
	                                   holds_rest(caller, after, before));
}

enum code
rank_refuse(struct rpc_call *call)
{
	return rpc_fail(call, CODE_PERMISSION_DENIED, REASON(RANK_TOO_LOW),
	                "only a superuser may do this");
}

enum code
rank_refuse_role(struct rpc_call *call)
{
	enum code code =
		rpc_fail(call, CODE_PERMISSION_DENIED, REASON(ROLE_MISSING),
	                 "only staff may do this");

	call->subject = LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER;
	return code;
}
