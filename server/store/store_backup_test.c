/* Backups of a store that another process writes to. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "proto/latchkey/store/v1/meta_record.pb-c.h"
#include "server/store/record.h"
#include "server/store/schema.h"
#include "server/store/store_backup.h"
#include "server/store/store_fixture.h"
#include "server/store/user_store.h"

/* What a test needs beside the store: where a backup goes. */
struct backup {
	char dir[64];
	char file[80];
	char err[512];
};

static void
backup_init(struct backup *b)
{
	store_fixture_make_dir(b->dir);
	(void)snprintf(b->file, sizeof(b->file), "%s/data.mdb", b->dir);
}

static enum code
back_up(const struct store_fixture *f, struct backup *b)
{
	b->err[0] = '\0';
	return store_backup(f->dir, b->file, b->err, sizeof(b->err));
}

/* A backup in an own directory is a store. */
static struct store *
open_backup(const struct store_fixture *f, const struct backup *b)
{
	struct store_options options = f->options;
	enum store_fault fault;
	struct store *store;
	char err[512];

	options.dir = b->dir;
	if (store_open(&options, &store, &fault, err, sizeof(err)) != CODE_OK)
		fail_msg("%s", err);
	return store;
}

/*
 * Runs in a process of its own, until killed: one pair of equal records after
 * the other, and a record that both must agree with. Says when it has begun.
 */
static void
write_pairs(const struct store_options *options, int began)
{
	enum store_fault fault;
	struct store *store;
	char err[256];
	struct store_txn txn;
	uint64_t one, two;

	if (store_open(options, &store, &fault, err, sizeof(err)) != CODE_OK)
		_exit(1);
	for (uint64_t n = 1;; n++) {
		store_begin_write(store, &txn);
		store_put(&txn, STORE_SESSION, store_fixture_key(1, &one),
		          (struct bytes){ &n, sizeof(n) });
		store_put(&txn, STORE_SESSION, store_fixture_key(2, &two),
		          (struct bytes){ &n, sizeof(n) });
		store_put(&txn, STORE_SESSION,
		          store_fixture_key(1000 + n % 500, &two),
		          (struct bytes){ &n, sizeof(n) });
		if (store_end(&txn) != CODE_OK)
			_exit(1);
		if (n == 50 && write(began, "x", 1) != 1)
			_exit(1);
	}
}

