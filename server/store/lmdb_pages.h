#ifndef SERVER_STORE_LMDB_PAGES_H
#define SERVER_STORE_LMDB_PAGES_H

#include "server/store/lmdb_engine.h"

/*
 * LMDB's pages carry no checksum, and a damaged one can make it crash or
 * answer wrongly. So every page that a snapshot reaches is looked at before
 * LMDB uses it: its number and kind, the bounds of its nodes, the order of its
 * keys, that it is used once, and the checksum of every record.
 *
 * A file of more than LMDB_PAGES_CHECK_MAX bytes is not walked, since a server
 * must start in bounded time; its records are then checked when read.
 */
#define LMDB_PAGES_CHECK_MAX (1ULL << 30)

/*
 * lmdb_pages_check walks the newest state of an open environment, which other
 * processes may be writing to. DATA_LOSS and a sentence if something is wrong.
 */
NODISCARD enum code lmdb_pages_check(MDB_env *env, const char *path,
                                     const struct lmdb_report *report);

/*
 * lmdb_pages_check_copy walks a file that nobody writes to, whatever its size.
 */
NODISCARD enum code lmdb_pages_check_copy(int fd, const char *path,
                                          const struct lmdb_report *report);

#endif
