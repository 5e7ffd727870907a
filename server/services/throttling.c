#include "server/services/throttling.h"

#include "base/log.h"
#include "server/server.h"
#include "server/services/store_refusal.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

#define US_PER_MS 1000

enum code
throttling_subject(struct rpc_call *call, const char *identifier,
                   const char **out)
{
	char *name;
	enum code code = identifier_normalise(call->arena, identifier, &name);

	/* What cannot be normalised is nobody's, but counts too. */
	if (code == CODE_INVALID_ARGUMENT)
		*out = identifier;
	else if (code == CODE_OK)
		*out = name;
	else
		return code;
	return CODE_OK;
}

enum code
throttling_take(struct rpc_call *call, enum throttle_scope scope,
                const char *subject, const char *what)
{
	const struct throttle_policy *policy = &call->server->throttles;
	struct store_txn txn;
	const struct throttle throttle = { &txn, call->arena, policy,
		                           call->now_us };
	int64_t wait_us = 0;

	if (policy->rates[scope].limit == 0)
		return CODE_OK;
	store_begin_write(call->server->store, &txn);
	throttle_take(&throttle, scope, subject, &wait_us);
	if (store_end(&txn) != CODE_OK)
		return store_refuse(call, &txn);
	return wait_us == 0 ? CODE_OK : throttling_refuse(call, what, wait_us);
}

enum code
throttling_refuse(struct rpc_call *call, const char *what, int64_t wait_us)
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
