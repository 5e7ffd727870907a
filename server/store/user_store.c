#include "server/store/user_store.h"

#include <endian.h>
#include <string.h>

#include "proto/latchkey/store/v1/meta_record.pb-c.h"
#include "proto/latchkey/store/v1/user_record.pb-c.h"
#include "server/store/record.h"
#include "server/store/store.h"
#include "server/store/stored_text.h"

#define KIND_EMAIL LATCHKEY__STORE__V1__IDENTIFIER_RECORD__KIND__KIND_EMAIL
#define KIND_USERNAME                                                          \
	LATCHKEY__STORE__V1__IDENTIFIER_RECORD__KIND__KIND_USERNAME

#define VALUE_TEXT LATCHKEY__STORE__V1__USER_RECORD__ATTRIBUTE__VALUE_TEXT
#define VALUE_INTEGER LATCHKEY__STORE__V1__USER_RECORD__ATTRIBUTE__VALUE_INTEGER
#define VALUE_FLAG LATCHKEY__STORE__V1__USER_RECORD__ATTRIBUTE__VALUE_FLAG

static const struct bytes meta_key = { RECORD_META_KEY,
	                               sizeof(RECORD_META_KEY) - 1 };

/* A limit on one string of struct user. */
static const struct limit {
	size_t offset;
	size_t max;
	bool in_characters;
} limits[] = {
	{ offsetof(struct user, email), USER_EMAIL_MAX, false },
	{ offsetof(struct user, username), USER_USERNAME_MAX, true },
	{ offsetof(struct user, first_name), USER_NAME_MAX, true },
	{ offsetof(struct user, last_name), USER_NAME_MAX, true },
	{ offsetof(struct user, name), USER_FULL_NAME_MAX, true },
	{ offsetof(struct user, password_hash), USER_PASSWORD_HASH_MAX, false },
	{ offsetof(struct user, avatar), USER_AVATAR_MAX, false },
};

/* What a user is found by, normalised; NULL is none. */
struct names {
	char *email;
	char *username;
};

struct id_key {
	uint64_t big_endian; /* a cursor walks ids in order on every machine */
};

static struct bytes
id_key(uint64_t id, struct id_key *key)
{
	key->big_endian = htobe64(id);
	return (struct bytes){ key, sizeof(*key) };
}

static struct bytes
name_key(const char *name)
{
	return (struct bytes){ name, strlen(name) };
}

static bool
roles_fit(const struct user *user)
{
	if (user->role_count > USER_ROLE_COUNT_MAX)
		return false;
	for (size_t i = 0; i < user->role_count; i++)
		if (!stored_text_fits_characters(user->roles[i],
		                                 USER_ROLE_NAME_MAX) ||
		    user->roles[i][0] == '\0' ||
		    (i > 0 && strcmp(user->roles[i - 1], user->roles[i]) >= 0))
			return false;
	return true;
}

static bool
attribute_fits(const struct user_attribute *attribute)
{
	return stored_text_fits_bytes(attribute->name,
	                              USER_ATTRIBUTE_NAME_MAX) &&
	       attribute->name[0] != '\0' &&
	       (attribute->type != USER_ATTRIBUTE_TEXT ||
	        stored_text_fits_bytes(attribute->text,
	                               USER_ATTRIBUTE_TEXT_MAX));
}

static bool
attributes_fit(const struct user *user)
{
	const struct user_attribute *list = user->attributes;

	if (user->attribute_count > USER_ATTRIBUTES_MAX)
		return false;
	for (size_t i = 0; i < user->attribute_count; i++)
		if (!attribute_fits(&list[i]) ||
		    (i > 0 && strcmp(list[i - 1].name, list[i].name) >= 0))
			return false;
	return true;
}

static bool
text_fits(const struct limit *limit, const struct user *user)
{
	const char *const *text =
		(const void *)((const char *)user + limit->offset);

	return limit->in_characters
	               ? stored_text_fits_characters(*text, limit->max)
	               : stored_text_fits_bytes(*text, limit->max);
}

static enum code
check(const struct user *user)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (!text_fits(&limits[i], user))
			return CODE_INVALID_ARGUMENT;
	if (!roles_fit(user) || !attributes_fit(user) ||
	    (user->email[0] == '\0' && user->username[0] == '\0'))
		return CODE_INVALID_ARGUMENT;
	return CODE_OK;
}

