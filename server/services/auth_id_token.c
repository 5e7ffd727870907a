/*
 * Logging in by another issuer's word. The identity at the issuer, not the
 * address, is who somebody is: an address leads to an account only once, when
 * the two are linked, and only if the issuer speaks for the address.
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "server/domain/federation.h"
#include "server/domain/identity.h"
#include "server/server.h"
#include "server/services/account_mail.h"
#include "server/services/auth_service.h"
#include "server/services/field.h"
#include "server/services/login.h"
#include "server/services/store_refusal.h"
#include "server/services/throttling.h"
#include "server/services/user_message.h"
#include "server/store/identity_store.h"
#include "server/store/session_store.h"
#include "server/store/store.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
#define US_PER_S 1000000

/* One exchange in progress. */
struct exchange {
	const struct issuer *issuer;
	struct id_token_claims claims;
	enum { KNOWN, TO_LINK, TO_MAKE } way; /* to the account */
	struct user user;
	struct login_session opened;
};

static enum code
refuse_token(struct rpc_call *call, const char *fault)
{
	LOG_EVENT(LOG_LEVEL_INFO, "id_token_refused", LOG_T("reason", fault),
	          LOG_T("address", call->client_address),
	          LOG_T("request_id", call->request_id_text));
	return rpc_fail(call, CODE_UNAUTHENTICATED, REASON(ID_TOKEN_INVALID),
	                "the ID token is not valid");
}

static enum code
no_memory(struct rpc_call *call)
{
	return rpc_fail(call, CODE_RESOURCE_EXHAUSTED, REASON(MEMORY_EXHAUSTED),
	                "the call needs too much memory");
}

/* May wait for the issuer: before any transaction. */
static enum code
verify(struct rpc_call *call, const char *text, struct exchange *ex)
{
	struct id_token_check check = { .arena = call->arena,
		                        .now = call->now_us / US_PER_S,
		                        .now_ms = clock_monotonic_ms(),
		                        .fault = "" };
	enum code code;

	check.issuers = federation_issuers(call->server->federation,
	                                   &check.issuer_count);
	code = id_token_verify(&check, text, &ex->issuer, &ex->claims);
	if (code == CODE_UNAUTHENTICATED)
		return refuse_token(call, check.fault);
	if (code == CODE_UNAVAILABLE) {
		call->retry_after_ms = check.retry_ms;
		return rpc_fail(call, code, REASON(UNSPECIFIED),
		                "the issuer's keys cannot be fetched");
	}
	if (code != CODE_OK)
		return no_memory(call);
	if (identity_email_fault(ex->claims.email) != NULL ||
	    strlen(ex->claims.subject) > IDENTITY_SUBJECT_MAX)
		return refuse_token(call, "address or subject");
	return CODE_OK;
}

/* By the identity; if nobody has it, by the address. */
static enum code
find_account(struct rpc_call *call, struct store_txn *txn, struct exchange *ex)
{
	struct identity identity;
	enum code code = identity_store_find(txn, call->arena, ex->issuer->url,
	                                     ex->claims.subject, &identity);

	if (code == CODE_OK) {
		ex->way = KNOWN;
		code = user_store_find(txn, call->arena, identity.user_id,
		                       &ex->user);
		/* An identity goes with its user: one table is damaged. */
		return code == CODE_NOT_FOUND ? CODE_DATA_LOSS : code;
	}
	if (code != CODE_NOT_FOUND)
		return code;
	code = user_store_find_by_identifier(txn, call->arena, ex->claims.email,
	                                     &ex->user);
	ex->way = code == CODE_OK ? TO_LINK : TO_MAKE;
	return code == CODE_NOT_FOUND ? CODE_OK : code;
}

/* A username may look like an address that is somebody else's. */
static bool
has_address(struct rpc_call *call, const struct user *user, const char *email)
{
	const char *own, *asked;

	return *user->email != '\0' &&
	       throttling_subject(call, user->email, &own) == CODE_OK &&
	       throttling_subject(call, email, &asked) == CODE_OK &&
	       strcmp(own, asked) == 0;
}

