#include "server/store/avatar_store.h"

#include <string.h>

#include "proto/latchkey/store/v1/avatar_record.pb-c.h"
#include "server/store/record.h"
#include "server/store/store.h"
#include "server/store/stored_text.h"

static struct bytes
path_key(const char *path)
{
	return (struct bytes){ path, strlen(path) };
}

static bool
fits(const char *text, size_t max)
{
	return stored_text_fits_bytes(text, max) && text[0] != '\0';
}

static enum code
check(const struct avatar *avatar)
{
	if (!fits(avatar->path, AVATAR_PATH_MAX) ||
	    !fits(avatar->media_type, AVATAR_MEDIA_TYPE_MAX) ||
	    avatar->user_id == 0 || avatar->image.data == NULL ||
	    avatar->image.len == 0 || avatar->image.len > AVATAR_SIZE_MAX)
		return CODE_INVALID_ARGUMENT;
	return CODE_OK;
}

static struct bytes
pack(struct store_txn *txn, struct arena *arena, const struct avatar *avatar)
{
	Latchkey__Store__V1__AvatarRecord record =
		LATCHKEY__STORE__V1__AVATAR_RECORD__INIT;
	struct bytes value = { 0 };

	record.user_id = avatar->user_id;
	record.media_type = (char *)avatar->media_type;
	record.image.data = (uint8_t *)avatar->image.data;
	record.image.len = avatar->image.len;
	record.created_at_us = avatar->created_at_us;
	if (txn->code == CODE_OK)
		store_fail(txn, record_pack(arena, &record.base, &value));
	return value;
}

static enum code
unpack(struct arena *arena, struct bytes value, const char *path,
       struct avatar *out)
{
	const Latchkey__Store__V1__AvatarRecord *record;
	struct avatar avatar;
	void *message;
	enum code code;

	code = record_unpack(arena, value,
	                     &latchkey__store__v1__avatar_record__descriptor,
	                     &message);
	if (code != CODE_OK)
		return code;
	record = message;
	avatar = (struct avatar){
		.path = arena_strdup(arena, path),
		.user_id = record->user_id,
		.media_type = record->media_type,
		.image = { record->image.data, record->image.len },
		.created_at_us = record->created_at_us,
	};
	if (avatar.path == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	if (check(&avatar) != CODE_OK)
		return CODE_DATA_LOSS;
	*out = avatar;
	return CODE_OK;
}

void
avatar_store_add(struct store_txn *txn, struct arena *arena,
                 const struct avatar *avatar)
{
	store_fail(txn, check(avatar));
	if (txn->code != CODE_OK)
		return;
	store_add(txn, STORE_AVATAR, path_key(avatar->path),
	          pack(txn, arena, avatar));
}

enum code
avatar_store_find(struct store_txn *txn, struct arena *arena, const char *path,
                  struct avatar *out)
{
	struct bytes value = { 0 };
	enum code code;

	if (fits(path, AVATAR_PATH_MAX))
		value = store_get(txn, STORE_AVATAR, path_key(path));
	if (txn->code != CODE_OK)
		return txn->code;
	if (value.data == NULL)
		return CODE_NOT_FOUND;
	code = unpack(arena, value, path, out);
	store_fail(txn, code);
	return code;
}

void
avatar_store_del(struct store_txn *txn, const char *path)
{
	/* What can be no picture's path is as absent as an unknown one. */
	if (fits(path, AVATAR_PATH_MAX))
		store_del(txn, STORE_AVATAR, path_key(path));
}
