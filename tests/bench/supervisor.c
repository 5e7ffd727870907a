#include "tests/bench/supervisor.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bail.h"

#define DEPTH_MAX 16 /* directories that nftw holds open */
#define SIGNALLED 128

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	(void)remove(path);
	return 0;
}

/* Passes on what it is told until the worker has ended; its exit status. */
static int
watch(pid_t worker, const sigset_t *signals)
{
	int status = 0;

	for (;;) {
		int signal = sigwaitinfo(signals, NULL);

		if (signal == SIGCHLD) {
			if (waitpid(worker, &status, WNOHANG) == worker)
				break;
		} else if (signal > 0) {
			(void)kill(worker, SIGTERM);
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status)
	                         : SIGNALLED + WTERMSIG(status);
}

_Noreturn static void
supervise(pid_t worker, const sigset_t *signals, const char *dir)
{
	int status = watch(worker, signals);

	/* What the worker had started has been killed with it: child.c. */
	while (wait(NULL) > 0 || errno == EINTR)
		;
	(void)nftw(dir, remove_one, DEPTH_MAX, FTW_DEPTH | FTW_PHYS);
	_exit(status);
}

void
supervisor_start(const char *parent, char dir[SUPERVISOR_DIR_SIZE])
{
	sigset_t signals, before;
	pid_t self = getpid(), worker;
	int len;

	len = snprintf(dir, SUPERVISOR_DIR_SIZE, "%s/lkbench-XXXXXX", parent);
	if (len < 0 || len >= SUPERVISOR_DIR_SIZE)
		bail("%s is too long a name for unix sockets", parent);
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &signals, &before);
	if (mkdtemp(dir) == NULL)
		bail("%s: %s", dir, strerror(errno));
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	worker = fork();
	if (worker == -1)
		bail("fork: %s", strerror(errno));
	if (worker > 0)
		supervise(worker, &signals, dir);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != self)
		_exit(EXIT_FAILURE);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}
