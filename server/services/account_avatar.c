/*
 * One's own picture, and anybody's by its name. A picture is public to who
 * knows its name: browsers fetch it without a token.
 */
#include "base/log.h"
#include "proto/latchkey/v1/account_service.pb-c.h"
#include "server/domain/avatar_path.h"
#include "server/server.h"
#include "server/services/account_service.h"
#include "server/services/own_change.h"
#include "server/services/store_refusal.h"
#include "server/services/user_avatar.h"
#include "server/services/user_message.h"
#include "server/store/avatar_store.h"

/* write makes the caller's picture another one; NULL: none. */
static enum code
write(struct rpc_call *call, const struct picture *picture,
      struct own_change *change)
{
	enum code code = own_change_begin(call, change);

	if (code == CODE_OK && picture != NULL) {
		user_avatar_replace(call, &change->txn, picture, &change->user);
	} else if (code == CODE_OK) {
		user_avatar_del(&change->txn, &change->user);
		change->user.avatar = "";
	}
	code = own_change_end(call, change, code);
	if (code == CODE_OK)
		LOG_EVENT(LOG_LEVEL_INFO,
		          picture == NULL ? "avatar_deleted" : "avatar_set",
		          LOG_N("user_id", (int64_t)change->user.id),
		          LOG_T("request_id", call->request_id_text));
	return code;
}

enum code
account_set_avatar(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__SetAvatarRequest *req = in;
	Latchkey__V1__SetAvatarResponse *resp = out;
	struct own_change change;
	struct picture picture;
	enum code code;

	user_avatar_check(call, "image", &req->image, &picture);
	code = rpc_fail_fields(call);
	if (code == CODE_OK)
		code = write(call, &picture, &change);
	if (code == CODE_OK)
		code = user_message_make(call, &change.user, &resp->user);
	return code;
}

enum code
account_delete_avatar(struct rpc_call *call, const void *in, void *out)
{
	Latchkey__V1__DeleteAvatarResponse *resp = out;
	struct own_change change;
	enum code code = write(call, NULL, &change);

	(void)in;
	if (code == CODE_OK)
		code = user_message_make(call, &change.user, &resp->user);
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
