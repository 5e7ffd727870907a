/*
 * Any bytes as a Call: dispatch answers with a Reply that can be read, runs a
 * handler only for an admitted call, and never reads or writes astray.
 */
#include "server/rpc/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/payload_check.h"
#include "proto/latchkey/rpc/v1/envelope.pb-c.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "server/rpc/reply.h"
#include "tests/fuzz/fuzz.h"

#define MEMORY (1 << 16)

/* Reads all of its request, so that a sanitizer sees what it was given. */
static enum code
echo(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__VerifyTokenRequest *req = in;
	Latchkey__V1__VerifyTokenResponse *resp = out;

	for (size_t i = 0; i < req->n_accepted_types; i++)
		resp->user_id += (uint64_t)req->accepted_types[i];
	resp->session_id = arena_strdup(call->arena, req->token);
	return resp->session_id == NULL ? CODE_RESOURCE_EXHAUSTED : CODE_OK;
}

static enum code
authenticate(struct rpc_call *call, struct principal *out)
{
	out->role = ROLE_USER;
	return strlen(call->access_token) > 1 ? CODE_OK : CODE_UNAUTHENTICATED;
}

#define TYPES                                                                  \
	.in = &latchkey__v1__verify_token_request__descriptor,                 \
	.out = &latchkey__v1__verify_token_response__descriptor

static const struct rpc_method methods[] = {
	{ .name = "t/Echo", .handler = echo, .payload_max = 4096, TYPES },
	{ .name = "t/User",
	  .handler = echo,
	  .role = ROLE_USER,
	  .payload_max = 4096,
	  TYPES },
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dispatch dispatch = { .authenticate = authenticate,
		                                  .methods = methods,
		                                  .method_count = 2 };
	static uint8_t memory[MEMORY], packed[2 * MEMORY];
	const ProtobufCMessage *out = NULL;
	struct arena arena;
	struct rpc_call call = { .arena = &arena };
	struct reply reply;
	const void *in;
	enum code code;

	arena_init(&arena, memory, sizeof(memory));
	code = dispatch_admit(&dispatch, &call, (struct bytes){ data, size },
	                      &in);
	if (code == CODE_OK)
		code = dispatch_run(&call, in, &out);
	reply_init(&reply, &call, code, out);
	if (reply_size(&reply) > sizeof(packed))
		abort();
	reply_pack(&reply, packed);
	if (!payload_is_valid(&latchkey__rpc__v1__reply__descriptor, packed,
	                      reply_size(&reply)))
		abort();
	return 0;
}
