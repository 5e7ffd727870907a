#include "server/services/account_mail.h"

#include <string.h>

#include "base/log.h"
#include "proto/latchkey/v1/account_service.pb-c.h"
#include "server/domain/identity.h"
#include "server/domain/mail_sender.h"
#include "server/server.h"
#include "server/services/account_service.h"
#include "server/services/field.h"
#include "server/services/store_refusal.h"
#include "server/services/throttling.h"
#include "server/store/store.h"

struct mailing
account_mail_of(struct rpc_call *call, struct store_txn *txn)
{
	return (struct mailing){ .txn = txn,
		                 .arena = call->arena,
		                 .policy = &call->server->mailing,
		                 .now_us = call->now_us,
		                 .client_address = call->client_address };
}

void
account_mail_wake(const struct rpc_call *call)
{
	if (call->server->mail_sender != NULL)
		mail_sender_wake(call->server->mail_sender);
}

/*
 * count writes down a mail that somebody asks for, and tells whether it may be
 * sent now. Addresses are counted as they compare, whether anybody has them or
 * not. What an account's own story sends (its first link, its notices) cannot
 * be asked for again and again, and is not counted.
 */
static bool
count(struct rpc_call *call, struct store_txn *txn, const char *email)
{
	const struct throttle throttle = { txn, call->arena,
		                           &call->server->throttles,
		                           call->now_us };
	int64_t minute_us = 0, hour_us = 0;
	const char *target;

	store_fail(txn, throttling_subject(call, email, &target));
	if (txn->code != CODE_OK)
		return false;
	throttle_take(&throttle, THROTTLE_MAIL_MINUTE, target, &minute_us);
	if (minute_us > 0)
		return false;
	throttle_take(&throttle, THROTTLE_MAIL_HOUR, target, &hour_us);
	/* A mail that is not sent counts nowhere. */
	if (hour_us > 0)
		throttle_give(&throttle, THROTTLE_MAIL_MINUTE, target);
	return txn->code == CODE_OK && hour_us == 0;
}

/* Whose e-mail address this is; a username is nobody's address. */
static bool
find_owner(struct rpc_call *call, struct store_txn *txn, const char *email,
           struct user *user)
{
	const char *own, *asked;
	enum code code =
		user_store_find_by_identifier(txn, call->arena, email, user);

	if (code != CODE_OK || user->email[0] == '\0')
		return false;
	store_fail(txn, throttling_subject(call, user->email, &own));
	store_fail(txn, throttling_subject(call, email, &asked));
	return txn->code == CODE_OK && strcmp(own, asked) == 0;
}

static bool
is_due(const struct user *user, enum link_purpose purpose)
{
	if (!user->is_active)
		return false;
	return purpose == LINK_RESET_PASSWORD || !user->email_verified;
}

/*
 * Answers the same, and takes the same fsync, for everybody: only the outbox
 * and the owner of the address know what became of it.
 */
static enum code
send_link(struct rpc_call *call, const char *email, enum link_purpose purpose)
{
	struct store_txn txn;
	const struct mailing mailing = account_mail_of(call, &txn);
	struct user user;
	bool allowed;
	enum code code;

	field_note(call, "email", identity_email_fault(email));
	code = rpc_fail_fields(call);
	if (code != CODE_OK)
		return code;
	store_begin_write(call->server->store, &txn);
	allowed = count(call, &txn, email);
	if (allowed && find_owner(call, &txn, email, &user) &&
	    is_due(&user, purpose))
		mailing_link(&mailing, &user, purpose);
	if (store_end(&txn) != CODE_OK)
		return store_refuse(call, &txn);
	if (!allowed)
		LOG_EVENT(LOG_LEVEL_INFO, "throttled",
		          LOG_T("throttle", "mail"),
		          LOG_T("address", call->client_address),
		          LOG_T("request_id", call->request_id_text));
	account_mail_wake(call);
	return CODE_OK;
}

enum code
account_resend_verification(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__ResendVerificationRequest *req = in;

	(void)out;
	return send_link(call, req->email, LINK_VERIFY_EMAIL);
}

enum code
account_request_password_reset(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__RequestPasswordResetRequest *req = in;

	(void)out;
	return send_link(call, req->email, LINK_RESET_PASSWORD);
}
