#include "server/services/auth_service.h"

#include <string.h>

#include "base/encoding.h"
#include "base/log.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "server/domain/password.h"
#include "server/server.h"
#include "server/services/field.h"
#include "server/services/login.h"
#include "server/services/login_attempt.h"
#include "server/services/store_refusal.h"
#include "server/services/token_check.h"
#include "server/services/token_grant.h"
#include "server/services/user_message.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name

static enum code
no_memory(struct rpc_call *call)
{
	return rpc_fail(call, CODE_RESOURCE_EXHAUSTED, REASON(MEMORY_EXHAUSTED),
	                "the call needs too much memory");
}

static enum code
wrong_credentials(struct rpc_call *call)
{
	LOG_EVENT(LOG_LEVEL_INFO, "login_refused",
	          LOG_T("request_id", call->request_id_text),
	          LOG_T("address", call->client_address));
	return rpc_fail(call, CODE_UNAUTHENTICATED, REASON(CREDENTIALS_INVALID),
	                "no active account with these credentials");
}

static enum code
must_verify_email(struct rpc_call *call)
{
	LOG_EVENT(LOG_LEVEL_INFO, "login_unverified",
	          LOG_T("request_id", call->request_id_text),
	          LOG_T("address", call->client_address));
	return rpc_fail(call, CODE_UNAUTHENTICATED, REASON(EMAIL_NOT_VERIFIED),
	                "the e-mail address is not verified yet");
}

/* A password that is being checked, and whose it may be. */
struct login {
	struct user user;
	bool is_known;     /* an active user has the identifier */
	bool knows_device; /* and has logged in from here before */
	bool is_stale;     /* the password has another hash by now */
	char new_hash[PASSWORD_HASH_SIZE]; /* "" unless it needs a better one */
	struct login_attempt attempt;
};

/*
 * How often a password is held against a hash that is another one when the
 * session is to be opened. The first time a login beside this one may have
 * replaced it by a better one of the same password; after that, it is a change.
 */
#define PROOFS_MAX 2

/*
 * A device is known by its address; without one nobody's is. This comes before
 * the throttle, and is the same small work for everybody, so that its time does
 * not tell who has an account.
 */
static void
look_for_device(struct rpc_call *call, struct store_txn *txn,
                struct login *login)
{
	uint64_t user_id = login->is_known ? login->user.id : 0;
	uint8_t device[SESSION_DEVICE_SIZE];

	if (login_device(call, device))
		store_fail(txn, session_store_knows(txn, user_id, device,
		                                    &login->knows_device));
}

static enum code
find_login(struct rpc_call *call, const char *identifier, struct login *login)
{
	struct store_txn txn;
	enum code code;

	store_begin_read(call->server->store, &txn);
	code = user_store_find_by_identifier(&txn, call->arena, identifier,
	                                     &login->user);
	login->is_known = code == CODE_OK && login->user.is_active;
	look_for_device(call, &txn, login);
	if (store_end(&txn) != CODE_OK)
		return store_refuse(call, &txn);
	/* What cannot be an identifier is nobody's. */
	if (code == CODE_NOT_FOUND || code == CODE_INVALID_ARGUMENT)
		return CODE_OK;
	return code == CODE_OK ? CODE_OK : no_memory(call);
}

static bool
must_verify_first(const struct rpc_call *call, const struct user *user)
{
	return call->server->registration == REGISTRATION_VERIFY &&
	       !user->email_verified;
}

static void
write_login(struct rpc_call *call, struct store_txn *txn, struct login *login,
            struct login_session *opened)
{
	struct user *user = &login->user;

	login_attempt_take_back(call, txn, &login->attempt);
	if (!must_verify_first(call, user)) {
		user->last_login_at_us = call->now_us;
		login_open(call, txn, user->id, opened);
	}
	if (login->new_hash[0] != '\0')
		user->password_hash = login->new_hash;
	user_store_put(txn, call->arena, user);
}

