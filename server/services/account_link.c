#include "server/services/account_link.h"

#include <string.h>

#include "base/log.h"
#include "proto/latchkey/v1/account_service.pb-c.h"
#include "server/server.h"
#include "server/services/account_mail.h"
#include "server/services/account_service.h"
#include "server/services/login.h"
#include "server/services/store_refusal.h"
#include "server/store/session_store.h"
#include "server/store/store.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
#define PURPOSE(name) LATCHKEY__V1__LINK_PURPOSE__LINK_PURPOSE_##name

#define OWN_SESSIONS_MAX 16 /* the newest, looked at for an own one */

static enum code
refuse(struct rpc_call *call, enum link_fault fault)
{
	static const struct {
		Latchkey__Rpc__V1__Reason reason;
		const char *message;
	} faults[] = {
		[LINK_INVALID] = { REASON(LINK_INVALID),
		                   "the link is not valid" },
		[LINK_EXPIRED] = { REASON(LINK_EXPIRED),
		                   "the link is expired" },
		[LINK_USED] = { REASON(LINK_USED), "the link has been used" },
	};

	LOG_EVENT(LOG_LEVEL_INFO, "link_refused",
	          LOG_T("reason", faults[fault].message),
	          LOG_T("address", call->client_address),
	          LOG_T("request_id", call->request_id_text));
	return rpc_fail(call, CODE_FAILED_PRECONDITION, faults[fault].reason,
	                "%s", faults[fault].message);
}

/* Whom a reset link is for; 0 if the text names nobody. */
static bool
read_owner(const struct account_link *link, uint64_t *user_id)
{
	*user_id = 0;
	if (link->purpose == LINK_VERIFY_EMAIL)
		return true; /* anybody's */
	return uid_read(link->uid, user_id) == CODE_OK && *user_id != 0;
}

/* The user behind the link, who may do what it is for. */
static enum code
find_user(struct rpc_call *call, struct store_txn *txn,
          struct account_link *link, bool *found)
{
	enum code code = user_store_find(txn, call->arena, link->link.user_id,
	                                 &link->user);

	*found = code == CODE_OK &&
	         (link->purpose == LINK_VERIFY_EMAIL || link->user.is_active);
	return code == CODE_NOT_FOUND ? CODE_OK : code;
}

enum code
account_link_read(struct rpc_call *call, struct store_txn *txn,
                  struct account_link *link)
{
	const struct mailing mailing = account_mail_of(call, txn);
	enum link_fault fault;
	uint64_t user_id;
	enum code code;
	bool found;

	if (!read_owner(link, &user_id))
		return refuse(call, LINK_INVALID);
	fault = mailing_read_link(&mailing, link->token, link->purpose, user_id,
	                          &link->link);
	if (txn->code != CODE_OK)
		return txn->code;
	if (fault == LINK_INVALID || fault == LINK_EXPIRED)
		return refuse(call, fault);
	code = find_user(call, txn, link, &found);
	if (code != CODE_OK)
		return code;
	if (!found)
		return refuse(call, LINK_INVALID);
	link->was_done = link->purpose == LINK_VERIFY_EMAIL &&
	                 fault == LINK_USED && link->user.email_verified;
	if (fault == LINK_USED && !link->was_done)
		return refuse(call, LINK_USED);
	return CODE_OK;
}

/* Looks at a link and changes nothing. */
static enum code
check(struct rpc_call *call, struct account_link *link)
{
	struct store_txn txn;
	enum code code, end;

	store_begin_read(call->server->store, &txn);
	code = account_link_read(call, &txn, link);
	end = store_end(&txn);
	return end != CODE_OK ? store_refuse(call, &txn) : code;
}

/*
 * An account with an address that nobody had proved may have been made by
 * somebody who waits for its owner. Whoever uses the link shares no secret with
 * the sessions there are, but a network with an own one: the newest session
 * that began where the link is used stays, all others end.
 */
static void
end_strangers(struct rpc_call *call, struct store_txn *txn,
              const struct user *user, size_t *ended)
{
	struct session_ending ending = { .reason = SESSION_ENDED_REVOKED,
		                         .now_us = call->now_us };
	uint8_t device[SESSION_DEVICE_SIZE];
	struct session_list list = { 0 };

	if (login_device(call, device))
		store_fail(txn, session_store_list(txn, call->arena, user->id,
		                                   OWN_SESSIONS_MAX, &list));
	for (size_t i = 0; i < list.count && ending.except == NULL; i++)
		if (memcmp(list.sessions[i].device, device, sizeof(device)) ==
		    0)
			ending.except = list.sessions[i].id;
	session_store_end_all(txn, call->arena, user->id, &ending, ended);
}

/* Uses a verification link; refused by account_link_read it writes nothing. */
static enum code
verify(struct rpc_call *call, struct account_link *link)
{
	struct user *user = &link->user;
	struct store_txn txn;
	bool is_new = false;
	size_t ended = 0;
	enum code code, end;

	store_begin_write(call->server->store, &txn);
	code = account_link_read(call, &txn, link);
	if (code == CODE_OK && !link->was_done) {
		is_new = !user->email_verified;
		link->link.used_at_us = call->now_us;
		user->email_verified = true;
		link_store_put(&txn, call->arena, &link->link);
		user_store_put(&txn, call->arena, user);
		if (is_new)
			end_strangers(call, &txn, user, &ended);
	}
	end = store_end(&txn);
	if (end != CODE_OK)
		return store_refuse(call, &txn);
	if (is_new)
		LOG_EVENT(LOG_LEVEL_INFO, "email_verified",
		          LOG_N("user_id", (int64_t)user->id),
		          LOG_N("sessions_ended", (int64_t)ended),
		          LOG_T("request_id", call->request_id_text));
	return code;
}

enum code
account_verify_email(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__VerifyEmailRequest *req = in;
	struct account_link link = { .purpose = LINK_VERIFY_EMAIL,
		                     .token = req->token };
	enum code code;

	(void)out;
	/* First a look: junk must not stand in the writers' queue. */
	code = check(call, &link);
	if (code == CODE_OK && !link.was_done)
		code = verify(call, &link);
	return code;
}

enum code
account_check_link(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__CheckLinkRequest *req = in;
	struct account_link link = { .uid = req->uid, .token = req->token };
	enum code code;

	(void)out;
	if (req->purpose == PURPOSE(VERIFY_EMAIL))
		link.purpose = LINK_VERIFY_EMAIL;
	else if (req->purpose == PURPOSE(SET_PASSWORD))
		link.purpose = LINK_RESET_PASSWORD;
	else
		rpc_violation(call, "purpose", "required",
		              "This field is required.");
	code = rpc_fail_fields(call);
	return code == CODE_OK ? check(call, &link) : code;
}
