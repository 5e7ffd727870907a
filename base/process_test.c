#include "base/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void
harden_child(void)
{
	struct rlimit core;
	int ends[2];

	process_harden();
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0)
		_exit(1);
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		_exit(2);
	if (umask(0) != 077)
		_exit(3);
	if (pipe(ends) != 0 || close(ends[0]) != 0)
		_exit(4);
	/* Without the ignored signal this would end the process. */
	if (write(ends[1], "x", 1) != -1)
		_exit(5);
	_exit(0);
}

static void
a_hardened_process_leaves_nothing_to_read(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		harden_child();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
limit_child(void)
{
	struct rlimit limit;

	if (process_limit_files(64) != CODE_OK)
		_exit(1);
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur != 64)
		_exit(2);
	_exit(0);
}

static void
the_number_of_files_is_limited(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		limit_child();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
there_is_a_core(void **state)
{
	(void)state;
	assert_true(process_cpu_count() >= 1);
}

static void
a_signal_is_waited_for_and_a_wait_ends(void **state)
{
	sigset_t set;

	(void)state;
	process_block_signals(&set);
	assert_int_equal(process_wait_signal(&set, 0), 0);
	assert_int_equal(process_wait_signal(&set, 5), 0);
	assert_int_equal(raise(SIGHUP), 0);
	assert_int_equal(process_wait_signal(&set, 60000), SIGHUP);
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(process_wait_signal(&set, 60000), SIGTERM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hardened_process_leaves_nothing_to_read),
		cmocka_unit_test(the_number_of_files_is_limited),
		cmocka_unit_test(there_is_a_core),
		cmocka_unit_test(a_signal_is_waited_for_and_a_wait_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
