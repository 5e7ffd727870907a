#ifndef SERVER_STORE_LMDB_SPACE_H
#define SERVER_STORE_LMDB_SPACE_H

#include "server/store/lmdb_engine.h"
#include "server/store/lmdb_readers.h"

/*
 * How much room is left. LMDB copies every page it changes, so even a delete
 * needs free pages: a map filled to the last page could never be emptied
 * again. The engine therefore refuses new records while fewer than a reserve
 * of pages is free, and lets replacements and deletes use the reserve, also an
 * entry of an index that is deleted here and added there.
 */

/*
 * lmdb_space_is_low tells whether less than the reserve is free. Cheap until
 * the file has nearly reached its bound; then it walks the list of free pages.
 */
bool lmdb_space_is_low(MDB_env *env, struct lmdb_readers *readers);

/*
 * lmdb_space_left returns the bytes that new records may take before that. It
 * walks the list of free pages.
 */
uint64_t lmdb_space_left(MDB_env *env, struct lmdb_readers *readers);

/* lmdb_space_used returns the bytes of the file that hold something. */
uint64_t lmdb_space_used(MDB_env *env, struct lmdb_readers *readers);

/*
 * lmdb_space_error says what an EIO of a commit was. LMDB answers EIO to a
 * short write, and a short write is how a full disk begins: then ENOSPC or
 * such comes back, else EIO.
 */
int lmdb_space_error(MDB_env *env);

#endif
