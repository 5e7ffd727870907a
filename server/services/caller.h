#ifndef SERVER_SERVICES_CALLER_H
#define SERVER_SERVICES_CALLER_H

#include "server/rpc/rpc.h"

struct store_txn;
struct user;

/*
 * caller_authenticate is the server's rpc_authenticator: the access token must
 * be good now, with a living session and an active user.
 */
rpc_authenticator caller_authenticate;

/* caller_user returns the caller of a method whose row needs a role. */
const struct user *caller_user(const struct rpc_call *call);

/*
 * caller_renew looks at the caller again, in the transaction that is to write,
 * and makes call->caller what is found: while the call waited, its session may
 * have ended, its user been deactivated, a rank or a role been lost. Call it
 * first. Refuses as caller_authenticate and the method's
 * row would; a refusal does not fail the transaction.
 */
enum code caller_renew(struct rpc_call *call, struct store_txn *txn);

#endif
