/*
 * The benchmark in its short form, with the real programs: every row and every
 * further ceiling is measured, without an error, and nothing stays behind. How
 * fast they are is not judged here.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/bench/ceilings.h"
#include "tests/bench/row.h"

#define OUTPUT_MAX 65536

/* What one run printed, and the directory it worked in. */
struct run {
	char dir[32];
	char output[OUTPUT_MAX];
	int status;
};

static void
read_all(FILE *from, char to[OUTPUT_MAX])
{
	size_t len = fread(to, 1, OUTPUT_MAX - 1, from);

	to[len] = '\0';
}

static int
run_short(void **state)
{
	struct run *run = calloc(1, sizeof(*run));
	char command[1024];
	FILE *pipe;

	assert_non_null(run);
	(void)strcpy(run->dir, "/tmp/lkshort-XXXXXX");
	assert_non_null(mkdtemp(run->dir));
	(void)snprintf(command, sizeof(command),
	               "exec %s --latchkeyd=%s --gateway=%s --echo-server=%s "
	               "--skeleton=%s --dir=%s --short",
	               getenv("BENCH"), getenv("LATCHKEYD"), getenv("GATEWAY"),
	               getenv("ECHO_SERVER"), getenv("SKELETON"), run->dir);
	/* The paths are Bazel's own. NOLINTNEXTLINE(cert-env33-c) */
	pipe = popen(command, "r");
	assert_non_null(pipe);
	read_all(pipe, run->output);
	run->status = pclose(pipe);
	*state = run;
	return 0;
}

static int
forget(void **state)
{
	struct run *run = *state;

	assert_int_equal(rmdir(run->dir), 0);
	free(run);
	return 0;
}

static void
the_short_run_succeeds(void **state)
{
	const struct run *run = *state;

	assert_true(WIFEXITED(run->status));
	assert_int_equal(WEXITSTATUS(run->status), 0);
}

static void
every_row_is_measured_over_both_hops(void **state)
{
	const struct run *run = *state;
	size_t count;
	const struct row *rows = row_list(&count);
	char start[64];

	for (size_t i = 0; i < count; i++) {
		(void)snprintf(start, sizeof(start), "| %-21s | tls |",
		               rows[i].name);
		assert_non_null(strstr(run->output, start));
		(void)snprintf(start, sizeof(start), "| %-21s | ipc |",
		               rows[i].name);
		assert_non_null(strstr(run->output, start));
	}
}

static void
every_further_ceiling_is_measured(void **state)
{
	const struct run *run = *state;
	size_t count;
	const struct ceiling *list = ceilings_list_reference(&count);

	for (size_t i = 0; i < count; i++)
		assert_non_null(strstr(run->output, list[i].name));
}

static void
nothing_is_left_behind(void **state)
{
	const struct run *run = *state;
	DIR *dir = opendir(run->dir);
	const struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		assert_int_equal(entry->d_name[0], '.');
	(void)closedir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_short_run_succeeds),
		cmocka_unit_test(every_row_is_measured_over_both_hops),
		cmocka_unit_test(every_further_ceiling_is_measured),
		cmocka_unit_test(nothing_is_left_behind),
	};

	return cmocka_run_group_tests_name("bench", tests, run_short, forget);
}
