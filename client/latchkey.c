#include "client/latchkey.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/message_limit.h"
#include "client/channel.h"
#include "client/client_settings.h"

#define CALLS_DEFAULT 64
#define METHOD_MAX 128
#define TIMEOUT_DEFAULT_MS 10000

struct latchkey {
	struct channel *channel;
};

enum code
latchkey_open(const struct latchkey_options *options, struct latchkey **out,
              char *err, size_t err_size)
{
	const struct channel_options channel = {
		.url = options->url,
		.server_name = options->server_name,
		.ca_path = options->ca_path,
		.cert_path = options->cert_path,
		.key_path = options->key_path,
		.calls_max = options->calls_max == 0 ? CALLS_DEFAULT
		                                     : options->calls_max,
		.arena_size = MESSAGE_ARENA_SIZE,
		.message_max = REPLY_LIMIT,
	};
	struct latchkey *latchkey = calloc(1, sizeof(*latchkey));
	enum code code;

	if (latchkey == NULL) {
		(void)snprintf(err, err_size, "out of memory");
		return CODE_RESOURCE_EXHAUSTED;
	}
	code = channel_open(&channel, &latchkey->channel, err, err_size);
	if (code != CODE_OK) {
		free(latchkey);
		return code;
	}
	*out = latchkey;
	return CODE_OK;
}

/* The paths in a file begin at its own directory. */
static enum code
open_settings(const char *file, const struct client_settings *settings,
              struct latchkey **out, char *err, size_t err_size)
{
	char *ca = settings_path(file, settings->server.ca);
	char *cert = settings_path(file, settings->server.cert);
	char *key = settings_path(file, settings->server.key);
	const struct latchkey_options options = {
		.url = settings->server.url,
		.server_name = settings->server.name,
		.ca_path = ca,
		.cert_path = cert,
		.key_path = key,
	};
	enum code code = CODE_RESOURCE_EXHAUSTED;

	if (ca != NULL && cert != NULL && key != NULL)
		code = latchkey_open(&options, out, err, err_size);
	else
		(void)snprintf(err, err_size, "%s: out of memory", file);
	free(ca);
	free(cert);
	free(key);
	return code;
}

enum code
latchkey_open_file(const char *path, struct latchkey **out, char *err,
                   size_t err_size)
{
	struct client_settings settings;
	enum code code = settings_load(&client_settings_table, path, &settings,
	                               err, err_size);

	if (code != CODE_OK)
		return code;
	code = open_settings(path, &settings, out, err, err_size);
	settings_free(&client_settings_table, &settings);
	return code;
}

bool
latchkey_wait(struct latchkey *latchkey, int64_t timeout_ms)
{
	return channel_wait(latchkey->channel, timeout_ms);
}

void
latchkey_close(struct latchkey *latchkey)
{
	if (latchkey == NULL)
		return;
	channel_close(latchkey->channel);
	free(latchkey);
}

static void
fail(struct latchkey_call *call, enum code code, const char *message)
{
	latchkey__rpc__v1__status__init(&call->own_status);
	call->own_status.code = (uint32_t)code;
	call->own_status.message = (char *)message;
	call->code = code;
	call->status = &call->own_status;
}

static void
set_caller(const struct latchkey_call *call, Latchkey__Rpc__V1__Caller *caller)
{
	if (call->access_token != NULL)
		caller->access_token = (char *)call->access_token;
	if (call->client_address != NULL)
		caller->client_address = (char *)call->client_address;
	if (call->user_agent != NULL)
		caller->user_agent = (char *)call->user_agent;
}

static void
send(struct latchkey_call *call, const ProtobufCMethodDescriptor *method,
     const ProtobufCMessage *request)
{
	struct channel_call *held = call->held;
	char name[METHOD_MAX];
	int len = snprintf(name, sizeof(name), "%s/%s",
	                   call->service.descriptor->name, method->name);

	if (len < 0 || len >= METHOD_MAX) {
		fail(call, CODE_INVALID_ARGUMENT,
		     "The method's name is too long.");
		return;
	}
	held->timeout_ms = call->timeout_ms;
	set_caller(call, &held->caller);
	hex_encode(held->request_id, sizeof(held->request_id),
	           call->request_id);
	call->code =
		channel_call_send_wait(held, name, request, method->output);
	call->status = held->status;
	call->response = held->reply;
}

/* What the generated stubs call. */
static void
invoke(ProtobufCService *service, unsigned method_index,
       const ProtobufCMessage *request, ProtobufCClosure closure, void *ctx)
{
	struct latchkey_call *call = (struct latchkey_call *)service;

	latchkey_call_reset(call);
	if (channel_call_begin(call->latchkey->channel, &call->held) == CODE_OK)
		send(call, &service->descriptor->methods[method_index],
		     request);
	else
		fail(call, CODE_RESOURCE_EXHAUSTED,
		     "Too many calls at a time.");
	if (closure != NULL)
		closure(call->response, ctx);
}

static void
destroy(ProtobufCService *service)
{
	latchkey_call_reset((struct latchkey_call *)service);
}

void
latchkey_call_init(struct latchkey_call *call, struct latchkey *latchkey,
                   const ProtobufCServiceDescriptor *service)
{
	*call = (struct latchkey_call){
		.service = { .descriptor = service,
		             .invoke = invoke,
		             .destroy = destroy },
		.timeout_ms = TIMEOUT_DEFAULT_MS,
		.latchkey = latchkey,
	};
	fail(call, CODE_UNAVAILABLE, "Nothing was called yet.");
}

void
latchkey_call_reset(struct latchkey_call *call)
{
	if (call->held != NULL)
		channel_call_end(call->held);
	call->held = NULL;
	call->response = NULL;
	call->request_id[0] = '\0';
	fail(call, CODE_UNAVAILABLE, "Nothing was called yet.");
}
