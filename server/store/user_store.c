#include "server/store/user_store.h"

#include <endian.h>
#include <string.h>

#include "proto/latchkey/store/v1/meta_record.pb-c.h"
#include "proto/latchkey/store/v1/user_record.pb-c.h"
#include "server/store/record.h"
#include "server/store/store.h"
#include "server/store/store_cursor.h"
#include "server/store/user_record.h"

#define KIND_EMAIL LATCHKEY__STORE__V1__IDENTIFIER_RECORD__KIND__KIND_EMAIL
#define KIND_USERNAME                                                          \
	LATCHKEY__STORE__V1__IDENTIFIER_RECORD__KIND__KIND_USERNAME

static const struct bytes meta_key = { RECORD_META_KEY,
	                               sizeof(RECORD_META_KEY) - 1 };

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

static struct bytes
pack(struct store_txn *txn, struct arena *arena, const struct user *user)
{
	struct bytes value = { 0 };

	if (txn->code == CODE_OK)
		store_fail(txn, user_record_pack(arena, user, &value));
	return value;
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

	store_fail(txn, user_record_check(user));
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
	size_t mark = arena->used;
	struct id_key key;
	struct user old;
	enum code code;

	store_fail(txn, user_record_check(user));
	code = user_store_find(txn, arena, user->id, &old);
	store_fail(txn, code);
	if (code != CODE_OK)
		return;
	if (same_names(&old, user)) {
		/* Room for the new record in the place of the old one. */
		arena_rewind(arena, mark);
	} else {
		before = names_of(txn, arena, &old);
		after = names_of(txn, arena, user);
		del_names(txn, &before);
		add_names(txn, arena, &after, user->id);
	}
	store_put(txn, STORE_USER, id_key(user->id, &key),
	          pack(txn, arena, user));
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
	code = user_record_unpack(arena, value, id, out);
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
