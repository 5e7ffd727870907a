/* Restoring a copy, also when it is killed at any step. */
#include "server/restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file_tree.h"
#include "server/domain/master_key.h"
#include "server/home.h"
#include "server/store/schema.h"
#include "server/store/store_backup.h"
#include "server/store/store_fixture.h"
#include "server/store/user_store.h"

#define NOW_US ((int64_t)1790000000 * 1000000)
#define KEPT_NAME "data.before-20260921T141320Z"
#define STEPS_MAX 400
#define COPIED 1  /* users in the copy */
#define PRESENT 2 /* users in the store */

struct fixture {
	char dir[64];
	char home[80];
	char copy[80];
	char err[2 * PATH_MAX];
	struct server_settings settings;
	struct restore_report report;
	struct arena arena;
	uint8_t memory[16384];
};

/*
 * The calls by which a restore changes the disk, as the linker finds them
 * before libc's: they can kill the process, fail, or note what was synced.
 */
static struct {
	int steps, kill_at; /* 0: never */
	bool full, cannot_exchange;
	bool is_other_user;
	bool is_replaced; /* the data directory, before it is locked */
	uint64_t room;    /* bytes that the disk has */
	bool is_file_synced, is_dir_synced, is_name_synced;
	bool has_exchanged, is_end_synced;
} trick;

static void
step(void)
{
	if (++trick.steps == trick.kill_at)
		(void)kill(getpid(), SIGKILL);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void
note_sync(int fd)
{
	char link[64], path[PATH_MAX] = "";

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) < 0)
		return;
	if (trick.has_exchanged)
		trick.is_end_synced |= ends_with(path, "/home");
	else if (strstr(path, "data.tmp-") != NULL)
		*(ends_with(path, "data.mdb") ? &trick.is_file_synced
		                              : &trick.is_dir_synced) = true;
	else
		trick.is_name_synced |= ends_with(path, "/home");
}

int
fsync(int fd)
{
	step();
	note_sync(fd);
	return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fildes)
{
	step();
	return (int)syscall(SYS_fdatasync, fildes);
}

int
fchmod(int fd, mode_t mode)
{
	step();
	return (int)syscall(SYS_fchmod, fd, mode);
}

int
close(int fd)
{
	step();
	return (int)syscall(SYS_close, fd);
}

ssize_t
sendfile(int out_fd, int in_fd, off_t *offset, size_t count)
{
	step();
	if (trick.full) {
		errno = ENOSPC;
		return -1;
	}
	/* In pieces, so that a kill finds half of a file. */
	return syscall(SYS_sendfile, out_fd, in_fd, offset,
	               count > 20000 ? 20000 : count);
}

int
renameat2(int oldfd, const char *old, int newfd, const char *new,
          unsigned flags)
{
	step();
	if (flags == RENAME_EXCHANGE && trick.cannot_exchange) {
		errno = EINVAL;
		return -1;
	}
	if (flags == RENAME_EXCHANGE)
		trick.has_exchanged = true;
	return (int)syscall(SYS_renameat2, oldfd, old, newfd, new, flags);
}

int
statvfs(const char *file, struct statvfs *buf)
{
	(void)file;
	*buf = (struct statvfs){ .f_frsize = 1, .f_bavail = trick.room };
	return 0;
}

uid_t
geteuid(void)
{
	return (uid_t)syscall(SYS_geteuid) + (trick.is_other_user ? 1 : 0);
}

int
flock(int fd, int operation)
{
	if (trick.is_replaced) {
		assert_int_equal(rename("data", "gone"), 0);
		assert_int_equal(mkdir("data", 0700), 0);
	}
	return (int)syscall(SYS_flock, fd, operation);
}

static struct store *
open_store(struct fixture *f, const char *dir)
{
	struct store_options options;
	struct store *store = NULL;
	enum store_fault fault;

	home_store_options(&f->settings, &options);
	options.dir = dir;
	options.readers_max = 1;
	if (store_open(&options, &store, &fault, f->err, sizeof(f->err)) !=
	    CODE_OK)
		fail_msg("%s", f->err);
	return store;
}

