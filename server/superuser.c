#include "server/superuser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/encoding.h"
#include "server/domain/password.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

#define ARENA_SIZE 65536 /* bytes */

static const char *
or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

/* email_is_plausible wants something@something, no blanks, no controls. */
static bool
email_is_plausible(const char *email)
{
	const char *at = strchr(email, '@');

	if (at == NULL || at == email || at[1] == '\0' ||
	    strchr(at + 1, '@') != NULL)
		return false;
	for (; *email != '\0'; email++)
		if ((unsigned char)*email <= ' ' || *email == 0x7f)
			return false;
	return true;
}

/* is_line: UTF-8 of at most `max` bytes without control characters. */
static bool
is_line(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);

	if (len > max || !utf8_is_valid(text, len))
		return false;
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static enum code
refuse(const char *why, char *err, size_t err_size)
{
	(void)snprintf(err, err_size, "%s", why);
	return CODE_INVALID_ARGUMENT;
}

enum code
superuser_check(const struct superuser *u, char *err, size_t err_size)
{
	const char *email = or_empty(u->email);
	size_t password_len = strnlen(or_empty(u->password), PASSWORD_MAX + 1);

	if (!is_line(email, USER_EMAIL_MAX) || !email_is_plausible(email))
		return refuse("the e-mail address is none", err, err_size);
	/* Four bytes is the longest character; the store counts them. */
	if (!is_line(or_empty(u->username), (size_t)4 * USER_USERNAME_MAX))
		return refuse("the username is too long or not plain text", err,
		              err_size);
	if (strchr(or_empty(u->username), '@') != NULL &&
	    strcmp(u->username, email) != 0)
		return refuse("a username with @ must be the own e-mail "
		              "address",
		              err, err_size);
	if (!is_line(or_empty(u->first_name), (size_t)4 * USER_NAME_MAX) ||
	    !is_line(or_empty(u->last_name), (size_t)4 * USER_NAME_MAX))
		return refuse("a name is too long or not plain text", err,
		              err_size);
	for (size_t i = 0; i < u->roles->count; i++)
		if (*u->roles->items[i] == '\0' ||
		    !is_line(u->roles->items[i], USER_NAME_MAX))
			return refuse("a role is empty, too long or not plain "
			              "text",
			              err, err_size);
	if (u->roles->count > USER_ROLE_COUNT_MAX)
		return refuse("too many roles", err, err_size);
	if (password_len == 0 || password_len > PASSWORD_MAX)
		return refuse("the password is empty or over 1024 bytes", err,
		              err_size);
	if (!utf8_is_valid(u->password, password_len))
		return refuse("the password is not UTF-8", err, err_size);
	return CODE_OK;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* sort_roles fills `out` with each role once, in order. */
static size_t
sort_roles(const struct setting_list *roles,
           const char *out[USER_ROLE_COUNT_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < roles->count; i++)
		out[i] = roles->items[i];
	if (roles->count > 0)
		qsort(out, roles->count, sizeof(*out), compare_texts);
	for (size_t i = 0; i < roles->count; i++)
		if (count == 0 || strcmp(out[count - 1], out[i]) != 0)
			out[count++] = out[i];
	return count;
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
