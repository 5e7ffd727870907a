#include "server/home.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/domain/keyring.h"
#include "server/domain/master_key.h"
#include "server/store/store.h"
#include "server/store/store_fixture.h"

#define DIR_TEMPLATE "/tmp/home_test.XXXXXX"

struct fixture {
	char top[sizeof(DIR_TEMPLATE)];
	char home[64];
	struct server_settings settings;
	char err[512];
};

static int
remove_entry(const char *path, const struct stat *st, int type,
             struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static int
make_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->top, sizeof(f->top), DIR_TEMPLATE);
	assert_non_null(mkdtemp(f->top));
	assert_int_equal(chdir(f->top), 0);
	(void)snprintf(f->home, sizeof(f->home), "%s/home", f->top);
	*state = f;
	return 0;
}

static int
drop_fixture(void **state)
{
	struct fixture *f = *state;

	settings_free(&server_settings_table, &f->settings);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(nftw(f->top, remove_entry, 16, FTW_DEPTH | FTW_PHYS),
	                 0);
	free(f);
	return 0;
}

static enum code
make_with(struct fixture *f, char *assignment, const char *secret_file)
{
	char *items[] = { assignment };
	struct setting_list set = { items, assignment != NULL ? 1 : 0 };
	struct home_options options = { .dir = "home",
		                        .set = &set,
		                        .secret_file = secret_file };

	assert_int_equal(chdir(f->top), 0);
	return home_make(&options, f->err, sizeof(f->err));
}