/*
 * Opens the session in the transaction that sees the user once more: between
 * the first look and now, while the password was hashed, the user may have been
 * deactivated or have another hash, which is noted and nothing written. Who
 * must verify the address first gets no session, but the try was no failure.
 */
static enum code
open_session(struct rpc_call *call, struct login *login,
             struct login_session *opened)
{
	struct user *user = &login->user;
	const char *proved = user->password_hash;
	struct store_txn txn;
	enum code code;

	store_begin_write(call->server->store, &txn);
	code = user_store_find(&txn, call->arena, user->id, user);
	if (code == CODE_OK && !user->is_active)
		code = CODE_NOT_FOUND;
	store_fail(&txn, code);
	login->is_stale =
		code == CODE_OK && strcmp(user->password_hash, proved) != 0;
	if (code == CODE_OK && !login->is_stale)
		write_login(call, &txn, login, opened);
	code = store_end(&txn);
	if (code == CODE_NOT_FOUND)
		return wrong_credentials(call);
	if (code != CODE_OK)
		return store_refuse(call, &txn);
	return !login->is_stale && must_verify_first(call, user)
	               ? must_verify_email(call)
	               : CODE_OK;
}

/* Always hash: a quick refusal would tell which users exist. */
static enum code
prove(struct rpc_call *call, struct login *login, const char *password)
{
	struct password_hasher *hasher = call->server->hasher;
	const char *stored = login->is_known ? login->user.password_hash : NULL;
	bool match = false;
	enum code code = password_match(hasher, password, stored, &match);

	if (code != CODE_OK)
		return code;
	if (!login->is_known || !match)
		return wrong_credentials(call);
	return password_needs_rehash(stored)
	               ? password_hash(hasher, password, login->new_hash)
	               : CODE_OK;
}

static enum code
let_in(struct rpc_call *call, const char *password, struct login *login,
       struct login_session *opened)
{
	enum code code = CODE_OK;

	login->is_stale = true;
	for (int i = 0; i < PROOFS_MAX && code == CODE_OK && login->is_stale;
	     i++) {
		login->new_hash[0] = '\0';
		code = prove(call, login, password);
		if (code == CODE_OK)
			code = open_session(call, login, opened);
	}
	return code == CODE_OK && login->is_stale ? wrong_credentials(call)
	                                          : code;
}

enum code
auth_authenticate(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__AuthenticateRequest *req = in;
	Latchkey__V1__AuthenticateResponse *resp = out;
	struct login login = { .is_known = false };
	struct login_session opened;
	struct login_tokens tokens;
	enum code code;

	field_require(call, "identifier", req->identifier, USER_IDENTIFIER_MAX);
	field_require(call, "password", req->password, PASSWORD_MAX);
	code = rpc_fail_fields(call);
	if (code != CODE_OK)
		return code;
	code = find_login(call, req->identifier, &login);
	if (code == CODE_OK)
		code = login_attempt_begin(call, req->identifier,
		                           login.knows_device ? &login.user
		                                              : NULL,
		                           &login.attempt);
	if (code == CODE_OK)
		code = let_in(call, req->password, &login, &opened);
	if (code == CODE_OK)
		code = login_grant(call, &login.user, &opened, &tokens);
	if (code != CODE_OK)
		return code;
	resp->access_token = tokens.access_token;
	resp->access_expires_at = tokens.access_expires_at;
	resp->refresh_token = tokens.refresh_token;
	resp->refresh_expires_at = tokens.refresh_expires_at;
	return user_message_make(call, &login.user, &resp->user);
}

static bool
must_write(enum session_step step)
{
	return step == SESSION_STEP_CHANGED || step == SESSION_STEP_THEFT;
}

/*
 * Holds the token against the present state and applies the rotation rule, in
 * one transaction: a read to find out whether anything must be written, a
 * write to do so. *step is valid if the answer is CODE_OK.
 */
static enum code
present(struct rpc_call *call, bool write, struct token_check *check,
        enum session_step *step)
{
	struct store *store = call->server->store;
	struct store_txn txn;
	enum code code, end;

