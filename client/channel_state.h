#ifndef CLIENT_CHANNEL_STATE_H
#define CLIENT_CHANNEL_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include <nng/nng.h>

#include "base/arena_pool.h"
#include "client/channel.h"

/*
 * Inside a channel: what channel.c and channel_call.c share. `lock` guards
 * what it says; the rest of a slot belongs to whoever has its call, and to one
 * NNG operation at a time.
 */

/* Why NNG was told to give a call up. */
enum cause { CAUSE_NONE, CAUSE_DEADLINE, CAUSE_LOST, CAUSE_CLOSED };

#define NEVER_MS INT64_MAX

struct slot {
	struct channel_call call; /* first: what the caller has */
	struct channel *channel;
	struct slot *next_free; /* lock */
	int64_t deadline_ms;    /* lock; NEVER_MS unless in flight */
	atomic_int cause;       /* set before the operation is cancelled */
	nng_ctx ctx;
	nng_aio *aio;
	bool has_ctx;
	bool receiving; /* else sending */
	nng_msg *msg;   /* the request, ours until NNG has taken it */
	const ProtobufCMessageDescriptor *reply_type;
	struct arena arena;
	Latchkey__Rpc__V1__Status failure; /* when nobody sent a status */
};

struct channel {
	nng_socket socket;
	nng_dialer dialer;
	bool has_socket;
	struct arena_pool memory;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* connected, closing, or all ended */
	pthread_cond_t wake;    /* the timer has something earlier to do */
	unsigned pipes;         /* lock: 1 while connected */
	unsigned begun;         /* lock: calls not ended */
	bool closing;           /* lock */
	int64_t wake_ms;        /* lock: when the timer looks next */
	int64_t connected_ms;   /* lock: when it connected last */
	int32_t redial_ms;      /* lock: the first pause after it is lost */
	atomic_bool answered;   /* a reply came by this connection */
	struct slot *free;      /* lock */
	pthread_t timer;
	bool has_timer;
	size_t slot_count;
	struct slot slots[];
};

/* slot_proceed is the callback of a slot's NNG operations; arg is the slot. */
void slot_proceed(void *arg);

#endif
