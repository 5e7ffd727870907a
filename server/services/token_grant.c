#include "server/services/token_grant.h"

#include <sodium.h>
#include <string.h>

#include "server/domain/session.h"
#include "server/domain/token.h"
#include "server/server.h"
#include "server/store/user_store.h"

#define US_PER_S 1000000

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

	if (claims.expires_at > session_end)
		claims.expires_at = session_end;
	randombytes_buf(claims.id, sizeof(claims.id));
	memcpy(claims.session_id, session->id, sizeof(claims.session_id));
	*expires_at = claims.expires_at;
	return token_issue(server->keyring, &server->tokens, call->arena,
	                   &claims, token);
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
