#include "server/rpc/dispatch.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/payload_check.h"
#include "proto/latchkey/rpc/v1/envelope.pb-c.h"

#define METHOD_NAME_MAX 127
#define ACCESS_TOKEN_MAX 4096
#define CLIENT_ADDRESS_MAX 45
#define USER_AGENT_MAX 512
#define TRACEPARENT_MAX 55
#define TIMEOUT_DEFAULT_MS 10000
#define TIMEOUT_MAX_MS 60000

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name

/* What a client is told when a handler gave only a code. */
static const struct {
	enum code code;
	Latchkey__Rpc__V1__Reason reason;
	const char *message;
} explanations[] = {
	{ CODE_INVALID_ARGUMENT, REASON(UNSPECIFIED), "The request is wrong." },
	{ CODE_DEADLINE_EXCEEDED, REASON(UNSPECIFIED), "It took too long." },
	{ CODE_NOT_FOUND, REASON(UNSPECIFIED), "There is no such thing." },
	{ CODE_ALREADY_EXISTS, REASON(UNSPECIFIED), "It exists already." },
	{ CODE_PERMISSION_DENIED, REASON(UNSPECIFIED), "Not allowed." },
	{ CODE_RESOURCE_EXHAUSTED, REASON(UNSPECIFIED),
	  "The server has run out of something." },
	{ CODE_FAILED_PRECONDITION, REASON(UNSPECIFIED), "Not in this state." },
	{ CODE_UNIMPLEMENTED, REASON(UNSPECIFIED), "Not implemented." },
	{ CODE_UNAVAILABLE, REASON(UNSPECIFIED), "Not available now." },
	{ CODE_DATA_LOSS, REASON(STORE_DAMAGED), "A record is damaged." },
	{ CODE_UNAUTHENTICATED, REASON(UNSPECIFIED), "Who is calling?" },
};

static enum code
fail_malformed(struct rpc_call *call, const char *what)
{
	(void)rpc_fail(call, CODE_INVALID_ARGUMENT, REASON(ENVELOPE_MALFORMED),
	               "Malformed envelope: %s.", what);
	return CODE_INVALID_ARGUMENT;
}

static enum code
fail_memory(struct rpc_call *call)
{
	(void)rpc_fail(call, CODE_RESOURCE_EXHAUSTED, REASON(MEMORY_EXHAUSTED),
	               "The call needs more memory than one call may use.");
	return CODE_RESOURCE_EXHAUSTED;
}

static enum code
fail_caller(struct rpc_call *call, enum code code,
            Latchkey__Rpc__V1__Reason reason, const char *message)
{
	code = rpc_fail(call, code, reason, "%s", message);
	call->subject = LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER;
	return code;
}

static bool
is_address(const char *text)
{
	uint8_t address[16];

	return strlen(text) <= CLIENT_ADDRESS_MAX &&
	       (inet_pton(AF_INET, text, address) == 1 ||
	        inet_pton(AF_INET6, text, address) == 1);
}

/* Only a gateway and this host know whom they speak for. */
static bool
may_state_address(enum listener_kind kind)
{
	return kind == LISTENER_FRONT || kind == LISTENER_LOCAL;
}

static enum code
read_caller(struct rpc_call *call, const Latchkey__Rpc__V1__Caller *caller)
{
	if (caller == NULL)
		return CODE_OK;
	if (strlen(caller->access_token) > ACCESS_TOKEN_MAX)
		return fail_malformed(call, "access_token is too long");
	if (strlen(caller->user_agent) > USER_AGENT_MAX)
		return fail_malformed(call, "user_agent is too long");
	if (strlen(caller->traceparent) > TRACEPARENT_MAX)
		return fail_malformed(call, "traceparent is too long");
	if (may_state_address(call->listener)) {
		if (caller->client_address[0] != '\0' &&
		    !is_address(caller->client_address))
			return fail_malformed(call,
			                      "client_address is no address");
		call->client_address = caller->client_address;
	}
	call->access_token = caller->access_token;
	call->user_agent = caller->user_agent;
	return CODE_OK;
}

static enum code
read_envelope(struct rpc_call *call, struct bytes packed,
              Latchkey__Rpc__V1__Call **out)
{
	Latchkey__Rpc__V1__Call *envelope;
	uint32_t timeout_ms;

	if (!payload_is_valid(&latchkey__rpc__v1__call__descriptor, packed.data,
	                      packed.len))
		return fail_malformed(call, "not a Call");
	envelope = latchkey__rpc__v1__call__unpack(&call->arena->pb, packed.len,
	                                           packed.data);
	if (envelope == NULL)
		return call->arena->full ? fail_memory(call)
		                         : fail_malformed(call, "not a Call");
	if (envelope->request_id.len != RPC_REQUEST_ID_SIZE)
		return fail_malformed(call, "request_id is not 16 bytes");
	memcpy(call->request_id, envelope->request_id.data,
	       RPC_REQUEST_ID_SIZE);
	hex_encode(call->request_id, RPC_REQUEST_ID_SIZE,
	           call->request_id_text);
	if (strlen(envelope->method) > METHOD_NAME_MAX)
		return fail_malformed(call, "method is too long");
	if (envelope->timeout_ms > TIMEOUT_MAX_MS)
		return fail_malformed(call, "timeout_ms is over 60000");
	timeout_ms = envelope->timeout_ms == 0 ? TIMEOUT_DEFAULT_MS
	                                       : envelope->timeout_ms;
	call->deadline_ms = clock_monotonic_ms() + timeout_ms;
	*out = envelope;
	return read_caller(call, envelope->caller);
}

