/*
 * Making an account, as the registration mode says. A call that comes again
 * with the same request id makes nothing a second time.
 */
#include <string.h>

#include "base/log.h"
#include "proto/latchkey/v1/account_service.pb-c.h"
#include "server/domain/identity.h"
#include "server/domain/password.h"
#include "server/domain/session.h"
#include "server/server.h"
#include "server/services/account_mail.h"
#include "server/services/account_service.h"
#include "server/services/attribute_input.h"
#include "server/services/field.h"
#include "server/services/identifier_claim.h"
#include "server/services/login.h"
#include "server/services/repeat.h"
#include "server/services/store_refusal.h"
#include "server/services/throttling.h"
#include "server/services/user_message.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
#define STATE(name) LATCHKEY__V1__REGISTRATION_STATE__REGISTRATION_STATE_##name
#define RESPONSE(name) LATCHKEY__V1__REGISTER_ACCOUNT_RESPONSE__##name

#define NAME_MAX_CHARACTERS 300 /* of `name`: as the .proto promises */

/* One registration in progress. */
struct registration {
	const Latchkey__V1__RegisterAccountRequest *req;
	struct attribute_input attributes;
	struct user user;
	struct login_session opened; /* in mode open */
	bool is_repeated; /* the call came before, and made user.id */
};

static const char *
asked_username(const Latchkey__V1__RegisterAccountRequest *req)
{
	return req->username_presence_case ==
	                       LATCHKEY__V1__REGISTER_ACCOUNT_REQUEST__USERNAME_PRESENCE_USERNAME
	               ? req->username
	               : "";
}

static bool
is_open(const struct rpc_call *call)
{
	return call->server->registration == REGISTRATION_OPEN;
}

/* A few addresses are longer, once normalised, than a key of the store. */
static void
check_key(struct rpc_call *call, struct store_txn *txn, const char *email)
{
	char *name;
	enum code code = identifier_normalise(call->arena, email, &name);

	if (code == CODE_INVALID_ARGUMENT)
		field_note(call, "email", "Enter a valid email address.");
	else
		store_fail(txn, code);
}

/*
 * check_names notes, in the caller's transaction, what is wrong with the
 * identifiers, and whether somebody has them.
 */
static void
check_names(struct rpc_call *call, struct store_txn *txn,
            const struct user *user)
{
	size_t before = call->violation_count;

	field_require(call, "email", user->email, USER_EMAIL_MAX);
	if (call->violation_count == before)
		field_note(call, "email", identity_email_fault(user->email));
	if (call->violation_count == before)
		check_key(call, txn, user->email);
	if (call->violation_count == before)
		identifier_claim_check_email(call, txn, user);
	before = call->violation_count;
	if (user->username[0] != '\0')
		field_note(
			call, "username",
			identity_username_fault(user->username, user->email));
	if (call->violation_count == before)
		identifier_claim_check_username(call, txn, user);
}

/*
 * look_around finds out, in the caller's transaction, whether the call came
 * before and, if not, whether its names will do. Refuses a request id that was
 * another call's.
 */
static enum code
look_around(struct rpc_call *call, struct store_txn *txn,
            struct registration *reg)
{
	enum code code = repeat_find(call, txn, &reg->req->base, &reg->user.id);

	reg->is_repeated = code == CODE_OK;
	if (code != CODE_NOT_FOUND)
		return code;
	check_names(call, txn, &reg->user);
	return CODE_OK;
}

/* In the order of the request, as a client sees its fields. */
static enum code
check(struct rpc_call *call, const struct registration *reg)
{
	const Latchkey__V1__RegisterAccountRequest *req = reg->req;
	const struct user *user = &reg->user;
	const struct field_password password = {
		.field = "password",
		.text = req->password,
		.policy = req->policy,
		.owner = { .username = user->username,
		           .first_name = user->first_name,
		           .last_name = user->last_name,
		           .email = user->email },
	};

	field_judge_password(call, &password);
	field_note(call, "name",
	           identity_name_fault(req->name, NAME_MAX_CHARACTERS));
	field_note(call, "first_name",
	           identity_name_fault(req->first_name, USER_NAME_MAX));
	field_note(call, "last_name",
	           identity_name_fault(req->last_name, USER_NAME_MAX));
	attribute_input_check(call, &reg->attributes);
	return rpc_fail_fields(call);
}

