#include "base/new_file.h"

#include <errno.h>
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

#define DIR_TEMPLATE "/tmp/new_file.XXXXXX"

struct fixture {
	char dir[sizeof(DIR_TEMPLATE)];
	char path[64];
};

static int
make_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), DIR_TEMPLATE);
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->path, sizeof(f->path), "%s/file", f->dir);
	*state = f;
	return 0;
}

/* Fails when a temporary file was left behind. */
static int
drop_fixture(void **state)
{
	struct fixture *f = *state;

	(void)unlink(f->path);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static void
assert_holds(const char *path, const char *expected)
{
	char text[64] = "";
	FILE *from = fopen(path, "r");

	assert_non_null(from);
	(void)fread(text, 1, sizeof(text) - 1, from);
	assert_int_equal(fclose(from), 0);
	assert_string_equal(text, expected);
}

static void
a_new_file_has_its_content_and_exactly_its_mode(void **state)
{
	struct fixture *f = *state;
	mode_t old = umask(0077);
	enum code code =
		new_file_write(f->path, (struct bytes){ "abc", 3 }, 0644);
	struct stat st;

	(void)umask(old);
	assert_int_equal(code, CODE_OK);
	assert_holds(f->path, "abc");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_nlink, 1);
}

static void
a_file_that_exists_is_left_as_it_is(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		new_file_write(f->path, (struct bytes){ "old", 3 }, 0400),
		CODE_OK);
	assert_int_equal(
		new_file_write(f->path, (struct bytes){ "new", 3 }, 0600),
		CODE_ALREADY_EXISTS);
	assert_holds(f->path, "old");
}

static void
a_file_is_replaced_whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	char below[80];
	struct stat st;

	assert_int_equal(
		new_file_replace(f->path, (struct bytes){ "first", 5 }, 0600),
		CODE_OK);
	assert_int_equal(
		new_file_replace(f->path, (struct bytes){ "new", 3 }, 0644),
		CODE_OK);
	assert_holds(f->path, "new");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	(void)snprintf(below, sizeof(below), "%s/below", f->path);
	assert_int_equal(
		new_file_replace(below, (struct bytes){ "x", 1 }, 0600),
		CODE_NOT_FOUND);
	/* A directory stands in the way of the rename. */
	assert_int_not_equal(
		new_file_replace(f->dir, (struct bytes){ "x", 1 }, 0600),
		CODE_OK);
	assert_holds(f->path, "new");
}

static void
failures_have_their_code(void **state)
{
	char long_path[5000];

	(void)state;
	assert_int_equal(new_file_write("/tmp/no/such/dir/file",
	                                (struct bytes){ "", 0 }, 0600),
	                 CODE_NOT_FOUND);
	memset(long_path, 'x', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(
		new_file_write(long_path, (struct bytes){ "", 0 }, 0600),
		CODE_INVALID_ARGUMENT);
	assert_int_equal(new_file_code(ENOSPC), CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(new_file_code(EACCES), CODE_PERMISSION_DENIED);
	assert_int_equal(new_file_code(EIO), CODE_INTERNAL);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make_fixture, drop_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_new_file_has_its_content_and_exactly_its_mode),
		CASE(a_file_that_exists_is_left_as_it_is),
		CASE(a_file_is_replaced_whole_or_not_at_all),
		CASE(failures_have_their_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