static pid_t
start_writer(const struct store_fixture *f)
{
	int pipe_fds[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(pipe_fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		write_pairs(&f->options, pipe_fds[1]);
	(void)close(pipe_fds[1]);
	assert_int_equal(read(pipe_fds[0], &c, 1), 1);
	(void)close(pipe_fds[0]);
	return pid;
}

static void
backups_made_while_another_process_writes_are_consistent(void **state)
{
	struct store_fixture *f = *state;
	uint64_t last = 0, one, two;
	pid_t pid;

	store_fixture_close(f);
	pid = start_writer(f);
	for (int i = 0; i < 10; i++) {
		struct store *copy;
		struct backup b;
		struct stat st;

		backup_init(&b);
		if (back_up(f, &b) != CODE_OK)
			fail_msg("%s", b.err);
		assert_int_equal(stat(b.file, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		copy = open_backup(f, &b);
		assert_int_equal(store_fixture_get(copy, 1, &one), CODE_OK);
		assert_int_equal(store_fixture_get(copy, 2, &two), CODE_OK);
		assert_int_equal(one, two);
		assert_true(one >= last && one >= 50);
		last = one;
		assert_int_equal(store_fixture_add(copy, 3, 3), CODE_OK);
		store_close(copy);
		store_fixture_remove_dir(b.dir);
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	store_fixture_reopen(f);
	assert_int_equal(store_fixture_get(f->store, 1, &one), CODE_OK);
	assert_true(one >= last);
}

static void
a_backup_of_a_closed_store_has_everything_and_is_compact(void **state)
{
	struct store_fixture *f = *state;
	struct stat before, after;
	struct store *copy;
	struct backup b;
	uint64_t got;

	for (uint64_t i = 0; i < 200; i++)
		assert_int_equal(store_fixture_add(f->store, i, i), CODE_OK);
	store_fixture_close(f);
	backup_init(&b);
	assert_int_equal(back_up(f, &b), CODE_OK);
	assert_int_equal(stat(f->file, &before), 0);
	assert_int_equal(stat(b.file, &after), 0);
	assert_true(after.st_size < before.st_size);
	copy = open_backup(f, &b);
	for (uint64_t i = 0; i < 200; i++) {
		assert_int_equal(store_fixture_get(copy, i, &got), CODE_OK);
		assert_int_equal(got, i);
	}
	store_close(copy);
	store_fixture_remove_dir(b.dir);
}

static void
a_backup_in_the_place_of_a_damaged_store_restores_it(void **state)
{
	struct store_fixture *f = *state;
	struct backup b;
	uint64_t got;

	assert_int_equal(store_fixture_add(f->store, 1, 10), CODE_OK);
	store_fixture_close(f);
	backup_init(&b);
	assert_int_equal(back_up(f, &b), CODE_OK);
	store_fixture_reopen(f);
	for (uint64_t i = 2; i < 50; i++)
		assert_int_equal(store_fixture_add(f->store, i, i), CODE_OK);
	store_fixture_close(f);
	assert_int_equal(truncate(f->file, 12345), 0);
	assert_int_equal(store_fixture_try(f), CODE_DATA_LOSS);
	/* The lock files of the damaged one stay where they are. */
	assert_int_equal(rename(b.file, f->file), 0);
	store_fixture_reopen(f);
	assert_int_equal(store_fixture_get(f->store, 1, &got), CODE_OK);
	assert_int_equal(got, 10);
	assert_int_equal(store_fixture_get(f->store, 2, &got), CODE_NOT_FOUND);
	assert_int_equal(store_fixture_add(f->store, 2, 20), CODE_OK);
	store_fixture_reopen(f);
	assert_int_equal(store_fixture_get(f->store, 2, &got), CODE_OK);
	assert_int_equal(rmdir(b.dir), 0);
}

static uint64_t
add_user(struct store *store, struct arena *arena, const char *name)
{
	struct user user = { .email = "",
		             .username = name,
		             .first_name = "",
		             .last_name = "",
		             .name = "",
		             .password_hash = USER_PASSWORD_UNUSABLE,
		             .avatar = "" };
	struct store_txn txn;

	arena_reset(arena);
	store_begin_write(store, &txn);
	user_store_add(&txn, arena, &user);
	assert_int_equal(store_end(&txn), CODE_OK);
	return user.id;
}

/* Makes the next opening of a store that of a copy of so long ago. */
static void
make_copy_of_past(struct store *store, uint64_t next_user_id, int64_t age_s)
{
	const struct bytes key = { RECORD_META_KEY,
		                   sizeof(RECORD_META_KEY) - 1 };
	Latchkey__Store__V1__MetaRecord meta =
		LATCHKEY__STORE__V1__META_RECORD__INIT;
	struct store_txn txn;
	uint8_t buf[64];

	meta.schema_version = STORE_SCHEMA_VERSION;
	meta.next_user_id = next_user_id;
	meta.copied_at_us = clock_wall_us() - age_s * 1000000;
	store_begin_write(store, &txn);
	store_put(&txn, STORE_META, key,
	          (struct bytes){ buf, latchkey__store__v1__meta_record__pack(
					       &meta, buf) });
	assert_int_equal(store_end(&txn), CODE_OK);
}

static void
a_restored_backup_hands_out_no_id_from_after_it(void **state)
{
	struct store_fixture *f = *state;
	struct store *restored;
	struct backup b;
	uint64_t first;

	assert_int_equal(add_user(f->store, &f->arena, "ada"), 1);
	store_fixture_close(f);
	backup_init(&b);
	assert_int_equal(back_up(f, &b), CODE_OK);
	store_fixture_reopen(f);
	/* Nothing happens to the store that was copied. */
	assert_int_equal(add_user(f->store, &f->arena, "lost"), 2);
	restored = open_backup(f, &b);
	first = add_user(restored, &f->arena, "bob");
	assert_true(first >= 2 + RESTORED_USER_IDS_MIN);
	store_close(restored);
	restored = open_backup(f, &b);
	assert_int_equal(add_user(restored, &f->arena, "eve"), first + 1);
	/* The longer ago, the more. */
	make_copy_of_past(restored, 2, 86400);
	store_close(restored);
	restored = open_backup(f, &b);
	first = add_user(restored, &f->arena, "mallory");
	assert_true(first >= 2 + RESTORED_USER_IDS_MIN +
	                             86400 * RESTORED_USER_IDS_PER_S);
	/* A clock that has been set back. */
	make_copy_of_past(restored, 5000000000, -86400);
	store_close(restored);
	restored = open_backup(f, &b);
	assert_int_equal(add_user(restored, &f->arena, "trent"),
	                 5000000000 + RESTORED_USER_IDS_MIN);
	store_close(restored);
	store_fixture_remove_dir(b.dir);
}

static void
an_existing_file_is_never_replaced(void **state)
{
	struct store_fixture *f = *state;
	struct backup b;
	struct stat st;
	int fd;

	store_fixture_close(f);
	backup_init(&b);
	fd = open(b.file, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "mine", 4), 4);
	(void)close(fd);
	assert_int_equal(back_up(f, &b), CODE_ALREADY_EXISTS);
	assert_non_null(strstr(b.err, b.file));
	assert_int_equal(stat(b.file, &st), 0);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(unlink(b.file), 0);
	assert_int_equal(rmdir(b.dir), 0);
}

static void
a_backup_that_fails_leaves_nothing_behind(void **state)
{
	struct store_fixture *f = *state;
	uint8_t damage[64] = { 1, 2, 3 };
	struct backup b;
	int fd;

	assert_int_equal(store_fixture_add(f->store, 1, 1), CODE_OK);
	store_fixture_close(f);
	fd = open(f->file, O_WRONLY);
	assert_true(fd >= 0);
	for (off_t page = 2; page < 16; page++)
		assert_int_equal(
			pwrite(fd, damage, sizeof(damage), page * 4096),
			sizeof(damage));
	(void)close(fd);
	backup_init(&b);
	assert_int_equal(back_up(f, &b), CODE_DATA_LOSS);
	assert_non_null(strstr(b.err, f->file));
	assert_int_equal(rmdir(b.dir), 0);
	/* The directory is gone: nowhere to write. */
	assert_int_equal(unlink(f->file), 0);
	store_fixture_reopen(f);
	store_fixture_close(f);
	assert_int_equal(back_up(f, &b), CODE_INTERNAL);
	assert_non_null(strstr(b.err, b.file));
}

static void
a_store_that_is_not_there_is_not_made_by_a_backup(void **state)
{
	struct store_fixture *f = *state;
	struct backup b;

	store_fixture_close(f);
	assert_int_equal(unlink(f->file), 0);
	backup_init(&b);
	assert_int_equal(back_up(f, &b), CODE_INTERNAL);
	assert_non_null(strstr(b.err, f->file));
	assert_int_equal(access(f->file, F_OK), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(rmdir(b.dir), 0);
}

static void
a_backup_by_the_process_that_serves_is_refused(void **state)
{
	struct store_fixture *f = *state;
	struct backup b;

	backup_init(&b);
	assert_int_not_equal(back_up(f, &b), CODE_OK);
	assert_int_equal(store_fixture_add(f->store, 1, 1), CODE_OK);
	assert_int_equal(rmdir(b.dir), 0);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, store_fixture_setup,               \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(backups_made_while_another_process_writes_are_consistent),
		TEST(a_backup_of_a_closed_store_has_everything_and_is_compact),
		TEST(a_backup_in_the_place_of_a_damaged_store_restores_it),
		TEST(a_restored_backup_hands_out_no_id_from_after_it),
		TEST(an_existing_file_is_never_replaced),
		TEST(a_backup_that_fails_leaves_nothing_behind),
		TEST(a_store_that_is_not_there_is_not_made_by_a_backup),
		TEST(a_backup_by_the_process_that_serves_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