/* Steps of one write: each does nothing once the transaction has failed. */

static void
normalise(struct store_txn *txn, struct arena *arena, const char *text,
          char **out)
{
	if (txn->code == CODE_OK && text[0] != '\0')
		store_fail(txn, identifier_normalise(arena, text, out));
}

static struct names
names_of(struct store_txn *txn, struct arena *arena, const struct user *user)
{
	struct names names = { 0 };

	normalise(txn, arena, user->email, &names.email);
	normalise(txn, arena, user->username, &names.username);
	/* The same text twice is one entry, which says e-mail. */
	if (names.email != NULL && names.username != NULL &&
	    strcmp(names.email, names.username) == 0)
		names.username = NULL;
	return names;
}

static void
add_name(struct store_txn *txn, struct arena *arena, const char *name,
         const Latchkey__Store__V1__IdentifierRecord *record)
{
	struct bytes value = { 0 };

	if (txn->code != CODE_OK || name == NULL)
		return;
	store_fail(txn, record_pack(arena, &record->base, &value));
	store_add(txn, STORE_IDENTIFIER, name_key(name), value);
}

static void
add_names(struct store_txn *txn, struct arena *arena, const struct names *names,
          uint64_t user_id)
{
	Latchkey__Store__V1__IdentifierRecord record =
		LATCHKEY__STORE__V1__IDENTIFIER_RECORD__INIT;

	record.user_id = user_id;
	record.kind = KIND_EMAIL;
	add_name(txn, arena, names->email, &record);
	record.kind = KIND_USERNAME;
	add_name(txn, arena, names->username, &record);
}

static void
del_names(struct store_txn *txn, const struct names *names)
{
	if (names->email != NULL)
		store_del(txn, STORE_IDENTIFIER, name_key(names->email));
	if (names->username != NULL)
		store_del(txn, STORE_IDENTIFIER, name_key(names->username));
}

/* The attributes as messages, and the array that a record points to. */
struct attribute_messages {
	Latchkey__Store__V1__UserRecord__Attribute
		messages[USER_ATTRIBUTES_MAX];
	Latchkey__Store__V1__UserRecord__Attribute *list[USER_ATTRIBUTES_MAX];
};

static void
fill_attribute(const struct user_attribute *attribute,
               Latchkey__Store__V1__UserRecord__Attribute *message)
{
	*message = (Latchkey__Store__V1__UserRecord__Attribute)
		LATCHKEY__STORE__V1__USER_RECORD__ATTRIBUTE__INIT;
	message->name = (char *)attribute->name;
	switch (attribute->type) {
	case USER_ATTRIBUTE_NULL:
		break;
	case USER_ATTRIBUTE_TEXT:
		message->value_case = VALUE_TEXT;
		message->text = (char *)attribute->text;
		break;
	case USER_ATTRIBUTE_INTEGER:
		message->value_case = VALUE_INTEGER;
		message->integer = attribute->integer;
		break;
	case USER_ATTRIBUTE_FLAG:
		message->value_case = VALUE_FLAG;
		message->flag = attribute->flag;
		break;
	}
}

static void
pack_attributes(const struct user *user, struct attribute_messages *out,
                Latchkey__Store__V1__UserRecord *record)
{
	for (size_t i = 0; i < user->attribute_count; i++) {
		fill_attribute(&user->attributes[i], &out->messages[i]);
		out->list[i] = &out->messages[i];
	}
	record->n_attributes = user->attribute_count;
	record->attributes = out->list;
}

static enum code
unpack_attributes(struct arena *arena,
                  const Latchkey__Store__V1__UserRecord *record,
                  struct user *out)
{
	struct user_attribute *list;

