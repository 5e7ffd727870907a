#include "tests/bench/lmdb_ceiling.h"

#include <lmdb.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bail.h"

#define MAP_SIZE (4UL << 30) /* sparse: what is not used costs nothing */
#define SEED_COUNT 4096      /* sessions that are there before it begins */
#define SESSION_COUNT 64     /* of these are rotated */

/* Bytes, as found in the server's own tables after a few rotations. */
#define ID_SIZE 16
#define USER_ID_SIZE 8
#define SESSION_SIZE 104
#define TALLY_SIZE 10
#define USER_SIZE 180
#define ENTRY_SIZE 8

enum table {
	SESSION,
	SESSION_BY_USER,
	SESSION_BY_END,
	SESSION_OPEN,
	SESSION_TALLY,
	USER,
	TABLE_COUNT,
};

struct lmdb_ceiling {
	struct meter *meter;
	struct lmdb_ceiling_options options;
	MDB_env *env;
	MDB_dbi tables[TABLE_COUNT];
	unsigned char sessions[SESSION_COUNT][ID_SIZE];
	uint64_t written;
	_Atomic bool stopping;
	pthread_t thread;
};

static void
check(int rc, const char *step)
{
	if (rc != 0)
		bail("lmdb: %s: %s", step, mdb_strerror(rc));
}

static void
put(MDB_txn *txn, MDB_dbi table, MDB_val key, size_t value_size)
{
	static const unsigned char zeroes[USER_SIZE];
	MDB_val value = { value_size, (void *)zeroes };

	check(mdb_put(txn, table, &key, &value, 0), "put");
}

static void
put_big_endian(unsigned char out[USER_ID_SIZE], uint64_t number)
{
	for (unsigned i = 0; i < USER_ID_SIZE; i++)
		out[i] = (unsigned char)(number >> (56 - 8 * i));
}

/* An index entry is a number, something of the session's, and its id. */
static void
put_entries(struct lmdb_ceiling *ceiling, MDB_txn *txn,
            const unsigned char id[ID_SIZE])
{
	unsigned char by_end[USER_ID_SIZE + ID_SIZE];
	unsigned char by_user[USER_ID_SIZE + 2 * ID_SIZE] = { 0 };

	memcpy(by_user + USER_ID_SIZE + ID_SIZE, id, ID_SIZE);
	put(txn, ceiling->tables[SESSION_BY_USER],
	    (MDB_val){ sizeof(by_user), by_user }, ENTRY_SIZE);
	/* Ends and beginnings come in order of time. */
	put_big_endian(by_end, ceiling->written);
	memcpy(by_end + USER_ID_SIZE, id, ID_SIZE);
	put(txn, ceiling->tables[SESSION_BY_END],
	    (MDB_val){ sizeof(by_end), by_end }, ENTRY_SIZE);
	put_big_endian(by_user + ID_SIZE, ceiling->written);
	put(txn, ceiling->tables[SESSION_OPEN],
	    (MDB_val){ sizeof(by_user), by_user }, ENTRY_SIZE);
}

static void
put_login(struct lmdb_ceiling *ceiling, MDB_txn *txn)
{
	unsigned char id[ID_SIZE], user_id[USER_ID_SIZE] = { 0 };

	randombytes_buf(id, sizeof(id));
	put(txn, ceiling->tables[SESSION], (MDB_val){ sizeof(id), id },
	    SESSION_SIZE);
	put_entries(ceiling, txn, id);
	put(txn, ceiling->tables[SESSION_TALLY],
	    (MDB_val){ USER_ID_SIZE, user_id }, TALLY_SIZE);
	put(txn, ceiling->tables[USER], (MDB_val){ USER_ID_SIZE, user_id },
	    USER_SIZE);
}

