#ifndef SERVER_RPC_PLACE_H
#define SERVER_RPC_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include <nng/nng.h>

#include "base/code.h"
#include "server/rpc/dispatch.h"
#include "server/rpc/gate.h"
#include "server/rpc/lane_pool.h"
#include "server/rpc/listener.h"
#include "server/rpc/rpc.h"

/* What all places of a server share. */
struct place_shared {
	struct dispatch dispatch;
	struct listener_set *listeners;
	struct lane_pool *lanes[LANE_COUNT]; /* NULL: no method uses it */
	size_t reply_max;                    /* bytes, with its envelope */
	struct gate gate;
};

/*
 * A place for one call: it receives, is checked, runs or waits in a lane, is
 * answered, and receives again. One NNG operation at a time; whoever starts
 * the next does not touch the place afterwards. A receive is started only
 * after the send before it has completed.
 */
struct place {
	struct lane_item item; /* first: a lane hands it back */
	struct place_shared *shared;
	nng_ctx ctx;
	nng_aio *aio; /* NULL while the place is not open */
	bool has_ctx;
	bool answering;     /* else receiving */
	bool admitted;      /* has entered the gate */
	nng_msg *answer;    /* ours until NNG has taken it */
	struct arena arena; /* of an arena_pool */
	struct rpc_call call;
	const void *in;
	int64_t began_ms;
};

/* place_open opens a place whose arena is one of an arena_pool. */
NODISCARD enum code place_open(struct place *place, struct place_shared *shared,
                               nng_socket socket);

/* place_start begins to receive. */
void place_start(struct place *place);

/* place_close waits for what the place is doing; its lanes are closed. */
void place_close(struct place *place);

/* place_take is what a lane does with a place. */
void place_take(struct lane_item *item, enum lane_verdict verdict);

#endif