static enum code
enter(struct fixture *f)
{
	settings_free(&server_settings_table, &f->settings);
	return home_enter(f->home, NULL, &f->settings, f->err, sizeof(f->err));
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static size_t
count_entries(const char *dir)
{
	DIR *entries = opendir(dir);
	size_t count = 0;

	assert_non_null(entries);
	while (readdir(entries) != NULL)
		count++;
	(void)closedir(entries);
	return count - 2;
}

static void
a_state_directory_is_private_and_complete(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(make_with(f, NULL, NULL), CODE_OK);
	assert_int_equal(count_entries(f->top), 1);
	assert_int_equal(enter(f), CODE_OK);
	assert_int_equal(mode_of("."), 0700);
	assert_int_equal(mode_of("data"), 0700);
	assert_int_equal(mode_of("pki"), 0700);
	assert_int_equal(mode_of("run"), 0750);
	assert_int_equal(mode_of("master.key"), 0400);
	assert_int_equal(mode_of("latchkeyd.conf"), 0600);
	assert_int_equal(mode_of("pki/front-ca.key"), 0600);
	assert_int_equal(count_entries("pki"), 10);
}

static enum key_alg
made_algorithm(struct fixture *f)
{
	struct store_options options;
	struct store *store = NULL;
	struct keyring *keyring = NULL;
	uint8_t master[MASTER_KEY_SIZE];
	enum store_fault fault;
	enum key_alg alg;

	assert_int_equal(enter(f), CODE_OK);
	home_store_options(&f->settings, &options);
	assert_int_equal(
		store_open(&options, &store, &fault, f->err, sizeof(f->err)),
		CODE_OK);
	assert_int_equal(
		master_key_load("master.key", master, f->err, sizeof(f->err)),
		CODE_OK);
	assert_int_equal(
		keyring_open(store, master, &keyring, f->err, sizeof(f->err)),
		CODE_OK);
	assert_int_equal(signing_key_alg(keyring_signer(
				 keyring, KEY_PURPOSE_REFRESH, INT64_MAX)),
	                 KEY_HS256);
	alg = signing_key_alg(
		keyring_signer(keyring, KEY_PURPOSE_ACCESS, INT64_MAX));
	keyring_close(keyring);
	store_close(store);
	return alg;
}

static void
its_keys_sign_with_the_algorithm_asked_for(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(make_with(f, NULL, NULL), CODE_OK);
	assert_int_equal(made_algorithm(f), KEY_ES256);
}

static void
a_shared_secret_can_be_given(void **state)
{
	char hs256[] = "tokens.algorithm=HS256";
	struct fixture *f = *state;
	FILE *to = fopen("secret", "w");

	assert_non_null(to);
	(void)fputs("short\n", to);
	assert_int_equal(fclose(to), 0);
	assert_int_equal(make_with(f, hs256, "secret"), CODE_INVALID_ARGUMENT);
	to = fopen("secret", "w");
	assert_non_null(to);
	(void)fputs("0123456789abcdef0123456789abcdef\n", to);
	assert_int_equal(fclose(to), 0);
	assert_int_equal(make_with(f, NULL, "secret"), CODE_INVALID_ARGUMENT);
	assert_int_equal(make_with(f, hs256, "secret"), CODE_OK);
	assert_int_equal(made_algorithm(f), KEY_HS256);
}

static void
a_second_time_is_told_apart_and_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct stat before, after;

	assert_int_equal(make_with(f, NULL, NULL), CODE_OK);
	assert_int_equal(stat("/proc/self/cwd/master.key", &before), 0);
	assert_int_equal(make_with(f, NULL, NULL), CODE_ALREADY_EXISTS);
	assert_int_equal(stat("home/master.key", &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(count_entries(f->top), 1);
}

static void
an_empty_directory_is_taken_and_a_foreign_one_refused(void **state)
{
	struct fixture *f = *state;
	int fd;

	assert_int_equal(mkdir(f->home, 0755), 0);
	fd = open("home/theirs", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(make_with(f, NULL, NULL), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(f->err, "not a Latchkey state directory"));
	assert_int_equal(access("home/theirs", F_OK), 0);
	assert_int_equal(unlink("home/theirs"), 0);
	assert_int_equal(make_with(f, NULL, NULL), CODE_OK);
	assert_int_equal(enter(f), CODE_OK);
	assert_int_equal(mode_of("."), 0700);
}

static void
a_failure_leaves_nothing_behind(void **state)
{
	char unknown[] = "tokens.colour=blue";
	struct fixture *f = *state;

	assert_int_equal(make_with(f, unknown, NULL), CODE_INVALID_ARGUMENT);
	assert_string_equal(f->err, "tokens.colour=blue: latchkeyd has no "
	                            "setting tokens.colour");
	assert_int_equal(count_entries(f->top), 0);
}

static void
only_a_marked_directory_of_this_version_is_entered(void **state)
{
	struct fixture *f = *state;
	int fd;

	assert_int_equal(enter(f), CODE_NOT_FOUND);
	assert_int_equal(mkdir(f->home, 0700), 0);
	assert_int_equal(enter(f), CODE_FAILED_PRECONDITION);
	fd = open(HOME_MARKER, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_true(write(fd, "latchkey state directory, version 2\n", 36) > 0);
	(void)close(fd);
	assert_int_equal(enter(f), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(f->err, "another version"));
}

static void
settings_that_were_set_are_found_again(void **state)
{
	char rotate[] = "sessions.rotate=true";
	struct fixture *f = *state;

	assert_int_equal(make_with(f, rotate, NULL), CODE_OK);
	assert_int_equal(enter(f), CODE_OK);
	assert_true(f->settings.sessions.rotate);
	settings_free(&server_settings_table, &f->settings);
	assert_int_equal(chdir(f->top), 0);
	assert_int_equal(home_enter(NULL, "home/latchkeyd.conf", &f->settings,
	                            f->err, sizeof(f->err)),
	                 CODE_OK);
	assert_true(f->settings.sessions.rotate);
	assert_int_equal(access("master.key", F_OK), 0);
}

static void
one_server_locks_a_data_directory(void **state)
{
	struct fixture *f = *state;
	char data[PATH_MAX], expected[PATH_MAX + 64];
	int first, second;

	assert_int_equal(make_with(f, NULL, NULL), CODE_OK);
	assert_int_equal(enter(f), CODE_OK);
	first = home_lock(&f->settings, f->err, sizeof(f->err));
	assert_true(first >= 0);
	second = home_lock(&f->settings, f->err, sizeof(f->err));
	assert_int_equal(second, -1);
	assert_non_null(realpath("data", data));
	(void)snprintf(expected, sizeof(expected),
	               "another latchkeyd serves %s already", data);
	assert_string_equal(f->err, expected);
	(void)close(first);
	first = home_lock(&f->settings, f->err, sizeof(f->err));
	assert_true(first >= 0);
	(void)close(first);
}

static void
open_store(struct fixture *f, struct store **out)
{
	if (home_open_store(&f->settings, out, f->err, sizeof(f->err)) !=
	    CODE_OK)
		fail_msg("%s", f->err);
}

static void
a_command_changes_no_store_that_an_older_server_serves(void **state)
{
	struct fixture *f = *state;
	struct store *store = NULL;
	int lock;

	assert_int_equal(make_with(f, NULL, NULL), CODE_OK);
	assert_int_equal(enter(f), CODE_OK);
	open_store(f, &store);
	store_fixture_write_version(store, STORE_SCHEMA_VERSION - 1);
	store_close(store);
	lock = home_lock(&f->settings, f->err, sizeof(f->err));
	assert_true(lock >= 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(home_open_store(&f->settings, &store, f->err,
		                                 sizeof(f->err)),
		                 CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(f->err, "restart the server"));
	(void)close(lock);
	open_store(f, &store);
	store_close(store);
	/* Which left no lock behind, and a store of our version. */
	lock = home_lock(&f->settings, f->err, sizeof(f->err));
	assert_true(lock >= 0);
	open_store(f, &store);
	store_close(store);
	(void)close(lock);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make_fixture, drop_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_state_directory_is_private_and_complete),
		CASE(its_keys_sign_with_the_algorithm_asked_for),
		CASE(a_shared_secret_can_be_given),
		CASE(a_second_time_is_told_apart_and_changes_nothing),
		CASE(an_empty_directory_is_taken_and_a_foreign_one_refused),
		CASE(a_failure_leaves_nothing_behind),
		CASE(only_a_marked_directory_of_this_version_is_entered),
		CASE(settings_that_were_set_are_found_again),
		CASE(one_server_locks_a_data_directory),
		CASE(a_command_changes_no_store_that_an_older_server_serves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
