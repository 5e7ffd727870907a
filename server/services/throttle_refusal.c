#include "server/services/throttle_refusal.h"

#include "base/log.h"

#define US_PER_MS 1000

enum code
throttle_refuse(struct rpc_call *call, const char *what, int64_t wait_us)
{
	int64_t wait_ms = wait_us / US_PER_MS + (wait_us % US_PER_MS > 0);

	LOG_EVENT(LOG_LEVEL_INFO, "throttled", LOG_T("throttle", what),
	          LOG_T("address", call->client_address),
	          LOG_T("method", call->method->name),
	          LOG_T("request_id", call->request_id_text));
	call->retry_after_ms =
		wait_ms < UINT32_MAX ? (uint32_t)wait_ms : UINT32_MAX;
	return rpc_fail(call, CODE_RESOURCE_EXHAUSTED,
	                LATCHKEY__RPC__V1__REASON__REASON_THROTTLED,
	                "too many tries");
}
