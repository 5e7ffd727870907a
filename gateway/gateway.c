/*
 * Joins HTTP and RPC: a request becomes an inquiry, the call it asks for is
 * sent, and whoever brings the outcome, an event loop or a thread of the
 * channel, answers the request. Nothing here waits.
 */
#include "gateway/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/log.h"
#include "client/channel.h"
#include "gateway/documents.h"
#include "gateway/profile.h"
#include "gateway/translate.h"

#define RPC_TIMEOUT_MS 10000
#define RPC_TIMEOUT_MAX_MS 60000
#define REQUEST_ID_SIZE 16 /* bytes */
/* Enough for the paths of routes with a limit of their own; a longer path has
 * the limit of all others. */
#define BODY_LIMIT_PATH_MAX 4096

struct gateway {
	struct translator translator;
	struct profile_set *profiles;
	struct cors *cors;
	struct documents *documents;
	char *public_base;
	char *operator_name;
	struct channel *channel;
	uint32_t rpc_timeout_ms;
};

/* A request and its exchange; in the request's arena. */
struct pending {
	struct gateway *gateway;
	struct http_request *request;
	struct exchange exchange;
};

static enum code
refuse(char *err, size_t err_size, enum code code, const char *what)
{
	(void)snprintf(err, err_size, "gateway: %s", what);
	return code;
}

/* Its last slash goes: the paths behind it begin with one. */
static enum code
set_public_base(struct gateway *gateway, const char *base, char *err,
                size_t err_size)
{
	size_t len;

	if (base == NULL || base[0] == '\0')
		return CODE_OK;
	if (strncmp(base, "http://", 7) != 0 &&
	    strncmp(base, "https://", 8) != 0)
		return refuse(err, err_size, CODE_INVALID_ARGUMENT,
		              "the public base must begin with http:// or "
		              "https://");
	gateway->public_base = strdup(base);
	if (gateway->public_base == NULL)
		return refuse(err, err_size, CODE_RESOURCE_EXHAUSTED,
		              "not enough memory");
	len = strlen(base);
	if (base[len - 1] == '/')
		gateway->public_base[len - 1] = '\0';
	return CODE_OK;
}

static enum code
open_documents(struct gateway *gateway, const struct gateway_options *options,
               char *err, size_t err_size)
{
	const struct documents_options documents = {
		.profiles = gateway->profiles,
		.public_base = gateway->public_base,
		.swagger_ui_dir = options->swagger_ui_dir,
	};

	return documents_open(&documents, &gateway->documents, err, err_size);
}

static enum code
fill(struct gateway *gateway, const struct gateway_options *options, char *err,
     size_t err_size)
{
	const struct profile_options profiles = {
		.names = options->profiles,
		.name_count = options->profile_count,
		.dir = options->profile_dir,
	};
	enum code code;

	gateway->channel = options->channel;
	gateway->rpc_timeout_ms = options->rpc_timeout_ms;
	if (gateway->rpc_timeout_ms == 0)
		gateway->rpc_timeout_ms = RPC_TIMEOUT_MS;
	if (gateway->rpc_timeout_ms > RPC_TIMEOUT_MAX_MS)
		return refuse(err, err_size, CODE_INVALID_ARGUMENT,
		              "the RPC timeout is at most 60000 ms");
	code = set_public_base(gateway, options->public_base, err, err_size);
	if (code == CODE_OK && options->operator_name != NULL) {
		gateway->operator_name = strdup(options->operator_name);
		if (gateway->operator_name == NULL)
			return refuse(err, err_size, CODE_RESOURCE_EXHAUSTED,
			              "not enough memory");
	}
	if (code == CODE_OK)
		code = cors_open(&options->cors, &gateway->cors, err, err_size);
	if (code == CODE_OK)
		code = profile_set_open(&profiles, &gateway->profiles, err,
		                        err_size);
	if (code == CODE_OK && gateway->profiles->has_cookie &&
	    options->cors.allow_all)
		return refuse(err, err_size, CODE_INVALID_ARGUMENT,
		              "cors.allow_all with a profile of "
		              "refresh_cookie would let every web page act "
		              "for a user; list the origins instead");
	if (code == CODE_OK)
		code = open_documents(gateway, options, err, err_size);
	gateway->translator = (struct translator){
		.profiles = gateway->profiles,
		.cors = gateway->cors,
		.documents = gateway->documents,
		.public_base = gateway->public_base,
		.operator_name = gateway->operator_name,
		.confirm = options->confirm,
	};
	return code;
}

