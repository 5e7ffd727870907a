#ifndef SERVER_RPC_LANE_POOL_H
#define SERVER_RPC_LANE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/code.h"
#include "server/rpc/rpc_server.h"

/*
 * A lane: some threads and a bounded queue, first in, first out. What is taken
 * out after its deadline is never run, only told so; the deadline is looked at
 * at that moment, not when it came in.
 */
struct lane_pool;

/* What happens to an item that is taken out. */
enum lane_verdict {
	LANE_RUN,
	LANE_EXPIRED, /* its deadline has passed */
	LANE_CLOSED,  /* the lane closes */
};

/* Something waiting for a thread; part of the caller's own struct. */
struct lane_item {
	struct lane_item *next;
	int64_t deadline_ms; /* monotonic */
};

/* Called once for every item put, on a thread of the lane. */
typedef void lane_taker(struct lane_item *item, enum lane_verdict verdict);

/*
 * lane_pool_open starts the threads, which block every signal. INVALID_ARGUMENT
 * without threads, RESOURCE_EXHAUSTED if the system gives no more.
 */
NODISCARD enum code lane_pool_open(const char *name,
                                   const struct lane_options *options,
                                   lane_taker *take, struct lane_pool **out);

/*
 * lane_pool_put lends an item to the lane until it is taken. False, with an
 * estimate of when to come again, if the queue is full or the lane closes.
 */
bool lane_pool_put(struct lane_pool *pool, struct lane_item *item,
                   uint32_t *retry_after_ms);

/*
 * lane_pool_close lets what runs finish, hands out what waits as LANE_CLOSED
 * and ends the threads. Later items are refused. Accepts NULL.
 */
void lane_pool_close(struct lane_pool *pool);

/* lane_pool_free frees a closed lane. Accepts NULL. */
void lane_pool_free(struct lane_pool *pool);

#endif
