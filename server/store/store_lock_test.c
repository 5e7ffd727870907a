/* Who may open a store, and who keeps everybody out of it. */
#include "server/store/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/store/store_fixture.h"

static int
setup(void **state)
{
	static char dir[64];

	store_fixture_make_dir(dir);
	*state = dir;
	return 0;
}

static int
teardown(void **state)
{
	store_fixture_remove_dir(*state);
	return 0;
}

static void
assert_taken(int fd, int error)
{
	int got = errno;

	assert_int_equal(fd, -1);
	assert_int_equal(got, error);
}

static void
a_process_opens_a_store_once(void **state)
{
	int fd = store_lock_take(*state);

	assert_true(fd >= 0);
	assert_taken(store_lock_take(*state), EAGAIN);
	(void)close(fd);
	fd = store_lock_take(*state);
	assert_true(fd >= 0);
	(void)close(fd);
}

static void
whoever_takes_all_keeps_everybody_out(void **state)
{
	int one = store_lock_take(*state), all;

	assert_true(one >= 0);
	assert_taken(store_lock_take_all(*state), EAGAIN);
	assert_taken(store_lock_share_all(*state), EAGAIN);
	(void)close(one);
	all = store_lock_take_all(*state);
	assert_true(all >= 0);
	assert_taken(store_lock_take(*state), EAGAIN);
	assert_taken(store_lock_take_all(*state), EAGAIN);
	(void)close(all);
}

static void
those_who_only_read_share(void **state)
{
	int first, second;

	assert_taken(store_lock_share_all(*state), ENOENT);
	(void)close(store_lock_take(*state));
	first = store_lock_share_all(*state);
	second = store_lock_share_all(*state);
	assert_true(first >= 0 && second >= 0);
	assert_taken(store_lock_take(*state), EAGAIN);
	(void)close(first);
	(void)close(second);
}

static void
a_lock_goes_when_another_file_takes_its_name(void **state)
{
	const char *dir = *state;
	int fd = store_lock_take(dir);
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/open.lock", dir);
	assert_true(store_lock_is_in_place(fd, path));
	assert_int_equal(unlink(path), 0);
	assert_false(store_lock_is_in_place(fd, path));
	(void)close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_false(store_lock_is_in_place(fd, path));
	(void)close(fd);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_process_opens_a_store_once),
		CASE(whoever_takes_all_keeps_everybody_out),
		CASE(those_who_only_read_share),
		CASE(a_lock_goes_when_another_file_takes_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
