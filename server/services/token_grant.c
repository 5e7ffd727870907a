#include "server/services/token_grant.h"

#include <sodium.h>
#include <string.h>

#include "base/log.h"
#include "server/domain/session.h"
#include "server/domain/token.h"
#include "server/server.h"
#include "server/store/user_store.h"

#define US_PER_S 1000000

/* Roles that an earlier version gave may be more than ROLE_LIST_MAX. */
static enum code
refuse_roles(struct rpc_call *call, const struct user *user)
{
	LOG_EVENT(LOG_LEVEL_ERROR, "token_too_long",
	          LOG_N("user_id", (int64_t)user->id),
	          LOG_N("roles", (int64_t)user->role_count),
	          LOG_T("request_id", call->request_id_text));
	return rpc_fail(call, CODE_FAILED_PRECONDITION,
	                LATCHKEY__RPC__V1__REASON__REASON_UNSPECIFIED,
	                "the user's roles do not fit into a token");
}

enum code
grant_access(struct rpc_call *call, const struct user *user,
             const struct session *session, char **token, int64_t *expires_at)
{
	const struct server *server = call->server;
	int64_t now = call->now_us / US_PER_S;
	int64_t session_end = session->expires_at_us / US_PER_S;
	struct token_claims claims = {
		.type = TOKEN_ACCESS,
		.user_id = user->id,
		.issued_at = now,
		.expires_at = now + server->sessions.access_lifetime_s,
		.roles = user->roles,
		.role_count = user->role_count,
	};
	enum code code;

	if (claims.expires_at > session_end)
		claims.expires_at = session_end;
	randombytes_buf(claims.id, sizeof(claims.id));
	memcpy(claims.session_id, session->id, sizeof(claims.session_id));
	*expires_at = claims.expires_at;
	code = token_issue(server->keyring, &server->tokens, call->arena,
	                   &claims, token);
	return code == CODE_FAILED_PRECONDITION ? refuse_roles(call, user)
	                                        : code;
}

enum code
grant_refresh(struct rpc_call *call, const struct session *session,
              char **token)
{
	const struct server *server = call->server;
	struct token_claims claims = {
		.type = TOKEN_REFRESH,
		.user_id = session->user_id,
		.counter = session->counter,
		.issued_at = session->issued_at_us / US_PER_S,
		.expires_at = session->refresh_expires_at,
	};

	session_token_id(session, claims.id);
	memcpy(claims.session_id, session->id, sizeof(claims.session_id));
	return token_issue(server->keyring, &server->tokens, call->arena,
	                   &claims, token);
}
