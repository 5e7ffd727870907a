#ifndef SERVER_RPC_TEST_PEER_H
#define SERVER_RPC_TEST_PEER_H

#include <stddef.h>
#include <stdint.h>

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

#include "proto/latchkey/rpc/v1/envelope.pb-c.h"

/*
 * For tests: the other end of a call, no more careful than it must be. It can
 * send what no decent client would. Waits at most 30 s for anything.
 */
struct test_peer {
	nng_socket socket;
};

/* test_peer_open connects; config is NULL unless TLS, and stays the caller's.
 */
void test_peer_open(struct test_peer *peer, const char *url,
                    nng_tls_config *config);
void test_peer_close(struct test_peer *peer);

/* A call on its way. */
struct test_exchange {
	nng_ctx ctx;
	nng_aio *aio;
	Latchkey__Rpc__V1__Reply *reply; /* after test_exchange_end */
};

/* test_exchange_begin_bytes sends any bytes as a Call. */
void test_exchange_begin_bytes(struct test_exchange *x,
                               const struct test_peer *peer, const void *data,
                               size_t len);

/* test_exchange_begin sends a VerifyTokenRequest with this token. */
void test_exchange_begin(struct test_exchange *x, const struct test_peer *peer,
                         const char *method, const char *token,
                         uint32_t timeout_ms);

/* test_exchange_end waits for the reply; its status, or NULL if none came. */
const Latchkey__Rpc__V1__Status *test_exchange_end(struct test_exchange *x);

/* test_exchange_free frees the reply and the rest. */
void test_exchange_free(struct test_exchange *x);

#endif