/* What can be known before anything costs. */
static enum code
look_first(struct rpc_call *call, struct registration *reg)
{
	struct store_txn txn;
	enum code code, end;

	store_begin_read(call->server->store, &txn);
	code = look_around(call, &txn, reg);
	end = store_end(&txn);
	if (end != CODE_OK)
		return store_refuse(call, &txn);
	if (code != CODE_OK || reg->is_repeated)
		return code;
	code = check(call, reg);
	if (code == CODE_OK)
		code = attribute_input_apply(call, &reg->attributes,
		                             &reg->user);
	return code;
}

/* Counted before the hash is paid for; the count stays if the rest fails. */
static enum code
count_address(struct rpc_call *call)
{
	char address[46];

	throttle_address(call->client_address, address);
	if (address[0] == '\0')
		return CODE_OK;
	return throttling_take(call, THROTTLE_REGISTER_ADDRESS, address,
	                       "register_address");
}

static bool
tells_of_others(const struct rpc_call *call)
{
	for (size_t i = 0; i < call->violation_count; i++)
		if (strcmp(call->violations[i].code, "unique") == 0)
			return true;
	return false;
}

/*
 * Who asks which addresses have accounts here is counted as if they had
 * registered, and told nothing once they have asked too often.
 */
static enum code
refuse_first(struct rpc_call *call, enum code code)
{
	enum code counted;

	if (code != CODE_INVALID_ARGUMENT || !tells_of_others(call))
		return code;
	counted = count_address(call);
	if (counted == CODE_OK)
		return code;
	call->violation_count = 0;
	return counted;
}

/* Everything that the registration makes, or nothing. */
static void
add(struct rpc_call *call, struct store_txn *txn, struct registration *reg)
{
	const struct mailing mailing = account_mail_of(call, txn);

	user_store_add(txn, call->arena, &reg->user);
	if (txn->code != CODE_OK)
		return;
	repeat_add(call, txn, &reg->req->base, reg->user.id);
	mailing_link(&mailing, &reg->user, LINK_VERIFY_EMAIL);
	if (is_open(call))
		login_open(call, txn, reg->user.id, &reg->opened);
}

/*
 * The names are looked at once more: while the password was hashed somebody
 * else may have taken them, or the same call may have come twice.
 */
static enum code
write(struct rpc_call *call, struct registration *reg)
{
	struct store_txn txn;
	enum code code, end;

	store_begin_write(call->server->store, &txn);
	code = look_around(call, &txn, reg);
	if (code == CODE_OK && !reg->is_repeated)
		code = rpc_fail_fields(call);
	if (code != CODE_OK)
		store_fail(&txn, CODE_UNAVAILABLE); /* nothing to write */
	else if (!reg->is_repeated)
		add(call, &txn, reg);
	/* A repetition waits for the commit of the call that it repeats. */
	end = store_end(&txn);
	if (end == CODE_UNAVAILABLE)
		return code;
	if (end != CODE_OK)
		return store_refuse(call, &txn);
	if (reg->is_repeated)
		return CODE_OK;
	account_mail_wake(call);
	LOG_EVENT(LOG_LEVEL_INFO, "registered",
	          LOG_N("user_id", (int64_t)reg->user.id),
	          LOG_T("address", call->client_address),
	          LOG_T("request_id", call->request_id_text));
	return CODE_OK;
}

static void
begin(struct rpc_call *call, const Latchkey__V1__RegisterAccountRequest *req,
      struct registration *reg)
{
	*reg = (struct registration){
		.req = req,
		.attributes = { .items = req->attributes,
		                .count = req->n_attributes,
		                .writer = ATTRIBUTE_BY_USER },
		.user = { .email = req->email,
		          .username = asked_username(req),
		          .first_name = req->first_name,
		          .last_name = req->last_name,
		          .name = req->name,
		          .password_hash = USER_PASSWORD_UNUSABLE,
		          .avatar = "",
		          .is_active = true,
		          .joined_at_us = call->now_us,
		          .password_set_at_us = call->now_us,
		          .last_login_at_us =
		                  is_open(call) ? call->now_us : 0 },
	};
}

