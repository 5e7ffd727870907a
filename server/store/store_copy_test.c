/* Looking at a copy, and making a store of it. */
#include "server/store/store_copy.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <lmdb.h>

#include "base/clock.h"
#include "server/store/record.h"
#include "server/store/schema.h"
#include "server/store/store_backup.h"
#include "server/store/store_fixture.h"

#define LAST_WRITTEN_S 1700000000

/* The closed store of the fixture, and a backup of it. */
struct copies {
	char dir[64];
	char backup[80];
	char err[512];
};

static void
copies_make(struct store_fixture *f, struct copies *c)
{
	assert_int_equal(store_fixture_add(f->store, 7, 70), CODE_OK);
	store_fixture_close(f);
	store_fixture_make_dir(c->dir);
	(void)snprintf(c->backup, sizeof(c->backup), "%s/backup", c->dir);
	if (store_backup(f->dir, c->backup, c->err, sizeof(c->err)) != CODE_OK)
		fail_msg("%s", c->err);
}

static enum code
look(struct copies *c, const char *file, struct store_copy_facts *facts)
{
	struct store *store = NULL;
	enum code code =
		store_copy_open(file, &store, facts, c->err, sizeof(c->err));

	store_close(store);
	return code;
}

static void
a_backup_says_when_it_was_made_and_can_be_read(void **state)
{
	struct store_fixture *f = *state;
	int64_t before_us = clock_wall_us();
	struct store_copy_facts facts;
	struct store *store = NULL;
	struct copies c;
	uint64_t got;

	copies_make(f, &c);
	assert_int_equal(
		store_copy_open(c.backup, &store, &facts, c.err, sizeof(c.err)),
		CODE_OK);
	assert_true(facts.is_backup);
	assert_true(facts.made_at_us >= before_us);
	assert_true(facts.made_at_us <= clock_wall_us());
	assert_int_equal(facts.schema_version, STORE_SCHEMA_VERSION);
	assert_int_equal(store_fixture_get(store, 7, &got), CODE_OK);
	assert_int_equal(got, 70);
	store_close(store);
	store_fixture_remove_dir(c.dir);
}

/* Files of closed stores are copies too; they know no moment of their own. */
static void
another_file_of_a_store_counts_from_when_it_was_written(void **state)
{
	struct store_fixture *f = *state;
	const struct timespec times[2] = { { .tv_sec = LAST_WRITTEN_S },
		                           { .tv_sec = LAST_WRITTEN_S } };
	struct store_copy_facts facts;
	struct stat st;
	struct copies c;
	char file[80];

	copies_make(f, &c);
	assert_int_equal(utimensat(AT_FDCWD, f->file, times, 0), 0);
	assert_int_equal(look(&c, f->file, &facts), CODE_OK);
	assert_false(facts.is_backup);
	assert_int_equal(facts.made_at_us, (int64_t)LAST_WRITTEN_S * 1000000);
	assert_int_equal(stat(f->file, &st), 0);
	assert_int_equal(facts.size, st.st_size);
	/* The copy of it is marked with that moment. */
	assert_int_equal(
		store_copy_put(f->file, &facts, c.dir, c.err, sizeof(c.err)),
		CODE_OK);
	(void)snprintf(file, sizeof(file), "%s/data.mdb", c.dir);
	assert_int_equal(look(&c, file, &facts), CODE_OK);
	assert_true(facts.is_backup);
	assert_int_equal(facts.made_at_us, (int64_t)LAST_WRITTEN_S * 1000000);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	store_fixture_remove_dir(c.dir);
}

static void
a_newer_schema_is_refused_with_both_numbers(void **state)
{
	struct store_fixture *f = *state;
	struct store_copy_facts facts;
	struct copies c;

	store_fixture_write_version(f->store, STORE_SCHEMA_VERSION + 7);
	copies_make(f, &c);
	assert_int_equal(look(&c, c.backup, &facts), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(c.err, c.backup));
	assert_non_null(strstr(c.err, "schema version 11"));
	assert_non_null(strstr(c.err, "up to 4"));
	store_fixture_remove_dir(c.dir);
}

/* As a server left it that did not know the table yet. */
static void
drop_table(const struct store_fixture *f, const char *name)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi table;

	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, 1), 0);
	assert_int_equal(mdb_env_open(env, f->dir, 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, name, 0, &table), 0);
	assert_int_equal(mdb_drop(txn, table, 1), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static void
an_older_schema_is_good_and_its_tables_are_made_by_who_opens_it(void **state)
{
	struct store_fixture *f = *state;
	struct store_copy_facts facts;
	struct store *store = NULL;
	struct store_txn txn;
	struct copies c;
	uint64_t key;

	store_fixture_write_version(f->store, 3);
	store_fixture_close(f);
	drop_table(f, "session_tally");
	drop_table(f, "session_open");
	assert_int_equal(
		store_copy_open(f->file, &store, &facts, c.err, sizeof(c.err)),
		CODE_OK);
	assert_int_equal(facts.schema_version, 3);
	store_begin_read(store, &txn);
	assert_null(
		store_get(&txn, STORE_SESSION_OPEN, store_fixture_key(1, &key))
			.data);
	assert_int_equal(store_end(&txn), CODE_INTERNAL);
	store_close(store);
	store_fixture_make_dir(c.dir);
	assert_int_equal(
		store_copy_put(f->file, &facts, c.dir, c.err, sizeof(c.err)),
		CODE_OK);
	f->options.dir = c.dir;
	assert_int_equal(store_fixture_try(f), CODE_OK);
	assert_int_equal(store_fixture_count(f->store, STORE_SESSION_OPEN), 0);
	store_fixture_close(f);
	store_fixture_remove_dir(c.dir);
}

static void
a_store_without_its_meta_record_is_damaged(void **state)
{
	struct store_fixture *f = *state;
	const struct bytes key = { RECORD_META_KEY,
		                   sizeof(RECORD_META_KEY) - 1 };
	struct store_copy_facts facts;
	struct copies c = { .err = "" };
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	store_del(&txn, STORE_META, key);
	assert_int_equal(store_end(&txn), CODE_OK);
	store_fixture_close(f);
	assert_int_equal(look(&c, f->file, &facts), CODE_DATA_LOSS);
	assert_non_null(strstr(c.err, "meta record is missing"));
}

#define CASE(f)                                                                \
	cmocka_unit_test_setup_teardown(f, store_fixture_setup,                \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_backup_says_when_it_was_made_and_can_be_read),
		CASE(another_file_of_a_store_counts_from_when_it_was_written),
		CASE(a_newer_schema_is_refused_with_both_numbers),
		CASE(an_older_schema_is_good_and_its_tables_are_made_by_who_opens_it),
		CASE(a_store_without_its_meta_record_is_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
