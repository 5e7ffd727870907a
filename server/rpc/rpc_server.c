#include "server/rpc/rpc_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>

#include "base/arena_pool.h"
#include "server/rpc/place.h"

static const char *const lane_names[LANE_COUNT] = {
	[LANE_INLINE] = "inline", [LANE_WRITE] = "write", [LANE_HASH] = "hash",
	[LANE_NET] = "net",       [LANE_READ] = "read",
};

struct rpc_server {
	nng_socket socket;
	bool has_socket;
	struct rpc_method *methods; /* sorted; the dispatch's */
	struct arena_pool memory;
	struct place_shared shared;
	size_t place_count;
	struct place places[];
};

static int
compare_methods(const void *a, const void *b)
{
	return strcmp(((const struct rpc_method *)a)->name,
	              ((const struct rpc_method *)b)->name);
}

static enum code
sort_methods(struct rpc_server *rpc, const struct rpc_server_options *options)
{
	size_t count = options->method_count;

	rpc->methods = calloc(count, sizeof(rpc->methods[0]));
	if (rpc->methods == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	memcpy(rpc->methods, options->methods, count * sizeof(rpc->methods[0]));
	qsort(rpc->methods, count, sizeof(rpc->methods[0]), compare_methods);
	rpc->shared.dispatch = (struct dispatch){
		.server = options->server,
		.authenticate = options->authenticate,
		.methods = rpc->methods,
		.method_count = count,
	};
	return CODE_OK;
}

/* Full queues leave inline_contexts places for what does not wait. */
static size_t
count_places(const struct rpc_server_options *options)
{
	size_t count = options->inline_contexts;

	for (int i = LANE_INLINE + 1; i < LANE_COUNT; i++)
		count += options->lanes[i].queue_max +
		         (size_t)options->lanes[i].threads;
	return count;
}

static bool
lane_is_used(const struct rpc_server_options *options, int lane)
{
	for (size_t i = 0; i < options->method_count; i++)
		if ((int)options->methods[i].lane == lane)
			return true;
	return options->lanes[lane].threads > 0;
}

static enum code
open_lanes(struct rpc_server *rpc, const struct rpc_server_options *options)
{
	enum code code = CODE_OK;

	for (int i = LANE_INLINE + 1; code == CODE_OK && i < LANE_COUNT; i++)
		if (lane_is_used(options, i))
			code = lane_pool_open(lane_names[i], &options->lanes[i],
			                      place_take,
			                      &rpc->shared.lanes[i]);
	return code;
}

static enum code
open_places(struct rpc_server *rpc, size_t arena_size)
{
	enum code code =
		arena_pool_open(&rpc->memory, rpc->place_count, arena_size);

	for (size_t i = 0; code == CODE_OK && i < rpc->place_count; i++) {
		arena_pool_lend(&rpc->memory, i, &rpc->places[i].arena);
		code = place_open(&rpc->places[i], &rpc->shared, rpc->socket);
	}
	return code;
}

static enum code
open_socket(struct rpc_server *rpc)
{
	if (nng_rep0_open(&rpc->socket) != 0)
		return CODE_RESOURCE_EXHAUSTED;
	rpc->has_socket = true;
	return CODE_OK;
}

static enum code
open_parts(struct rpc_server *rpc, const struct rpc_server_options *options,
           char *err, size_t err_size)
{
	const struct listener_set_options listeners = {
		.listeners = options->listeners,
		.count = options->listener_count,
		.message_max = options->message_max,
	};
	enum code code = sort_methods(rpc, options);

	if (code == CODE_OK)
		code = open_socket(rpc);
	if (code == CODE_OK)
		code = open_lanes(rpc, options);
	if (code == CODE_OK)
		code = open_places(rpc, options->arena_size);
	if (code != CODE_OK) {
		(void)snprintf(err, err_size, "the RPC server cannot start: %s",
		               code_name(code));
		return code;
	}
	return listener_set_open(rpc->socket, &listeners,
	                         &rpc->shared.listeners, err, err_size);
}

enum code
rpc_server_open(const struct rpc_server_options *options,
                struct rpc_server **out, char *err, size_t err_size)
{
	size_t count = count_places(options);
	struct rpc_server *rpc;
	enum code code;

	if (options->method_count == 0 || options->listener_count == 0 ||
	    options->inline_contexts == 0 || options->message_max == 0 ||
	    options->reply_max == 0) {
		(void)snprintf(err, err_size,
		               "the RPC server needs methods, listeners, "
		               "contexts and bounds of calls and replies");
		return CODE_INVALID_ARGUMENT;
	}
	rpc = calloc(1, sizeof(*rpc) + count * sizeof(rpc->places[0]));
	if (rpc == NULL) {
		(void)snprintf(err, err_size, "out of memory");
		return CODE_RESOURCE_EXHAUSTED;
	}
	rpc->place_count = count;
	rpc->shared.reply_max = options->reply_max;
	gate_init(&rpc->shared.gate);
	code = open_parts(rpc, options, err, err_size);
	if (code != CODE_OK) {
		rpc_server_close(rpc);
		return code;
	}
	for (size_t i = 0; i < count; i++)
		place_start(&rpc->places[i]);
	*out = rpc;
	return CODE_OK;
}

uint16_t
rpc_server_port(const struct rpc_server *rpc, size_t listener)
{
	return listener_set_port(rpc->shared.listeners, listener);
}

enum code
rpc_server_reload(struct rpc_server *rpc, char *err, size_t err_size)
{
	return listener_set_reload(rpc->shared.listeners, err, err_size);
}

void
rpc_server_drain(struct rpc_server *rpc, int64_t timeout_ms)
{
	gate_shut(&rpc->shared.gate);
	gate_wait(&rpc->shared.gate, timeout_ms);
}

bool
rpc_server_is_draining(const struct rpc_server *rpc)
{
	return gate_is_shut(&rpc->shared.gate);
}

void
rpc_server_close(struct rpc_server *rpc)
{
	if (rpc == NULL)
		return;
	gate_shut(&rpc->shared.gate);
	for (int i = 0; i < LANE_COUNT; i++)
		lane_pool_close(rpc->shared.lanes[i]);
	for (size_t i = 0; i < rpc->place_count; i++)
		place_close(&rpc->places[i]);
	if (rpc->has_socket)
		(void)nng_close(rpc->socket);
	for (int i = 0; i < LANE_COUNT; i++)
		lane_pool_free(rpc->shared.lanes[i]);
	listener_set_free(rpc->shared.listeners);
	arena_pool_close(&rpc->memory);
	gate_destroy(&rpc->shared.gate);
	free(rpc->methods);
	free(rpc);
}
