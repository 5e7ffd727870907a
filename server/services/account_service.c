#include "server/services/account_service.h"

#include "proto/latchkey/v1/account_service.pb-c.h"
#include "server/domain/identity.h"
#include "server/server.h"
#include "server/services/attribute_input.h"
#include "server/services/caller.h"
#include "server/services/field.h"
#include "server/services/own_change.h"
#include "server/services/user_avatar.h"
#include "server/services/user_message.h"

#define HAS_FIRST_NAME                                                         \
	LATCHKEY__V1__UPDATE_ME_REQUEST__FIRST_NAME_PRESENCE_FIRST_NAME
#define HAS_LAST_NAME                                                          \
	LATCHKEY__V1__UPDATE_ME_REQUEST__LAST_NAME_PRESENCE_LAST_NAME
#define HAS_AVATAR LATCHKEY__V1__UPDATE_ME_REQUEST__AVATAR_PRESENCE_AVATAR

enum code
account_get_me(struct rpc_call *call, const void *in, void *out)
{
	Latchkey__V1__GetMeResponse *resp = out;

	(void)in;
	return user_message_make(call, caller_user(call), &resp->user);
}

static struct attribute_input
own_attributes(const Latchkey__V1__UpdateMeRequest *req)
{
	return (struct attribute_input){ .items = req->attributes,
		                         .count = req->n_attributes,
		                         .writer = ATTRIBUTE_BY_USER };
}

static enum code
check_update(struct rpc_call *call, const Latchkey__V1__UpdateMeRequest *req,
             struct picture *picture)
{
	struct attribute_input attributes = own_attributes(req);

	if (req->first_name_presence_case == HAS_FIRST_NAME)
		field_note(call, "first_name",
		           identity_name_fault(req->first_name, USER_NAME_MAX));
	if (req->last_name_presence_case == HAS_LAST_NAME)
		field_note(call, "last_name",
		           identity_name_fault(req->last_name, USER_NAME_MAX));
	attribute_input_check(call, &attributes);
	if (req->avatar_presence_case == HAS_AVATAR)
		user_avatar_check(call, "avatar", &req->avatar, picture);
	return rpc_fail_fields(call);
}

static enum code
write_update(struct rpc_call *call, const Latchkey__V1__UpdateMeRequest *req,
             const struct picture *picture, struct own_change *change)
{
	struct attribute_input attributes = own_attributes(req);
	struct user *user = &change->user;
	enum code code = own_change_begin(call, change);

	if (code == CODE_OK) {
		if (req->first_name_presence_case == HAS_FIRST_NAME)
			user->first_name = req->first_name;
		if (req->last_name_presence_case == HAS_LAST_NAME)
			user->last_name = req->last_name;
		code = attribute_input_apply(call, &attributes, user);
	}
	if (code == CODE_OK && req->avatar_presence_case == HAS_AVATAR)
		user_avatar_replace(call, &change->txn, picture, user);
	return own_change_end(call, change, code);
}

enum code
account_update_me(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__UpdateMeRequest *req = in;
	Latchkey__V1__UpdateMeResponse *resp = out;
	struct own_change change;
	struct picture picture;
	enum code code;

	code = check_update(call, req, &picture);
	if (code == CODE_OK)
		code = write_update(call, req, &picture, &change);
	if (code == CODE_OK)
		code = user_message_make(call, &change.user, &resp->user);
	return code;
}
