#include "server/superuser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/encoding.h"
#include "server/domain/identity.h"
#include "server/domain/password.h"
#include "server/domain/role.h"
#include "server/store/role_store.h"
#include "server/store/store.h"
#include "server/store/store_cursor.h"
#include "server/store/user_store.h"

#define ARENA_SIZE 65536 /* bytes */

static const char *
or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

/* refuse says what is wrong with what; no fault is CODE_OK. */
static enum code
refuse(const char *what, const char *fault, char *err, size_t err_size)
{
	if (fault == NULL)
		return CODE_OK;
	(void)snprintf(err, err_size, "%s: %s", what, fault);
	return CODE_INVALID_ARGUMENT;
}

static const char *
password_fault(const char *password)
{
	size_t len = strnlen(password, PASSWORD_MAX + 1);

	if (len == 0 || len > PASSWORD_MAX)
		return "it is empty or over 1024 bytes";
	return utf8_is_valid(password, len) ? NULL : "it is not UTF-8";
}

static const char *
username_fault(const struct superuser *u)
{
	if (*or_empty(u->username) == '\0')
		return NULL;
	return identity_username_fault(u->username, u->email);
}

static enum code
check_roles(const struct setting_list *roles, char *err, size_t err_size)
{
	enum code code = CODE_OK;

	if (roles->count > USER_ROLE_COUNT_MAX)
		return refuse("roles", "there are more than 64", err, err_size);
	for (size_t i = 0; i < roles->count && code == CODE_OK; i++)
		code = refuse("a role", role_name_fault(roles->items[i]), err,
		              err_size);
	if (code != CODE_OK)
		return code;
	return refuse("roles",
	              role_list_fault((const char *const *)roles->items,
	                              roles->count),
	              err, err_size);
}

enum code
superuser_check(const struct superuser *u, char *err, size_t err_size)
{
	const struct {
		const char *what;
		const char *fault;
	} faults[] = {
		{ "the e-mail address",
		  identity_email_fault(or_empty(u->email)) },
		{ "the username", username_fault(u) },
		{ "the first name",
		  identity_name_fault(or_empty(u->first_name), USER_NAME_MAX) },
		{ "the last name",
		  identity_name_fault(or_empty(u->last_name), USER_NAME_MAX) },
		{ "the password", password_fault(or_empty(u->password)) },
	};
	enum code code = CODE_OK;

	for (size_t i = 0;
	     i < sizeof(faults) / sizeof(faults[0]) && code == CODE_OK; i++)
		code = refuse(faults[i].what, faults[i].fault, err, err_size);
	return code == CODE_OK ? check_roles(u->roles, err, err_size) : code;
}

/* sort_roles fills `out` with each role once, in order. */
static size_t
sort_roles(const struct setting_list *roles,
           const char *out[USER_ROLE_COUNT_MAX])
{
	for (size_t i = 0; i < roles->count; i++)
		out[i] = roles->items[i];
	return role_sort(out, roles->count);
}

static enum code
hash(const char *password, char out[PASSWORD_HASH_SIZE])
{
	struct password_hasher *hasher = NULL;
	enum code code = password_hasher_open(1, &hasher);

	if (code == CODE_OK)
		code = password_hash(hasher, password, out);
	password_hasher_close(hasher);
	return code;
}

/* add_role makes a role without permissions unless it is there. */
static void
add_role(struct store_txn *txn, struct arena *arena, const char *name)
{
	const struct role_entry role = { .name = name, .description = "" };
	size_t mark = arena->used;
	struct role_entry known;
	enum code code = role_store_find(txn, arena, name, &known);

	arena_rewind(arena, mark);
	if (code == CODE_NOT_FOUND)
		role_store_add(txn, arena, &role);
}

static enum code
write_user(struct store *store, struct user *user)
{
	void *memory = malloc(ARENA_SIZE);
	struct store_txn txn;
	struct arena arena;
	enum code code;

	if (memory == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	arena_init(&arena, memory, ARENA_SIZE);
	store_begin_write(store, &txn);
	for (size_t i = 0; i < user->role_count; i++)
		add_role(&txn, &arena, user->roles[i]);
	user_store_add(&txn, &arena, user);
	code = store_end(&txn);
	arena_reset(&arena);
	free(memory);
	return code;
}

enum code
superuser_add(struct store *store, const struct superuser *superuser,
              int64_t now_us, char *err, size_t err_size)
{
	const char *roles[USER_ROLE_COUNT_MAX];
	char password_hash[PASSWORD_HASH_SIZE] = "";
	struct user user = {
		.email = superuser->email,
		.username = or_empty(superuser->username),
		.first_name = or_empty(superuser->first_name),
		.last_name = or_empty(superuser->last_name),
		.name = "",
		.password_hash = password_hash,
		.avatar = "",
		.is_active = true,
		.is_staff = true,
		.is_superuser = true,
		.email_verified = true,
		.roles = roles,
		.joined_at_us = now_us,
		.password_set_at_us = now_us,
	};
	enum code code = superuser_check(superuser, err, err_size);

	if (code != CODE_OK)
		return code;
	user.role_count = sort_roles(superuser->roles, roles);
	code = hash(superuser->password, password_hash);
	if (code == CODE_OK)
		code = write_user(store, &user);
	explicit_bzero(password_hash, sizeof(password_hash));
	if (code == CODE_ALREADY_EXISTS)
		(void)snprintf(err, err_size,
		               "somebody has this e-mail address or username "
		               "already");
	else if (code != CODE_OK)
		(void)snprintf(err, err_size, "the account was not written: %s",
		               code_name(code));
	return code;
}

enum code
superuser_find_any(struct store *store, bool *found, char *err, size_t err_size)
{
	static const uint8_t lowest[1];
	struct store_cursor cursor;
	struct store_txn txn;
	enum code code;
	bool any;

	store_begin_read(store, &txn);
	store_seek(&txn, STORE_USER, (struct bytes){ lowest, sizeof(lowest) },
	           &cursor);
	any = cursor.key.data != NULL;
	store_cursor_release(&cursor);
	code = store_end(&txn);
	if (code == CODE_OK)
		*found = any;
	else
		(void)snprintf(err, err_size, "the accounts cannot be read: %s",
		               code_name(code));
	return code;
}
