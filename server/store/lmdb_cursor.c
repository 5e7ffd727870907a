/* The ordered walk of store.h over LMDB. */
#include <assert.h>

#include "server/store/checksum.h"
#include "server/store/lmdb_engine.h"
#include "server/store/store_cursor.h"

static void
step(struct store_cursor *cursor, MDB_val key, MDB_cursor_op op)
{
	struct store_txn *txn = cursor->txn;
	MDB_val value;
	struct bytes found;
	int rc;

	cursor->key = (struct bytes){ 0 };
	cursor->value = (struct bytes){ 0 };
	rc = mdb_cursor_get(cursor->engine, &key, &value, op);
	if (rc == MDB_NOTFOUND)
		return;
	if (rc != 0) {
		struct lmdb_failure failure = lmdb_failure_of(rc);

		store_fail(txn, failure.code);
		return;
	}
	found = (struct bytes){ key.mv_data, key.mv_size };
	if (!checksum_open(cursor->table, found,
	                   (struct bytes){ value.mv_data, value.mv_size },
	                   &cursor->value)) {
		store_fail(txn, CODE_DATA_LOSS);
		return;
	}
	cursor->key = found;
}

void
store_seek(struct store_txn *txn, enum store_table table, struct bytes from,
           struct store_cursor *cursor)
{
	MDB_val key = { .mv_size = from.len, .mv_data = (void *)from.data };
	MDB_cursor *mdb = NULL;
	int rc;

	assert(table < STORE_TABLE_COUNT);
	*cursor = (struct store_cursor){ .txn = txn, .table = table };
	if (txn->code != CODE_OK)
		return;
	if (from.len > STORE_KEY_MAX) {
		store_fail(txn, CODE_INVALID_ARGUMENT);
		return;
	}
	rc = mdb_cursor_open(txn->engine, txn->store->tables[table], &mdb);
	if (rc != 0) {
		store_fail(txn, lmdb_failure_of(rc).code);
		return;
	}
	cursor->engine = mdb;
	step(cursor, key, from.len > 0 ? MDB_SET_RANGE : MDB_FIRST);
}

void
store_next(struct store_cursor *cursor)
{
	if (cursor->key.data == NULL)
		return;
	if (cursor->txn->code != CODE_OK) {
		cursor->key = (struct bytes){ 0 };
		cursor->value = (struct bytes){ 0 };
		return;
	}
	step(cursor, (MDB_val){ 0 }, MDB_NEXT);
}

void
store_cursor_release(struct store_cursor *cursor)
{
	if (cursor->engine != NULL)
		mdb_cursor_close(cursor->engine);
	*cursor = (struct store_cursor){ .txn = cursor->txn };
}
