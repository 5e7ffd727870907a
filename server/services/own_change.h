#ifndef SERVER_SERVICES_OWN_CHANGE_H
#define SERVER_SERVICES_OWN_CHANGE_H

#include <stdbool.h>

#include "server/rpc/rpc.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

/*
 * The caller's own account being changed, in one write transaction: by who is
 * still there, active and logged in when it is written, and no more often than
 * throttles.own_changes says.
 */
struct own_change {
	struct store_txn txn;
	struct user user; /* as it is; a method alters it */
	bool is_throttled;
};

/*
 * own_change_begin begins the transaction, looks at the caller again and counts
 * the change. Refuses as caller_renew does, or with THROTTLED; own_change_end
 * must follow whatever it returns.
 */
NODISCARD enum code own_change_begin(struct rpc_call *call,
                                     struct own_change *change);

/*
 * own_change_end writes the user after steps that ended with CODE_OK, and
 * nothing after others. Returns how it went.
 */
NODISCARD enum code own_change_end(struct rpc_call *call,
                                   struct own_change *change, enum code code);

#endif
