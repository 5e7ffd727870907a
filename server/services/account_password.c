/*
 * New passwords: for those who know the old one, and for those who can read
 * the mail of the account. Either way the sessions of before end.
 */
#include <string.h>

#include "base/encoding.h"
#include "base/log.h"
#include "proto/latchkey/v1/account_service.pb-c.h"
#include "server/domain/password.h"
#include "server/server.h"
#include "server/services/account_link.h"
#include "server/services/account_mail.h"
#include "server/services/account_service.h"
#include "server/services/caller.h"
#include "server/services/field.h"
#include "server/services/store_refusal.h"
#include "server/services/throttling.h"
#include "server/store/identity_store.h"
#include "server/store/session_store.h"
#include "server/store/store.h"

static struct password_owner
owner_of(const struct user *user)
{
	return (struct password_owner){ .username = user->username,
		                        .first_name = user->first_name,
		                        .last_name = user->last_name,
		                        .email = user->email };
}

/*
 * set_password writes the new hash and what follows from it: sessions opened
 * with the old one end, but for `except`, and the owner hears of it. Open
 * reset links end too: they were asked for because of the old one.
 */
static void
set_password(struct rpc_call *call, struct store_txn *txn, struct user *user,
             const char *hash, const uint8_t *except)
{
	const struct session_ending ending = { .except = except,
		                               .reason = SESSION_ENDED_REVOKED,
		                               .now_us = call->now_us };
	const struct mailing mailing = account_mail_of(call, txn);
	size_t ended = 0;

	user->password_hash = hash;
	user->password_set_at_us = call->now_us;
	user_store_put(txn, call->arena, user);
	session_store_end_all(txn, call->arena, user->id, &ending, &ended);
	link_store_end_purpose(txn, call->arena, user->id, LINK_RESET_PASSWORD,
	                       call->now_us);
	link_store_end_purpose(txn, call->arena, user->id, LINK_INVITATION,
	                       call->now_us);
	mailing_password_changed(&mailing, user);
}

static void
log_change(const struct rpc_call *call, const struct user *user)
{
	LOG_EVENT(LOG_LEVEL_INFO, "password_changed",
	          LOG_N("user_id", (int64_t)user->id),
	          LOG_T("address", call->client_address),
	          LOG_T("method", call->method->name),
	          LOG_T("request_id", call->request_id_text));
}

struct change {
	char subject[THROTTLE_USER_SIZE];
	const char *proved; /* the hash it was held against */
	bool match;         /* the old password was right */
	bool is_stale;      /* there is another hash by now */
};

static void
take_guess_back(struct rpc_call *call, struct store_txn *txn,
                const struct change *change)
{
	const struct throttle throttle = { txn, call->arena,
		                           &call->server->throttles,
		                           call->now_us };

	throttle_give(&throttle, THROTTLE_OLD_PASSWORD, change->subject);
}

static enum code
refuse_wrong(struct rpc_call *call)
{
	rpc_violation(call, "old_password", "wrong", "Invalid password.");
	return rpc_fail_fields(call);
}

static enum code
prove(struct rpc_call *call, const Latchkey__V1__ChangePasswordRequest *req,
      struct change *change)
{
	change->proved = caller_user(call)->password_hash;
	return password_match(call->server->hasher, req->old_password,
	                      change->proved, &change->match);
}

/* What is wrong with both passwords, at once. */
static enum code
judge_change(struct rpc_call *call,
             const Latchkey__V1__ChangePasswordRequest *req,
             struct change *change)
{
	const struct user *user = caller_user(call);
	const struct field_password next = { .field = "new_password",
		                             .text = req->new_password,
		                             .policy = req->policy,
		                             .owner = owner_of(user) };
	/* A wrong guess until it was right: see login_attempt.h. */
	enum code code = throttling_take(call, THROTTLE_OLD_PASSWORD,
	                                 change->subject, "old_password");

	if (code == CODE_OK)
		code = prove(call, req, change);
	if (code != CODE_OK)
		return code;
	if (!change->match)
		rpc_violation(call, "old_password", "wrong",
		              "Invalid password.");
	field_judge_password(call, &next);
	return rpc_fail_fields(call);
}

/* Right, but the new one will not do: the guess is taken back all the same. */
static enum code
refuse_new(struct rpc_call *call, const struct change *change, enum code code)
{
	struct store_txn txn;

	store_begin_write(call->server->store, &txn);
	take_guess_back(call, &txn, change);
	return store_end(&txn) == CODE_OK ? code : store_refuse(call, &txn);
}

/*
 * The caller is looked at again. Another hash than the proved one is noted and
 * nothing written: a login may have replaced it by a better one of the same
 * password.
 */