static void
put_call(struct lmdb_ceiling *ceiling, MDB_txn *parent)
{
	MDB_txn *txn = NULL;

	check(mdb_txn_begin(ceiling->env, parent, 0, &txn), "begin");
	if (ceiling->options.writes == LMDB_LOGIN)
		put_login(ceiling, txn);
	else
		put(txn, ceiling->tables[SESSION],
		    (MDB_val){ ID_SIZE, ceiling->sessions[ceiling->written %
		                                          SESSION_COUNT] },
		    SESSION_SIZE);
	check(mdb_txn_commit(txn), "commit");
	ceiling->written++;
}

static void *
run(void *arg)
{
	struct lmdb_ceiling *ceiling = arg;

	while (!atomic_load(&ceiling->stopping)) {
		uint64_t asked_ns = meter_now_ns();
		MDB_txn *txn = NULL;

		check(mdb_txn_begin(ceiling->env, NULL, 0, &txn), "begin");
		for (unsigned i = 0; i < ceiling->options.per_commit; i++)
			put_call(ceiling, txn);
		check(mdb_txn_commit(txn), "commit");
		for (unsigned i = 0; i < ceiling->options.per_commit; i++)
			meter_count(ceiling->meter, asked_ns);
	}
	return NULL;
}

static void
remove_file(const char *dir, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)unlink(path);
}

static void
stop(void *self)
{
	struct lmdb_ceiling *ceiling = self;

	atomic_store(&ceiling->stopping, true);
	(void)pthread_join(ceiling->thread, NULL);
	mdb_env_close(ceiling->env);
	remove_file(ceiling->options.dir, "data.mdb");
	remove_file(ceiling->options.dir, "lock.mdb");
	free(ceiling);
}

static void
open_tables(struct lmdb_ceiling *ceiling)
{
	static const char *const names[TABLE_COUNT] = {
		[SESSION] = "session",
		[SESSION_BY_USER] = "session_by_user",
		[SESSION_BY_END] = "session_by_end",
		[SESSION_OPEN] = "session_open",
		[SESSION_TALLY] = "session_tally",
		[USER] = "user",
	};
	MDB_txn *txn = NULL;

	check(mdb_txn_begin(ceiling->env, NULL, 0, &txn), "begin");
	for (unsigned i = 0; i < TABLE_COUNT; i++)
		check(mdb_dbi_open(txn, names[i], MDB_CREATE,
		                   &ceiling->tables[i]),
		      "table");
	check(mdb_txn_commit(txn), "commit");
}

/* A table of some depth, as a server has after a while; a few rotate. */
static void
seed(struct lmdb_ceiling *ceiling)
{
	unsigned char id[ID_SIZE];
	MDB_txn *txn = NULL;

	check(mdb_txn_begin(ceiling->env, NULL, 0, &txn), "begin");
	for (unsigned i = 0; i < SEED_COUNT; i++) {
		randombytes_buf(id, sizeof(id));
		put(txn, ceiling->tables[SESSION], (MDB_val){ sizeof(id), id },
		    SESSION_SIZE);
		memcpy(ceiling->sessions[i % SESSION_COUNT], id, sizeof(id));
	}
	check(mdb_txn_commit(txn), "commit");
}

struct load
lmdb_ceiling_start(const struct lmdb_ceiling_options *options,
                   struct meter *meter)
{
	struct lmdb_ceiling *ceiling = bail_alloc(1, sizeof(*ceiling));

	if (sodium_init() == -1)
		bail("libsodium does not start");
	ceiling->meter = meter;
	ceiling->options = *options;
	check(mdb_env_create(&ceiling->env), "create");
	check(mdb_env_set_maxdbs(ceiling->env, TABLE_COUNT), "maxdbs");
	check(mdb_env_set_mapsize(ceiling->env, MAP_SIZE), "mapsize");
	check(mdb_env_open(ceiling->env, options->dir, 0, 0600), options->dir);
	open_tables(ceiling);
	seed(ceiling);
	if (pthread_create(&ceiling->thread, NULL, run, ceiling) != 0)
		bail("cannot start a thread");
	return (struct load){ ceiling, stop };
}
