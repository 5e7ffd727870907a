#include "server/rpc/place.h"

#include <string.h>

#include "base/arena_pool.h"
#include "base/clock.h"
#include "base/log.h"
#include "server/rpc/reply.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name

static void
receive(struct place *place)
{
	place->answering = false;
	nng_ctx_recv(place->ctx, place->aio);
}

static void
leave_gate(struct place *place)
{
	if (place->admitted)
		gate_leave(&place->shared->gate);
	place->admitted = false;
}

static void
log_call(const struct place *place, enum code code)
{
	const struct rpc_call *call = &place->call;
	const ProtobufCEnumValue *reason = NULL;

	if (code != CODE_OK && call->reason != REASON(UNSPECIFIED))
		reason = protobuf_c_enum_descriptor_get_value(
			&latchkey__rpc__v1__reason__descriptor,
			(int)call->reason);
	LOG_EVENT(code == CODE_OK ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "call",
	          LOG_T("method",
	                call->method == NULL ? NULL : call->method->name),
	          LOG_T("code", code_name(code)),
	          LOG_T("reason", reason == NULL
	                                  ? NULL
	                                  : reason->name + strlen("REASON_")),
	          LOG_T("request_id", call->request_id_text[0] == '\0'
	                                      ? NULL
	                                      : call->request_id_text),
	          LOG_N("ms", clock_monotonic_ms() - place->began_ms),
	          LOG_T("listener", listener_kind_name(call->listener)));
}

static enum code
fail_length(struct rpc_call *call)
{
	return rpc_fail(call, CODE_RESOURCE_EXHAUSTED,
	                REASON(RESPONSE_TOO_LARGE),
	                "The answer is longer than a reply may be.");
}

/* Gives the place to NNG: nothing may touch it after this. */
static void
answer(struct place *place, enum code code, const ProtobufCMessage *payload)
{
	struct reply reply;

	reply_init(&reply, &place->call, code, payload);
	if (reply_size(&reply) > place->shared->reply_max) {
		code = fail_length(&place->call);
		reply_init(&reply, &place->call, code, NULL);
	}
	log_call(place, code);
	if (nng_msg_alloc(&place->answer, reply_size(&reply)) != 0) {
		/* No memory to say so: the caller's deadline will. */
		place->answer = NULL;
		LOG_EVENT(LOG_LEVEL_ERROR, "answer_lost",
		          LOG_T("request_id", place->call.request_id_text));
		arena_pool_reset(&place->arena);
		leave_gate(place);
		receive(place);
		return;
	}
	reply_pack(&reply, nng_msg_body(place->answer));
	/* Before it is sent, which may take a while: only as many calls as a
	 * lane has threads use much memory at the same time. */
	arena_pool_reset(&place->arena);
	place->answering = true;
	nng_aio_set_msg(place->aio, place->answer);
	nng_ctx_send(place->ctx, place->aio);
}

static void
run(struct place *place)
{
	const ProtobufCMessage *payload = NULL;
	enum code code = dispatch_run(&place->call, place->in, &payload);

	answer(place, code, payload);
}

void
place_take(struct lane_item *item, enum lane_verdict verdict)
{
	struct place *place = (struct place *)item;
	struct rpc_call *call = &place->call;

	switch (verdict) {
	case LANE_RUN:
		run(place);
		return;
	case LANE_EXPIRED:
		answer(place,
		       rpc_fail(call, CODE_DEADLINE_EXCEEDED,
		                REASON(DEADLINE_PASSED),
		                "The deadline passed before the call ran."),
		       NULL);
		return;
	case LANE_CLOSED:
		answer(place,
		       rpc_fail(call, CODE_UNAVAILABLE, REASON(SHUTTING_DOWN),
		                "The server is shutting down."),
		       NULL);
		return;
	}
}

static void
queue(struct place *place)
{
	struct lane_pool *lane = place->shared->lanes[place->call.method->lane];
	struct rpc_call *call = &place->call;
	uint32_t retry_after_ms = 0;

	place->item.deadline_ms = call->deadline_ms;
	if (lane_pool_put(lane, &place->item, &retry_after_ms))
		return;
	(void)rpc_fail(call, CODE_RESOURCE_EXHAUSTED, REASON(QUEUE_FULL),
	               "Too many calls of this kind are waiting.");
	call->retry_after_ms = retry_after_ms;
	answer(place, CODE_RESOURCE_EXHAUSTED, NULL);
}

static void
handle(struct place *place, nng_msg *msg)
{
	struct bytes packed = { nng_msg_body(msg), nng_msg_len(msg) };
	struct rpc_call *call = &place->call;
	enum code code;
	bool known;

	*call = (struct rpc_call){ .arena = &place->arena };
	place->in = NULL;
	place->began_ms = clock_monotonic_ms();
	known = listener_set_kind(place->shared->listeners, msg,
	                          &call->listener);
	code = dispatch_admit(&place->shared->dispatch, call, packed,
	                      &place->in);
	explicit_bzero(nng_msg_body(msg), nng_msg_len(msg));
	nng_msg_free(msg);
	/* A connection that is gone already cannot be answered either. */
	if (code == CODE_OK)
		place->admitted = known && gate_enter(&place->shared->gate);
	if (code == CODE_OK && !place->admitted)
		code = rpc_fail(call, CODE_UNAVAILABLE, REASON(SHUTTING_DOWN),
		                "The server is shutting down.");
	if (code != CODE_OK)
		answer(place, code, NULL);
	else if (call->method->lane == LANE_INLINE)
		run(place);
	else
		queue(place);
}

static bool
has_ended(int rv)
{
	return rv == NNG_ECLOSED || rv == NNG_ECANCELED;
}

static void
finish_answer(struct place *place, int rv)
{
	if (rv != 0) {
		explicit_bzero(nng_msg_body(place->answer),
		               nng_msg_len(place->answer));
		nng_msg_free(place->answer);
	}
	place->answer = NULL;
	nng_aio_set_msg(place->aio, NULL);
	leave_gate(place);
}

/* NNG has done what the place asked for, or will not do it. */
static void
proceed(void *arg)
{
	struct place *place = arg;
	int rv = nng_aio_result(place->aio);
	nng_msg *msg;

	if (place->answering) {
		finish_answer(place, rv);
		if (!has_ended(rv))
			receive(place);
		return;
	}
	if (has_ended(rv))
		return;
	if (rv != 0) {
		receive(place);
		return;
	}
	msg = nng_aio_get_msg(place->aio);
	nng_aio_set_msg(place->aio, NULL);
	handle(place, msg);
}

enum code
place_open(struct place *place, struct place_shared *shared, nng_socket socket)
{
	place->shared = shared;
	if (nng_aio_alloc(&place->aio, proceed, place) != 0)
		return CODE_RESOURCE_EXHAUSTED;
	if (nng_ctx_open(&place->ctx, socket) != 0)
		return CODE_RESOURCE_EXHAUSTED;
	place->has_ctx = true;
	return CODE_OK;
}

void
place_start(struct place *place)
{
	receive(place);
}

void
place_close(struct place *place)
{
	if (place->aio == NULL)
		return;
	nng_aio_stop(place->aio);
	if (place->has_ctx)
		(void)nng_ctx_close(place->ctx);
	if (place->answer != NULL)
		nng_msg_free(place->answer);
	nng_aio_free(place->aio);
	arena_pool_reset(&place->arena);
}
