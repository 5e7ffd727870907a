#ifndef TESTS_INTEGRATION_LIVE_SERVER_H
#define TESTS_INTEGRATION_LIVE_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A real latchkeyd for a test: a state directory under /tmp with one
 * superuser, a certificate for the service "orders", and the process, which
 * listens for services on a free port. LATCHKEYD and LATCHKEYCTL in the
 * environment name the programs. What goes wrong here fails the test.
 */
#define LIVE_EMAIL "ada@example.com"
#define LIVE_PASSWORD "correct horse 9 battery"

struct live_server {
	char dir[32];  /* to be removed */
	char home[40]; /* its state directory */
	char conf[80]; /* of the client "orders" */
	char url[32];  /* where it listens for services */
	pid_t pid;     /* 0: not running */
	int log;       /* the process's standard error */
	uint16_t port;
};

/* live_server_open makes the state directory and starts the process. */
void live_server_open(struct live_server *server);

/* live_server_start starts the process on its port and waits until ready. */
void live_server_start(struct live_server *server);

/* live_server_kill ends the process by SIGKILL. */
void live_server_kill(struct live_server *server);

/* live_server_close ends it by SIGTERM, demands status 0, removes the files. */
void live_server_close(struct live_server *server);

#endif
