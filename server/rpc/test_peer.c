#include "server/rpc/test_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nng/protocol/reqrep0/req.h>

#include "proto/latchkey/v1/auth_service.pb-c.h"

#define WAIT_MS 30000
#define ENVELOPE_MAX 256 /* bytes beside the token */

static void
must(int rv, const char *what)
{
	if (rv == 0)
		return;
	(void)fprintf(stderr, "test peer: %s: %s\n", what, nng_strerror(rv));
	abort();
}

void
test_peer_open(struct test_peer *peer, const char *url, nng_tls_config *config)
{
	nng_dialer dialer;

	must(nng_req0_open(&peer->socket), "open");
	must(nng_socket_set_ms(peer->socket, NNG_OPT_REQ_RESENDTIME,
	                       NNG_DURATION_INFINITE),
	     "resend time");
	must(nng_dialer_create(&dialer, peer->socket, url), "dialer");
	if (config != NULL)
		must(nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, config),
		     "config");
	must(nng_dialer_start(dialer, NNG_FLAG_NONBLOCK), "start");
}

void
test_peer_close(struct test_peer *peer)
{
	(void)nng_close(peer->socket);
}

void
test_exchange_begin_bytes(struct test_exchange *x, const struct test_peer *peer,
                          const void *data, size_t len)
{
	nng_msg *msg;

	*x = (struct test_exchange){ 0 };
	must(nng_ctx_open(&x->ctx, peer->socket), "context");
	must(nng_aio_alloc(&x->aio, NULL, NULL), "aio");
	must(nng_msg_alloc(&msg, 0), "message");
	must(nng_msg_append(msg, data, len), "message");
	nng_aio_set_timeout(x->aio, WAIT_MS);
	nng_aio_set_msg(x->aio, msg);
	nng_ctx_send(x->ctx, x->aio);
	nng_aio_wait(x->aio);
	if (nng_aio_result(x->aio) != 0) {
		nng_msg_free(msg);
		return;
	}
	nng_ctx_recv(x->ctx, x->aio);
}

void
test_exchange_begin(struct test_exchange *x, const struct test_peer *peer,
                    const char *method, const char *token, uint32_t timeout_ms)
{
	Latchkey__V1__VerifyTokenRequest request =
		LATCHKEY__V1__VERIFY_TOKEN_REQUEST__INIT;
	Latchkey__Rpc__V1__Call call = LATCHKEY__RPC__V1__CALL__INIT;
	size_t size = strlen(token) + ENVELOPE_MAX;
	uint8_t *payload = malloc(size), *packed = malloc(size);
	uint8_t request_id[16] = "test-request-id";

	if (payload == NULL || packed == NULL ||
	    strlen(method) > ENVELOPE_MAX / 2)
		abort();
	request.token = (char *)token;
	call.method = (char *)method;
	call.payload.data = payload;
	call.payload.len =
		latchkey__v1__verify_token_request__pack(&request, payload);
	call.request_id.data = request_id;
	call.request_id.len = sizeof(request_id);
	call.timeout_ms = timeout_ms;
	test_exchange_begin_bytes(x, peer, packed,
	                          latchkey__rpc__v1__call__pack(&call, packed));
	free(payload);
	free(packed);
}

const Latchkey__Rpc__V1__Status *
test_exchange_end(struct test_exchange *x)
{
	nng_msg *msg;

	nng_aio_wait(x->aio);
	if (nng_aio_result(x->aio) != 0)
		return NULL;
	msg = nng_aio_get_msg(x->aio);
	x->reply = latchkey__rpc__v1__reply__unpack(NULL, nng_msg_len(msg),
	                                            nng_msg_body(msg));
	nng_msg_free(msg);
	return x->reply == NULL ? NULL : x->reply->status;
}

void
test_exchange_free(struct test_exchange *x)
{
	if (x->reply != NULL)
		latchkey__rpc__v1__reply__free_unpacked(x->reply, NULL);
	nng_aio_free(x->aio);
	(void)nng_ctx_close(x->ctx);
}
