#include "server/services/login.h"

#include "server/domain/session.h"
#include "server/server.h"
#include "server/services/token_grant.h"
#include "server/store/store.h"

void
login_open(struct rpc_call *call, struct store_txn *txn, uint64_t user_id,
           struct session *session)
{
	session_begin(&call->server->sessions, user_id, call->now_us, session);
	session->user_agent = call->user_agent;
	session->client_address = call->client_address;
	session_store_add(txn, call->arena, session);
}

enum code
login_grant(struct rpc_call *call, const struct user *user,
            const struct session *session, struct login_tokens *out)
{
	enum code code = grant_access(call, user, session, &out->access_token,
	                              &out->access_expires_at);

	if (code == CODE_OK)
		code = grant_refresh(call, session, &out->refresh_token);
	out->refresh_expires_at = session->refresh_expires_at;
	return code;
}
