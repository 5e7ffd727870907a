#ifndef SERVER_SERVICES_ACCOUNT_LINK_H
#define SERVER_SERVICES_ACCOUNT_LINK_H

#include <stdbool.h>

#include "server/domain/mailing.h"
#include "server/rpc/rpc.h"

struct store_txn;

/* A one-time link as it was presented, and what it led to. */
struct account_link {
	enum link_purpose purpose; /* VERIFY_EMAIL or RESET_PASSWORD */
	const char *uid;           /* of RESET_PASSWORD, which takes
	                              invitations too */
	const char *token;
	struct link link;
	struct user user; /* has the address that the link was sent to */
	bool was_done;    /* VERIFY_EMAIL: the address is verified already */
};

/*
 * account_link_read holds a link against the present state, inside the
 * caller's transaction: it must have been issued for this purpose and user, be
 * unexpired and unused, and the user must still have the address. It refuses
 * with LINK_INVALID, LINK_EXPIRED or LINK_USED, which does not fail the
 * transaction; a failure of the store does and is left for store_refuse.
 */
NODISCARD enum code account_link_read(struct rpc_call *call,
                                      struct store_txn *txn,
                                      struct account_link *link);

#endif