enum code
gateway_open(const struct gateway_options *options, struct gateway **out,
             char *err, size_t err_size)
{
	struct gateway *gateway = calloc(1, sizeof(*gateway));
	enum code code;

	if (gateway == NULL)
		return refuse(err, err_size, CODE_RESOURCE_EXHAUSTED,
		              "not enough memory");
	code = fill(gateway, options, err, err_size);
	if (code != CODE_OK) {
		gateway_close(gateway);
		return code;
	}
	*out = gateway;
	return CODE_OK;
}

void
gateway_close(struct gateway *gateway)
{
	if (gateway == NULL)
		return;
	documents_close(gateway->documents);
	profile_set_close(gateway->profiles);
	cors_close(gateway->cors);
	free(gateway->public_base);
	free(gateway->operator_name);
	free(gateway);
}

static const char *
find_header(const void *ctx, const char *name)
{
	return http_header(ctx, name);
}

static const char *
or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

/* NULL, and the request is answered, if not even this fits its arena. */
static struct pending *
begin(struct gateway *gateway, struct http_request *request)
{
	static const struct http_response no_memory = { .status = 503,
		                                        .close = true };
	struct pending *p = arena_alloc(http_arena(request), sizeof(*p));

	if (p == NULL) {
		http_respond(request, &no_memory);
		return NULL;
	}
	p->gateway = gateway;
	p->request = request;
	p->exchange.inquiry = (struct inquiry){
		.arena = http_arena(request),
		.method = or_empty(http_method(request)),
		.path = or_empty(http_path(request)),
		.query = or_empty(http_query(request)),
		.peer = http_peer(request),
		.secure = http_is_secure(request),
		.request_id = http_request_id(request),
		.body = http_body(request),
		.header = find_header,
		.ctx = request,
	};
	return p;
}

/* The route's path as its profile writes it; before one is chosen, that of the
 * path's first. */
static const char *
route_path(const struct exchange *x)
{
	const struct router_path *path = x->match.path;

	if (x->route != NULL)
		return x->route->path;
	for (unsigned m = 0; path != NULL && m < METHOD_COUNT; m++)
		if (path->routes[m] != NULL)
			return path->routes[m]->path;
	return NULL;
}

static void
respond(struct pending *p, bool close)
{
	const struct exchange *x = &p->exchange;
	const struct answer *answer = &x->answer;
	const struct router_path *path = x->match.path;
	char condition[CONDITION_NAME_SIZE];
	struct http_header_line lines[ANSWER_HEADER_MAX];
	struct http_response response = {
		.status = answer->status,
		.body = answer->body,
		.headers = lines,
		.header_count = answer->header_count,
		.close = close,
		.log_route = route_path(x),
	};

	if (path != NULL && path->has_parameters)
		response.log_path = response.log_route;
	if (x->failed)
		response.log_condition =
			condition_write(x->condition, condition);
	for (size_t i = 0; i < answer->header_count; i++)
		lines[i] = (struct http_header_line){
			.name = answer->headers[i].name,
			.value = answer->headers[i].value,
		};
	http_respond(p->request, &response);
}

/* Nobody else says why the client gets 500. */
static void
log_length(const struct exchange *x)
{
	char id[HEX_SIZE(REQUEST_ID_SIZE)];

	hex_encode(x->inquiry.request_id, REQUEST_ID_SIZE, id);
	LOG_EVENT(LOG_LEVEL_WARN, "answer_too_long",
	          LOG_T("method", x->rpc_name), LOG_T("request_id", id));
}

