#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/message_limit.h"
#include "client/channel_reply.h"
#include "client/channel_state.h"

#define TIMEOUT_DEFAULT_MS 10000
#define PAYLOAD_TAG 0x12 /* Call.payload: field 2, length-prefixed */

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name

/* What a caller is told when the server said nothing. */
static const struct {
	enum code code;
	Latchkey__Rpc__V1__Reason reason;
	const char *message;
} failures[] = {
	{ CODE_INVALID_ARGUMENT, REASON(MESSAGE_TOO_LARGE),
	  "The request is longer than a message may be." },
	{ CODE_DEADLINE_EXCEEDED, REASON(UNSPECIFIED),
	  "The server did not answer in time." },
	{ CODE_RESOURCE_EXHAUSTED, REASON(RESPONSE_TOO_LARGE),
	  "The answer needs more memory than a call may use." },
	{ CODE_UNAVAILABLE, REASON(UNSPECIFIED),
	  "The server cannot be reached." },
	{ CODE_INTERNAL, REASON(UNSPECIFIED),
	  "The server's reply cannot be understood." },
};

static void
fail(struct slot *slot, enum code code)
{
	Latchkey__Rpc__V1__Status *status = &slot->failure;

	latchkey__rpc__v1__status__init(status);
	status->code = (uint32_t)code;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (failures[i].code == code) {
			status->reason = failures[i].reason;
			status->message = (char *)failures[i].message;
		}
	slot->call.code = code;
	slot->call.status = status;
	slot->call.reply = NULL;
}

