#include "server/store/index.h"

#include "server/store/store_cursor.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

_Static_assert(sizeof(struct index_key) == 8 + INDEX_ID_MAX, "no padding");

struct bytes
index_key(const struct index_entry *entry, struct index_key *key)
{
	key->big_endian = htobe64(entry->number);
	memcpy(key->id, entry->id, entry->id_len);
	return (struct bytes){ key, sizeof(key->big_endian) + entry->id_len };
}

struct index_entry
index_entry_of(uint64_t number, struct bytes id)
{
	struct index_entry entry = { .number = number, .id_len = id.len };

	assert(id.len > 0 && id.len <= sizeof(entry.id));
	memcpy(entry.id, id.data, id.len);
	return entry;
}

bool
index_entry_read(struct bytes key, struct index_entry *out)
{
	uint64_t big_endian;

	if (key.len <= sizeof(big_endian) ||
	    key.len > sizeof(big_endian) + INDEX_ID_MAX)
		return false;
	memcpy(&big_endian, key.data, sizeof(big_endian));
	*out = index_entry_of(
		be64toh(big_endian),
		(struct bytes){ (const uint8_t *)key.data + sizeof(big_endian),
	                        key.len - sizeof(big_endian) });
	return true;
}

void
index_add(struct store_txn *txn, enum store_table table,
          const struct index_entry *entry)
{
	struct index_key key;

	store_add(txn, table, index_key(entry, &key), (struct bytes){ 0 });
}

void
index_del(struct store_txn *txn, enum store_table table,
          const struct index_entry *entry)
{
	struct index_key key;

	store_del(txn, table, index_key(entry, &key));
}

bool
index_next(struct store_txn *txn, enum store_table table,
           struct index_entry *entry)
{
	uint8_t from[sizeof(struct index_key) + 1];
	struct store_cursor cursor;
	struct index_key key;
	struct bytes last = index_key(entry, &key);
	bool found = false;

	/* A key and one zero byte: nothing lies between the two. */
	memcpy(from, last.data, last.len);
	from[last.len] = 0;
	store_seek(txn, table, (struct bytes){ from, last.len + 1 }, &cursor);
	if (cursor.key.data != NULL) {
		found = index_entry_read(cursor.key, entry);
		if (!found)
			store_fail(txn, CODE_DATA_LOSS);
	}
	store_cursor_release(&cursor);
	return found;
}