static uint64_t
add_user(struct fixture *f, const char *name)
{
	struct store *store = open_store(f, "data");
	struct user user = { .email = "",
		             .username = name,
		             .first_name = "",
		             .last_name = "",
		             .name = "",
		             .password_hash = USER_PASSWORD_UNUSABLE,
		             .avatar = "" };
	struct store_txn txn;

	arena_reset(&f->arena);
	store_begin_write(store, &txn);
	user_store_add(&txn, &f->arena, &user);
	assert_int_equal(store_end(&txn), CODE_OK);
	store_close(store);
	return user.id;
}

static size_t
count_users(struct fixture *f, const char *dir)
{
	struct store *store = open_store(f, dir);
	size_t count = store_fixture_count(store, STORE_USER);

	store_close(store);
	return count;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct home_options options = { 0 };

	assert_non_null(f);
	memset(&trick, 0, sizeof(trick));
	trick.room = 1 << 30;
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	store_fixture_make_dir(f->dir);
	(void)snprintf(f->home, sizeof(f->home), "%s/home", f->dir);
	(void)snprintf(f->copy, sizeof(f->copy), "%s/copy", f->dir);
	options.dir = f->home;
	if (home_make(&options, f->err, sizeof(f->err)) != CODE_OK ||
	    home_enter(f->home, NULL, &f->settings, f->err, sizeof(f->err)) !=
	            CODE_OK)
		fail_msg("%s", f->err);
	assert_int_equal(add_user(f, "ada"), 1);
	if (store_backup("data", f->copy, f->err, sizeof(f->err)) != CODE_OK)
		fail_msg("%s", f->err);
	assert_int_equal(add_user(f, "bob"), 2);
	trick.steps = 0;
	f->err[0] = '\0';
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	trick.kill_at = 0;
	(void)!chdir("/");
	settings_free(&server_settings_table, &f->settings);
	file_tree_remove(f->dir);
	free(f);
	return 0;
}

static enum code
restore_from(struct fixture *f, const char *from)
{
	const struct restore_order order = { .settings = &f->settings,
		                             .from = from,
		                             .now_us = NOW_US };

	f->err[0] = '\0';
	return restore_run(&order, &f->report, f->err, sizeof(f->err));
}

static enum code
check(struct fixture *f, const char *from)
{
	const struct restore_order order = { .settings = &f->settings,
		                             .from = from,
		                             .now_us = NOW_US };

	f->err[0] = '\0';
	return restore_check(&order, &f->report, f->err, sizeof(f->err));
}

static void
must_restore(struct fixture *f, const char *from)
{
	if (restore_from(f, from) != CODE_OK)
		fail_msg("%s", f->err);
}

/* How many entries of a directory begin so. */
static unsigned
count_entries(const char *dir, const char *prefix)
{
	DIR *entries = opendir(dir);
	const struct dirent *entry;
	unsigned count = 0;

	assert_non_null(entries);
	while ((entry = readdir(entries)) != NULL)
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			count++;
	(void)closedir(entries);
	return count;
}

