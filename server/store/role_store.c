#include "server/store/role_store.h"

#include <string.h>

#include "base/json.h"
#include "proto/latchkey/store/v1/role_record.pb-c.h"
#include "server/store/record.h"
#include "server/store/store.h"
#include "server/store/store_cursor.h"
#include "server/store/stored_text.h"

static struct bytes
name_key(const char *name)
{
	return (struct bytes){ name, strlen(name) };
}

static bool
name_fits(const char *name)
{
	return stored_text_fits_characters(name, ROLE_NAME_MAX) &&
	       name[0] != '\0';
}

static enum code
check(const struct role_entry *role)
{
	const char *const *list = role->permissions;

	if (!name_fits(role->name) ||
	    !stored_text_fits_characters(role->description,
	                                 ROLE_DESCRIPTION_MAX) ||
	    role->permission_count > ROLE_PERMISSIONS_MAX)
		return CODE_INVALID_ARGUMENT;
	for (size_t i = 0; i < role->permission_count; i++)
		if (!stored_text_fits_bytes(list[i], PERMISSION_MAX) ||
		    list[i][0] == '\0' ||
		    (i > 0 && strcmp(list[i - 1], list[i]) >= 0))
			return CODE_INVALID_ARGUMENT;
	return CODE_OK;
}

static struct bytes
pack(struct store_txn *txn, struct arena *arena, const struct role_entry *role)
{
	Latchkey__Store__V1__RoleRecord record =
		LATCHKEY__STORE__V1__ROLE_RECORD__INIT;
	struct bytes value = { 0 };

	record.name = (char *)role->name;
	record.description = (char *)role->description;
	record.n_permissions = role->permission_count;
	record.permissions = (char **)role->permissions;
	if (txn->code == CODE_OK)
		store_fail(txn, record_pack(arena, &record.base, &value));
	return value;
}

static enum code
unpack(struct arena *arena, struct bytes key, struct bytes value,
       struct role_entry *out)
{
	const Latchkey__Store__V1__RoleRecord *record;
	struct role_entry role;
	void *message;
	enum code code;

	code = record_unpack(arena, value,
	                     &latchkey__store__v1__role_record__descriptor,
	                     &message);
	if (code != CODE_OK)
		return code;
	record = message;
	role = (struct role_entry){
		.name = record->name,
		.description = record->description,
		.permissions = (const char *const *)record->permissions,
		.permission_count = record->n_permissions,
	};
	if (check(&role) != CODE_OK || strlen(role.name) != key.len ||
	    memcmp(role.name, key.data, key.len) != 0)
		return CODE_DATA_LOSS;
	*out = role;
	return CODE_OK;
}

static size_t
count_roles(struct store_txn *txn)
{
	struct store_cursor cursor;
	size_t count = 0;

	store_seek(txn, STORE_ROLE, (struct bytes){ 0 }, &cursor);
	for (; cursor.key.data != NULL; store_next(&cursor))
		count++;
	store_cursor_release(&cursor);
	return count;
}

void
role_store_add(struct store_txn *txn, struct arena *arena,
               const struct role_entry *role)
{
	store_fail(txn, check(role));
	if (txn->code != CODE_OK)
		return;
	store_add(txn, STORE_ROLE, name_key(role->name),
	          pack(txn, arena, role));
	if (count_roles(txn) > ROLES_MAX)
		store_fail(txn, CODE_RESOURCE_EXHAUSTED);
}

void
role_store_put(struct store_txn *txn, struct arena *arena,
               const struct role_entry *role)
{
	store_fail(txn, check(role));
	if (txn->code != CODE_OK)
		return;
	if (store_get(txn, STORE_ROLE, name_key(role->name)).data == NULL)
		store_fail(txn, CODE_NOT_FOUND);
	store_put(txn, STORE_ROLE, name_key(role->name),
	          pack(txn, arena, role));
}

void
role_store_del(struct store_txn *txn, const char *name)
{
	/* What can be no role's name is as absent as an unknown one. */
	if (name_fits(name))
		store_del(txn, STORE_ROLE, name_key(name));
}

enum code
role_store_find(struct store_txn *txn, struct arena *arena, const char *name,
                struct role_entry *out)
{
	struct bytes value = { 0 };
	enum code code;

	if (name_fits(name))
		value = store_get(txn, STORE_ROLE, name_key(name));
	if (txn->code != CODE_OK)
		return txn->code;
	if (value.data == NULL)
		return CODE_NOT_FOUND;
	code = unpack(arena, name_key(name), value, out);
	store_fail(txn, code);
	return code;
}

static size_t
text_size(const char *text)
{
	return json_string_len(text, strlen(text)) + ROLE_TEXT_COST;
}

size_t
role_entry_size(const struct role_entry *role)
{
	size_t size = text_size(role->name) + text_size(role->description);

	for (size_t i = 0; i < role->permission_count; i++)
		size += text_size(role->permissions[i]);
	return size;
}

enum code
role_store_size(struct store_txn *txn, struct arena *arena, size_t *out)
{
	struct store_cursor cursor;
	size_t size = 0;

	store_seek(txn, STORE_ROLE, (struct bytes){ 0 }, &cursor);
	for (; cursor.key.data != NULL; store_next(&cursor)) {
		size_t mark = arena->used;
		struct role_entry role;
		enum code code = unpack(arena, cursor.key, cursor.value, &role);

		if (code == CODE_OK)
			size += role_entry_size(&role);
		store_fail(txn, code);
		arena_rewind(arena, mark);
	}
	store_cursor_release(&cursor);
	if (txn->code == CODE_OK)
		*out = size;
	return txn->code;
}

static void
copy_roles(struct store_txn *txn, struct arena *arena, struct role_entry *out)
{
	struct store_cursor cursor;

	store_seek(txn, STORE_ROLE, (struct bytes){ 0 }, &cursor);
	for (; cursor.key.data != NULL; store_next(&cursor))
		store_fail(txn, unpack(arena, cursor.key, cursor.value, out++));
	store_cursor_release(&cursor);
}

enum code
role_store_list(struct store_txn *txn, struct arena *arena,
                struct role_entry **out, size_t *count)
{
	size_t found = count_roles(txn);
	struct role_entry *roles;

	if (txn->code != CODE_OK)
		return txn->code;
	/* One more: none is no reason to fail. */
	roles = arena_alloc(arena, (found + 1) * sizeof(*roles));
	if (roles == NULL)
		store_fail(txn, CODE_RESOURCE_EXHAUSTED);
	else
		copy_roles(txn, arena, roles);
	if (txn->code != CODE_OK)
		return txn->code;
	*out = roles;
	*count = found;
	return CODE_OK;
}
