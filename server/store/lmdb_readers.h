#ifndef SERVER_STORE_LMDB_READERS_H
#define SERVER_STORE_LMDB_READERS_H

#include "server/store/lmdb_engine.h"

/*
 * A fixed number of read transactions, made once and renewed for each use:
 * making one takes LMDB's reader mutex, renewing one does not. Whoever finds
 * none free waits. A transaction in use belongs to one thread.
 */
struct lmdb_readers;

/* lmdb_readers_open returns 0 or LMDB's error; count is at least 1. */
NODISCARD int lmdb_readers_open(MDB_env *env, unsigned count,
                                struct lmdb_readers **out);

/* lmdb_readers_close accepts NULL. None may be in use. */
void lmdb_readers_close(struct lmdb_readers *readers);

/*
 * lmdb_readers_take waits for a free transaction and renews it: *txn sees
 * every write that ended before. Returns 0 or LMDB's error, then with nothing
 * to give back.
 */
NODISCARD int lmdb_readers_take(struct lmdb_readers *readers, unsigned *slot,
                                MDB_txn **txn);
void lmdb_readers_give(struct lmdb_readers *readers, unsigned slot);

#endif
