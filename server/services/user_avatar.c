#include "server/services/user_avatar.h"

#include "server/domain/avatar_path.h"
#include "server/store/avatar_store.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

/* In Django REST framework's words where it has some. */
static const struct {
	const char *code;
	const char *message;
} faults[] = {
	[PICTURE_MALFORMED] = { "malformed",
	                        "Upload a valid image. The file you uploaded "
	                        "was either not an image or a corrupted "
	                        "image." },
	[PICTURE_TOO_LARGE] = { "too_large",
	                        "Ensure this image has no more than " TEXT(
					PICTURE_SIDE_MAX) " pixels a side." },
	[PICTURE_MOVING] = { "malformed",
	                     "Upload an image that is not animated." },
};

void
user_avatar_check(struct rpc_call *call, const char *field,
                  const ProtobufCBinaryData *image, struct picture *out)
{
	enum picture_fault fault;

	if (image->len == 0) {
		rpc_violation(call, field, "required",
		              "The submitted file is empty.");
	} else if (image->len > AVATAR_SIZE_MAX) {
		rpc_violation(call, field, "too_large",
		              "Ensure this image has no more than 256 KiB.");
	} else {
		fault = picture_clean(image->data, image->len, out);
		if (fault != PICTURE_FINE)
			rpc_violation(call, field, faults[fault].code,
			              faults[fault].message);
	}
}

void
user_avatar_replace(struct rpc_call *call, struct store_txn *txn,
                    const struct picture *picture, struct user *user)
{
	char path[AVATAR_PATH_SIZE];
	const struct avatar avatar = {
		.path = path,
		.user_id = user->id,
		.media_type = picture_media_type(picture->type),
		.image = { picture->data, picture->len },
		.created_at_us = call->now_us,
	};
	const char *url;

	avatar_path_make(call->now_us, picture_extension(picture->type), path);
	url = arena_printf(call->arena, AVATAR_URL_PREFIX "%s", path);
	if (url == NULL) {
		store_fail(txn, CODE_RESOURCE_EXHAUSTED);
		return;
	}
	user_avatar_del(txn, user);
	avatar_store_add(txn, call->arena, &avatar);
	user->avatar = url;
}

void
user_avatar_del(struct store_txn *txn, const struct user *user)
{
	const char *path = avatar_path_of(user->avatar);

	if (path != NULL)
		avatar_store_del(txn, path);
}
