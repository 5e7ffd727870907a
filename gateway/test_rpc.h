#ifndef GATEWAY_TEST_RPC_H
#define GATEWAY_TEST_RPC_H

#include <pthread.h>
#include <stdint.h>

#include <nng/nng.h>

/*
 * For tests: something that speaks the RPC on an inproc URL, one call at a
 * time. Authenticate answers with the caller as it was told: user agent,
 * address and request id stand in the user's names. A password "wrong" is
 * refused, "silent" never answered.
 */
struct test_rpc {
	nng_socket socket;
	pthread_t thread;
};

void test_rpc_open(struct test_rpc *rpc, const char *url);
void test_rpc_close(struct test_rpc *rpc);

#endif
