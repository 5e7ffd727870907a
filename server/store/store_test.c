#include "server/store/store.h"
#include "server/store/store_cursor.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "server/store/store_fixture.h"

static struct bytes
text(const char *str)
{
	return (struct bytes){ str, strlen(str) };
}

static void
assert_stored(struct store *store, const char *key, const char *value)
{
	struct store_txn txn;
	struct bytes got;

	store_begin_read(store, &txn);
	got = store_get(&txn, STORE_SESSION, text(key));
	if (value == NULL) {
		assert_null(got.data);
	} else {
		assert_non_null(got.data);
		assert_int_equal(got.len, strlen(value));
		assert_memory_equal(got.data, value, got.len);
	}
	assert_int_equal(store_end(&txn), CODE_OK);
}

static void
what_was_written_is_there_after_a_reopen(void **state)
{
	struct store_fixture *f = *state;

	assert_int_equal(store_fixture_add(f->store, 1, 10), CODE_OK);
	store_fixture_reopen(f);
	for (int i = 0; i < 2; i++) {
		uint64_t got = 0;

		assert_int_equal(store_fixture_get(f->store, 1, &got), CODE_OK);
		assert_int_equal(got, 10);
	}
}

static void
absence_is_not_a_failure_and_an_empty_value_is_not_absence(void **state)
{
	struct store_fixture *f = *state;
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	assert_null(store_get(&txn, STORE_SESSION, text("k")).data);
	store_add(&txn, STORE_SESSION, text("k"), (struct bytes){ 0 });
	assert_non_null(store_get(&txn, STORE_SESSION, text("k")).data);
	assert_int_equal(store_get(&txn, STORE_SESSION, text("k")).len, 0);
	assert_null(store_get(&txn, STORE_USER, text("k")).data);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_stored(f->store, "k", "");
}

static void
a_transaction_remembers_its_first_failure_and_does_nothing_more(void **state)
{
	struct store_fixture *f = *state;
	struct store_cursor cursor;
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	store_add(&txn, STORE_SESSION, text("a"), text("1"));
	store_add(&txn, STORE_SESSION, text("a"), text("2"));
	assert_int_equal(txn.code, CODE_ALREADY_EXISTS);
	store_fail(&txn, CODE_INTERNAL);
	store_put(&txn, STORE_SESSION, text("b"), text("3"));
	store_del(&txn, STORE_SESSION, text("a"));
	assert_null(store_get(&txn, STORE_SESSION, text("a")).data);
	store_seek(&txn, STORE_SESSION, text("a"), &cursor);
	assert_null(cursor.key.data);
	store_next(&cursor);
	store_cursor_release(&cursor);
	assert_int_equal(store_end(&txn), CODE_ALREADY_EXISTS);
	assert_stored(f->store, "a", NULL);
	assert_stored(f->store, "b", NULL);
}

static void
failing_with_ok_is_ignored(void **state)
{
	struct store_fixture *f = *state;
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	store_fail(&txn, CODE_OK);
	store_put(&txn, STORE_SESSION, text("a"), text("1"));
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_stored(f->store, "a", "1");
}

static void
put_writes_and_replaces_and_del_removes_what_may_be_absent(void **state)
{
	struct store_fixture *f = *state;
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	store_put(&txn, STORE_SESSION, text("a"), text("1"));
	store_put(&txn, STORE_SESSION, text("a"), text("longer"));
	store_put(&txn, STORE_SESSION, text("b"), text("2"));
	store_del(&txn, STORE_SESSION, text("b"));
	store_del(&txn, STORE_SESSION, text("c"));
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_stored(f->store, "a", "longer");
	assert_stored(f->store, "b", NULL);
}

static void
keys_that_the_engine_cannot_hold_are_refused(void **state)
{
	struct store_fixture *f = *state;
	char key[STORE_KEY_MAX + 1];
	struct store_txn txn;

	memset(key, 'k', sizeof(key));
	store_begin_write(f->store, &txn);
	store_put(&txn, STORE_SESSION, (struct bytes){ key, STORE_KEY_MAX },
	          text("1"));
	assert_int_equal(store_end(&txn), CODE_OK);
	store_begin_write(f->store, &txn);
	store_put(&txn, STORE_SESSION, (struct bytes){ key, sizeof(key) },
	          text("1"));
	assert_int_equal(store_end(&txn), CODE_INVALID_ARGUMENT);
	store_begin_read(f->store, &txn);
	assert_null(store_get(&txn, STORE_SESSION, (struct bytes){ 0 }).data);
	assert_int_equal(store_end(&txn), CODE_INVALID_ARGUMENT);
}