enum code
channel_call_begin(struct channel *channel, struct channel_call **out)
{
	struct slot *slot;
	struct channel_call *call;

	(void)pthread_mutex_lock(&channel->lock);
	slot = channel->closing ? NULL : channel->free;
	if (slot != NULL) {
		channel->free = slot->next_free;
		channel->begun++;
	}
	(void)pthread_mutex_unlock(&channel->lock);
	if (slot == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	call = &slot->call;
	*call = (struct channel_call){ .arena = &slot->arena,
		                       .timeout_ms = TIMEOUT_DEFAULT_MS };
	latchkey__rpc__v1__caller__init(&call->caller);
	fail(slot, CODE_UNAVAILABLE);
	atomic_store(&slot->cause, CAUSE_NONE);
	if (getrandom(call->request_id, sizeof(call->request_id), 0) !=
	    (ssize_t)sizeof(call->request_id)) {
		channel_call_end(call);
		return CODE_RESOURCE_EXHAUSTED;
	}
	*out = call;
	return CODE_OK;
}

void
channel_call_end(struct channel_call *call)
{
	struct slot *slot = (struct slot *)call;
	struct channel *channel = slot->channel;

	arena_pool_reset(&slot->arena);
	*call = (struct channel_call){ 0 };
	(void)pthread_mutex_lock(&channel->lock);
	slot->next_free = channel->free;
	channel->free = slot;
	channel->begun--;
	if (channel->closing && channel->begun == 0)
		(void)pthread_cond_broadcast(&channel->changed);
	(void)pthread_mutex_unlock(&channel->lock);
}

/* From here on the deadline and a lost connection may give the call up. */
static bool
arm(struct slot *slot)
{
	struct channel *channel = slot->channel;
	uint32_t timeout_ms = slot->call.timeout_ms;
	int64_t deadline_ms;
	bool may_send;

	if (timeout_ms == 0)
		timeout_ms = TIMEOUT_DEFAULT_MS;
	deadline_ms = clock_monotonic_ms() + timeout_ms;
	(void)pthread_mutex_lock(&channel->lock);
	may_send = channel->pipes > 0 && !channel->closing;
	if (may_send)
		slot->deadline_ms = deadline_ms;
	if (may_send && deadline_ms < channel->wake_ms) {
		channel->wake_ms = deadline_ms;
		(void)pthread_cond_signal(&channel->wake);
	}
	(void)pthread_mutex_unlock(&channel->lock);
	return may_send;
}

static void
disarm(struct slot *slot)
{
	(void)pthread_mutex_lock(&slot->channel->lock);
	slot->deadline_ms = NEVER_MS;
	(void)pthread_mutex_unlock(&slot->channel->lock);
}

/*
 * A cause that came before the operation began found nothing to cancel. The
 * call may be over by now and its slot in use again: a cause seen then is the
 * new call's own, and it is being given up anyway.
 */
static void
cancel_if_late(struct slot *slot)
{
	if (atomic_load(&slot->cause) != CAUSE_NONE)
		nng_aio_cancel(slot->aio);
}

static enum code
code_of_cause(const struct slot *slot)
{
	return atomic_load(&slot->cause) == CAUSE_DEADLINE
	               ? CODE_DEADLINE_EXCEEDED
	               : CODE_UNAVAILABLE;
}

static void
finish(struct slot *slot)
{
	slot->call.done(&slot->call, slot->call.ctx);
}

static void
finish_failed(struct slot *slot, enum code code)
{
	fail(slot, code);
	finish(slot);
}

static void
finish_received(struct slot *slot)
{
	nng_msg *msg = nng_aio_get_msg(slot->aio);
	const struct bytes packed = { nng_msg_body(msg), nng_msg_len(msg) };
	struct channel_reply reply = { 0 };
	enum code code =
		channel_reply_read(&slot->arena, packed, slot->call.request_id,
	                           slot->reply_type, &reply);

	nng_aio_set_msg(slot->aio, NULL);
	explicit_bzero(nng_msg_body(msg), nng_msg_len(msg));
	nng_msg_free(msg);
	if (reply.status == NULL) {
		finish_failed(slot, code);
		return;
	}
	slot->call.code = code;
	slot->call.status = reply.status;
	slot->call.reply = reply.payload;
	finish(slot);
}

void
slot_proceed(void *arg)
{
	struct slot *slot = arg;
	int rv = nng_aio_result(slot->aio);

	if (rv == 0 && !slot->receiving) {
		slot->msg = NULL;
		slot->receiving = true;
		nng_ctx_recv(slot->ctx, slot->aio);
		cancel_if_late(slot);
		return;
	}
	disarm(slot);
	if (rv == 0) {
		atomic_store_explicit(&slot->channel->answered, true,
		                      memory_order_relaxed);
		finish_received(slot);
		return;
	}
	if (!slot->receiving) {
		nng_aio_set_msg(slot->aio, NULL);
		nng_msg_free(slot->msg);
		slot->msg = NULL;
	}
	finish_failed(slot, code_of_cause(slot));
}

static size_t
varint_size(size_t value)
{
	size_t size = 1;

	for (; value >= 0x80; value >>= 7)
		size++;
	return size;
}

static uint8_t *
put_varint(uint8_t *out, size_t value)
{
	for (; value >= 0x80; value >>= 7)
		*out++ = (uint8_t)(value | 0x80);
	*out++ = (uint8_t)value;
	return out;
}

/* The payload goes last and straight to its place instead of by a copy. */
static enum code
pack(struct slot *slot, const char *method, const ProtobufCMessage *request)
{
	Latchkey__Rpc__V1__Call envelope = LATCHKEY__RPC__V1__CALL__INIT;
	size_t payload_len = protobuf_c_message_get_packed_size(request);
	size_t len;
	uint8_t *at;

	envelope.method = (char *)method;
	envelope.request_id.data = slot->call.request_id;
	envelope.request_id.len = sizeof(slot->call.request_id);
	envelope.timeout_ms = slot->call.timeout_ms;
	envelope.caller = &slot->call.caller;
	len = latchkey__rpc__v1__call__get_packed_size(&envelope) + 1 +
	      varint_size(payload_len) + payload_len;
	if (len > MESSAGE_LIMIT)
		return CODE_INVALID_ARGUMENT;
	/* Without memory to send it, it cannot be sent now. */
	if (nng_msg_alloc(&slot->msg, len) != 0)
		return CODE_UNAVAILABLE;
	at = nng_msg_body(slot->msg);
	at += latchkey__rpc__v1__call__pack(&envelope, at);
	*at++ = PAYLOAD_TAG;
	at = put_varint(at, payload_len);
	(void)protobuf_c_message_pack(request, at);
	return CODE_OK;
}

void
channel_call_send(struct channel_call *call, const char *method,
                  const ProtobufCMessage *request,
                  const ProtobufCMessageDescriptor *reply_type)
{
	struct slot *slot = (struct slot *)call;
	enum code code = pack(slot, method, request);

	if (code != CODE_OK) {
		finish_failed(slot, code);
		return;
	}
	slot->reply_type = reply_type;
	slot->receiving = false;
	if (!arm(slot)) {
		nng_msg_free(slot->msg);
		slot->msg = NULL;
		finish_failed(slot, CODE_UNAVAILABLE);
		return;
	}
	nng_aio_set_msg(slot->aio, slot->msg);
	nng_ctx_send(slot->ctx, slot->aio);
	cancel_if_late(slot);
}

/* Somebody who waits for a call. */
struct waiter {
	pthread_mutex_t lock;
	pthread_cond_t over;
	bool is_over;
};

static void
stop_waiting(struct channel_call *call, void *ctx)
{
	struct waiter *waiter = ctx;

	(void)call;
	(void)pthread_mutex_lock(&waiter->lock);
	waiter->is_over = true;
	(void)pthread_cond_signal(&waiter->over);
	(void)pthread_mutex_unlock(&waiter->lock);
}

enum code
channel_call_send_wait(struct channel_call *call, const char *method,
                       const ProtobufCMessage *request,
                       const ProtobufCMessageDescriptor *reply_type)
{
	struct waiter waiter = { .lock = PTHREAD_MUTEX_INITIALIZER,
		                 .over = PTHREAD_COND_INITIALIZER };

	call->done = stop_waiting;
	call->ctx = &waiter;
	channel_call_send(call, method, request, reply_type);
	(void)pthread_mutex_lock(&waiter.lock);
	while (!waiter.is_over)
		(void)pthread_cond_wait(&waiter.over, &waiter.lock);
	(void)pthread_mutex_unlock(&waiter.lock);
	(void)pthread_cond_destroy(&waiter.over);
	(void)pthread_mutex_destroy(&waiter.lock);
	return call->code;
}
