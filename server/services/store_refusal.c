#include "server/services/store_refusal.h"

#include "base/log.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name

/* When to try again once an operator has made room. */
#define RETRY_FULL_MS 30000

static enum code
refuse_full(struct rpc_call *call, Latchkey__Rpc__V1__Reason reason,
            const char *message)
{
	call->retry_after_ms = RETRY_FULL_MS;
	LOG_EVENT(LOG_LEVEL_ERROR, "store_failed", LOG_T("reason", message),
	          LOG_T("request_id", call->request_id_text));
	return rpc_fail(call, CODE_RESOURCE_EXHAUSTED, reason, "%s", message);
}

enum code
store_refuse(struct rpc_call *call, const struct store_txn *txn)
{
	if (txn->fault == STORE_FAULT_FULL)
		return refuse_full(call, REASON(STORE_FULL),
		                   "the store has reached its configured size");
	if (txn->fault == STORE_FAULT_DISK_FULL)
		return refuse_full(call, REASON(DISK_FULL),
		                   "the disk under the store is full");
	if (txn->code == CODE_RESOURCE_EXHAUSTED)
		return rpc_fail(call, txn->code, REASON(MEMORY_EXHAUSTED),
		                "the call needs too much memory");
	LOG_EVENT(LOG_LEVEL_ERROR, "store_failed",
	          LOG_T("reason", txn->code == CODE_DATA_LOSS
	                                  ? "a stored record is damaged"
	                                  : "the store failed"),
	          LOG_T("code", code_name(txn->code)),
	          LOG_T("request_id", call->request_id_text));
	if (txn->code == CODE_DATA_LOSS)
		return rpc_fail(call, txn->code, REASON(STORE_DAMAGED),
		                "a stored record is damaged");
	return rpc_fail(call, CODE_INTERNAL, REASON(STORE_FAILED),
	                "the store failed");
}
