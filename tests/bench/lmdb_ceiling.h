#ifndef TESTS_BENCH_LMDB_CEILING_H
#define TESTS_BENCH_LMDB_CEILING_H

#include "tests/bench/meter.h"

/*
 * One thread that does nothing but commit to an LMDB environment of its own,
 * synced, the writes that a call of the server would make, each call's in a
 * nested transaction as group commit does it.
 */
enum lmdb_writes {
	LMDB_ROTATION, /* one session record replaced */
	LMDB_LOGIN, /* a new session, its three index entries, tally and user */
};

struct lmdb_ceiling_options {
	const char *dir; /* exists, empty; on the disk of the server's store */
	enum lmdb_writes writes;
	unsigned per_commit; /* calls that share a commit */
};

/* lmdb_ceiling_start opens the environment and begins to write. */
struct load lmdb_ceiling_start(const struct lmdb_ceiling_options *options,
                               struct meter *meter);

#endif
