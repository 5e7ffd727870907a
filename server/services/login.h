#ifndef SERVER_SERVICES_LOGIN_H
#define SERVER_SERVICES_LOGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/rpc/rpc.h"
#include "server/store/session_store.h"

struct store_txn;
struct user;

/*
 * What every way in ends with, once somebody has proved to be a user: a
 * session of the call's client, and the session's first tokens.
 */
struct login_session {
	struct session session;
	size_t displaced; /* older ones of the user that it ended */
};

struct login_tokens {
	char *access_token; /* both live in the call's arena */
	char *refresh_token;
	int64_t access_expires_at; /* seconds since the Unix epoch */
	int64_t refresh_expires_at;
};

/*
 * login_device writes what the call's client is known by again: its network,
 * hashed. False, and *out untouched, if the call says no address.
 */
bool login_device(const struct rpc_call *call,
                  uint8_t out[SESSION_DEVICE_SIZE]);

/*
 * login_open adds a new session for the user to the transaction. Beyond
 * session_policy.per_user_max the user's oldest end.
 */
void login_open(struct rpc_call *call, struct store_txn *txn, uint64_t user_id,
                struct login_session *out);

/*
 * login_grant signs the tokens, once the session is durable. Fails as
 * grant_access does.
 */
NODISCARD enum code login_grant(struct rpc_call *call, const struct user *user,
                                const struct login_session *opened,
                                struct login_tokens *out);

#endif
