#include "base/process.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"

void
process_harden(void)
{
	struct rlimit none = { 0, 0 };
	int rc = setrlimit(RLIMIT_CORE, &none);

	rc |= prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	assert(rc == 0);
	(void)rc;
	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
}

enum code
process_limit_files(uint64_t count)
{
	struct rlimit limit;
	rlim_t hard;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return CODE_PERMISSION_DENIED;
	hard = limit.rlim_max;
	limit.rlim_cur = count;
	if (hard < count)
		limit.rlim_max = count;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return CODE_OK;
	limit.rlim_cur = limit.rlim_max = hard;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	return CODE_PERMISSION_DENIED;
}

unsigned
process_cpu_count(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

void
process_block_signals(sigset_t *set)
{
	int rc;

	(void)sigemptyset(set);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGHUP);
	rc = pthread_sigmask(SIG_BLOCK, set, NULL);
	assert(rc == 0);
	(void)rc;
}

void
process_unblock_signal(int signal)
{
	sigset_t set;
	int rc;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, signal);
	rc = pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	assert(rc == 0);
	(void)rc;
}

int
process_wait_signal(const sigset_t *set, int64_t timeout_ms)
{
	int64_t until = clock_monotonic_ms() + timeout_ms;
	int64_t left = timeout_ms;
	int got = -1;

	while (got < 0 && left >= 0) {
		struct timespec ts = { .tv_sec = left / 1000,
			               .tv_nsec = left % 1000 * 1000000 };

		got = sigtimedwait(set, NULL, &ts);
		if (got < 0 && errno == EAGAIN)
			return 0;
		left = until - clock_monotonic_ms();
	}
	return got < 0 ? 0 : got;
}
