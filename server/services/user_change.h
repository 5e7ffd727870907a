#ifndef SERVER_SERVICES_USER_CHANGE_H
#define SERVER_SERVICES_USER_CHANGE_H

#include "server/rpc/rpc.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

/*
 * One user being changed by staff, in one write transaction. A method alters
 * `after`; what it is allowed to differ in from `before`, and what else follows
 * from the difference, is decided here and nowhere else:
 * - a superuser is touched by superusers only, as are is_staff, is_superuser
 *   and roles that the caller does not hold;
 * - an address is changed only by who holds all the user's roles, because a
 *   reset mailed to it hands over the account with them;
 * - the last active superuser stays one;
 * - another address is unverified, ends open links and is asked for;
 * - an inactive user has no sessions and no open reset link.
 */
struct user_change {
	struct store_txn txn;
	struct user before;
	struct user after;
};

/*
 * user_change_begin begins the transaction and reads the user. Refuses with
 * NOT_FOUND or PERMISSION_DENIED (RANK_TOO_LOW); user_change_end must follow
 * whatever it returns.
 */
NODISCARD enum code user_change_begin(struct rpc_call *call, uint64_t id,
                                      struct user_change *change);

/*
 * user_change_roles makes a list of names the user's roles. Notes a violation
 * of "roles" for each that is none or does not exist. RESOURCE_EXHAUSTED: the
 * arena is full; a failure of the store fails the transaction.
 */
NODISCARD enum code user_change_roles(struct rpc_call *call,
                                      struct store_txn *txn, char **names,
                                      size_t count, struct user *user);

/*
 * user_change_judge refuses a difference that the caller may not make, with
 * PERMISSION_DENIED (RANK_TOO_LOW) or FAILED_PRECONDITION (LAST_SUPERUSER).
 */
NODISCARD enum code user_change_judge(struct rpc_call *call,
                                      struct user_change *change);

/* user_change_put judges the difference and writes it. */
NODISCARD enum code user_change_put(struct rpc_call *call,
                                    struct user_change *change);

/*
 * user_change_invite queues the mail that a new or changed address calls for:
 * an invitation for who never had a password, a verification link where only
 * verified addresses may log in.
 */
void user_change_invite(struct rpc_call *call, struct store_txn *txn,
                        const struct user *user);

/*
 * user_change_end ends a transaction after steps that ended with `code`:
 * anything but OK writes nothing. Returns how it went.
 */
NODISCARD enum code user_change_end(struct rpc_call *call,
                                    struct store_txn *txn, enum code code);

#endif
