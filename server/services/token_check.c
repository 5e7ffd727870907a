#include "server/services/token_check.h"

#include <string.h>

#include "base/encoding.h"
#include "base/log.h"
#include "server/server.h"
#include "server/services/store_refusal.h"

/* What a caller is told for each fault of a token. */
static const struct {
	Latchkey__Rpc__V1__Reason reason;
	const char *message;
} faults[] = {
#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
	[TOKEN_FAULT_INVALID] = { REASON(TOKEN_INVALID),
	                          "the token is not valid" },
	[TOKEN_FAULT_NO_EXPIRY] = { REASON(TOKEN_NO_EXPIRY),
	                            "the token has no exp claim" },
	[TOKEN_FAULT_EXPIRED] = { REASON(TOKEN_EXPIRED),
	                          "the token is expired" },
	[TOKEN_FAULT_NO_TYPE] = { REASON(TOKEN_NO_TYPE),
	                          "the token has no token_type claim" },
	[TOKEN_FAULT_WRONG_TYPE] = { REASON(TOKEN_WRONG_TYPE),
	                             "the token is of another type" },
	[TOKEN_FAULT_NO_ID] = { REASON(TOKEN_NO_ID),
	                        "the token has no jti claim" },
	[TOKEN_FAULT_NO_USER_ID] = { REASON(TOKEN_NO_USER_ID),
	                             "the token has no usable user_id claim" },
};

enum code
token_refuse(struct rpc_call *call, const struct token_check *check,
             Latchkey__Rpc__V1__Reason reason, const char *message)
{
	static const uint8_t nobody[SESSION_ID_SIZE];
	char session[HEX_SIZE(SESSION_ID_SIZE)] = "";

	if (memcmp(check->claims.session_id, nobody, sizeof(nobody)) != 0)
		hex_encode(check->claims.session_id, SESSION_ID_SIZE, session);
	LOG_EVENT(LOG_LEVEL_INFO, "token_refused", LOG_T("reason", message),
	          LOG_T("session", session[0] == '\0' ? NULL : session),
	          LOG_T("request_id", call->request_id_text),
	          LOG_T("method", call->method->name));
	return rpc_fail(call, CODE_UNAUTHENTICATED, reason, "%s", message);
}

enum code
token_read(struct rpc_call *call, const char *text, unsigned accepted,
           struct token_check *check)
{
	const struct token_verifier verifier = {
		.keyring = call->server->keyring,
		.policy = &call->server->tokens,
		.cache = call->server->token_cache,
	};
	enum token_fault fault;

	*check = (struct token_check){ 0 };
	fault = token_verify(&verifier, text, accepted, call->now_us / 1000000,
	                     &check->claims);
	if (fault == TOKEN_OK)
		return CODE_OK;
	if (fault == TOKEN_FAULT_NO_MEMORY)
		return rpc_fail(call, CODE_RESOURCE_EXHAUSTED,
		                REASON(MEMORY_EXHAUSTED),
		                "the call needs too much memory");
	return token_refuse(call, check, faults[fault].reason,
	                    faults[fault].message);
}

enum code
token_resolve(struct rpc_call *call, struct store_txn *txn,
              struct token_check *check)
{
	const struct token_claims *claims = &check->claims;
	enum code code;

	code = user_store_find(txn, call->arena, claims->user_id, &check->user);
	if (code == CODE_NOT_FOUND)
		return token_refuse(call, check, REASON(USER_GONE),
		                    "the token's user does not exist");
	if (code != CODE_OK)
		return code;
	if (!check->user.is_active)
		return token_refuse(call, check, REASON(USER_INACTIVE),
		                    "the token's user is inactive");
	code = session_store_find(txn, call->arena, claims->session_id,
	                          &check->session);
	if (code != CODE_OK && code != CODE_NOT_FOUND)
		return code;
	if (code == CODE_NOT_FOUND ||
	    check->session.user_id != claims->user_id ||
	    !session_is_alive(&check->session, call->now_us))
		return token_refuse(call, check, REASON(TOKEN_REVOKED),
		                    "the token's session has ended");
	return CODE_OK;
}

enum code
token_check(struct rpc_call *call, const char *text, unsigned accepted,
            struct token_check *check)
{
	struct store_txn txn;
	enum code code = token_read(call, text, accepted, check), end;

	if (code != CODE_OK)
		return code;
	store_begin_read(call->server->store, &txn);
	code = token_resolve(call, &txn, check);
	end = store_end(&txn);
	return end != CODE_OK ? store_refuse(call, &txn) : code;
}