static void
values_of_many_pages_come_back_whole(void **state)
{
	static uint8_t value[100000];
	struct store_fixture *f = *state;
	struct store_txn txn;
	struct bytes got;

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(i * 7);
	store_begin_write(f->store, &txn);
	store_add(&txn, STORE_SESSION, text("big"),
	          (struct bytes){ value, sizeof(value) });
	assert_int_equal(store_end(&txn), CODE_OK);
	store_fixture_reopen(f);
	store_begin_read(f->store, &txn);
	got = store_get(&txn, STORE_SESSION, text("big"));
	assert_int_equal(got.len, sizeof(value));
	assert_memory_equal(got.data, value, sizeof(value));
	assert_int_equal(store_end(&txn), CODE_OK);
}

static void
a_cursor_walks_in_key_order_from_where_it_is_told(void **state)
{
	static const char *const keys[] = { "d", "a", "c", "b" };
	static const char *const from_b[] = { "b", "c", "d" };
	struct store_fixture *f = *state;
	struct store_cursor cursor;
	struct store_txn txn;
	size_t n = 0;

	store_begin_write(f->store, &txn);
	for (size_t i = 0; i < 4; i++)
		store_add(&txn, STORE_SESSION, text(keys[i]), text(keys[i]));
	store_seek(&txn, STORE_SESSION, text("aa"), &cursor);
	for (; cursor.key.data != NULL; store_next(&cursor)) {
		assert_true(n < 3);
		assert_memory_equal(cursor.key.data, from_b[n], 1);
		assert_memory_equal(cursor.value.data, from_b[n], 1);
		n++;
	}
	store_next(&cursor);
	assert_null(cursor.key.data);
	store_cursor_release(&cursor);
	assert_int_equal(n, 3);
	store_seek(&txn, STORE_SESSION, (struct bytes){ 0 }, &cursor);
	assert_memory_equal(cursor.key.data, "a", 1);
	store_cursor_release(&cursor);
	store_seek(&txn, STORE_SESSION, text("e"), &cursor);
	assert_null(cursor.key.data);
	store_cursor_release(&cursor);
	assert_int_equal(store_end(&txn), CODE_OK);
}

static void
a_read_sees_one_state_whatever_is_written_meanwhile(void **state)
{
	struct store_fixture *f = *state;
	struct store_txn txn;
	uint64_t be;

	assert_int_equal(store_fixture_add(f->store, 1, 10), CODE_OK);
	store_begin_read(f->store, &txn);
	assert_int_equal(store_fixture_del(f->store, 1), CODE_OK);
	assert_int_equal(store_fixture_add(f->store, 2, 20), CODE_OK);
	assert_non_null(
		store_get(&txn, STORE_SESSION, store_fixture_key(1, &be)).data);
	assert_null(
		store_get(&txn, STORE_SESSION, store_fixture_key(2, &be)).data);
	assert_int_equal(store_end(&txn), CODE_OK);
}

/* One of many writers at the same time. */
struct writer {
	pthread_t thread;
	struct store *store;
	uint64_t first;
	unsigned count;
	bool fails; /* on purpose, after having written */
	unsigned wrong;
};

static void *
write_many(void *arg)
{
	struct writer *w = arg;

	for (uint64_t i = w->first; i < w->first + w->count; i++) {
		struct store_txn txn;
		uint64_t be;

		store_begin_write(w->store, &txn);
		store_add(&txn, STORE_SESSION, store_fixture_key(i, &be),
		          (struct bytes){ &i, sizeof(i) });
		if (w->fails)
			store_fail(&txn, CODE_PERMISSION_DENIED);
		if (store_end(&txn) !=
		    (w->fails ? CODE_PERMISSION_DENIED : CODE_OK))
			w->wrong++;
	}
	return NULL;
}

#define WRITERS 32
#define WRITES_EACH 20

static void
a_failing_write_does_not_harm_its_neighbours(void **state)
{
	struct store_fixture *f = *state;
	struct writer writers[WRITERS];
	struct store_stats stats;
	uint64_t got;

	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ .store = f->store,
			                      .first = i * 1000ULL,
			                      .count = WRITES_EACH,
			                      .fails = i % 2 == 1 };
		assert_int_equal(pthread_create(&writers[i].thread, NULL,
		                                write_many, &writers[i]),
		                 0);
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
		assert_int_equal(writers[i].wrong, 0);
	}
	store_stats_get(f->store, &stats);
	/* One more: the meta record of the new store. */
	assert_int_equal(stats.writes, WRITERS / 2 * WRITES_EACH + 1);
	assert_true(stats.commits <= stats.writes);
	store_fixture_reopen(f);
	for (unsigned i = 0; i < WRITERS * WRITES_EACH; i++) {
		uint64_t key = i / WRITES_EACH * 1000 + i % WRITES_EACH;

		assert_int_equal(store_fixture_get(f->store, key, &got),
		                 i / WRITES_EACH % 2 == 1 ? CODE_NOT_FOUND
		                                          : CODE_OK);
	}
}

