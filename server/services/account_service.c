#include "server/services/account_service.h"

#include "proto/latchkey/v1/account_service.pb-c.h"
#include "server/services/caller.h"
#include "server/services/user_message.h"

enum code
account_get_me(struct rpc_call *call, const void *in, void *out)
{
	Latchkey__V1__GetMeResponse *resp = out;

	(void)in;
	return user_message_make(call->arena, caller_user(call), &resp->user);
}
