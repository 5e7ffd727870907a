#include "server/services/login.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "base/log.h"
#include "server/domain/session.h"
#include "server/domain/throttle.h"
#include "server/server.h"
#include "server/services/token_grant.h"
#include "server/store/store.h"

bool
login_device(const struct rpc_call *call, uint8_t out[SESSION_DEVICE_SIZE])
{
	char network[46];
	int rc;

	throttle_address(call->client_address, network);
	if (network[0] == '\0')
		return false;
	rc = crypto_generichash(out, SESSION_DEVICE_SIZE,
	                        (const uint8_t *)network, strlen(network), NULL,
	                        0);
	assert(rc == 0);
	(void)rc;
	return true;
}

void
login_open(struct rpc_call *call, struct store_txn *txn, uint64_t user_id,
           struct login_session *out)
{
	const struct session_policy *policy = &call->server->sessions;
	const struct session_room room = { .user_id = user_id,
		                           .max = policy->per_user_max,
		                           .now_us = call->now_us };
	struct session *session = &out->session;

	out->displaced = 0;
	session_begin(policy, user_id, call->now_us, session);
	session->user_agent = call->user_agent;
	session->client_address = call->client_address;
	(void)login_device(call, session->device);
	session_store_make_room(txn, call->arena, &room, &out->displaced);
	session_store_add(txn, call->arena, session);
}

enum code
login_grant(struct rpc_call *call, const struct user *user,
            const struct login_session *opened, struct login_tokens *out)
{
	const struct session *session = &opened->session;
	enum code code = grant_access(call, user, session, &out->access_token,
	                              &out->access_expires_at);

	if (opened->displaced > 0)
		LOG_EVENT(LOG_LEVEL_WARN, "sessions_displaced",
		          LOG_N("user_id", (int64_t)session->user_id),
		          LOG_N("count", (int64_t)opened->displaced),
		          LOG_T("request_id", call->request_id_text));
	if (code == CODE_OK)
		code = grant_refresh(call, session, &out->refresh_token);
	out->refresh_expires_at = session->refresh_expires_at;
	return code;
}
