#ifndef SERVER_STORE_LMDB_MARK_H
#define SERVER_STORE_LMDB_MARK_H

#include "server/store/lmdb_engine.h"

/*
 * lmdb_mark_copy notes in the file of a copy that nobody has open when it was
 * made, for who opens it: see RESTORED_USER_IDS_MIN. A copy that is marked
 * already stays as old as it is. Returns 0 or LMDB's error.
 */
NODISCARD int lmdb_mark_copy(const char *path, int64_t made_at_us);

#endif