/* Refused, with this in the sentence, and nothing is touched or left over. */
static void
assert_refused(struct fixture *f, const char *from, enum code code,
               const char *sentence)
{
	assert_int_equal(restore_from(f, from), code);
	if (strstr(f->err, sentence) == NULL)
		fail_msg("\"%s\" is not in: %s", sentence, f->err);
	assert_int_equal(count_entries(".", "data"), 1);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
a_copy_takes_the_place_and_what_was_there_is_kept(void **state)
{
	struct fixture *f = *state;
	char home[PATH_MAX], expected[PATH_MAX + 64];

	must_restore(f, f->copy);
	assert_non_null(getcwd(home, sizeof(home)));
	(void)snprintf(expected, sizeof(expected), "%s/" KEPT_NAME, home);
	assert_string_equal(f->report.kept, expected);
	(void)snprintf(expected, sizeof(expected), "%s/data", home);
	assert_string_equal(f->report.data, expected);
	assert_string_equal(f->report.copy, f->copy);
	assert_true(f->report.facts.is_backup);
	assert_int_equal(mode_of("data"), 0700);
	assert_int_equal(mode_of("data/data.mdb"), 0600);
	assert_int_equal(mode_of(f->copy), 0600);
	assert_int_equal(count_users(f, "data"), COPIED);
	assert_int_equal(count_users(f, KEPT_NAME), PRESENT);
	assert_int_equal(count_entries(".", "data"), 2);
}

static void
the_old_directory_can_be_restored_again(void **state)
{
	struct fixture *f = *state;
	char kept[PATH_MAX];

	must_restore(f, f->copy);
	assert_non_null(realpath(KEPT_NAME, kept));
	assert_int_equal(rename(KEPT_NAME, "aside"), 0);
	assert_non_null(realpath("aside", kept));
	must_restore(f, kept);
	assert_false(f->report.facts.is_backup);
	assert_int_equal(count_users(f, "data"), PRESENT);
	assert_int_equal(count_users(f, "aside"), PRESENT);
}

static void
user_ids_move_on_whatever_the_copy_is_from(void **state)
{
	struct fixture *f = *state;
	char kept[PATH_MAX];
	uint64_t id;

	must_restore(f, f->copy);
	assert_true(add_user(f, "eve") >= 2 + RESTORED_USER_IDS_MIN);
	assert_int_equal(rename(KEPT_NAME, "aside"), 0);
	assert_non_null(realpath("aside", kept));
	must_restore(f, kept);
	id = add_user(f, "mallory");
	assert_true(id >= 3 + RESTORED_USER_IDS_MIN);
}

/* Runs a restore in a process of its own; returns whether it was killed. */
static bool
run_killed_at(struct fixture *f, int kill_at)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		trick.steps = 0;
		trick.kill_at = kill_at;
		_exit(restore_from(f, f->copy) == CODE_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		fail_msg("step %d: it failed", kill_at);
	return WIFSIGNALED(status);
}

/* The old store is somewhere, whole: in its place or kept. */
static bool
assert_whole(struct fixture *f)
{
	size_t users = count_users(f, "data");

	if (users == COPIED)
		assert_int_equal(count_users(f, KEPT_NAME), PRESENT);
	else
		assert_int_equal(users, PRESENT);
	return users == COPIED;
}

static void
a_kill_at_any_step_leaves_the_old_store_or_the_new(void **state)
{
	struct fixture *f = *state;
	int olds = 0, news = 0, n = 1;

	assert_int_equal(rename("data", "first"), 0);
	for (bool killed = true; killed; n++) {
		assert_true(n < STEPS_MAX);
		assert_int_equal(system("rm -rf data* && cp -a first data"), 0);
		killed = run_killed_at(f, n);
		if (assert_whole(f))
			news++;
		else
			olds++;
		/* Again, as an operator would, a second later. */
		if (access(KEPT_NAME, F_OK) == 0)
			assert_int_equal(rename(KEPT_NAME, "data.kept"), 0);
		must_restore(f, f->copy);
		assert_int_equal(count_users(f, "data"), COPIED);
	}
	/* Killed before the change of places and after it, many a time. */
	assert_true(olds > 10);
	assert_true(news > 2);
}

static void
all_is_synced_before_the_places_change_and_after(void **state)
{
	struct fixture *f = *state;

	must_restore(f, f->copy);
	assert_true(trick.is_file_synced);
	assert_true(trick.is_dir_synced);
	assert_true(trick.is_name_synced);
	assert_true(trick.has_exchanged);
	assert_true(trick.is_end_synced);
}

static void
a_check_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct store *store = open_store(f, "data");
	struct stat before, after;

	assert_int_equal(stat(f->copy, &before), 0);
	assert_int_equal(check(f, f->copy), CODE_OK);
	assert_true(f->report.facts.is_backup);
	assert_int_equal(f->report.facts.schema_version, STORE_SCHEMA_VERSION);
	assert_int_equal(stat(f->copy, &after), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	store_close(store);
	assert_int_equal(count_entries(".", "data"), 1);
	assert_int_equal(count_entries(f->dir, "copy"), 1);
	assert_int_equal(access("data/serve.lock", F_OK), -1);
	assert_int_equal(count_users(f, "data"), PRESENT);
}

static void
it_is_refused_while_the_store_is_in_use(void **state)
{
	struct fixture *f = *state;
	int fd = home_lock(&f->settings, f->err, sizeof(f->err));
	struct store *store;

	assert_true(fd >= 0);
	assert_refused(f, f->copy, CODE_UNAVAILABLE, "another latchkeyd");
	(void)close(fd);
	store = open_store(f, "data");
	assert_refused(f, f->copy, CODE_UNAVAILABLE, "another latchkeyd");
	store_close(store);
	must_restore(f, f->copy);
}

/* A lock file of root's would keep the server from starting. */
static void
another_user_is_refused_before_a_file_is_made(void **state)
{
	struct fixture *f = *state;

	trick.is_other_user = true;
	assert_refused(f, f->copy, CODE_PERMISSION_DENIED, "as that user");
	assert_int_equal(access("data/serve.lock", F_OK), -1);
}

/* Who opened the lock's file just before the places changed. */
static void
a_lock_of_the_directory_that_was_there_is_refused(void **state)
{
	struct fixture *f = *state;
	int fd;

	trick.is_replaced = true;
	assert_int_equal(home_lock(&f->settings, f->err, sizeof(f->err)), -1);
	assert_non_null(strstr(f->err, "another latchkeyd"));
	trick.is_replaced = false;
	fd = home_lock(&f->settings, f->err, sizeof(f->err));
	assert_true(fd >= 0);
	(void)close(fd);
}

static void
spoil(const char *path, off_t at, size_t size)
{
	char junk[4096];
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	memset(junk, 0xA5, sizeof(junk));
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, junk, size, at), size);
	(void)close(fd);
}

