#include "tests/bench/relay.h"

#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <string.h>

#include "tests/bench/bail.h"
#include "tests/bench/hop.h"

/* One request on its way. */
struct errand {
	struct relay *relay;
	struct errand *next; /* while it is free */
	struct http_request *request;
	nng_ctx ctx;
	nng_aio *aio;
	bool sending;
};

struct relay {
	nng_socket socket;
	pthread_mutex_t lock;
	struct errand *free; /* guarded by lock */
};

static void
respond(struct http_request *request, unsigned status, struct bytes body)
{
	static const struct http_header_line headers[] = {
		{ "Content-Type", "application/json" },
	};
	struct http_response response = {
		.status = status,
		.body = body,
		.headers = headers,
		.header_count = 1,
	};

	http_respond(request, &response);
}

static struct errand *
take(struct relay *relay)
{
	struct errand *errand;

	(void)pthread_mutex_lock(&relay->lock);
	errand = relay->free;
	if (errand != NULL)
		relay->free = errand->next;
	(void)pthread_mutex_unlock(&relay->lock);
	return errand;
}

static void
give_back(struct errand *errand)
{
	struct relay *relay = errand->relay;

	(void)pthread_mutex_lock(&relay->lock);
	errand->next = relay->free;
	relay->free = errand;
	(void)pthread_mutex_unlock(&relay->lock);
}

/* The errand is free before its client hears of it and asks again. */
static void
finish(struct errand *errand, nng_msg *msg)
{
	struct http_request *request = errand->request;
	struct bytes body = { "", 0 };

	give_back(errand);
	if (msg == NULL) {
		respond(request, 503, body);
		return;
	}
	body = (struct bytes){ nng_msg_body(msg), nng_msg_len(msg) };
	respond(request, 200, body);
	nng_msg_free(msg);
}

static void
step(void *arg)
{
	struct errand *errand = arg;
	int rv = nng_aio_result(errand->aio);

	if (rv != 0) {
		if (errand->sending)
			nng_msg_free(nng_aio_get_msg(errand->aio));
		finish(errand, NULL);
		return;
	}
	if (errand->sending) {
		errand->sending = false;
		nng_ctx_recv(errand->ctx, errand->aio);
		return;
	}
	finish(errand, nng_aio_get_msg(errand->aio));
}

void
relay_handle(void *ctx, struct http_request *request)
{
	const char *token = http_header(request, "Authorization");
	struct errand *errand = take(ctx);
	struct bytes body = http_body(request);
	nng_msg *msg = NULL;

	if (errand == NULL) {
		respond(request, 503, (struct bytes){ "", 0 });
		return;
	}
	bail_nng(nng_msg_alloc(&msg, 0), "message");
	if (token != NULL)
		bail_nng(nng_msg_append(msg, token, strlen(token)), "message");
	if (body.len > 0)
		bail_nng(nng_msg_append(msg, body.data, body.len), "message");
	errand->request = request;
	errand->sending = true;
	nng_aio_set_msg(errand->aio, msg);
	nng_ctx_send(errand->ctx, errand->aio);
}

void
relay_refuse(void *ctx, struct http_request *request, unsigned status)
{
	(void)ctx;
	respond(request, status, (struct bytes){ "", 0 });
}

struct relay *
relay_open(const struct hop *hop, size_t count)
{
	struct relay *relay = bail_alloc(1, sizeof(*relay));
	struct errand *errands = bail_alloc(count, sizeof(*errands));

	(void)pthread_mutex_init(&relay->lock, NULL);
	bail_nng(nng_req0_open(&relay->socket), "socket");
	bail_nng(nng_socket_set_ms(relay->socket, NNG_OPT_REQ_RESENDTIME,
	                           NNG_DURATION_INFINITE),
	         "socket");
	hop_dial(relay->socket, hop);
	for (size_t i = 0; i < count; i++) {
		struct errand *errand = &errands[i];

		errand->relay = relay;
		bail_nng(nng_ctx_open(&errand->ctx, relay->socket), "context");
		bail_nng(nng_aio_alloc(&errand->aio, step, errand), "aio");
		give_back(errand);
	}
	return relay;
}
