#ifndef TESTS_BENCH_DEPLOYMENT_H
#define TESTS_BENCH_DEPLOYMENT_H

#include <stdint.h>

#include "tests/bench/child.h"
#include "tests/bench/hop.h"

#define DEPLOYMENT_PATH_SIZE 128
#define DEPLOYMENT_FILE_COUNT 5

/* How gateway and server, or client and server, are connected. */
enum hop_kind { HOP_TLS, HOP_IPC, HOP_KIND_COUNT };

/* hop_kind_name returns "tls" or "ipc". */
const char *hop_kind_name(enum hop_kind kind);

/* What differs between the servers that are measured. */
enum deployment_mode {
	MODE_KEEPING,  /* refresh tokens are not rotated */
	MODE_ROTATING, /* they are, with the default grace time of 10 s */
	MODE_DURABLE,  /* they are, without grace: each refresh is a write */
};

/*
 * The real programs on a state directory of their own, made as an operator
 * makes it. One server and one gateway at a time; the store outlives both.
 */
struct deployment {
	const char *latchkeyd; /* programs */
	const char *latchkey_gateway;
	const char *dir;
	char home[DEPLOYMENT_PATH_SIZE];
	char data[DEPLOYMENT_PATH_SIZE]; /* where the store's data.mdb lies */
	char urls[HOP_KIND_COUNT][DEPLOYMENT_PATH_SIZE];
	char files[DEPLOYMENT_FILE_COUNT][DEPLOYMENT_PATH_SIZE];
	enum deployment_mode mode;
	enum hop_kind hop;     /* between the two */
	uint16_t gateway_port; /* HTTP, 127.0.0.1 */
	struct child server;
	struct child gateway;
};

/* deployment_init makes the state directory below dir and its one user. */
void deployment_init(struct deployment *deployment, const char *latchkeyd,
                     const char *latchkey_gateway, const char *dir);

/* deployment_use starts what is needed to serve in this mode, and waits. */
void deployment_use(struct deployment *deployment, enum deployment_mode mode,
                    enum hop_kind kind);

/* deployment_dial tells how its gateway connects to the server. */
struct hop deployment_dial(const struct deployment *deployment);

/*
 * deployment_listen tells how something else may listen in the server's place,
 * at a URL of its own, with the server's certificate.
 */
struct hop deployment_listen(const struct deployment *deployment,
                             const char *url);

/* deployment_forget_logs frees the memory that the programs' logs take. */
void deployment_forget_logs(const struct deployment *deployment);

/* deployment_stop stops both programs; a failure of theirs ends the run. */
void deployment_stop(struct deployment *deployment);

#endif