	if (record->n_attributes == 0)
		return CODE_OK;
	if (record->n_attributes > USER_ATTRIBUTES_MAX)
		return CODE_DATA_LOSS;
	list = arena_alloc(arena, record->n_attributes * sizeof(*list));
	if (list == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	for (size_t i = 0; i < record->n_attributes; i++) {
		const Latchkey__Store__V1__UserRecord__Attribute *message =
			record->attributes[i];

		list[i] = (struct user_attribute){ .name = message->name,
			                           .text = "" };
		if (message->value_case == VALUE_TEXT) {
			list[i].type = USER_ATTRIBUTE_TEXT;
			list[i].text = message->text;
		} else if (message->value_case == VALUE_INTEGER) {
			list[i].type = USER_ATTRIBUTE_INTEGER;
			list[i].integer = message->integer;
		} else if (message->value_case == VALUE_FLAG) {
			list[i].type = USER_ATTRIBUTE_FLAG;
			list[i].flag = message->flag;
		}
	}
	out->attributes = list;
	out->attribute_count = record->n_attributes;
	return CODE_OK;
}

static struct bytes
pack(struct store_txn *txn, struct arena *arena, const struct user *user)
{
	Latchkey__Store__V1__UserRecord record =
		LATCHKEY__STORE__V1__USER_RECORD__INIT;
	struct attribute_messages attributes;
	struct bytes value = { 0 };

	if (txn->code != CODE_OK)
		return value;
	record.id = user->id;
	record.email = (char *)user->email;
	record.username = (char *)user->username;
	record.first_name = (char *)user->first_name;
	record.last_name = (char *)user->last_name;
	record.name = (char *)user->name;
	record.password_hash = (char *)user->password_hash;
	record.avatar = (char *)user->avatar;
	record.is_active = user->is_active;
	record.is_staff = user->is_staff;
	record.is_superuser = user->is_superuser;
	record.email_verified = user->email_verified;
	record.n_roles = user->role_count;
	record.roles = (char **)user->roles;
	record.joined_at_us = user->joined_at_us;
	record.last_login_at_us = user->last_login_at_us;
	record.password_set_at_us = user->password_set_at_us;
	pack_attributes(user, &attributes, &record);
	store_fail(txn, record_pack(arena, &record.base, &value));
	return value;
}

static enum code
unpack(struct arena *arena, struct bytes value, uint64_t id, struct user *out)
{
	const Latchkey__Store__V1__UserRecord *record;
	struct user user;
	void *message;
	enum code code;

	code = record_unpack(arena, value,
	                     &latchkey__store__v1__user_record__descriptor,
	                     &message);
	if (code != CODE_OK)
		return code;
	record = message;
	if (record->id != id)
		return CODE_DATA_LOSS;
	user = (struct user){
		.id = record->id,
		.email = record->email,
		.username = record->username,
		.first_name = record->first_name,
		.last_name = record->last_name,
		.name = record->name,
		.password_hash = record->password_hash,
		.avatar = record->avatar,
		.is_active = record->is_active,
		.is_staff = record->is_staff,
		.is_superuser = record->is_superuser,
		.email_verified = record->email_verified,
		.roles = (const char *const *)record->roles,
		.role_count = record->n_roles,
		.joined_at_us = record->joined_at_us,
		.last_login_at_us = record->last_login_at_us,
		.password_set_at_us = record->password_set_at_us,
	};
	code = unpack_attributes(arena, record, &user);
	if (code == CODE_OK)
		*out = user;
	return code;
}

static uint64_t
take_id(struct store_txn *txn, struct arena *arena)
{
	struct bytes value = store_get(txn, STORE_META, meta_key);
	Latchkey__Store__V1__MetaRecord *meta;
	void *message;
	uint64_t id;

	if (txn->code == CODE_OK)
		store_fail(
			txn,
			record_unpack(
				arena, value,
				&latchkey__store__v1__meta_record__descriptor,
				&message));
	if (txn->code != CODE_OK)
		return 0;
	meta = message;
	id = meta->next_user_id;
	if (id == 0)
		store_fail(txn, CODE_DATA_LOSS);
	if (id > USER_ID_MAX)
		store_fail(txn, CODE_RESOURCE_EXHAUSTED);
	meta->next_user_id = id + 1;
	if (txn->code == CODE_OK)
		store_fail(txn, record_pack(arena, &meta->base, &value));
	store_put(txn, STORE_META, meta_key, value);
	return id;
}

void
user_store_add(struct store_txn *txn, struct arena *arena, struct user *user)
{
	struct user added = *user;
	struct names names = { 0 };
	struct id_key key;

	store_fail(txn, check(user));
	if (txn->code == CODE_OK)
		names = names_of(txn, arena, user);
	added.id = take_id(txn, arena);
	store_add(txn, STORE_USER, id_key(added.id, &key),
	          pack(txn, arena, &added));
	add_names(txn, arena, &names, added.id);
	if (txn->code == CODE_OK)
		user->id = added.id;
}

/* Most changes leave both names alone and need not touch the index. */
static bool
same_names(const struct user *a, const struct user *b)
{
	return strcmp(a->email, b->email) == 0 &&
	       strcmp(a->username, b->username) == 0;
}

void
user_store_put(struct store_txn *txn, struct arena *arena,
               const struct user *user)
{
	struct names before, after;
	struct id_key key;
	struct user old;
	enum code code;

	store_fail(txn, check(user));
	code = user_store_find(txn, arena, user->id, &old);
	store_fail(txn, code);
	if (code != CODE_OK)
		return;
	store_put(txn, STORE_USER, id_key(user->id, &key),
	          pack(txn, arena, user));
	if (same_names(&old, user))
		return;
	before = names_of(txn, arena, &old);
	after = names_of(txn, arena, user);
	del_names(txn, &before);
	add_names(txn, arena, &after, user->id);
}

enum code
user_store_find(struct store_txn *txn, struct arena *arena, uint64_t id,
                struct user *out)
{
	struct id_key key;
	struct bytes value = store_get(txn, STORE_USER, id_key(id, &key));
	enum code code;

