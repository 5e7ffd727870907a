/*
 * The store over LMDB: opening, and what a transaction does. store.h is the
 * contract.
 *
 * The map has its final size from the start. It is address space, not disk:
 * the file grows by the pages that are written. Growing the map later would
 * mean stopping every reader, since LMDB moves it.
 */
#include "server/store/lmdb_engine.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/store/checksum.h"
#include "server/store/lmdb_committer.h"
#include "server/store/lmdb_file.h"
#include "server/store/lmdb_pages.h"
#include "server/store/lmdb_readers.h"
#include "server/store/lmdb_space.h"
#include "server/store/schema.h"
#include "server/store/store_lock.h"

#define SIZE_MIN (1 << 20) /* bytes: below that nothing fits */
#define NO_TABLE UINT_MAX  /* no handle: LMDB answers EINVAL */

static MDB_val
to_mdb(struct bytes bytes)
{
	return (MDB_val){ .mv_size = bytes.len, .mv_data = (void *)bytes.data };
}

static struct bytes
from_mdb(MDB_val val)
{
	return (struct bytes){ val.mv_data, val.mv_size };
}

static int
open_env(const struct store_options *options, MDB_env **out)
{
	int dead, rc = mdb_env_create(out);

	if (rc == 0)
		rc = mdb_env_set_mapsize(*out, options->size_max);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(*out, STORE_TABLE_COUNT);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(*out, LMDB_READER_SLOTS);
	if (rc == 0)
		rc = mdb_env_open(*out, options->dir, MDB_NOTLS, 0600);
	/* A killed process's readers would keep old pages for ever. */
	if (rc == 0)
		rc = mdb_reader_check(*out, &dead);
	return rc;
}

static int
count_tables(MDB_txn *txn, size_t *count)
{
	MDB_stat stat = { 0 };
	MDB_dbi names;
	int rc = mdb_dbi_open(txn, NULL, 0, &names);

	if (rc == 0)
		rc = mdb_stat(txn, names, &stat);
	*count = stat.ms_entries;
	return rc;
}

/* open_table adds to *skipped if the table is not there and need not be. */
static int
open_table(struct store *store, MDB_txn *txn, enum store_table table,
           enum lmdb_missing missing, size_t *skipped)
{
	const char *name = lmdb_table_name(table);
	MDB_dbi *out = &store->tables[table];
	int rc = mdb_dbi_open(txn, name, 0, out);

	if (rc != MDB_NOTFOUND || missing == LMDB_MISSING_FAILS)
		return rc;
	if (missing == LMDB_MISSING_SKIPPED) {
		*out = NO_TABLE;
		(*skipped)++;
		return 0;
	}
	store->is_new[table] = true;
	return mdb_dbi_open(txn, name, MDB_CREATE, out);
}

int
lmdb_open_tables(struct store *store, enum lmdb_missing missing)
{
	unsigned flags = missing == LMDB_MISSING_SKIPPED ? MDB_RDONLY : 0;
	size_t count = 0, skipped = 0;
	MDB_txn *txn;
	int rc = mdb_txn_begin(store->env, NULL, flags, &txn);

	if (rc != 0)
		return rc;
	for (int i = 0; i < STORE_TABLE_COUNT && rc == 0; i++)
		rc = open_table(store, txn, i, missing, &skipped);
	if (rc == 0)
		rc = count_tables(txn, &count);
	store->has_foreign = count + skipped > STORE_TABLE_COUNT;
	if (rc != 0) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn);
}

/* Nobody else has found something to put into it meanwhile. */
static bool
is_unused(struct store *store, MDB_txn *txn, enum store_table table)
{
	MDB_stat stat;

	return store->is_new[table] &&
	       mdb_stat(txn, store->tables[table], &stat) == 0 &&
	       stat.ms_entries == 0;
}

/*
 * A store that stays as it was is served by the server that wrote it, which
 * takes tables that it does not know for damage. A failure is passed over: the
 * one that led here is told.
 */
static void
drop_new_tables(struct store *store)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(store->env, NULL, 0, &txn);

	if (rc != 0)
		return;
	for (int i = 0; i < STORE_TABLE_COUNT && rc == 0; i++)
		if (is_unused(store, txn, i))
			rc = mdb_drop(txn, store->tables[i], 1);
	if (rc == 0)
		(void)mdb_txn_commit(txn);
	else
		mdb_txn_abort(txn);
}

/* A new file is there for good only when its directory's entry is. */
static int
sync_dir(const char *dir)
{
	int fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return errno;
	if (fsync(fd) != 0)
		rc = errno;
	(void)close(fd);
	return rc;
}