static int
compare_name(const void *name, const void *row)
{
	return strcmp(name, ((const struct rpc_method *)row)->name);
}

static enum code
check_method(const struct dispatch *dispatch, struct rpc_call *call,
             const Latchkey__Rpc__V1__Call *envelope)
{
	const struct rpc_method *method = bsearch(
		envelope->method, dispatch->methods, dispatch->method_count,
		sizeof(dispatch->methods[0]), compare_name);

	if (method == NULL)
		return rpc_fail(call, CODE_UNIMPLEMENTED,
		                REASON(METHOD_UNKNOWN),
		                "No such method is served.");
	call->method = method;
	if (envelope->payload.len > method->payload_max)
		return rpc_fail(call, CODE_INVALID_ARGUMENT,
		                REASON(MESSAGE_TOO_LARGE),
		                "The request is longer than %u bytes.",
		                method->payload_max);
	if (!payload_is_valid(method->in, envelope->payload.data,
	                      envelope->payload.len))
		return rpc_fail(call, CODE_INVALID_ARGUMENT,
		                REASON(PAYLOAD_MALFORMED),
		                "The request is not a %s.", method->in->name);
	return CODE_OK;
}

static enum code
check_role(const struct dispatch *dispatch, struct rpc_call *call)
{
	struct principal *caller;
	enum code code;

	if (call->method->role == ROLE_NONE)
		return CODE_OK;
	if (call->access_token[0] == '\0')
		return fail_caller(call, CODE_UNAUTHENTICATED,
		                   REASON(TOKEN_MISSING),
		                   "The call needs an access token.");
	caller = arena_alloc(call->arena, sizeof(*caller));
	if (caller == NULL)
		return fail_memory(call);
	code = dispatch->authenticate(call, caller);
	if (code != CODE_OK)
		return code;
	if (caller->role < call->method->role)
		return fail_caller(call, CODE_PERMISSION_DENIED,
		                   REASON(ROLE_MISSING),
		                   "The caller may not do this.");
	call->caller = caller;
	return CODE_OK;
}

/* Whoever failed without saying why is explained by the code alone. */
static enum code
explain(struct rpc_call *call, enum code code)
{
	if (code == CODE_OK || call->message[0] != '\0')
		return code;
	if (code == CODE_RESOURCE_EXHAUSTED && call->arena->full)
		return fail_memory(call);
	for (size_t i = 0; i < sizeof(explanations) / sizeof(explanations[0]);
	     i++)
		if (explanations[i].code == code)
			return rpc_fail(call, code, explanations[i].reason,
			                "%s", explanations[i].message);
	return rpc_fail(call, CODE_INTERNAL, REASON(UNSPECIFIED),
	                "The server failed; its log says how.");
}

enum code
dispatch_admit(const struct dispatch *dispatch, struct rpc_call *call,
               struct bytes packed, const void **in)
{
	Latchkey__Rpc__V1__Call *envelope = NULL;
	enum code code;
	const void *request;

	call->server = dispatch->server;
	call->access_token = "";
	call->client_address = "";
	call->user_agent = "";
	call->now_us = clock_wall_us();
	code = read_envelope(call, packed, &envelope);
	if (code == CODE_OK)
		code = check_method(dispatch, call, envelope);
	if (code == CODE_OK)
		code = explain(call, check_role(dispatch, call));
	if (code != CODE_OK)
		return code;
	request = protobuf_c_message_unpack(call->method->in, &call->arena->pb,
	                                    envelope->payload.len,
	                                    envelope->payload.data);
	if (request == NULL && call->arena->full)
		return fail_memory(call);
	if (request == NULL)
		return rpc_fail(
			call, CODE_INVALID_ARGUMENT, REASON(PAYLOAD_MALFORMED),
			"The request is not a %s.", call->method->in->name);
	*in = request;
	return CODE_OK;
}

enum code
dispatch_run(struct rpc_call *call, const void *in,
             const ProtobufCMessage **out)
{
	const struct rpc_method *method = call->method;
	ProtobufCMessage *response =
		arena_alloc(call->arena, method->out->sizeof_message);
	enum code code;

	if (response == NULL)
		return fail_memory(call);
	protobuf_c_message_init(method->out, response);
	code = explain(call, method->handler(call, in, response));
	if (code == CODE_OK)
		*out = response;
	return code;
}
