#ifndef SERVER_SERVICES_LOGIN_H
#define SERVER_SERVICES_LOGIN_H

#include <stdint.h>

#include "server/rpc/rpc.h"

struct session;
struct store_txn;
struct user;

/*
 * What every way in ends with, once somebody has proved to be a user: a
 * session of the call's client, and the session's first tokens.
 */
struct login_tokens {
	char *access_token; /* both live in the call's arena */
	char *refresh_token;
	int64_t access_expires_at; /* seconds since the Unix epoch */
	int64_t refresh_expires_at;
};

/* login_open adds a new session for the user to the transaction. */
void login_open(struct rpc_call *call, struct store_txn *txn, uint64_t user_id,
                struct session *session);

/*
 * login_grant signs the tokens, once the session is durable. Fails as
 * grant_access does.
 */
NODISCARD enum code login_grant(struct rpc_call *call, const struct user *user,
                                const struct session *session,
                                struct login_tokens *out);

#endif