	if (write)
		store_begin_write(store, &txn);
	else
		store_begin_read(store, &txn);
	code = token_resolve(call, &txn, check);
	if (code == CODE_OK) {
		*step = session_present(&call->server->sessions,
		                        &check->session, check->claims.counter,
		                        call->now_us);
		if (write && must_write(*step))
			session_store_put(&txn, call->arena, &check->session);
	}
	end = store_end(&txn);
	return end != CODE_OK ? store_refuse(call, &txn) : code;
}

static bool
is_refused(enum session_step step)
{
	return step != SESSION_STEP_SAME && step != SESSION_STEP_CHANGED;
}

static void
log_newer(const struct rpc_call *call, const struct token_check *check)
{
	char session[HEX_SIZE(SESSION_ID_SIZE)];

	hex_encode(check->claims.session_id, SESSION_ID_SIZE, session);
	LOG_EVENT(LOG_LEVEL_ERROR, "token_newer_than_store",
	          LOG_T("session", session),
	          LOG_T("request_id", call->request_id_text));
}

/* Logs what an operator should hear of, and refuses if the rule does. */
static enum code
judge(struct rpc_call *call, const struct token_check *check,
      enum session_step step)
{
	char session[HEX_SIZE(SESSION_ID_SIZE)];

	if (!is_refused(step))
		return CODE_OK;
	hex_encode(check->session.id, SESSION_ID_SIZE, session);
	if (step == SESSION_STEP_THEFT)
		LOG_EVENT(LOG_LEVEL_WARN, "refresh_token_reused",
		          LOG_T("session", session),
		          LOG_N("user_id", (int64_t)check->user.id),
		          LOG_T("address", call->client_address),
		          LOG_T("request_id", call->request_id_text));
	if (step == SESSION_STEP_AHEAD)
		log_newer(call, check);
	return token_refuse(call, check, REASON(TOKEN_REVOKED),
	                    "the token has been replaced");
}

enum code
auth_refresh(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__RefreshRequest *req = in;
	Latchkey__V1__RefreshResponse *resp = out;
	enum session_step step = SESSION_STEP_SAME;
	struct token_check check;
	enum code code;

	field_require(call, "refresh_token", req->refresh_token, TOKEN_MAX);
	code = rpc_fail_fields(call);
	if (code != CODE_OK)
		return code;
	code = token_read(call, req->refresh_token, 1U << TOKEN_REFRESH,
	                  &check);
	if (code != CODE_OK)
		return code;

	code = present(call, false, &check, &step);
	if (code == CODE_OK && must_write(step))
		code = present(call, true, &check, &step);
	if (code == CODE_OK)
		code = judge(call, &check, step);
	if (code != CODE_OK)
		return code;

	resp->refresh_expires_at = check.session.refresh_expires_at;
	if (call->server->sessions.rotate) {
		resp->refresh_token_presence_case =
			LATCHKEY__V1__REFRESH_RESPONSE__REFRESH_TOKEN_PRESENCE_REFRESH_TOKEN;
		code = grant_refresh(call, &check.session,
		                     &resp->refresh_token);
		if (code != CODE_OK)
			return code;
	}
	return grant_access(call, &check.user, &check.session,
	                    &resp->access_token, &resp->access_expires_at);
}

static unsigned
accepted_types(const Latchkey__V1__VerifyTokenRequest *req)
{
	unsigned accepted = 0;

	for (size_t i = 0; i < req->n_accepted_types; i++) {
		if (req->accepted_types[i] ==
		    LATCHKEY__V1__TOKEN_TYPE__TOKEN_TYPE_ACCESS)
			accepted |= 1U << TOKEN_ACCESS;
		if (req->accepted_types[i] ==
		    LATCHKEY__V1__TOKEN_TYPE__TOKEN_TYPE_REFRESH)
			accepted |= 1U << TOKEN_REFRESH;
	}
	return req->n_accepted_types == 0 ? 1U << TOKEN_ACCESS : accepted;
}

