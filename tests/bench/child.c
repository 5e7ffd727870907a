#include "tests/bench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bail.h"

#define LOG_READ_MAX 65536 /* bytes of a log that are looked at */
#define LOOK_MS 10
#define LOOKS_MAX 3000
#define STOP_TIMEOUT_MS 30000

/* In the child: only what is safe after a fork among threads. */
_Noreturn static void
become(const struct child_options *options, int input_fd, int log_fd)
{
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(input_fd, STDIN_FILENO) != -1 &&
	    dup2(log_fd, STDOUT_FILENO) != -1 &&
	    dup2(log_fd, STDERR_FILENO) != -1)
		(void)execve(options->argv[0], (char *const *)options->argv,
		             (char *const *)options->env);
	_exit(127);
}

static int
open_input(const char *text)
{
	int ends[2];

	if (text == NULL)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	/* Fits a pipe's buffer, so nobody has to read yet. */
	(void)!write(ends[1], text, strlen(text));
	(void)close(ends[1]);
	return ends[0];
}

void
child_start(struct child *child, const struct child_options *options)
{
	int input_fd = open_input(options->input);

	child->name = options->argv[0];
	child->log_fd = memfd_create("log", MFD_CLOEXEC);
	if (input_fd == -1 || child->log_fd == -1 ||
	    fcntl(child->log_fd, F_SETFL, O_APPEND) != 0)
		bail("%s: %s", child->name, strerror(errno));
	child->pid = fork();
	if (child->pid == 0)
		become(options, input_fd, child->log_fd);
	if (child->pid == -1)
		bail("fork: %s", strerror(errno));
	child->exit_fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->exit_fd == -1)
		bail("pidfd_open: %s", strerror(errno));
	(void)close(input_fd);
}

bool
child_is_alive(const struct child *child, int timeout_ms)
{
	struct pollfd ended = { .fd = child->exit_fd, .events = POLLIN };

	return poll(&ended, 1, timeout_ms) <= 0;
}

/* The last LOG_READ_MAX bytes of what it wrote, NUL-terminated. */
static char *
read_log(const struct child *child)
{
	char *text = bail_alloc(1, LOG_READ_MAX + 1);
	struct stat st = { 0 };
	off_t from = 0;

	if (fstat(child->log_fd, &st) == 0 && st.st_size > LOG_READ_MAX)
		from = st.st_size - LOG_READ_MAX;
	(void)!pread(child->log_fd, text, LOG_READ_MAX, from);
	return text;
}

_Noreturn static void
bail_with_log(const struct child *child, const char *what)
{
	char *text = read_log(child);

	(void)fputs(text, stderr);
	bail("%s %s; the end of what it wrote is above", child->name, what);
}

static bool
find(const struct child *child, const char *text, char *rest, size_t rest_size)
{
	char *log = read_log(child);
	char *at = strstr(log, text);
	char *eol = at == NULL ? NULL : strchr(at, '\n');

	if (eol != NULL) {
		at += strlen(text);
		*eol = '\0';
		(void)snprintf(rest, rest_size, "%s", at);
	}
	free(log);
	return eol != NULL;
}

bool
child_expect(const struct child *child, const char *text, char *rest,
             size_t rest_size)
{
	for (unsigned i = 0; i < LOOKS_MAX; i++) {
		bool alive = child_is_alive(child, 0);

		if (find(child, text, rest, rest_size))
			return true;
		if (!alive || !child_is_alive(child, LOOK_MS))
			return false;
	}
	bail_with_log(child, "does not become ready");
}

/* Fields 14 and 15 of proc(5)'s stat, counted from behind the name. */
uint64_t
child_cpu_ticks(const struct child *child)
{
	char path[64], text[1024];
	unsigned long user = 0, kernel = 0;
	size_t len = 0;
	FILE *file;
	char *at;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)child->pid);
	file = fopen(path, "re");
	if (file != NULL) {
		len = fread(text, 1, sizeof(text) - 1, file);
		(void)fclose(file);
	}
	text[len] = '\0';
	at = strrchr(text, ')');
	for (unsigned field = 2; at != NULL && field < 14; field++)
		at = strchr(at + 1, ' ');
	if (at == NULL)
		bail("%s cannot be read", path);
	user = strtoul(at, &at, 10);
	kernel = strtoul(at, NULL, 10);
	return user + kernel;
}

void
child_forget_log(const struct child *child)
{
	if (child->pid != 0 && ftruncate(child->log_fd, 0) != 0)
		bail("memfd: %s", strerror(errno));
}

static int
reap(struct child *child)
{
	int status = 0;

	(void)waitpid(child->pid, &status, 0);
	(void)close(child->exit_fd);
	child->pid = 0;
	return status;
}

void
child_discard(struct child *child)
{
	(void)reap(child);
	(void)close(child->log_fd);
}

void
child_run(const struct child_options *options)
{
	struct child child;
	int status;

	child_start(&child, options);
	status = reap(&child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		bail_with_log(&child, "failed");
	(void)close(child.log_fd);
}

void
child_stop(struct child *child)
{
	bool clean;
	int status;

	if (child->pid == 0)
		return;
	(void)kill(child->pid, SIGTERM);
	if (child_is_alive(child, STOP_TIMEOUT_MS))
		bail_with_log(child, "does not end");
	status = reap(child);
	clean = WIFEXITED(status) ? WEXITSTATUS(status) == 0
	                          : WTERMSIG(status) == SIGTERM;
	if (!clean)
		bail_with_log(child, "failed");
	(void)close(child->log_fd);
}