	if (txn->code != CODE_OK)
		return txn->code;
	if (value.data == NULL)
		return CODE_NOT_FOUND;
	code = unpack(arena, value, id, out);
	store_fail(txn, code);
	return code;
}

/* Who has the name; 0 is nobody. */
static uint64_t
owner_of(struct store_txn *txn, struct arena *arena, const char *name)
{
	struct bytes value = store_get(txn, STORE_IDENTIFIER, name_key(name));
	const Latchkey__Store__V1__IdentifierRecord *record;
	void *message;

	if (value.data == NULL)
		return 0;
	store_fail(txn,
	           record_unpack(
			   arena, value,
			   &latchkey__store__v1__identifier_record__descriptor,
			   &message));
	if (txn->code != CODE_OK)
		return 0;
	record = message;
	if (record->user_id == 0)
		store_fail(txn, CODE_DATA_LOSS);
	return record->user_id;
}

enum code
user_store_find_by_identifier(struct store_txn *txn, struct arena *arena,
                              const char *identifier, struct user *out)
{
	char *name;
	enum code code;
	uint64_t id;

	if (txn->code != CODE_OK)
		return txn->code;
	code = identifier_normalise(arena, identifier, &name);
	/* What can be nobody's name is found as little as an unknown one. */
	if (code == CODE_INVALID_ARGUMENT)
		return CODE_NOT_FOUND;
	store_fail(txn, code);
	if (code != CODE_OK)
		return code;
	id = owner_of(txn, arena, name);
	if (txn->code != CODE_OK)
		return txn->code;
	if (id == 0)
		return CODE_NOT_FOUND;
	code = user_store_find(txn, arena, id, out);
	/* An entry without its user: one of the two tables is damaged. */
	if (code == CODE_NOT_FOUND) {
		code = CODE_DATA_LOSS;
		store_fail(txn, code);
	}
	return code;
}

void
user_store_del(struct store_txn *txn, struct arena *arena, uint64_t id)
{
	struct names names;
	struct id_key key;
	struct user user;
	enum code code = user_store_find(txn, arena, id, &user);

	store_fail(txn, code);
	if (code != CODE_OK)
		return;
	names = names_of(txn, arena, &user);
	del_names(txn, &names);
	store_del(txn, STORE_USER, id_key(id, &key));
}

/* The id of the first user from `from` on; 0 is none. */
static uint64_t
first_id(struct store_txn *txn, uint64_t from)
{
	struct store_cursor cursor;
	struct id_key key;
	uint64_t id = 0;

	store_seek(txn, STORE_USER, id_key(from, &key), &cursor);
	if (cursor.key.data != NULL && cursor.key.len == sizeof(key)) {
		memcpy(&key, cursor.key.data, sizeof(key));
		id = be64toh(key.big_endian);
	} else if (cursor.key.data != NULL) {
		store_fail(txn, CODE_DATA_LOSS);
	}
	store_cursor_release(&cursor);
	return id;
}

enum code
user_store_next(struct store_txn *txn, struct arena *arena, uint64_t after,
                struct user *out)
{
	uint64_t id = after < USER_ID_MAX ? first_id(txn, after + 1) : 0;

	if (txn->code != CODE_OK)
		return txn->code;
	if (id == 0)
		return CODE_NOT_FOUND;
	return user_store_find(txn, arena, id, out);
}