enum code
auth_verify_token(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__VerifyTokenRequest *req = in;
	Latchkey__V1__VerifyTokenResponse *resp = out;
	unsigned accepted = accepted_types(req);
	struct token_check check;
	enum code code;

	field_require(call, "token", req->token, TOKEN_MAX);
	if (accepted == 0)
		rpc_violation(call, "accepted_types", "malformed",
		              "the field names no type of token");
	code = rpc_fail_fields(call);
	if (code != CODE_OK)
		return code;
	code = token_check(call, req->token, accepted, &check);
	if (code != CODE_OK)
		return code;
	/* On this call's copy of the session: asking changes nothing. */
	if (check.claims.type == TOKEN_REFRESH &&
	    is_refused(session_present(&call->server->sessions, &check.session,
	                               check.claims.counter, call->now_us)))
		return token_refuse(call, &check, REASON(TOKEN_REVOKED),
		                    "the token has been replaced");

	resp->type = check.claims.type == TOKEN_REFRESH
	                     ? LATCHKEY__V1__TOKEN_TYPE__TOKEN_TYPE_REFRESH
	                     : LATCHKEY__V1__TOKEN_TYPE__TOKEN_TYPE_ACCESS;
	resp->user_id = check.user.id;
	resp->session_id = arena_alloc(call->arena, HEX_SIZE(SESSION_ID_SIZE));
	if (resp->session_id == NULL)
		return no_memory(call);
	hex_encode(check.session.id, SESSION_ID_SIZE, resp->session_id);
	resp->expires_at = check.claims.expires_at;
	resp->roles = (char **)check.user.roles;
	resp->n_roles = check.user.role_count;
	resp->is_staff = check.user.is_staff;
	resp->is_superuser = check.user.is_superuser;
	return CODE_OK;
}

/*
 * Ends the session of a token that token_read accepted. A session that is not
 * there any more was swept long after its end: it had ended.
 */
static enum code
end_session(struct rpc_call *call, struct token_check *check, bool *had_ended)
{
	struct store_txn txn;
	enum code code;

	store_begin_write(call->server->store, &txn);
	code = session_store_find(&txn, call->arena, check->claims.session_id,
	                          &check->session);
	*had_ended = code != CODE_OK ||
	             check->session.user_id != check->claims.user_id ||
	             !session_is_alive(&check->session, call->now_us);
	if (*had_ended) {
		store_fail(&txn, CODE_NOT_FOUND); /* nothing to write */
	} else {
		/* Ended all the same: nobody is kept logged in by a restore. */
		if (check->claims.counter > check->session.counter)
			log_newer(call, check);
		session_end_now(&check->session, SESSION_ENDED_LOGOUT,
		                call->now_us);
		session_store_put(&txn, call->arena, &check->session);
	}
	code = store_end(&txn);
	return code == CODE_OK || code == CODE_NOT_FOUND
	               ? CODE_OK
	               : store_refuse(call, &txn);
}

enum code
auth_logout(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__LogoutRequest *req = in;
	Latchkey__V1__LogoutResponse *resp = out;
	unsigned accepted = 1U << TOKEN_REFRESH;
	struct token_check check;
	bool had_ended = false;
	enum code code;

	if (!req->strict)
		accepted |= TOKEN_ACCEPT_EXPIRED;
	field_require(call, "refresh_token", req->refresh_token, TOKEN_MAX);
	code = rpc_fail_fields(call);
	if (code == CODE_OK)
		code = token_read(call, req->refresh_token, accepted, &check);
	if (code == CODE_OK)
		code = end_session(call, &check, &had_ended);
	if (code != CODE_OK)
		return code;
	if (had_ended && req->strict)
		return token_refuse(call, &check, REASON(TOKEN_REVOKED),
		                    "the token's session has ended");
	resp->had_ended = had_ended;
	return CODE_OK;
}