/* The account that the same call made before, if its password still is. */
static enum code
find_again(struct rpc_call *call, struct registration *reg)
{
	struct store_txn txn;
	bool found, match = false;
	enum code code;

	store_begin_read(call->server->store, &txn);
	found = user_store_find(&txn, call->arena, reg->user.id, &reg->user) ==
	                CODE_OK &&
	        reg->user.is_active;
	if (store_end(&txn) != CODE_OK)
		return store_refuse(call, &txn);
	code = password_match(call->server->hasher, reg->req->password,
	                      found ? reg->user.password_hash : NULL, &match);
	if (code != CODE_OK)
		return code;
	if (!found || !match)
		return rpc_fail(call, CODE_UNAUTHENTICATED,
		                REASON(CREDENTIALS_INVALID),
		                "the account has changed since");
	return CODE_OK;
}

/*
 * A repetition makes nothing but, in mode open, a session of its own: the
 * tokens of the first answer are stored nowhere.
 */
static enum code
repeat(struct rpc_call *call, struct registration *reg)
{
	const char *proved;
	struct store_txn txn;
	enum code code = find_again(call, reg);

	if (code != CODE_OK || !is_open(call))
		return code;
	proved = reg->user.password_hash;
	store_begin_write(call->server->store, &txn);
	code = user_store_find(&txn, call->arena, reg->user.id, &reg->user);
	if (code == CODE_OK && (!reg->user.is_active ||
	                        strcmp(proved, reg->user.password_hash) != 0))
		code = CODE_NOT_FOUND;
	store_fail(&txn, code);
	if (code == CODE_OK)
		login_open(call, &txn, reg->user.id, &reg->opened);
	code = store_end(&txn);
	if (code == CODE_NOT_FOUND)
		return rpc_fail(call, CODE_UNAUTHENTICATED,
		                REASON(CREDENTIALS_INVALID),
		                "the account has changed since");
	return code == CODE_OK ? CODE_OK : store_refuse(call, &txn);
}

static enum code
answer(struct rpc_call *call, const struct registration *reg,
       Latchkey__V1__RegisterAccountResponse *resp)
{
	struct login_tokens tokens;
	enum code code;

	resp->state = STATE(VERIFY);
	if (is_open(call)) {
		code = login_grant(call, &reg->user, &reg->opened, &tokens);
		if (code != CODE_OK)
			return code;
		resp->state = STATE(OPEN);
		resp->access_token_presence_case =
			RESPONSE(ACCESS_TOKEN_PRESENCE_ACCESS_TOKEN);
		resp->access_token = tokens.access_token;
		resp->refresh_token_presence_case =
			RESPONSE(REFRESH_TOKEN_PRESENCE_REFRESH_TOKEN);
		resp->refresh_token = tokens.refresh_token;
	}
	return user_message_make(call, &reg->user, &resp->user);
}

enum code
account_register(struct rpc_call *call, const void *in, void *out)
{
	char hash[PASSWORD_HASH_SIZE];
	struct registration reg;
	enum code code;

	if (call->server->registration == REGISTRATION_CLOSED)
		return rpc_fail(call, CODE_PERMISSION_DENIED,
		                REASON(REGISTRATION_CLOSED),
		                "registration is closed");
	begin(call, in, &reg);
	code = refuse_first(call, look_first(call, &reg));
	if (code == CODE_OK && reg.req->validate_only)
		return CODE_OK;
	if (code == CODE_OK && !reg.is_repeated) {
		code = count_address(call);
		if (code == CODE_OK)
			code = password_hash(call->server->hasher,
			                     reg.req->password, hash);
		if (code != CODE_OK)
			return code;
		reg.user.password_hash = hash;
		code = write(call, &reg);
	}
	if (code == CODE_OK && reg.is_repeated)
		code = repeat(call, &reg);
	if (code == CODE_OK)
		code = answer(call, &reg, out);
	return code;
}