static void
a_damaged_copy_is_refused(void **state)
{
	struct fixture *f = *state;
	char whole[96], command[256];
	struct stat st;
	unsigned refused = 0;

	(void)snprintf(whole, sizeof(whole), "%s.whole", f->copy);
	(void)snprintf(command, sizeof(command), "cp %s %s", whole, f->copy);
	assert_int_equal(rename(f->copy, whole), 0);
	assert_int_equal(stat(whole, &st), 0);
	for (off_t page = 0; page < st.st_size / 4096; page++) {
		assert_int_equal(system(command), 0);
		spoil(f->copy, page * 4096, 4096);
		if (check(f, f->copy) == CODE_OK)
			continue; /* the page is not in use */
		refused++;
		assert_refused(f, f->copy, CODE_DATA_LOSS, f->copy);
		assert_non_null(strstr(f->err, "is damaged"));
		assert_non_null(strstr(f->err, "take another copy"));
	}
	assert_true(refused > 5);
	assert_int_equal(truncate(f->copy, 20000), 0);
	assert_refused(f, f->copy, CODE_DATA_LOSS, "is damaged");
	assert_int_equal(truncate(f->copy, 0), 0);
	assert_refused(f, f->copy, CODE_DATA_LOSS, "is damaged");
}

static void
a_copy_whose_keys_the_master_key_does_not_open_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(unlink("master.key"), 0);
	assert_refused(f, f->copy, CODE_NOT_FOUND, "master.key");
	assert_int_equal(master_key_make("master.key"), CODE_OK);
	assert_refused(f, f->copy, CODE_UNAUTHENTICATED,
	               "the master key is not the one");
	assert_int_equal(check(f, f->copy), CODE_UNAUTHENTICATED);
}

