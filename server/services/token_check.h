#ifndef SERVER_SERVICES_TOKEN_CHECK_H
#define SERVER_SERVICES_TOKEN_CHECK_H

#include "server/domain/token.h"
#include "server/rpc/rpc.h"
#include "server/store/session_store.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

/*
 * A token held against the present state: its own checks, its user, its
 * session. One place decides the order, the reason and the log line of every
 * refused token.
 */
struct token_check {
	struct token_claims claims;
	struct user user;
	struct session session;
};

/* token_read does the token's own checks only, and fills check->claims. */
NODISCARD enum code token_read(struct rpc_call *call, const char *text,
                               unsigned accepted, struct token_check *check);

/*
 * token_resolve reads the user and session that the claims name, inside the
 * caller's transaction, and refuses a user who is gone or inactive and a
 * session that has ended. A refusal does not fail the transaction; a failure
 * of the store does and is left for store_refuse.
 */
NODISCARD enum code token_resolve(struct rpc_call *call, struct store_txn *txn,
                                  struct token_check *check);

/* token_check does both in a read transaction of its own. */
NODISCARD enum code token_check(struct rpc_call *call, const char *text,
                                unsigned accepted, struct token_check *check);

/* token_refuse writes the log line and answers UNAUTHENTICATED. */
enum code token_refuse(struct rpc_call *call, const struct token_check *check,
                       Latchkey__Rpc__V1__Reason reason, const char *message);

#endif