static void
finish_call(struct channel_call *call, void *ctx)
{
	struct pending *p = ctx;

	p->exchange.answer_arena = call->arena;
	translate_reply(&p->gateway->translator, &p->exchange, call->code,
	                call->status, call->reply);
	if (p->exchange.is_too_long)
		log_length(&p->exchange);
	/* The answer may hold bytes of the reply; p is gone after it. */
	respond(p, false);
	channel_call_end(call);
}

/* There is no call to be had: as if the server were away. */
static void
respond_unavailable(struct pending *p)
{
	static const Latchkey__Rpc__V1__Status status = {
		.base = { .descriptor =
		                  &latchkey__rpc__v1__status__descriptor },
		.code = CODE_UNAVAILABLE,
		.reason = LATCHKEY__RPC__V1__REASON__REASON_UNSPECIFIED,
	};

	translate_reply(&p->gateway->translator, &p->exchange, CODE_UNAVAILABLE,
	                &status, NULL);
	respond(p, false);
}

static void
describe_caller(const struct exchange *x, Latchkey__Rpc__V1__Caller *caller)
{
	latchkey__rpc__v1__caller__init(caller);
	if (x->access_token != NULL)
		caller->access_token = (char *)x->access_token;
	if (x->inquiry.peer != NULL)
		caller->client_address = (char *)x->inquiry.peer;
	if (x->user_agent != NULL)
		caller->user_agent = (char *)x->user_agent;
	if (x->traceparent != NULL)
		caller->traceparent = (char *)x->traceparent;
}

void
gateway_handle(void *ctx, struct http_request *request)
{
	struct gateway *gateway = ctx;
	struct pending *p = begin(gateway, request);
	struct channel_call *call;
	struct exchange *x;

	if (p == NULL)
		return;
	x = &p->exchange;
	if (!translate_request(&gateway->translator, x)) {
		respond(p, false);
		return;
	}
	if (gateway->channel == NULL ||
	    channel_call_begin(gateway->channel, &call) != CODE_OK) {
		respond_unavailable(p);
		return;
	}
	/* One id in both logs. */
	memcpy(call->request_id, x->inquiry.request_id,
	       sizeof(call->request_id));
	call->timeout_ms = x->route != NULL && x->route->timeout_ms != 0
	                           ? x->route->timeout_ms
	                           : gateway->rpc_timeout_ms;
	describe_caller(x, &call->caller);
	call->done = finish_call;
	call->ctx = p;
	/* Nothing after this may touch p: the answer may be on its way. */
	channel_call_send(call, x->rpc_name, x->request, x->reply_type);
}

void
gateway_refuse(void *ctx, struct http_request *request, unsigned status)
{
	struct gateway *gateway = ctx;
	struct pending *p = begin(gateway, request);

	if (p == NULL)
		return;
	translate_refusal(&gateway->translator, &p->exchange, status);
	respond(p, true);
}

size_t
gateway_body_most(const struct gateway *gateway)
{
	return gateway->profiles->body_max;
}

size_t
gateway_body_limit(void *ctx, const char *method, const char *path)
{
	const struct gateway *gateway = ctx;
	const struct router *router = &gateway->profiles->router;
	uint8_t memory[BODY_LIMIT_PATH_MAX];
	struct router_match match;
	struct arena arena;
	enum method number;
	size_t max = 0;
	char *raw;

	if (!router_method_find(method, &number) || !router->has_limit[number])
		return 0;
	arena_init(&arena, memory, sizeof(memory));
	raw = arena_memdup(&arena, path, strcspn(path, "?"));
	if (raw != NULL &&
	    router_find(router, &arena, raw, &match) == CODE_OK &&
	    match.path != NULL && match.path->routes[number] != NULL)
		max = match.path->routes[number]->body_max;
	arena_reset(&arena);
	return max;
}