static enum code
write_change(struct rpc_call *call, struct change *change, const char *hash)
{
	uint8_t session_id[SESSION_ID_SIZE];
	struct store_txn txn;
	struct user user;
	enum code code, end;

	if (!hex_decode(call->caller->session_id, session_id, SESSION_ID_SIZE))
		return CODE_INTERNAL;
	store_begin_write(call->server->store, &txn);
	code = caller_renew(call, &txn);
	if (code == CODE_OK) {
		user = *caller_user(call);
		change->is_stale =
			strcmp(user.password_hash, change->proved) != 0;
		if (!change->is_stale) {
			take_guess_back(call, &txn, change);
			set_password(call, &txn, &user, hash, session_id);
		}
	}
	end = store_end(&txn);
	if (end != CODE_OK)
		return store_refuse(call, &txn);
	if (code != CODE_OK || change->is_stale)
		return code;
	account_mail_wake(call);
	log_change(call, &user);
	return CODE_OK;
}

/* Once more, if the hash was replaced meanwhile; twice is a change. */
static enum code
write_again(struct rpc_call *call,
            const Latchkey__V1__ChangePasswordRequest *req,
            struct change *change, const char *hash)
{
	enum code code = prove(call, req, change);

	if (code == CODE_OK && change->match)
		code = write_change(call, change, hash);
	if (code == CODE_OK && (!change->match || change->is_stale))
		code = refuse_wrong(call);
	return code;
}

enum code
account_change_password(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__ChangePasswordRequest *req = in;
	struct change change = { .match = false };
	char hash[PASSWORD_HASH_SIZE];
	enum code code;

	(void)out;
	throttle_user(call->caller->user_id, change.subject);
	field_require(call, "old_password", req->old_password, PASSWORD_MAX);
	field_require(call, "new_password", req->new_password, PASSWORD_MAX);
	code = rpc_fail_fields(call);
	if (code != CODE_OK)
		return code;
	code = judge_change(call, req, &change);
	if (code == CODE_INVALID_ARGUMENT && change.match)
		return refuse_new(call, &change, code);
	if (code == CODE_OK)
		code = password_hash(call->server->hasher, req->new_password,
		                     hash);
	if (code == CODE_OK)
		code = write_change(call, &change, hash);
	if (code == CODE_OK && change.is_stale)
		code = write_again(call, req, &change, hash);
	return code;
}

static enum code
look_at_link(struct rpc_call *call, struct account_link *link)
{
	struct store_txn txn;
	enum code code, end;

	store_begin_read(call->server->store, &txn);
	code = account_link_read(call, &txn, link);
	end = store_end(&txn);
	return end != CODE_OK ? store_refuse(call, &txn) : code;
}

/* The link is used up in the same transaction as the password is set. */
static enum code
write_reset(struct rpc_call *call, struct account_link *link, const char *hash)
{
	struct user *user = &link->user;
	struct store_txn txn;
	enum code code, end;

	store_begin_write(call->server->store, &txn);
	code = account_link_read(call, &txn, link);
	if (code == CODE_OK) {
		link->link.used_at_us = call->now_us;
		link_store_put(&txn, call->arena, &link->link);
		/* Who was let in by an address nobody had proved goes too. */
		if (!user->email_verified)
			identity_store_del_all(&txn, user->id);
		user->email_verified = true;
		set_password(call, &txn, user, hash, NULL);
		throttle_forgive(&txn, call->arena, user);
	}
	end = store_end(&txn);
	if (end != CODE_OK)
		return store_refuse(call, &txn);
	if (code != CODE_OK)
		return code;
	account_mail_wake(call);
	log_change(call, user);
	return CODE_OK;
}

enum code
account_confirm_password_reset(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__ConfirmPasswordResetRequest *req = in;
	struct account_link link = { .purpose = LINK_RESET_PASSWORD,
		                     .uid = req->uid,
		                     .token = req->token };
	struct field_password password = { .field = "password",
		                           .text = req->password,
		                           .policy = req->policy };
	char hash[PASSWORD_HASH_SIZE];
	enum code code;

	(void)out;
	field_require(call, "password", req->password, PASSWORD_MAX);
	code = rpc_fail_fields(call);
	if (code == CODE_OK)
		code = look_at_link(call, &link);
	if (code != CODE_OK)
		return code;
	password.owner = owner_of(&link.user);
	field_judge_password(call, &password);
	code = rpc_fail_fields(call);
	/* Before the hash: neither junk nor a bad password costs one. */
	if (code == CODE_OK)
		code = password_hash(call->server->hasher, req->password, hash);
	if (code == CODE_OK)
		code = write_reset(call, &link, hash);
	return code;
}