struct late_reader {
	struct store *store;
	atomic_bool released;
	bool came_too_early;
};

static void *
read_late(void *arg)
{
	struct late_reader *r = arg;
	struct store_txn txn;

	store_begin_read(r->store, &txn);
	r->came_too_early = !atomic_load(&r->released);
	(void)!store_end(&txn);
	return NULL;
}

static void
more_readers_than_allowed_wait(void **state)
{
	struct store_fixture *f = *state;
	struct late_reader late = { 0 };
	struct store_txn txn;
	pthread_t thread;

	f->options.readers_max = 1;
	store_fixture_reopen(f);
	late.store = f->store;
	store_begin_read(f->store, &txn);
	assert_int_equal(pthread_create(&thread, NULL, read_late, &late), 0);
	/* Writing needs no reader's place. */
	assert_int_equal(store_fixture_add(f->store, 1, 1), CODE_OK);
	atomic_store(&late.released, true);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(late.came_too_early);
}

static void
a_second_open_in_the_same_process_is_refused(void **state)
{
	struct store_fixture *f = *state;
	enum store_fault fault;
	struct store *second = NULL;
	char err[256];

	assert_int_equal(
		store_open(&f->options, &second, &fault, err, sizeof(err)),
		CODE_FAILED_PRECONDITION);
	assert_null(second);
	assert_non_null(strstr(err, "open already"));
	assert_int_equal(store_fixture_add(f->store, 1, 1), CODE_OK);
	store_fixture_reopen(f);
}

static void
a_directory_that_is_not_there_is_named(void **state)
{
	struct store_options options = { .dir = "/nonexistent/latchkey",
		                         .size_max = 1 << 20,
		                         .readers_max = 1,
		                         .group_max = 1 };
	enum store_fault fault = STORE_FAULT_NONE;
	struct store *store = NULL;
	char err[256];

	(void)state;
	assert_int_equal(store_open(&options, &store, &fault, err, sizeof(err)),
	                 CODE_INTERNAL);
	assert_int_equal(fault, STORE_FAULT_OTHER);
	assert_non_null(strstr(err, "/nonexistent/latchkey"));
	options.group_max = 0;
	assert_int_equal(store_open(&options, &store, &fault, err, sizeof(err)),
	                 CODE_INVALID_ARGUMENT);
}

static void
files_are_for_the_owner_alone(void **state)
{
	static const char *const names[] = { "data.mdb", "lock.mdb",
		                             "open.lock" };
	struct store_fixture *f = *state;

	for (size_t i = 0; i < 3; i++) {
		char path[128];
		struct stat st;

		(void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static void
a_newer_schema_is_refused_with_both_numbers(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_write_version(f->store, 4711);
	store_fixture_close(f);
	assert_int_equal(store_fixture_try(f), CODE_FAILED_PRECONDITION);
	assert_int_equal(f->fault, STORE_FAULT_NEWER);
	assert_non_null(strstr(f->err, "version 4711"));
	assert_non_null(strstr(f->err, "version 4"));
	assert_null(f->store);
}

/* Beside the server that wrote it, no other program may change it. */
static void
an_older_schema_is_kept_where_that_is_asked_for(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_write_version(f->store, STORE_SCHEMA_VERSION - 1);
	store_fixture_close(f);
	f->options.keep_schema = true;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_fixture_try(f),
		                 CODE_FAILED_PRECONDITION);
		assert_int_equal(f->fault, STORE_FAULT_OLDER);
		assert_non_null(strstr(f->err, "older version"));
	}
	f->options.keep_schema = false;
	store_fixture_reopen(f);
	f->options.keep_schema = true;
	store_fixture_reopen(f);
}

/* An older server takes a table that it does not know for damage. */
static void
no_table_is_made_in_a_store_that_is_kept(void **state)
{
	struct store_fixture *f = *state;
	char dir[64];

	store_fixture_close(f);
	store_fixture_make_dir(dir);
	f->options.dir = dir;
	f->options.keep_schema = true;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_fixture_try(f),
		                 CODE_FAILED_PRECONDITION);
		assert_int_equal(f->fault, STORE_FAULT_OLDER);
	}
	store_fixture_remove_dir(dir);
	f->options.dir = f->dir;
}

static void
a_schema_without_a_way_from_it_is_refused(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_write_version(f->store, 0);
	store_fixture_close(f);
	assert_int_equal(store_fixture_try(f), CODE_FAILED_PRECONDITION);
}

static void
users_without_a_meta_record_are_damage(void **state)
{
	struct store_fixture *f = *state;
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	store_add(&txn, STORE_USER, text("12345678"), text("x"));
	store_del(&txn, STORE_META, text("meta"));
	assert_int_equal(store_end(&txn), CODE_OK);
	store_fixture_close(f);
	assert_int_equal(store_fixture_try(f), CODE_DATA_LOSS);
	assert_int_equal(f->fault, STORE_FAULT_DAMAGED);
	assert_non_null(strstr(f->err, "backup"));
}

