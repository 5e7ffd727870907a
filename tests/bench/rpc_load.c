#include "tests/bench/rpc_load.h"

#include <semaphore.h>
#include <stdlib.h>

#include "base/code.h"
#include "client/channel.h"
#include "tests/bench/bail.h"

#define CONNECT_TIMEOUT_MS 10000
#define CALL_ARENA_SIZE 32768
#define CALL_TIMEOUT_MS 10000

struct slot {
	struct rpc_load *load;
	unsigned index;
	uint64_t asked_ns;
};

struct rpc_load {
	struct channel *channel;
	struct rpc_script script;
	struct meter *meter;
	struct slot *slots;
	unsigned count;
	_Atomic bool stopping;
	sem_t left; /* posted by each slot as its last act */
};

static void done(struct channel_call *call, void *ctx);

static void
ask(struct slot *slot)
{
	struct rpc_load *load = slot->load;
	struct channel_call *call = NULL;
	union rpc_request request;

	if (channel_call_begin(load->channel, &call) != CODE_OK) {
		meter_fail(load->meter, "no free call");
		(void)sem_post(&load->left);
		return;
	}
	call->timeout_ms = CALL_TIMEOUT_MS;
	call->done = done;
	call->ctx = slot;
	load->script.ask(load->script.ctx, slot->index, &request);
	slot->asked_ns = meter_now_ns();
	channel_call_send(call, load->script.method, &request.base,
	                  load->script.reply_type);
}

/* Whether the slot may go on. */
static bool
note(struct slot *slot, const struct channel_call *call)
{
	const struct rpc_script *script = &slot->load->script;
	struct meter *meter = slot->load->meter;

	if (call->code != CODE_OK) {
		meter_fail(meter, "%s: %s: %s", script->method,
		           code_name(call->code), call->status->message);
		return false;
	}
	meter_count(meter, slot->asked_ns);
	if (script->hear == NULL ||
	    script->hear(script->ctx, slot->index, call->reply))
		return true;
	meter_fail(meter, "%s: an unexpected reply", script->method);
	return false;
}

/* A call that fails before it is sent ends here too, and its slot with it:
 * so this never calls itself more than once. */
static void
done(struct channel_call *call, void *ctx)
{
	struct slot *slot = ctx;
	bool go_on = note(slot, call);

	channel_call_end(call);
	if (go_on && !atomic_load(&slot->load->stopping))
		ask(slot);
	else
		(void)sem_post(&slot->load->left);
}

static void
stop(void *self)
{
	struct rpc_load *load = self;

	atomic_store(&load->stopping, true);
	for (unsigned i = 0; i < load->count; i++)
		(void)sem_wait(&load->left);
	channel_close(load->channel);
	(void)sem_destroy(&load->left);
	free(load->slots);
	free(load);
}

static struct channel *
connect_to(const struct hop *hop, unsigned calls)
{
	struct channel_options options = {
		.url = hop->url,
		.server_name = hop->server_name,
		.ca_path = hop->ca_path,
		.cert_path = hop->cert_path,
		.key_path = hop->key_path,
		.calls_max = calls,
		.arena_size = CALL_ARENA_SIZE,
		.message_max = HOP_MESSAGE_MAX,
	};
	struct channel *channel = NULL;
	char err[256];

	if (channel_open(&options, &channel, err, sizeof(err)) != CODE_OK)
		bail("%s", err);
	if (!channel_wait(channel, CONNECT_TIMEOUT_MS))
		bail("%s does not answer", hop->url);
	return channel;
}

/* The envelopes again, to learn how long they were. */
static struct rpc_sizes
measure(const struct channel_call *call, const struct rpc_script *script,
        const union rpc_request *request)
{
	Latchkey__Rpc__V1__Call call_envelope = LATCHKEY__RPC__V1__CALL__INIT;
	Latchkey__Rpc__V1__Reply reply = LATCHKEY__RPC__V1__REPLY__INIT;
	Latchkey__Rpc__V1__Status status = LATCHKEY__RPC__V1__STATUS__INIT;
	ProtobufCBinaryData id = { sizeof(call->request_id),
		                   (uint8_t *)call->request_id };

	call_envelope.method = (char *)script->method;
	call_envelope.request_id = id;
	call_envelope.timeout_ms = CALL_TIMEOUT_MS;
	call_envelope.payload.len =
		protobuf_c_message_get_packed_size(&request->base);
	reply.request_id = id;
	reply.status = &status;
	reply.payload.len = protobuf_c_message_get_packed_size(call->reply);
	return (struct rpc_sizes){
		latchkey__rpc__v1__call__get_packed_size(&call_envelope),
		latchkey__rpc__v1__reply__get_packed_size(&reply),
	};
}

struct rpc_sizes
rpc_load_probe(const struct hop *hop, const struct rpc_script *script)
{
	struct channel *channel = connect_to(hop, 1);
	struct channel_call *call = NULL;
	union rpc_request request;
	struct rpc_sizes sizes;

	if (channel_call_begin(channel, &call) != CODE_OK)
		bail("no free call");
	call->timeout_ms = CALL_TIMEOUT_MS;
	script->ask(script->ctx, 0, &request);
	if (channel_call_send_wait(call, script->method, &request.base,
	                           script->reply_type) != CODE_OK)
		bail("%s: %s", script->method, call->status->message);
	sizes = measure(call, script, &request);
	if (script->hear != NULL && !script->hear(script->ctx, 0, call->reply))
		bail("%s: an unexpected reply", script->method);
	channel_call_end(call);
	channel_close(channel);
	return sizes;
}

struct load
rpc_load_start(const struct rpc_load_options *options, struct meter *meter)
{
	struct rpc_load *load = bail_alloc(1, sizeof(*load));

	load->channel = connect_to(&options->hop, options->calls);
	load->script = options->script;
	load->meter = meter;
	load->count = options->calls;
	load->slots = bail_alloc(load->count, sizeof(*load->slots));
	if (sem_init(&load->left, 0, 0) != 0)
		bail("semaphore");
	for (unsigned i = 0; i < load->count; i++) {
		load->slots[i] = (struct slot){ .load = load, .index = i };
		ask(&load->slots[i]);
	}
	return (struct load){ load, stop };
}
