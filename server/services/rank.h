#ifndef SERVER_SERVICES_RANK_H
#define SERVER_SERVICES_RANK_H

#include <stdbool.h>
#include <stddef.h>

#include "server/rpc/rpc.h"

struct user;

/*
 * Who may touch whom. A superuser may do everything; other staff may touch
 * nobody above them and hand out nothing that they do not have themselves. All
 * of it is for methods whose row needs a role.
 */

/* rank_is_staff: the caller is staff; every superuser is. */
bool rank_is_staff(const struct rpc_call *call);

/* rank_is_superuser: the caller is a superuser. */
bool rank_is_superuser(const struct rpc_call *call);

/* rank_may_touch: only superusers may look at or change a superuser. */
bool rank_may_touch(const struct rpc_call *call, const struct user *target);

/* Names of roles, sorted and without repetition as in struct user. */
struct rank_roles {
	const char *const *names;
	size_t count;
};

/*
 * rank_may_hand tells whether the caller holds every role that is in one of
 * the two lists alone: that the change gives or takes.
 */
bool rank_may_hand(const struct rpc_call *call, struct rank_roles before,
                   struct rank_roles after);

/* rank_refuse answers PERMISSION_DENIED (RANK_TOO_LOW). */
enum code rank_refuse(struct rpc_call *call);

/* rank_refuse_role answers PERMISSION_DENIED (ROLE_MISSING): not staff. */
enum code rank_refuse_role(struct rpc_call *call);

#endif