static enum code
judge(struct rpc_call *call, const struct exchange *ex)
{
	enum registration_mode mode = call->server->registration;

	if (ex->way == TO_MAKE)
		return mode != REGISTRATION_CLOSED
		               ? CODE_OK
		               : rpc_fail(call, CODE_PERMISSION_DENIED,
		                          REASON(REGISTRATION_CLOSED),
		                          "registration is closed");
	if (!ex->user.is_active)
		return rpc_fail(call, CODE_UNAUTHENTICATED,
		                REASON(USER_INACTIVE), "the user is inactive");
	if (ex->way == TO_LINK &&
	    (!issuer_owns_address(ex->issuer, &ex->claims) ||
	     !has_address(call, &ex->user, ex->claims.email)))
		return rpc_fail(call, CODE_PERMISSION_DENIED,
		                REASON(ID_TOKEN_NOT_LINKED),
		                "the address is an account's, and the issuer "
		                "does not speak for it");
	if (ex->way == KNOWN && mode == REGISTRATION_VERIFY &&
	    !ex->user.email_verified)
		return rpc_fail(call, CODE_UNAUTHENTICATED,
		                REASON(EMAIL_NOT_VERIFIED),
		                "the e-mail address is not verified yet");
	return CODE_OK;
}

/* Finds out what there is to do, before anything is counted or written. */
static enum code
look_first(struct rpc_call *call, struct exchange *ex)
{
	struct store_txn txn;
	enum code code;

	store_begin_read(call->server->store, &txn);
	code = find_account(call, &txn, ex);
	store_fail(&txn, code);
	if (store_end(&txn) != CODE_OK)
		return store_refuse(call, &txn);
	return judge(call, ex);
}

/* A new account is a registration like any other. */
static enum code
count_registration(struct rpc_call *call)
{
	char address[46];

	throttle_address(call->client_address, address);
	if (address[0] == '\0')
		return CODE_OK;
	return throttling_take(call, THROTTLE_REGISTER_ADDRESS, address,
	                       "register_address");
}

/*
 * Somebody who never read this address's mail may have made the account and
 * wait for its owner: nothing that was a way in may stay one.
 */
static void
take_over(struct rpc_call *call, struct store_txn *txn, struct user *user)
{
	const struct session_ending ending = { .reason = SESSION_ENDED_REVOKED,
		                               .now_us = call->now_us };
	size_t ended = 0;

	user->password_hash = USER_PASSWORD_UNUSABLE;
	user->password_set_at_us = call->now_us;
	user->email_verified = true;
	session_store_end_all(txn, call->arena, user->id, &ending, &ended);
	link_store_end_all(txn, call->arena, user->id, call->now_us);
	identity_store_del_all(txn, user->id);
}

static void
add_identity(struct rpc_call *call, struct store_txn *txn,
             const struct exchange *ex)
{
	const struct identity identity = { .issuer = ex->issuer->url,
		                           .subject = ex->claims.subject,
		                           .user_id = ex->user.id,
		                           .created_at_us = call->now_us };

	if (txn->code == CODE_OK)
		identity_store_add(txn, call->arena, &identity);
}

static void
link_account(struct rpc_call *call, struct store_txn *txn, struct exchange *ex)
{
	const struct mailing mailing = account_mail_of(call, txn);

	if (!ex->user.email_verified)
		take_over(call, txn, &ex->user);
	add_identity(call, txn, ex);
	mailing_identity_linked(&mailing, &ex->user, ex->issuer->name);
}

/* A name that no account may have is left out: people can set another. */
static const char *
name_of(const char *text)
{
	return identity_name_fault(text, USER_NAME_MAX) == NULL ? text : "";
}

