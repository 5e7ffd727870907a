#ifndef SERVER_STORE_INDEX_H
#define SERVER_STORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "server/store/store.h"

/*
 * Tables that order the records of another table by a number: a user's id, or
 * the time when a record may go. A key is the number, big-endian, and the
 * other table's key; the value of an index's entry is nothing.
 */
#define INDEX_ID_MAX 48 /* bytes: the longest key that is indexed */

struct index_entry {
	uint64_t number;
	uint8_t id[INDEX_ID_MAX];
	size_t id_len;
};

/* An entry as a key; lies in *key. */
struct index_key {
	uint64_t big_endian;
	uint8_t id[INDEX_ID_MAX];
};
struct bytes index_key(const struct index_entry *entry, struct index_key *key);

/* index_entry_of asserts that the id is 1 to INDEX_ID_MAX bytes. */
struct index_entry index_entry_of(uint64_t number, struct bytes id);

/* index_entry_read takes a key apart; false if it is none. */
bool index_entry_read(struct bytes key, struct index_entry *out);

void index_add(struct store_txn *txn, enum store_table table,
               const struct index_entry *entry);
void index_del(struct store_txn *txn, enum store_table table,
               const struct index_entry *entry);

/*
 * index_next replaces *entry by the first one behind it; all zero is before
 * the first. False at the end, or when the transaction fails: DATA_LOSS for a
 * key that is not an index's. Changes in between do no harm.
 */
bool index_next(struct store_txn *txn, enum store_table table,
                struct index_entry *entry);

#endif
