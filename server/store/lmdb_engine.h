#ifndef SERVER_STORE_LMDB_ENGINE_H
#define SERVER_STORE_LMDB_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdb.h>

#include "base/code.h"
#include "server/store/store.h"

/*
 * What the parts of the LMDB engine share; only lmdb_*.c includes it. The
 * engine owns one environment. Reads go through a pool of read transactions
 * (lmdb_readers.h), writes through groups (lmdb_committer.h).
 */
struct store {
	MDB_env *env;
	MDB_dbi tables[STORE_TABLE_COUNT];
	bool has_foreign;               /* tables that we do not know */
	bool is_new[STORE_TABLE_COUNT]; /* tables that this opening made */
	struct lmdb_readers *readers;
	struct lmdb_readers
		*spare; /* one: the engine's own, never waited for */
	struct lmdb_committer *committer;
	int lock_fd; /* store_lock.h */
};

/* How an LMDB or system error reads in our words. */
struct lmdb_failure {
	enum code code;
	enum store_fault fault;
};

/* lmdb_failure_of translates a return value of any mdb_ function. */
struct lmdb_failure lmdb_failure_of(int rc);

/* Where to write one sentence for the operator. */
struct lmdb_report {
	enum store_fault *fault; /* may be NULL */
	char *text;
	size_t size;
	const char *cure; /* of damage; NULL: that of a store in its place */
};

/*
 * lmdb_report_error fills the report from an error of LMDB or the system and
 * returns its code. `what` is what was tried, `where` the path.
 */
NODISCARD enum code lmdb_report_error(const struct lmdb_report *report, int rc,
                                      const char *what, const char *where);

/* lmdb_report_damage says what is wrong in `file`, and what to do about it. */
NODISCARD enum code lmdb_report_damage(const struct lmdb_report *report,
                                       const char *file, const char *detail);

/*
 * Readers of all processes together. The process that opens an environment
 * first decides, so each asks for the same: enough for the largest pool and
 * for the commands that run beside a server.
 */
#define LMDB_READER_SLOTS 8192

/* What becomes of a table that is not in the file. */
enum lmdb_missing {
	LMDB_MISSING_MADE,
	LMDB_MISSING_FAILS,   /* MDB_NOTFOUND */
	LMDB_MISSING_SKIPPED, /* by who only reads; reading it fails */
};

/*
 * lmdb_open_tables opens all tables and notes whether the file has others.
 * Returns 0 or LMDB's error.
 */
NODISCARD int lmdb_open_tables(struct store *store, enum lmdb_missing missing);

#define LMDB_PATH_MAX 4096 /* bytes, with the NUL */

/* lmdb_path writes dir/data.mdb; INVALID_ARGUMENT if that is too long. */
NODISCARD enum code lmdb_path(const char *dir, char out[LMDB_PATH_MAX]);

#endif
