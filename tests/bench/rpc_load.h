#ifndef TESTS_BENCH_RPC_LOAD_H
#define TESTS_BENCH_RPC_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "tests/bench/hop.h"
#include "tests/bench/meter.h"

/* Room for any request that is asked here. */
union rpc_request {
	ProtobufCMessage base;
	Latchkey__V1__VerifyTokenRequest verify;
	Latchkey__V1__RefreshRequest refresh;
};

/*
 * What the calls of a load say. `index` tells which of the calls in flight it
 * is, so that each can be somebody else; never two at a time for one index.
 * Called from threads of the library.
 */
struct rpc_script {
	void *ctx;
	const char *method; /* full name */
	const ProtobufCMessageDescriptor *reply_type;
	/* Makes the request; what it points to is lent until it is packed. */
	void (*ask)(void *ctx, unsigned index, union rpc_request *to);
	/* Sees a good reply; false: not as it should be. May be NULL. */
	bool (*hear)(void *ctx, unsigned index, const ProtobufCMessage *reply);
};

struct rpc_load_options {
	struct hop hop;
	unsigned calls; /* in flight */
	struct rpc_script script;
};

/* How long the two envelopes of a call are, in bytes. */
struct rpc_sizes {
	size_t call;
	size_t reply;
};

/* rpc_load_probe makes the script's call once, for index 0. */
struct rpc_sizes rpc_load_probe(const struct hop *hop,
                                const struct rpc_script *script);

/* rpc_load_start connects and begins to call; a refusal is an error. */
struct load rpc_load_start(const struct rpc_load_options *options,
                           struct meter *meter);

#endif
