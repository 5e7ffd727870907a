#include "tests/bench/rpc_scripts.h"

#include <string.h>

#include "proto/latchkey/v1/auth_service.pb-c.h"

static void
ask_verify(void *ctx, unsigned index, union rpc_request *to)
{
	latchkey__v1__verify_token_request__init(&to->verify);
	to->verify.token = token_jar_pair(ctx, index)->access;
}

static void
ask_verify_new(void *ctx, unsigned index, union rpc_request *to)
{
	(void)index;
	latchkey__v1__verify_token_request__init(&to->verify);
	to->verify.token = token_pile_next(ctx);
}

static bool
hear_verify(void *ctx, unsigned index, const ProtobufCMessage *reply)
{
	const Latchkey__V1__VerifyTokenResponse *resp = (const void *)reply;

	(void)ctx;
	(void)index;
	return resp->user_id != 0;
}

static void
ask_rotate(void *ctx, unsigned index, union rpc_request *to)
{
	latchkey__v1__refresh_request__init(&to->refresh);
	to->refresh.refresh_token = token_jar_pair(ctx, index)->refresh;
}

static bool
hear_rotate(void *ctx, unsigned index, const ProtobufCMessage *reply)
{
	const Latchkey__V1__RefreshResponse *resp = (const void *)reply;
	struct token_pair *pair = token_jar_pair(ctx, index);
	size_t len;

	if (resp->refresh_token_presence_case !=
	    LATCHKEY__V1__REFRESH_RESPONSE__REFRESH_TOKEN_PRESENCE_REFRESH_TOKEN)
		return false;
	len = strlen(resp->refresh_token);
	if (len >= sizeof(pair->refresh))
		return false;
	memcpy(pair->refresh, resp->refresh_token, len + 1);
	return true;
}

static struct rpc_script
make_verify(void *ctx, void (*ask)(void *, unsigned, union rpc_request *))
{
	return (struct rpc_script){
		.ctx = ctx,
		.method = "latchkey.v1.AuthService/VerifyToken",
		.reply_type = &latchkey__v1__verify_token_response__descriptor,
		.ask = ask,
		.hear = hear_verify,
	};
}

struct rpc_script
rpc_script_verify(struct stage *stage)
{
	return make_verify(&stage->jar, ask_verify);
}

struct rpc_script
rpc_script_verify_new(struct stage *stage)
{
	return make_verify(&stage->pile, ask_verify_new);
}

struct rpc_script
rpc_script_rotate(struct stage *stage)
{
	return (struct rpc_script){
		.ctx = &stage->jar,
		.method = "latchkey.v1.AuthService/Refresh",
		.reply_type = &latchkey__v1__refresh_response__descriptor,
		.ask = ask_rotate,
		.hear = hear_rotate,
	};
}
