#include "server/services/health_service.h"

#include "proto/latchkey/v1/health_service.pb-c.h"
#include "server/server.h"
#include "server/store/store.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
#define STATUS(name) LATCHKEY__V1__SERVING_STATUS__SERVING_STATUS_##name

enum code
health_check(struct rpc_call *call, const void *in, void *out)
{
	const struct server *server = call->server;
	Latchkey__V1__CheckResponse *resp = out;
	enum store_fault fault = store_write_fault(server->store);

	(void)in;
	/* The engine has given up: reads fail as well until a restart. */
	if (fault == STORE_FAULT_DAMAGED)
		return rpc_fail(call, CODE_UNAVAILABLE, REASON(STORE_DAMAGED),
		                "the store must be opened again: restart");
	if (fault != STORE_FAULT_NONE)
		resp->status = STATUS(READ_ONLY);
	else
		resp->status = STATUS(SERVING);
	resp->version = (char *)server->version;
	resp->uptime_s =
		(uint64_t)((call->now_us - server->started_at_us) / 1000000);
	return CODE_OK;
}
