#include "tests/integration/live_server.h"

#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LOG_MAX 65536 /* bytes of log read before readiness */
#define PORT_TRIES 10 /* somebody may take a port before the server does */

/* program returns the path of a program that the environment names. */
static const char *
program(const char *variable)
{
	const char *path = getenv(variable);

	if (path == NULL)
		fail_msg("%s names no program", variable);
	return path != NULL ? path : "";
}

/* run starts argv with `input` on standard input and demands status 0. */
static void
run(const char *const argv[], const char *input)
{
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (dup2(ends[0], STDIN_FILENO) == STDIN_FILENO)
			(void)execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	assert_int_equal(write(ends[1], input, strlen(input)), strlen(input));
	(void)close(ends[0]);
	(void)close(ends[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static uint16_t
free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	(void)close(fd);
	return ntohs(address.sin_port);
}

/* spawn starts latchkeyd on server->url alone, its log in server->log. */
static void
spawn(struct live_server *server)
{
	const char *const argv[] = { program("LATCHKEYD"), "serve", "--home",
		                     server->home, NULL };
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	server->pid = fork();
	assert_true(server->pid >= 0);
	if (server->pid == 0) {
		(void)setenv("LATCHKEY_LISTENERS_FRONT", "", 1);
		(void)setenv("LATCHKEY_LISTENERS_LOCAL", "", 1);
		(void)setenv("LATCHKEY_LISTENERS_SERVICE", server->url, 1);
		if (dup2(ends[1], STDERR_FILENO) == STDERR_FILENO)
			(void)execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	(void)close(ends[1]);
	server->log = ends[0];
}

/* is_ready reads the log until the server is ready; false: it ended. */
static bool
is_ready(struct live_server *server)
{
	char log[LOG_MAX + 1] = "";
	size_t len = 0;

	while (len < LOG_MAX && strstr(log, "event=ready") == NULL) {
		ssize_t got = read(server->log, log + len, LOG_MAX - len);

		if (got <= 0) {
			print_error("latchkeyd: %s\n", log);
			return false;
		}
		len += (size_t)got;
		log[len] = '\0';
	}
	return true;
}

/* end reaps the process and returns its wait status. */
static int
end(struct live_server *server, int signal_number)
{
	int status = 0;

	(void)kill(server->pid, signal_number);
	assert_int_equal(waitpid(server->pid, &status, 0), server->pid);
	(void)close(server->log);
	server->pid = 0;
	return status;
}

void
live_server_start(struct live_server *server)
{
	spawn(server);
	if (is_ready(server))
		return;
	(void)end(server, SIGKILL);
	fail_msg("latchkeyd does not start");
}

/* Starts on a free port; on another one if somebody was quicker. */
static void
start_somewhere(struct live_server *server)
{
	for (int i = 0; i < PORT_TRIES; i++) {
		server->port = free_port();
		(void)snprintf(server->url, sizeof(server->url),
		               "tls+tcp://127.0.0.1:%u", server->port);
		spawn(server);
		if (is_ready(server))
			return;
		(void)end(server, SIGKILL);
	}
	fail_msg("no free port");
}

void
live_server_open(struct live_server *server)
{
	*server = (struct live_server){ .dir = "/tmp/lk-XXXXXX" };
	assert_non_null(mkdtemp(server->dir));
	(void)snprintf(server->home, sizeof(server->home), "%s/h", server->dir);
	(void)snprintf(server->conf, sizeof(server->conf), "%s/c/client.conf",
	               server->dir);

	const char *const init[] = { program("LATCHKEYD"), "init", "--home",
		                     server->home, NULL };
	const char *const user[] = { program("LATCHKEYD"),
		                     "create-superuser",
		                     "--home",
		                     server->home,
		                     "--email",
		                     LIVE_EMAIL,
		                     "--password-fd",
		                     "0",
		                     NULL };

	run(init, "");
	run(user, LIVE_PASSWORD);
	start_somewhere(server);

	char out[48];
	const char *const pki[] = { program("LATCHKEYCTL"),
		                    "pki",
		                    "issue",
		                    "orders",
		                    "--home",
		                    server->home,
		                    "--out",
		                    out,
		                    "--url",
		                    server->url,
		                    NULL };

	(void)snprintf(out, sizeof(out), "%s/c", server->dir);
	run(pki, "");
}

void
live_server_kill(struct live_server *server)
{
	(void)end(server, SIGKILL);
}

static int
remove_one(const char *path, const struct stat *info, int type,
           struct FTW *place)
{
	(void)info;
	(void)type;
	(void)place;
	return remove(path);
}

void
live_server_close(struct live_server *server)
{
	int status = server->pid == 0 ? 0 : end(server, SIGTERM);

	(void)nftw(server->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}
