#include "base/file_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void
a_path_stays_good_when_the_directory_changes(void **state)
{
	char out[PATH_MAX];

	(void)state;
	assert_int_equal(chdir("/usr"), 0);
	assert_int_equal(file_path_absolute("bin/not there", out), CODE_OK);
	assert_string_equal(out, "/usr/bin/not there");
	assert_int_equal(file_path_absolute("/etc/x", out), CODE_OK);
	assert_string_equal(out, "/etc/x");
}

static void
what_is_empty_or_too_long_is_refused(void **state)
{
	char name[PATH_MAX + 1], out[PATH_MAX];

	(void)state;
	assert_int_equal(chdir("/usr"), 0);
	memset(name, 'a', PATH_MAX);
	assert_int_equal(file_path_absolute("", out), CODE_INVALID_ARGUMENT);
	/* The longest that fits behind "/usr/", with the NUL. */
	name[PATH_MAX - 6] = '\0';
	assert_int_equal(file_path_absolute(name, out), CODE_OK);
	name[PATH_MAX - 6] = 'a';
	name[PATH_MAX - 5] = '\0';
	assert_int_equal(file_path_absolute(name, out), CODE_INVALID_ARGUMENT);
	name[0] = '/';
	name[PATH_MAX - 5] = 'a';
	name[PATH_MAX - 1] = '\0';
	assert_int_equal(file_path_absolute(name, out), CODE_OK);
	name[PATH_MAX - 1] = 'a';
	name[PATH_MAX] = '\0';
	assert_int_equal(file_path_absolute(name, out), CODE_INVALID_ARGUMENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_stays_good_when_the_directory_changes),
		cmocka_unit_test(what_is_empty_or_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
