#include "server/services/user_service.h"

#include <string.h>

#include "base/log.h"
#include "proto/latchkey/v1/user_service.pb-c.h"
#include "server/domain/identity.h"
#include "server/server.h"
#include "server/services/attribute_input.h"
#include "server/services/field.h"
#include "server/services/identifier_claim.h"
#include "server/services/rank.h"
#include "server/services/store_refusal.h"
#include "server/services/user_avatar.h"
#include "server/services/user_change.h"
#include "server/services/user_message.h"
#include "server/store/identity_store.h"
#include "server/store/link_store.h"
#include "server/store/session_store.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
/*
 * Sessions of a deleted user that go in one transaction, since others wait, and
 * how often: what is left after that the sweep deletes as it expires.
 */
#define SESSIONS_AT_ONCE 128
#define SESSION_ROUNDS_MAX 80 /* more than sessions.per_user_max allows */

#define HAS(field, name)                                                       \
	(req->field##_presence_case ==                                         \
	 LATCHKEY__V1__UPDATE_USER_REQUEST__##name##_PRESENCE_##name)

static void
log_change(const struct rpc_call *call, const char *event, uint64_t user_id)
{
	LOG_EVENT(LOG_LEVEL_INFO, event, LOG_N("user_id", (int64_t)user_id),
	          LOG_N("by_user_id", (int64_t)call->caller->user_id),
	          LOG_T("request_id", call->request_id_text));
}

enum code
user_get_user(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__GetUserRequest *req = in;
	Latchkey__V1__GetUserResponse *resp = out;
	struct store_txn txn;
	struct user user;
	enum code code;

	store_begin_read(call->server->store, &txn);
	code = user_store_find(&txn, call->arena, req->id, &user);
	if (store_end(&txn) != CODE_OK)
		return store_refuse(call, &txn);
	if (code != CODE_OK)
		return rpc_fail(call, code, REASON(UNSPECIFIED),
		                "there is no such user");
	return user_message_make(call, &user, &resp->user);
}

static struct attribute_input
attributes_of(const Latchkey__V1__UpdateUserRequest *req)
{
	return (struct attribute_input){ .items = req->attributes,
		                         .count = req->n_attributes,
		                         .writer = ATTRIBUTE_BY_STAFF };
}

/* apply takes over what is present; roles and attributes are looked up. */
static void
apply(const Latchkey__V1__UpdateUserRequest *req, struct user *user)
{
	if (HAS(email, EMAIL))
		user->email = req->email;
	if (HAS(username, USERNAME))
		user->username = req->username;
	if (HAS(first_name, FIRST_NAME))
		user->first_name = req->first_name;
	if (HAS(last_name, LAST_NAME))
		user->last_name = req->last_name;
	if (HAS(is_active, IS_ACTIVE))
		user->is_active = req->is_active;
	if (HAS(is_staff, IS_STAFF))
		user->is_staff = req->is_staff;
	if (HAS(is_superuser, IS_SUPERUSER))
		user->is_superuser = req->is_superuser;
}

/* A username with an @ must follow the address. */
static bool
must_check_username(const Latchkey__V1__UpdateUserRequest *req,
                    const struct user *user)
{
	return HAS(username, USERNAME) ||
	       (HAS(email, EMAIL) && strchr(user->username, '@') != NULL);
}

static void
check_identifiers(struct rpc_call *call,
                  const Latchkey__V1__UpdateUserRequest *req,
                  struct user_change *change)
{
	const struct user *user = &change->after;
	size_t before = call->violation_count;

	if (HAS(email, EMAIL)) {
		field_require(call, "email", user->email, USER_EMAIL_MAX);
		if (call->violation_count == before)
			field_note(call, "email",
			           identity_email_fault(user->email));
		if (call->violation_count == before)
			identifier_claim_check_email(call, &change->txn, user);
	}
	before = call->violation_count;
	if (*user->username == '\0' || !must_check_username(req, user))
		return;
	field_note(call, "username",
	           identity_username_fault(user->username, user->email));
	if (call->violation_count == before)
		identifier_claim_check_username(call, &change->txn, user);
}

/* check notes every bad field, in the order of the request. */
static enum code
check(struct rpc_call *call, const Latchkey__V1__UpdateUserRequest *req,
      struct user_change *change)
{
	struct attribute_input attributes = attributes_of(req);
	struct user *user = &change->after;
	enum code code;

	check_identifiers(call, req, change);
	if (HAS(first_name, FIRST_NAME))
		field_note(
			call, "first_name",
			identity_name_fault(user->first_name, USER_NAME_MAX));
	if (HAS(last_name, LAST_NAME))
		field_note(call, "last_name",
		           identity_name_fault(user->last_name, USER_NAME_MAX));
	if (req->roles != NULL) {
		code = user_change_roles(call, &change->txn, req->roles->names,
		                         req->roles->n_names, user);
		if (code != CODE_OK)
			return code;
	}
	attribute_input_check(call, &attributes);
	if (change->txn.code != CODE_OK)
		return change->txn.code;
	return rpc_fail_fields(call);
}

enum code
user_update_user(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__UpdateUserRequest *req = in;
	Latchkey__V1__UpdateUserResponse *resp = out;
	struct attribute_input attributes = attributes_of(req);
	struct user_change change;
	enum code code = user_change_begin(call, req->id, &change);

	if (code == CODE_OK) {
		apply(req, &change.after);
		code = check(call, req, &change);
	}
	if (code == CODE_OK)
		code = attribute_input_apply(call, &attributes, &change.after);
	if (code == CODE_OK)
		code = user_change_put(call, &change);
	code = user_change_end(call, &change.txn, code);
	if (code != CODE_OK)
		return code;
	log_change(call, "user_updated", req->id);
	return user_message_make(call, &change.after, &resp->user);
}

static void
del(struct rpc_call *call, struct store_txn *txn, const struct user *user)
{
	size_t deleted;

	session_store_del_some(txn, call->arena, user->id, SESSIONS_AT_ONCE,
	                       &deleted);
	link_store_del_all(txn, call->arena, user->id);
	identity_store_del_all(txn, user->id);
	user_avatar_del(txn, user);
	user_store_del(txn, call->arena, user->id);
}

/* The user is gone already: a failure costs nothing but room. */
static void
del_sessions(struct rpc_call *call, uint64_t user_id)
{
	size_t mark = call->arena->used, deleted = SESSIONS_AT_ONCE;
	struct store_txn txn;

	for (int i = 0; i < SESSION_ROUNDS_MAX && deleted == SESSIONS_AT_ONCE;
	     i++) {
		store_begin_write(call->server->store, &txn);
		session_store_del_some(&txn, call->arena, user_id,
		                       SESSIONS_AT_ONCE, &deleted);
		if (store_end(&txn) != CODE_OK)
			return;
		arena_rewind(call->arena, mark);
	}
}

enum code
user_delete_user(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__DeleteUserRequest *req = in;
	struct user_change change;
	enum code code = user_change_begin(call, req->id, &change);

	(void)out;
	if (code == CODE_OK) {
		change.after.is_active = false;
		code = user_change_judge(call, &change);
	}
	if (code == CODE_OK)
		del(call, &change.txn, &change.before);
	code = user_change_end(call, &change.txn, code);
	if (code != CODE_OK)
		return code;
	del_sessions(call, req->id);
	log_change(call, "user_deleted", req->id);
	return CODE_OK;
}

static enum code
set_active(struct rpc_call *call, uint64_t id, bool is_active,
           Latchkey__V1__User **out)
{
	struct user_change change;
	enum code code = user_change_begin(call, id, &change);

	if (code == CODE_OK) {
		change.after.is_active = is_active;
		code = user_change_put(call, &change);
	}
	code = user_change_end(call, &change.txn, code);
	if (code != CODE_OK)
		return code;
	log_change(call, is_active ? "user_activated" : "user_deactivated", id);
	return user_message_make(call, &change.after, out);
}

enum code
user_activate_user(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__ActivateUserRequest *req = in;
	Latchkey__V1__ActivateUserResponse *resp = out;

	return set_active(call, req->id, true, &resp->user);
}

enum code
user_deactivate_user(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__DeactivateUserRequest *req = in;
	Latchkey__V1__DeactivateUserResponse *resp = out;

	return set_active(call, req->id, false, &resp->user);
}

enum code
user_set_user_roles(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__SetUserRolesRequest *req = in;
	Latchkey__V1__SetUserRolesResponse *resp = out;
	struct user_change change;
	enum code code = user_change_begin(call, req->id, &change);

	if (code == CODE_OK)
		code = user_change_roles(call, &change.txn, req->roles,
		                         req->n_roles, &change.after);
	if (code == CODE_OK)
		code = rpc_fail_fields(call);
	if (code == CODE_OK)
		code = user_change_put(call, &change);
	code = user_change_end(call, &change.txn, code);
	if (code != CODE_OK)
		return code;
	log_change(call, "user_roles_set", req->id);
	return user_message_make(call, &change.after, &resp->user);
}
