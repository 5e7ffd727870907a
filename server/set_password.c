#include "server/set_password.h"

#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "server/domain/password.h"
#include "server/domain/throttle.h"
#include "server/store/link_store.h"
#include "server/store/session_store.h"
#include "server/store/store.h"

static enum code
complain(enum code code, char *err, size_t err_size)
{
	if (code == CODE_NOT_FOUND || code == CODE_INVALID_ARGUMENT) {
		(void)snprintf(err, err_size,
		               "nobody has this e-mail address or username");
		return CODE_NOT_FOUND;
	}
	if (code != CODE_OK)
		(void)snprintf(err, err_size, "the store failed: %s",
		               code_name(code));
	return code;
}

enum code
set_password_find(struct store *store, const struct set_password *order,
                  struct user *out, char *err, size_t err_size)
{
	struct store_txn txn;
	enum code code, end;

	store_begin_read(store, &txn);
	code = user_store_find_by_identifier(&txn, order->arena,
	                                     order->identifier, out);
	end = store_end(&txn);
	return complain(end != CODE_OK ? end : code, err, err_size);
}

static enum code
write(struct store *store, const struct set_password *order, const char *hash)
{
	struct arena *arena = order->arena;
	const struct session_ending ending = { .reason = SESSION_ENDED_REVOKED,
		                               .now_us = order->now_us };
	struct store_txn txn;
	struct user user;
	size_t ended;
	enum code code;

	store_begin_write(store, &txn);
	code = user_store_find_by_identifier(&txn, arena, order->identifier,
	                                     &user);
	store_fail(&txn, code);
	if (code == CODE_OK) {
		user.password_hash = hash;
		user.password_set_at_us = order->now_us;
		user_store_put(&txn, arena, &user);
		session_store_end_all(&txn, arena, user.id, &ending, &ended);
		link_store_end_all(&txn, arena, user.id, order->now_us);
		throttle_forgive(&txn, arena, &user);
	}
	return store_end(&txn);
}

static enum code
hash(const char *password, char out[PASSWORD_HASH_SIZE], char *err,
     size_t err_size)
{
	struct password_hasher *hasher = NULL;
	size_t len = strnlen(password, PASSWORD_MAX + 1);
	enum code code;

	if (len == 0 || len > PASSWORD_MAX || !utf8_is_valid(password, len)) {
		(void)snprintf(err, err_size,
		               "the password is empty, over 1024 bytes or not "
		               "UTF-8");
		return CODE_INVALID_ARGUMENT;
	}
	code = password_hasher_open(1, &hasher);
	if (code == CODE_OK)
		code = password_hash(hasher, password, out);
	password_hasher_close(hasher);
	if (code != CODE_OK)
		(void)snprintf(err, err_size, "the password is not hashed: %s",
		               code_name(code));
	return code;
}

enum code
set_password_write(struct store *store, const struct set_password *order,
                   char *err, size_t err_size)
{
	char password_hash[PASSWORD_HASH_SIZE] = "";
	enum code code = hash(order->password, password_hash, err, err_size);

	if (code == CODE_OK)
		code = complain(write(store, order, password_hash), err,
		                err_size);
	explicit_bzero(password_hash, sizeof(password_hash));
	return code;
}