static void
what_is_no_copy_is_refused(void **state)
{
	struct fixture *f = *state;
	char other[96], data[PATH_MAX];
	struct store *store;

	(void)snprintf(other, sizeof(other), "%s/other", f->dir);
	assert_refused(f, other, CODE_NOT_FOUND, other);
	assert_int_equal(symlink(f->copy, other), 0);
	assert_refused(f, other, CODE_INVALID_ARGUMENT, "symbolic link");
	assert_int_equal(unlink(other), 0);
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_refused(f, other, CODE_INVALID_ARGUMENT, "no regular file");
	assert_int_equal(unlink(other), 0);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_refused(f, other, CODE_NOT_FOUND, "other/data.mdb");
	assert_non_null(realpath("data", data));
	assert_refused(f, data, CODE_FAILED_PRECONDITION, "itself");
	assert_refused(f, f->home, CODE_NOT_FOUND, "home/data.mdb");
	store = open_store(f, other);
	assert_refused(f, other, CODE_FAILED_PRECONDITION, "another process");
	store_close(store);
	/* A new store without keys. */
	assert_refused(f, other, CODE_FAILED_PRECONDITION, "other/data.mdb");
}

static void
a_disk_without_room_is_noticed_before_and_during(void **state)
{
	struct fixture *f = *state;

	trick.room = 1 << 20;
	assert_refused(f, f->copy, CODE_RESOURCE_EXHAUSTED, "1 MiB free");
	trick.room = 1 << 30;
	trick.full = true;
	assert_refused(f, f->copy, CODE_RESOURCE_EXHAUSTED, "No space");
	trick.full = false;
	assert_int_equal(count_users(f, "data"), PRESENT);
}

static void
a_file_system_that_cannot_exchange_is_left_as_it_was(void **state)
{
	struct fixture *f = *state;

	trick.cannot_exchange = true;
	assert_refused(f, f->copy, CODE_FAILED_PRECONDITION, "by hand");
	assert_int_equal(count_users(f, "data"), PRESENT);
}

static void
a_data_directory_that_is_gone_is_made(void **state)
{
	struct fixture *f = *state;

	file_tree_remove("data");
	must_restore(f, f->copy);
	assert_string_equal(f->report.kept, "");
	assert_int_equal(mode_of("data"), 0700);
	assert_int_equal(count_users(f, "data"), COPIED);
	assert_int_equal(count_entries(".", "data"), 1);
}

static void
a_damaged_store_is_replaced_and_kept_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(truncate("data/data.mdb", 12345), 0);
	must_restore(f, f->copy);
	assert_int_equal(count_users(f, "data"), COPIED);
	assert_int_equal(stat(KEPT_NAME "/data.mdb", &st), 0);
	assert_int_equal(st.st_size, 12345);
}

/* The store may lie on another disk, with a link to it. */
static void
a_linked_data_directory_is_restored_where_it_lies(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(mkdir("disk", 0700), 0);
	assert_int_equal(rename("data", "disk/store"), 0);
	assert_int_equal(symlink("disk/store", "data"), 0);
	must_restore(f, f->copy);
	assert_int_equal(lstat("data", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(count_users(f, "disk/store"), COPIED);
	assert_int_equal(count_entries("disk", "store.before-"), 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_copy_takes_the_place_and_what_was_there_is_kept),
		CASE(the_old_directory_can_be_restored_again),
		CASE(user_ids_move_on_whatever_the_copy_is_from),
		CASE(a_kill_at_any_step_leaves_the_old_store_or_the_new),
		CASE(all_is_synced_before_the_places_change_and_after),
		CASE(a_check_changes_nothing),
		CASE(it_is_refused_while_the_store_is_in_use),
		CASE(another_user_is_refused_before_a_file_is_made),
		CASE(a_lock_of_the_directory_that_was_there_is_refused),
		CASE(a_damaged_copy_is_refused),
		CASE(a_copy_whose_keys_the_master_key_does_not_open_is_refused),
		CASE(what_is_no_copy_is_refused),
		CASE(a_disk_without_room_is_noticed_before_and_during),
		CASE(a_file_system_that_cannot_exchange_is_left_as_it_was),
		CASE(a_data_directory_that_is_gone_is_made),
		CASE(a_damaged_store_is_replaced_and_kept_as_it_is),
		CASE(a_linked_data_directory_is_restored_where_it_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
