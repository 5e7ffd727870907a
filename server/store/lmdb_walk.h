#ifndef SERVER_STORE_LMDB_WALK_H
#define SERVER_STORE_LMDB_WALK_H

#include "server/store/lmdb_engine.h"
#include "server/store/lmdb_file.h"

/*
 * lmdb_walk_check looks at every page that one state of a file reaches, as
 * lmdb_pages.h tells, reading one page at a time. DATA_LOSS with the page and
 * what is wrong with it in `detail`, RESOURCE_EXHAUSTED without memory. It
 * never reads outside of the file or a page, whatever the file holds.
 */
NODISCARD enum code lmdb_walk_check(int fd, const struct lmdb_meta *meta,
                                    char *detail, size_t size);

#endif
