/*
 * CreateUser: an account made by staff. Like a registration it takes effect
 * once, however often the same call comes.
 */
#include <string.h>

#include "base/log.h"
#include "proto/latchkey/v1/user_service.pb-c.h"
#include "server/domain/identity.h"
#include "server/domain/password.h"
#include "server/domain/password_policy.h"
#include "server/server.h"
#include "server/services/attribute_input.h"
#include "server/services/caller.h"
#include "server/services/field.h"
#include "server/services/identifier_claim.h"
#include "server/services/rank.h"
#include "server/services/repeat.h"
#include "server/services/store_refusal.h"
#include "server/services/user_change.h"
#include "server/services/user_message.h"
#include "server/services/user_service.h"

#define HAS(field, name)                                                       \
	(req->field##_presence_case ==                                         \
	 LATCHKEY__V1__CREATE_USER_REQUEST__##name##_PRESENCE_##name)

#define NAME_CHARACTERS_MAX 300 /* of `name`: as the .proto promises */

/* One creation in progress. */
struct creation {
	const Latchkey__V1__CreateUserRequest *req;
	struct attribute_input attributes;
	const char *password; /* "": the owner is invited */
	struct user user;
	bool is_repeated; /* the call came before, and made user.id */
};

static void
begin(const struct rpc_call *call, const Latchkey__V1__CreateUserRequest *req,
      struct creation *creation)
{
	*creation = (struct creation){
		.req = req,
		.attributes = { .items = req->attributes,
		                .count = req->n_attributes,
		                .writer = ATTRIBUTE_BY_STAFF },
		.password = HAS(password, PASSWORD) ? req->password : "",
		.user = { .email = req->email,
		          .username =
		                  HAS(username, USERNAME) ? req->username : "",
		          .first_name = req->first_name,
		          .last_name = req->last_name,
		          .name = req->name,
		          .password_hash = USER_PASSWORD_UNUSABLE,
		          .avatar = "",
		          .is_active = HAS(is_active, IS_ACTIVE)
		                               ? req->is_active
		                               : true,
		          .is_staff = req->is_staff,
		          .is_superuser = req->is_superuser,
		          .joined_at_us = call->now_us },
	};
}

static void
check_identifiers(struct rpc_call *call, struct store_txn *txn,
                  const struct user *user)
{
	size_t before = call->violation_count;

	field_require(call, "email", user->email, USER_EMAIL_MAX);
	if (call->violation_count == before)
		field_note(call, "email", identity_email_fault(user->email));
	if (call->violation_count == before)
		identifier_claim_check_email(call, txn, user);
	before = call->violation_count;
	if (*user->username == '\0')
		return;
	field_note(call, "username",
	           identity_username_fault(user->username, user->email));
	if (call->violation_count == before)
		identifier_claim_check_username(call, txn, user);
}

/* check notes every bad field, in the order of the request. */
static enum code
check(struct rpc_call *call, struct store_txn *txn, struct creation *creation)
{
	const Latchkey__V1__CreateUserRequest *req = creation->req;
	struct user *user = &creation->user;
	enum code code;

	check_identifiers(call, txn, user);
	if (*creation->password != '\0')
		field_require(call, "password", creation->password,
		              PASSWORD_MAX);
	field_note(call, "first_name",
	           identity_name_fault(user->first_name, USER_NAME_MAX));
	field_note(call, "last_name",
	           identity_name_fault(user->last_name, USER_NAME_MAX));
	code = user_change_roles(call, txn, req->roles, req->n_roles, user);
	if (code != CODE_OK)
		return code;
	attribute_input_check(call, &creation->attributes);
	field_note(call, "name",
	           identity_name_fault(user->name, NAME_CHARACTERS_MAX));
	return txn->code != CODE_OK ? txn->code : rpc_fail_fields(call);
}

/* What somebody may not have, nobody may give. */
static bool
is_within_rank(const struct rpc_call *call, const struct user *user)
{
	const struct rank_roles none = { 0 };
	const struct rank_roles roles = { user->roles, user->role_count };

	if (rank_is_superuser(call))
		return true;
	return !user->is_staff && !user->is_superuser &&
	       rank_may_hand(call, none, roles);
}

/*
 * look_around finds out, in the caller's transaction, whether the call came
 * before and, if not, whether it may make the user.
 */
static enum code
look_around(struct rpc_call *call, struct store_txn *txn,
            struct creation *creation)
{
	enum code code = repeat_find(call, txn, &creation->req->base,
	                             &creation->user.id);

	creation->is_repeated = code == CODE_OK;
	if (code != CODE_NOT_FOUND)
		return code;
	code = check(call, txn, creation);
	if (code == CODE_OK && !is_within_rank(call, &creation->user))
		code = rank_refuse(call);
	return code;
}

/* What can be known before a hash is paid for. */
static enum code
look_first(struct rpc_call *call, struct creation *creation)
{
	struct store_txn txn;
	enum code code, end;

	store_begin_read(call->server->store, &txn);
	code = look_around(call, &txn, creation);
	end = store_end(&txn);
	return end != CODE_OK ? store_refuse(call, &txn) : code;
}

/*
 * Everything is looked at once more: while the password was hashed somebody
 * else may have taken the names, the same call may have come twice, or the
 * caller have lost the rank.
 */
static enum code
write(struct rpc_call *call, struct creation *creation)
{
	struct user *user = &creation->user;
	struct store_txn txn;
	enum code code;

	store_begin_write(call->server->store, &txn);
	code = caller_renew(call, &txn);
	if (code == CODE_OK)
		code = look_around(call, &txn, creation);
	if (code == CODE_OK && !creation->is_repeated)
		code = attribute_input_apply(call, &creation->attributes, user);
	if (code == CODE_OK && !creation->is_repeated) {
		user_store_add(&txn, call->arena, user);
		repeat_add(call, &txn, &creation->req->base, user->id);
		user_change_invite(call, &txn, user);
	}
	code = user_change_end(call, &txn, code);
	if (code == CODE_OK && !creation->is_repeated)
		LOG_EVENT(LOG_LEVEL_INFO, "user_created",
		          LOG_N("user_id", (int64_t)user->id),
		          LOG_N("by_user_id", (int64_t)call->caller->user_id),
		          LOG_T("request_id", call->request_id_text));
	return code;
}

static enum code
find_again(struct rpc_call *call, struct creation *creation)
{
	struct store_txn txn;
	enum code code;

	store_begin_read(call->server->store, &txn);
	code = user_store_find(&txn, call->arena, creation->user.id,
	                       &creation->user);
	if (store_end(&txn) != CODE_OK)
		return store_refuse(call, &txn);
	return code;
}

static enum code
warn(struct rpc_call *call, const struct creation *creation,
     Latchkey__V1__CreateUserResponse *resp)
{
	const struct user *user = &creation->user;
	const struct password_owner owner = { .username = user->username,
		                              .first_name = user->first_name,
		                              .last_name = user->last_name,
		                              .email = user->email };
	struct password_verdict verdict = { 0 };

	if (*creation->password == '\0')
		return CODE_OK;
	password_judge(PASSWORD_RULES_DJANGO, creation->password, &owner,
	               &verdict);
	resp->password_warnings =
		arena_alloc(call->arena, PASSWORD_FAULT_COUNT * sizeof(char *));
	if (resp->password_warnings == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	for (size_t i = 0; i < PASSWORD_FAULT_COUNT; i++)
		if (verdict.messages[i] != NULL)
			resp->password_warnings[resp->n_password_warnings++] =
				(char *)verdict.messages[i];
	return CODE_OK;
}

enum code
user_create_user(struct rpc_call *call, const void *in, void *out)
{
	Latchkey__V1__CreateUserResponse *resp = out;
	char hash[PASSWORD_HASH_SIZE] = "";
	struct creation creation;
	enum code code;

	begin(call, in, &creation);
	code = look_first(call, &creation);
	if (code == CODE_OK && creation.req->validate_only)
		return CODE_OK;
	if (code == CODE_OK && !creation.is_repeated &&
	    *creation.password != '\0') {
		code = password_hash(call->server->hasher, creation.password,
		                     hash);
		creation.user.password_hash = hash;
		creation.user.password_set_at_us = call->now_us;
	}
	if (code == CODE_OK && !creation.is_repeated)
		code = write(call, &creation);
	if (code == CODE_OK && creation.is_repeated)
		code = find_again(call, &creation);
	if (code == CODE_OK)
		code = user_message_make(call, &creation.user, &resp->user);
	if (code == CODE_OK)
		code = warn(call, &creation, resp);
	return code;
}