static int
open_parts(const struct store_options *options, struct store *store)
{
	int rc = lmdb_open_tables(store, options->keep_schema
	                                         ? LMDB_MISSING_FAILS
	                                         : LMDB_MISSING_MADE);

	if (rc == 0)
		rc = sync_dir(options->dir);
	if (rc == 0)
		rc = lmdb_readers_open(store->env, 1, &store->spare);
	if (rc == 0)
		rc = lmdb_readers_open(store->env, options->readers_max,
		                       &store->readers);
	if (rc == 0)
		rc = lmdb_committer_open(store->env, store->spare,
		                         options->group_max, &store->committer);
	return rc;
}

static enum code
report_lock(const struct lmdb_report *report, int error, const char *dir)
{
	if (error != EAGAIN)
		return lmdb_report_error(report, error, "open the store", dir);
	(void)snprintf(report->text, report->size,
	               "%s: this process has the store open already, or the "
	               "store is being restored",
	               dir);
	return CODE_FAILED_PRECONDITION;
}

static enum code
open_all(const struct store_options *options, struct store *store,
         const struct lmdb_report *report)
{
	char path[LMDB_PATH_MAX];
	enum code code;
	int rc;

	store->lock_fd = store_lock_take(options->dir);
	if (store->lock_fd < 0)
		return report_lock(report, errno, options->dir);
	code = lmdb_path(options->dir, path);
	if (code == CODE_OK)
		code = lmdb_file_check(path, report);
	if (code != CODE_OK)
		return code;
	rc = open_env(options, &store->env);
	if (rc != 0)
		return lmdb_report_error(report, rc, "open the store", path);
	code = lmdb_pages_check(store->env, path, report);
	if (code != CODE_OK)
		return code;
	rc = open_parts(options, store);
	if (rc == MDB_NOTFOUND && options->keep_schema)
		return schema_refuse_older(report->fault, report->text,
		                           report->size);
	if (rc != 0)
		return lmdb_report_error(report, rc, "open the store", path);
	code = schema_settle(store, options->keep_schema, report->fault,
	                     report->text, report->size);
	if (code != CODE_OK)
		drop_new_tables(store);
	/* A newer store may have more tables; ours with one has lost it. */
	if (code == CODE_OK && store->has_foreign)
		code = lmdb_report_damage(report, path,
		                          "it names a table that is unknown");
	return code;
}

enum code
store_open(const struct store_options *options, struct store **out,
           enum store_fault *fault, char *err, size_t err_size)
{
	struct lmdb_report report = { .fault = fault,
		                      .text = err,
		                      .size = err_size };
	struct store *store;
	enum code code;

	*fault = STORE_FAULT_OTHER;
	if (options->size_max < SIZE_MIN || options->size_max > SIZE_MAX / 2 ||
	    options->readers_max == 0 || options->group_max == 0) {
		(void)snprintf(err, err_size,
		               "the store's limits are out of range: at least "
		               "1 MiB, one reader and one write a group");
		return CODE_INVALID_ARGUMENT;
	}
	store = calloc(1, sizeof(*store));
	if (store == NULL)
		return lmdb_report_error(&report, ENOMEM, "open the store",
		                         options->dir);
	code = open_all(options, store, &report);
	if (code != CODE_OK) {
		store_close(store);
		return code;
	}
	*fault = STORE_FAULT_NONE;
	*out = store;
	return CODE_OK;
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	lmdb_committer_close(store->committer);
	lmdb_readers_close(store->readers);
	lmdb_readers_close(store->spare);
	if (store->env != NULL)
		mdb_env_close(store->env);
	/* Last: until here the environment is open in this process. */
	if (store->lock_fd >= 0)
		(void)close(store->lock_fd);
	free(store);
}

enum store_fault
store_write_fault(struct store *store)
{
	return lmdb_committer_fault(store->committer);
}

void
store_stats_get(struct store *store, struct store_stats *out)
{
	lmdb_committer_count(store->committer, &out->commits, &out->writes);
	out->size_used = lmdb_space_used(store->env, store->spare);
}

static void
fail(struct store_txn *txn, struct lmdb_failure failure)
{
	if (txn->code != CODE_OK || failure.code == CODE_OK)
		return;
	txn->code = failure.code;
	txn->fault = failure.fault;
}

static void
fail_rc(struct store_txn *txn, int rc)
{
	if (rc != 0)
		fail(txn, lmdb_failure_of(rc));
}

void
store_fail(struct store_txn *txn, enum code code)
{
	fail(txn, (struct lmdb_failure){ code, code == CODE_DATA_LOSS
	                                               ? STORE_FAULT_DAMAGED
	                                               : STORE_FAULT_NONE });
}

