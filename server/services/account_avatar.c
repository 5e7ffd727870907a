/*
 * One's own picture, and anybody's by its name. A picture is public to who
 * knows its name: browsers fetch it without a token.
 */
#include "base/log.h"
#include "proto/latchkey/v1/account_service.pb-c.h"
#include "server/domain/avatar_path.h"
#include "server/server.h"
#include "server/services/account_service.h"
#include "server/services/caller.h"
#include "server/services/store_refusal.h"
#include "server/services/user_avatar.h"
#include "server/services/user_message.h"
#include "server/store/avatar_store.h"

/* change makes the caller's picture another one; NULL: none. */
static enum code
change(struct rpc_call *call, const struct picture *picture, struct user *user)
{
	struct store_txn txn;
	enum code code;

	store_begin_write(call->server->store, &txn);
	code = user_store_find(&txn, call->arena, call->caller->user_id, user);
	store_fail(&txn, code);
	if (code == CODE_OK && picture != NULL) {
		user_avatar_replace(call, &txn, picture, user);
	} else if (code == CODE_OK) {
		user_avatar_del(&txn, user);
		user->avatar = "";
	}
	if (code == CODE_OK)
		user_store_put(&txn, call->arena, user);
	code = store_end(&txn);
	if (code == CODE_NOT_FOUND)
		return caller_refuse_gone(call);
	if (code != CODE_OK)
		return store_refuse(call, &txn);
	LOG_EVENT(LOG_LEVEL_INFO,
	          picture == NULL ? "avatar_deleted" : "avatar_set",
	          LOG_N("user_id", (int64_t)user->id),
	          LOG_T("request_id", call->request_id_text));
	return CODE_OK;
}

enum code
account_set_avatar(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__SetAvatarRequest *req = in;
	Latchkey__V1__SetAvatarResponse *resp = out;
	struct picture picture;
	struct user user;
	enum code code;

	user_avatar_check(call, "image", &req->image, &picture);
	code = rpc_fail_fields(call);
	if (code == CODE_OK)
		code = change(call, &picture, &user);
	if (code == CODE_OK)
		code = user_message_make(call, &user, &resp->user);
	return code;
}

enum code
account_delete_avatar(struct rpc_call *call, const void *in, void *out)
{
	Latchkey__V1__DeleteAvatarResponse *resp = out;
	struct user user;
	enum code code = change(call, NULL, &user);

	(void)in;
	if (code == CODE_OK)
		code = user_message_make(call, &user, &resp->user);
	return code;
}

enum code
account_get_avatar(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__GetAvatarRequest *req = in;
	Latchkey__V1__GetAvatarResponse *resp = out;
	enum code code = CODE_NOT_FOUND;
	struct store_txn txn;
	struct avatar avatar;

	if (avatar_path_is_valid(req->path)) {
		store_begin_read(call->server->store, &txn);
		code = avatar_store_find(&txn, call->arena, req->path, &avatar);
		if (store_end(&txn) != CODE_OK)
			return store_refuse(call, &txn);
	}
	if (code != CODE_OK)
		return rpc_fail(call, code,
		                LATCHKEY__RPC__V1__REASON__REASON_UNSPECIFIED,
		                "there is no such picture");
	resp->image.data = (uint8_t *)avatar.image.data;
	resp->image.len = avatar.image.len;
	resp->media_type = (char *)avatar.media_type;
	return CODE_OK;
}
