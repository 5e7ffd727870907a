#include "client/test_server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>

#include "base/code.h"
#include "base/tls_config.h"
#include "proto/latchkey/rpc/v1/envelope.pb-c.h"

#define SERVE "serve-for-test"
#define NONE "-"
#define PACKED_MAX 65536

static void
must(int ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "test server: %s failed\n", what);
	abort();
}

static void
fill_status(Latchkey__Rpc__V1__Status *status,
            Latchkey__Rpc__V1__FieldViolation *violation, const char *method)
{
	if (strcmp(method, "t/Strange") == 0)
		status->code = 77;
	if (strcmp(method, "t/Fail") != 0)
		return;
	violation->field = (char *)"token";
	violation->code = (char *)"required";
	violation->message = (char *)"The token is missing.";
	status->code = CODE_RESOURCE_EXHAUSTED;
	status->reason = LATCHKEY__RPC__V1__REASON__REASON_QUEUE_FULL;
	status->retry_after_ms = 1234;
	status->n_violations = 1;
}

static size_t
make_reply(Latchkey__Rpc__V1__Call *call, uint8_t *out)
{
	Latchkey__Rpc__V1__Reply reply = LATCHKEY__RPC__V1__REPLY__INIT;
	Latchkey__Rpc__V1__Status status = LATCHKEY__RPC__V1__STATUS__INIT;
	Latchkey__Rpc__V1__FieldViolation violation =
		LATCHKEY__RPC__V1__FIELD_VIOLATION__INIT;
	Latchkey__Rpc__V1__FieldViolation *violations = &violation;

	if (strcmp(call->method, "t/Garbage") == 0) {
		memset(out, 0xff, 7);
		return 7;
	}
	status.violations = &violations;
	fill_status(&status, &violation, call->method);
	reply.request_id = call->request_id;
	if (strcmp(call->method, "t/NoStatus") != 0)
		reply.status = &status;
	if (strcmp(call->method, "t/OtherId") == 0)
		call->request_id.data[0] ^= 1;
	reply.payload = call->payload;
	if (strcmp(call->method, "t/Payload") == 0)
		memset(reply.payload.data, 0xff, reply.payload.len);
	must(latchkey__rpc__v1__reply__get_packed_size(&reply) <= PACKED_MAX,
	     "packing");
	return latchkey__rpc__v1__reply__pack(&reply, out);
}

static nng_msg *
receive(nng_ctx ctx, nng_aio *aio)
{
	nng_ctx_recv(ctx, aio);
	nng_aio_wait(aio);
	must(nng_aio_result(aio) == 0, "receiving");
	return nng_aio_get_msg(aio);
}

static void
answer(nng_ctx ctx, nng_aio *aio, nng_msg *msg)
{
	nng_aio_set_msg(aio, msg);
	nng_ctx_send(ctx, aio);
	nng_aio_wait(aio);
	must(nng_aio_result(aio) == 0, "answering");
}

/* Answers one call on a context, or leaves it alone for ever. */
static void
serve_one(nng_socket socket, nng_ctx *ctx, nng_aio *aio)
{
	static uint8_t out[PACKED_MAX];
	Latchkey__Rpc__V1__Call *call;
	nng_msg *msg = receive(*ctx, aio);
	size_t len;

	call = latchkey__rpc__v1__call__unpack(NULL, nng_msg_len(msg),
	                                       nng_msg_body(msg));
	must(call != NULL, "unpacking");
	if (strcmp(call->method, "t/Silent") == 0) {
		nng_msg_free(msg);
		must(nng_ctx_open(ctx, socket) == 0, "opening a context");
	} else {
		len = make_reply(call, out);
		nng_msg_clear(msg);
		must(nng_msg_append(msg, out, len) == 0, "answering");
		answer(*ctx, aio, msg);
	}
	latchkey__rpc__v1__call__free_unpacked(call, NULL);
}

static void
set_tls(nng_listener listener, char **argv)
{
	const struct tls_config_files files = { .cert_path = argv[3],
		                                .key_path = argv[4],
		                                .ca_path = argv[5] };
	nng_tls_config *config;
	char err[256];

	must(tls_config_load(&files, &config, err, sizeof(err)) == CODE_OK,
	     "TLS");
	must(nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, config) == 0,
	     "TLS");
	nng_tls_config_free(config);
}

/* argv: program, SERVE, url, cert, key, authority. */
void
test_server_main(int argc, char **argv)
{
	nng_socket socket;
	nng_listener listener;
	nng_ctx ctx;
	nng_aio *aio;
	int port = 0;

	if (argc != 6 || strcmp(argv[1], SERVE) != 0)
		return;
	must(nng_rep0_open(&socket) == 0, "opening");
	must(nng_listener_create(&listener, socket, argv[2]) == 0, "listening");
	if (strcmp(argv[3], NONE) != 0)
		set_tls(listener, argv);
	must(nng_listener_start(listener, 0) == 0, "listening");
	(void)nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port);
	(void)printf("%d\n", port);
	(void)fflush(stdout);
	must(nng_ctx_open(&ctx, socket) == 0 &&
	             nng_aio_alloc(&aio, NULL, NULL) == 0,
	     "opening a context");
	for (;;)
		serve_one(socket, &ctx, aio);
}

/* Between fork and exec only what is safe there. */
static void
become_server(int out, char *const *argv)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)dup2(out, STDOUT_FILENO);
	(void)execv("/proc/self/exe", argv);
	_exit(127);
}

void
test_server_start(struct test_server *server, const char *url,
                  const struct test_identity *identity,
                  const struct test_authority *clients)
{
	char *argv[] = {
		(char *)"server", (char *)SERVE, (char *)url, (char *)NONE,
		(char *)NONE,     (char *)NONE,  NULL
	};
	int ends[2], port;
	FILE *from;

	if (identity != NULL) {
		argv[3] = (char *)identity->cert_path;
		argv[4] = (char *)identity->key_path;
		argv[5] = (char *)clients->cert_path;
	}
	must(pipe(ends) == 0, "pipe");
	server->pid = fork();
	must(server->pid >= 0, "fork");
	if (server->pid == 0)
		become_server(ends[1], argv);
	(void)close(ends[1]);
	from = fdopen(ends[0], "r");
	must(from != NULL && fscanf(from, "%d", &port) == 1, "starting");
	server->port = (uint16_t)port;
	(void)fclose(from);
}

void
test_server_stop(const struct test_server *server)
{
	int status;

	must(kill(server->pid, SIGSTOP) == 0, "SIGSTOP");
	must(waitpid(server->pid, &status, WUNTRACED) == server->pid &&
	             WIFSTOPPED(status),
	     "stopping");
}

void
test_server_continue(const struct test_server *server)
{
	int status;

	must(kill(server->pid, SIGCONT) == 0, "SIGCONT");
	must(waitpid(server->pid, &status, WCONTINUED) == server->pid,
	     "continuing");
}

void
test_server_kill(struct test_server *server)
{
	if (server->pid == 0)
		return;
	(void)kill(server->pid, SIGKILL);
	(void)waitpid(server->pid, NULL, 0);
	server->pid = 0;
}
