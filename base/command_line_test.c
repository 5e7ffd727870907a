#include "base/command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Each command answers with what it saw. */
static int
count_arguments(int argc, char **argv)
{
	assert_string_equal(argv[0], "exampled");
	assert_null(argv[argc]);
	return 100 + argc;
}

static int
count_more(int argc, char **argv)
{
	assert_string_equal(argv[0], "exampled");
	return 200 + argc;
}

static const struct command commands[] = {
	{ "serve", "Serves.", "Usage: serve\n", count_arguments },
	{ "other", "Does more.", "Usage: other\n", count_more },
};

static char program[] = "exampled";

static struct command_line
line_with(const char *standard)
{
	return (struct command_line){ .program = program,
		                      .about = "An example.\n",
		                      .commands = commands,
		                      .count = 2,
		                      .standard = standard };
}

static int
run(const char *standard, const char *first, const char *second)
{
	struct command_line line = line_with(standard);
	char a[32] = "", b[32] = "", zero[] = "./x";
	char *argv[] = { zero, a, b, NULL };
	int argc = 1;

	if (first != NULL) {
		strncpy(a, first, sizeof(a) - 1);
		argc = 2;
	}
	if (second != NULL) {
		strncpy(b, second, sizeof(b) - 1);
		argc = 3;
	}
	argv[argc] = NULL;
	return command_line_run(&line, argc, argv);
}

static void
a_command_gets_its_own_arguments(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, "serve", NULL), 101);
	assert_int_equal(run(NULL, "serve", "--x"), 102);
	assert_int_equal(run(NULL, "other", "serve"), 202);
}

static void
without_a_command_the_standard_one_runs(void **state)
{
	(void)state;
	assert_int_equal(run("serve", NULL, NULL), 101);
	assert_int_equal(run("serve", "--home", "x"), 103);
	assert_int_equal(run(NULL, NULL, NULL), EXIT_CODE_USAGE);
	assert_int_equal(run(NULL, "--home", NULL), EXIT_CODE_USAGE);
}

static void
an_unknown_command_is_a_usage_failure(void **state)
{
	(void)state;
	assert_int_equal(run("serve", "sreve", NULL), EXIT_CODE_USAGE);
}

static void
help_is_printed_instead_of_running(void **state)
{
	(void)state;
	assert_int_equal(run("serve", "--help", NULL), EXIT_CODE_OK);
	assert_int_equal(run("serve", "help", NULL), EXIT_CODE_OK);
	assert_int_equal(run("serve", "help", "other"), EXIT_CODE_OK);
	assert_int_equal(run("serve", "other", "--help"), EXIT_CODE_OK);
	assert_int_equal(run("serve", "other", "-h"), EXIT_CODE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_gets_its_own_arguments),
		cmocka_unit_test(without_a_command_the_standard_one_runs),
		cmocka_unit_test(an_unknown_command_is_a_usage_failure),
		cmocka_unit_test(help_is_printed_instead_of_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
