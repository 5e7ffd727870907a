#include "server/store/key_store.h"

#include <string.h>

#include "proto/latchkey/store/v1/signing_key_record.pb-c.h"
#include "server/store/record.h"
#include "server/store/store.h"
#include "server/store/store_cursor.h"

static struct bytes
kid_key(const char *kid)
{
	return (struct bytes){ kid, strlen(kid) };
}

static bool
fits(const char *text, size_t max)
{
	return text != NULL && text[0] != '\0' && strlen(text) <= max;
}

static enum code
check(const struct stored_key *key)
{
	if (!fits(key->kid, KEY_ID_MAX) || !fits(key->alg, KEY_ALG_MAX) ||
	    (key->purpose != KEY_PURPOSE_ACCESS &&
	     key->purpose != KEY_PURPOSE_REFRESH) ||
	    key->sealed.data == NULL || key->sealed.len == 0 ||
	    key->sealed.len > KEY_SEALED_MAX)
		return CODE_INVALID_ARGUMENT;
	return CODE_OK;
}

static struct bytes
pack(struct store_txn *txn, struct arena *arena, const struct stored_key *key)
{
	Latchkey__Store__V1__SigningKeyRecord record =
		LATCHKEY__STORE__V1__SIGNING_KEY_RECORD__INIT;
	struct bytes value = { 0 };

	record.kid = (char *)key->kid;
	record.alg = (char *)key->alg;
	record.purpose =
		(Latchkey__Store__V1__SigningKeyRecord__Purpose)key->purpose;
	record.sealed.data = (uint8_t *)key->sealed.data;
	record.sealed.len = key->sealed.len;
	record.created_at_us = key->created_at_us;
	record.retired_at_us = key->retired_at_us;
	record.accept_without_kid = key->accept_without_kid;
	record.signs_from_us = key->signs_from_us;
	record.verifies_until_us = key->verifies_until_us;
	if (txn->code == CODE_OK)
		store_fail(txn, record_pack(arena, &record.base, &value));
	return value;
}

/* Copies the record that a cursor stands on. */
static enum code
unpack(struct arena *arena, const struct store_cursor *cursor,
       struct stored_key *out)
{
	const Latchkey__Store__V1__SigningKeyRecord *record;
	void *message;
	enum code code;

	code = record_unpack(
		arena, cursor->value,
		&latchkey__store__v1__signing_key_record__descriptor, &message);
	if (code != CODE_OK)
		return code;
	record = message;
	*out = (struct stored_key){
		.kid = record->kid,
		.alg = record->alg,
		.purpose = (enum key_purpose)record->purpose,
		.sealed = { record->sealed.data, record->sealed.len },
		.created_at_us = record->created_at_us,
		.retired_at_us = record->retired_at_us,
		.accept_without_kid = record->accept_without_kid,
		.signs_from_us = record->signs_from_us,
		.verifies_until_us = record->verifies_until_us,
	};
	if (check(out) != CODE_OK || strlen(out->kid) != cursor->key.len ||
	    memcmp(out->kid, cursor->key.data, cursor->key.len) != 0)
		return CODE_DATA_LOSS;
	return CODE_OK;
}

void
key_store_add(struct store_txn *txn, struct arena *arena,
              const struct stored_key *key)
{
	store_fail(txn, check(key));
	if (txn->code != CODE_OK)
		return;
	store_add(txn, STORE_SIGNING_KEY, kid_key(key->kid),
	          pack(txn, arena, key));
}

void
key_store_put(struct store_txn *txn, struct arena *arena,
              const struct stored_key *key)
{
	struct bytes old;

	store_fail(txn, check(key));
	if (txn->code != CODE_OK)
		return;
	old = store_get(txn, STORE_SIGNING_KEY, kid_key(key->kid));
	if (old.data == NULL)
		store_fail(txn, CODE_NOT_FOUND);
	store_put(txn, STORE_SIGNING_KEY, kid_key(key->kid),
	          pack(txn, arena, key));
}

void
key_store_del(struct store_txn *txn, const char *kid)
{
	store_del(txn, STORE_SIGNING_KEY, kid_key(kid));
}

static size_t
count_keys(struct store_txn *txn)
{
	struct store_cursor cursor;
	size_t count = 0;

	store_seek(txn, STORE_SIGNING_KEY, (struct bytes){ 0 }, &cursor);
	for (; cursor.key.data != NULL; store_next(&cursor))
		count++;
	store_cursor_release(&cursor);
	return count;
}

static void
copy_keys(struct store_txn *txn, struct arena *arena, struct stored_key *out)
{
	struct store_cursor cursor;

	store_seek(txn, STORE_SIGNING_KEY, (struct bytes){ 0 }, &cursor);
	for (; cursor.key.data != NULL; store_next(&cursor))
		store_fail(txn, unpack(arena, &cursor, out++));
	store_cursor_release(&cursor);
}

enum code
key_store_list(struct store_txn *txn, struct arena *arena,
               struct stored_key **out, size_t *count)
{
	size_t found = count_keys(txn);
	struct stored_key *keys;

	if (txn->code != CODE_OK)
		return txn->code;
	keys = arena_alloc(arena, (found + 1) * sizeof(*keys));
	if (keys == NULL)
		store_fail(txn, CODE_RESOURCE_EXHAUSTED);
	else
		copy_keys(txn, arena, keys);
	if (txn->code != CODE_OK)
		return txn->code;
	*out = keys;
	*count = found;
	return CODE_OK;
}
