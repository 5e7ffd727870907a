#ifndef SERVER_STORE_LMDB_FILE_H
#define SERVER_STORE_LMDB_FILE_H

#include "server/store/lmdb_engine.h"

/*
 * What LMDB's data file says about itself, read without LMDB: it trusts its
 * file and would divide by a damaged page size or run past a truncated end.
 * The format is that of LMDB 0.9, data version 1.
 */

/* The root of a tree: an LMDB database. */
struct lmdb_tree {
	uint16_t flags;
	uint16_t depth;
	uint64_t entries;
	uint64_t root; /* a page, or LMDB_NO_PAGE if the tree is empty */
};

#define LMDB_NO_PAGE UINT64_MAX
#define LMDB_PAGE_HEADER 16 /* bytes */
#define LMDB_TREE_SIZE 48   /* bytes of a tree's root as it is stored */

/* One of the two states that a file describes. */
struct lmdb_meta {
	uint32_t page_size;
	uint64_t last_page;
	uint64_t txn_id;
	struct lmdb_tree free;
	struct lmdb_tree main;
};

/*
 * lmdb_file_check looks at a file before LMDB does. A missing file is good, it
 * will be made; an empty or broken one is DATA_LOSS.
 */
NODISCARD enum code lmdb_file_check(const char *path,
                                    const struct lmdb_report *report);

/* lmdb_file_metas reads both states; returns what is wrong, or NULL. */
NODISCARD const char *lmdb_file_metas(int fd, struct lmdb_meta out[2]);

/* lmdb_table_name returns the name of a table in the file. */
const char *lmdb_table_name(enum store_table table);

/* lmdb_tree_read reads the LMDB_TREE_SIZE bytes of a stored root. */
struct lmdb_tree lmdb_tree_read(const uint8_t *bytes);

#endif