static void
make_account(struct rpc_call *call, struct store_txn *txn, struct exchange *ex)
{
	ex->user = (struct user){
		.email = ex->claims.email,
		.username = "",
		.first_name = name_of(ex->claims.given_name),
		.last_name = name_of(ex->claims.family_name),
		.name = "",
		.password_hash = USER_PASSWORD_UNUSABLE,
		.avatar = "",
		.is_active = true,
		.email_verified = true,
		.joined_at_us = call->now_us,
		.last_login_at_us = call->now_us,
	};
	user_store_add(txn, call->arena, &ex->user);
	add_identity(call, txn, ex);
}

static void
let_in(struct rpc_call *call, struct store_txn *txn, struct exchange *ex)
{
	if (ex->way == TO_MAKE) {
		make_account(call, txn, ex);
	} else {
		if (ex->way == TO_LINK)
			link_account(call, txn, ex);
		ex->user.last_login_at_us = call->now_us;
		user_store_put(txn, call->arena, &ex->user);
	}
	if (txn->code == CODE_OK)
		login_open(call, txn, ex->user.id, &ex->opened);
}

static void
log_change(const struct rpc_call *call, const struct exchange *ex)
{
	LOG_EVENT(LOG_LEVEL_INFO,
	          ex->way == TO_MAKE ? "registered" : "identity_linked",
	          LOG_N("user_id", (int64_t)ex->user.id),
	          LOG_T("issuer", ex->issuer->url),
	          LOG_T("address", call->client_address),
	          LOG_T("request_id", call->request_id_text));
}

/* All is looked at once more: since the first look others may have written. */
static enum code
write(struct rpc_call *call, struct exchange *ex)
{
	enum code code, refused = CODE_OK;
	struct store_txn txn;

	store_begin_write(call->server->store, &txn);
	code = find_account(call, &txn, ex);
	store_fail(&txn, code);
	if (code == CODE_OK)
		refused = judge(call, ex);
	if (refused != CODE_OK)
		store_fail(&txn, CODE_UNAVAILABLE); /* nothing to write */
	else if (code == CODE_OK)
		let_in(call, &txn, ex);
	code = store_end(&txn);
	if (refused != CODE_OK)
		return refused;
	if (code != CODE_OK)
		return store_refuse(call, &txn);
	if (ex->way == TO_LINK)
		account_mail_wake(call);
	if (ex->way != KNOWN)
		log_change(call, ex);
	return CODE_OK;
}

static enum code
answer(struct rpc_call *call, const struct exchange *ex,
       Latchkey__V1__ExchangeIdTokenResponse *resp)
{
	struct login_tokens tokens;
	enum code code = login_grant(call, &ex->user, &ex->opened, &tokens);

	if (code != CODE_OK)
		return code;
	resp->access_token = tokens.access_token;
	resp->access_expires_at = tokens.access_expires_at;
	resp->refresh_token = tokens.refresh_token;
	resp->refresh_expires_at = tokens.refresh_expires_at;
	resp->created = ex->way == TO_MAKE;
	return user_message_make(call, &ex->user, &resp->user);
}

enum code
auth_exchange_id_token(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__ExchangeIdTokenRequest *req = in;
	struct exchange ex = { .way = KNOWN };
	enum code code;

	if (call->server->federation == NULL)
		return rpc_fail(call, CODE_NOT_FOUND, REASON(UNSPECIFIED),
		                "no issuer is configured");
	field_require(call, "id_token", req->id_token, TOKEN_MAX);
	code = rpc_fail_fields(call);
	if (code == CODE_OK)
		code = verify(call, req->id_token, &ex);
	if (code == CODE_OK)
		code = look_first(call, &ex);
	if (code == CODE_OK && ex.way == TO_MAKE)
		code = count_registration(call);
	if (code == CODE_OK)
		code = write(call, &ex);
	if (code == CODE_OK)
		code = answer(call, &ex, out);
	return code;
}
