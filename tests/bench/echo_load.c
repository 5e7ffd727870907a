#include "tests/bench/echo_load.h"

#include <nng/protocol/reqrep0/req.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bail.h"

/* One call in flight: sends, receives, and then again. */
struct caller {
	struct echo_load *load;
	nng_ctx ctx;
	nng_aio *aio;
	uint64_t asked_ns;
	bool sending;
};

struct echo_load {
	nng_socket socket;
	struct meter *meter;
	struct caller *callers;
	unsigned count;
	size_t request_size;
	size_t reply_size;
	_Atomic bool stopping;
	sem_t left; /* posted by each caller as its last act */
};

static void
ask(struct caller *caller)
{
	size_t size = caller->load->request_size;
	nng_msg *msg = NULL;

	bail_nng(nng_msg_alloc(&msg, size), "message");
	memset(nng_msg_body(msg), 'q', size);
	caller->sending = true;
	caller->asked_ns = meter_now_ns();
	nng_aio_set_msg(caller->aio, msg);
	nng_ctx_send(caller->ctx, caller->aio);
}

static void
note(struct caller *caller, nng_msg *msg)
{
	struct echo_load *load = caller->load;

	if (nng_msg_len(msg) == load->reply_size)
		meter_count(load->meter, caller->asked_ns);
	else
		meter_fail(load->meter, "an echo of %zu bytes",
		           nng_msg_len(msg));
	nng_msg_free(msg);
}

static void
step(void *arg)
{
	struct caller *caller = arg;
	struct echo_load *load = caller->load;
	int rv = nng_aio_result(caller->aio);

	if (rv != 0) {
		if (caller->sending)
			nng_msg_free(nng_aio_get_msg(caller->aio));
		meter_fail(load->meter, "echo: %s", nng_strerror(rv));
		(void)sem_post(&load->left);
		return;
	}
	if (caller->sending) {
		caller->sending = false;
		nng_ctx_recv(caller->ctx, caller->aio);
		return;
	}
	note(caller, nng_aio_get_msg(caller->aio));
	if (atomic_load(&load->stopping))
		(void)sem_post(&load->left);
	else
		ask(caller);
}

static void
stop(void *self)
{
	struct echo_load *load = self;

	atomic_store(&load->stopping, true);
	for (unsigned i = 0; i < load->count; i++)
		(void)sem_wait(&load->left);
	for (unsigned i = 0; i < load->count; i++) {
		nng_aio_free(load->callers[i].aio);
		(void)nng_ctx_close(load->callers[i].ctx);
	}
	(void)nng_close(load->socket);
	(void)sem_destroy(&load->left);
	free(load->callers);
	free(load);
}

struct load
echo_load_start(const struct echo_load_options *options, struct meter *meter)
{
	struct echo_load *load = bail_alloc(1, sizeof(*load));

	load->meter = meter;
	load->count = options->calls;
	load->request_size = options->request_size;
	load->reply_size = options->reply_size;
	load->callers = bail_alloc(load->count, sizeof(*load->callers));
	if (sem_init(&load->left, 0, 0) != 0)
		bail("semaphore");
	bail_nng(nng_req0_open(&load->socket), "socket");
	bail_nng(nng_socket_set_ms(load->socket, NNG_OPT_REQ_RESENDTIME,
	                           NNG_DURATION_INFINITE),
	         "socket");
	hop_dial(load->socket, &options->hop);
	for (unsigned i = 0; i < load->count; i++) {
		struct caller *caller = &load->callers[i];

		caller->load = load;
		bail_nng(nng_ctx_open(&caller->ctx, load->socket), "context");
		bail_nng(nng_aio_alloc(&caller->aio, step, caller), "aio");
	}
	for (unsigned i = 0; i < load->count; i++)
		ask(&load->callers[i]);
	return (struct load){ load, stop };
}