void
store_begin_read(struct store *store, struct store_txn *txn)
{
	MDB_txn *mdb = NULL;

	*txn = (struct store_txn){ .store = store };
	fail_rc(txn, lmdb_readers_take(store->readers, &txn->slot, &mdb));
	txn->engine = mdb;
}

void
store_begin_write(struct store *store, struct store_txn *txn)
{
	MDB_txn *mdb = NULL;

	*txn = (struct store_txn){ .store = store, .write = true };
	fail(txn, lmdb_committer_enter(store->committer, &mdb));
	txn->engine = mdb;
}

enum code
store_end(struct store_txn *txn)
{
	struct store *store = txn->store;

	if (txn->engine == NULL)
		return txn->code;
	if (!txn->write)
		lmdb_readers_give(store->readers, txn->slot);
	else if (txn->code == CODE_OK)
		fail(txn, lmdb_committer_commit(store->committer, txn->engine));
	else
		lmdb_committer_abort(store->committer, txn->engine, txn->fault);
	txn->engine = NULL;
	return txn->code;
}

static bool
usable(struct store_txn *txn, enum store_table table, struct bytes key)
{
	assert(table < STORE_TABLE_COUNT);
	if (txn->code == CODE_OK && (key.len == 0 || key.len > STORE_KEY_MAX))
		store_fail(txn, CODE_INVALID_ARGUMENT);
	return txn->code == CODE_OK;
}

struct bytes
store_get(struct store_txn *txn, enum store_table table, struct bytes key)
{
	MDB_val k = to_mdb(key), v;
	struct bytes value = { 0 };
	int rc;

	if (!usable(txn, table, key))
		return value;
	rc = mdb_get(txn->engine, txn->store->tables[table], &k, &v);
	if (rc == MDB_NOTFOUND)
		return value;
	fail_rc(txn, rc);
	if (rc == 0 && !checksum_open(table, key, from_mdb(v), &value))
		store_fail(txn, CODE_DATA_LOSS);
	return value;
}

/* An entry of an index that moves takes no more room than it had. */
static bool
takes_place(struct store_txn *txn, enum store_table table, size_t size)
{
	if (size > CHECKSUM_SIZE || txn->freed == 0 || txn->freed_in != table)
		return false;
	txn->freed--;
	return true;
}

/* While room is low only what is there may be replaced; see lmdb_space.h. */
static int
check_room(struct store_txn *txn, enum store_table table, struct bytes key,
           size_t size)
{
	MDB_val k = to_mdb(key), v;
	int rc;

	if (lmdb_committer_take_room(txn->store->committer, size))
		return 0;
	rc = mdb_get(txn->engine, txn->store->tables[table], &k, &v);
	if (rc != MDB_NOTFOUND)
		return rc;
	return takes_place(txn, table, size) ? 0 : MDB_MAP_FULL;
}

static void
put(struct store_txn *txn, enum store_table table, struct bytes key,
    struct bytes value, unsigned flags)
{
	MDB_val k = to_mdb(key);
	MDB_val v = { .mv_size = CHECKSUM_SIZE + value.len };
	uint8_t sum[CHECKSUM_SIZE];
	int rc;

	assert(txn->write);
	if (!usable(txn, table, key))
		return;
	checksum_compute(table, key, value, sum);
	rc = check_room(txn, table, key, v.mv_size);
	if (rc == 0)
		rc = mdb_put(txn->engine, txn->store->tables[table], &k, &v,
		             flags | MDB_RESERVE);
	fail_rc(txn, rc);
	if (rc != 0)
		return;
	memcpy(v.mv_data, sum, CHECKSUM_SIZE);
	if (value.len > 0)
		memcpy((uint8_t *)v.mv_data + CHECKSUM_SIZE, value.data,
		       value.len);
}

void
store_add(struct store_txn *txn, enum store_table table, struct bytes key,
          struct bytes value)
{
	put(txn, table, key, value, MDB_NOOVERWRITE);
}

void
store_put(struct store_txn *txn, enum store_table table, struct bytes key,
          struct bytes value)
{
	put(txn, table, key, value, 0);
}

void
store_del(struct store_txn *txn, enum store_table table, struct bytes key)
{
	MDB_val k = to_mdb(key);
	int rc;

	assert(txn->write);
	if (!usable(txn, table, key))
		return;
	rc = mdb_del(txn->engine, txn->store->tables[table], &k, NULL);
	if (rc == MDB_NOTFOUND)
		return;
	fail_rc(txn, rc);
	txn->freed = txn->freed_in == table ? txn->freed + 1 : 1;
	txn->freed_in = table;
}