/* Adds until the store is full; returns how many went in. */
static uint64_t
fill(struct store *store, enum store_fault *fault)
{
	static const uint8_t value[1000];
	struct store_txn txn;
	uint64_t be, n = 0;

	for (;;) {
		store_begin_write(store, &txn);
		store_add(&txn, STORE_SESSION, store_fixture_key(n, &be),
		          (struct bytes){ value, sizeof(value) });
		if (store_end(&txn) != CODE_OK)
			break;
		n++;
	}
	*fault = txn.fault;
	assert_int_equal(txn.code, CODE_RESOURCE_EXHAUSTED);
	return n;
}

static void
a_full_store_refuses_new_records_and_lives_on(void **state)
{
	struct store_fixture *f = *state;
	enum store_fault fault;
	struct store_txn txn;
	struct stat st;
	uint64_t count, be;

	f->options.size_max = 1 << 20;
	store_fixture_reopen(f);
	count = fill(f->store, &fault);
	assert_true(count > 400);
	assert_int_equal(fault, STORE_FAULT_FULL);
	assert_int_equal(store_write_fault(f->store), STORE_FAULT_FULL);
	assert_int_equal(stat(f->file, &st), 0);
	assert_true((uint64_t)st.st_size <= f->options.size_max);
	/* Reads go on. */
	store_begin_read(f->store, &txn);
	assert_int_equal(
		store_get(&txn, STORE_SESSION, store_fixture_key(0, &be)).len,
		1000);
	assert_int_equal(store_end(&txn), CODE_OK);
	/* A session can still be ended... */
	store_begin_write(f->store, &txn);
	store_put(&txn, STORE_SESSION, store_fixture_key(0, &be), text("end"));
	assert_int_equal(store_end(&txn), CODE_OK);
	/* ...also after a restart, and records deleted one by one. */
	store_fixture_reopen(f);
	for (uint64_t i = 0; i < count; i++)
		assert_int_equal(store_fixture_del(f->store, i), CODE_OK);
	assert_int_equal(store_fixture_add(f->store, 1, 1), CODE_OK);
	assert_int_equal(store_write_fault(f->store), STORE_FAULT_NONE);
	assert_int_equal(store_fixture_del(f->store, 1), CODE_OK);
	/* What was deleted is room again. */
	assert_true(fill(f->store, &fault) >= count * 3 / 4);
	store_fixture_reopen(f);
}

static void
stats_count_writes_and_the_bytes_in_use(void **state)
{
	struct store_fixture *f = *state;
	struct store_stats before, after;

	store_stats_get(f->store, &before);
	assert_int_equal(store_fixture_add(f->store, 1, 1), CODE_OK);
	assert_int_equal(store_fixture_add(f->store, 2, 1), CODE_OK);
	assert_int_equal(store_fixture_add(f->store, 2, 1),
	                 CODE_ALREADY_EXISTS);
	store_stats_get(f->store, &after);
	assert_int_equal(after.writes, before.writes + 2);
	assert_int_equal(after.commits, before.commits + 2);
	assert_true(after.size_used > 0);
	assert_true(after.size_used < 1 << 20);
}

static void
closing_nothing_does_nothing(void **state)
{
	(void)state;
	store_close(NULL);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, store_fixture_setup,               \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_written_is_there_after_a_reopen),
		TEST(absence_is_not_a_failure_and_an_empty_value_is_not_absence),
		TEST(a_transaction_remembers_its_first_failure_and_does_nothing_more),
		TEST(failing_with_ok_is_ignored),
		TEST(put_writes_and_replaces_and_del_removes_what_may_be_absent),
		TEST(keys_that_the_engine_cannot_hold_are_refused),
		TEST(values_of_many_pages_come_back_whole),
		TEST(a_cursor_walks_in_key_order_from_where_it_is_told),
		TEST(a_read_sees_one_state_whatever_is_written_meanwhile),
		TEST(a_failing_write_does_not_harm_its_neighbours),
		TEST(more_readers_than_allowed_wait),
		TEST(a_second_open_in_the_same_process_is_refused),
		TEST(a_directory_that_is_not_there_is_named),
		TEST(files_are_for_the_owner_alone),
		TEST(a_newer_schema_is_refused_with_both_numbers),
		TEST(an_older_schema_is_kept_where_that_is_asked_for),
		TEST(no_table_is_made_in_a_store_that_is_kept),
		TEST(a_schema_without_a_way_from_it_is_refused),
		TEST(users_without_a_meta_record_are_damage),
		TEST(a_full_store_refuses_new_records_and_lives_on),
		TEST(stats_count_writes_and_the_bytes_in_use),
		TEST(closing_nothing_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
