#include "server/services/own_change.h"

#include "server/server.h"
#include "server/services/caller.h"
#include "server/services/store_refusal.h"
#include "server/services/throttling.h"

/* What is refused is not written, so that it need not be taken back. */
static enum code
count(struct rpc_call *call, struct own_change *change)
{
	const struct throttle throttle = { &change->txn, call->arena,
		                           &call->server->throttles,
		                           call->now_us };
	char subject[THROTTLE_USER_SIZE];
	int64_t wait_us = 0;

	throttle_user(change->user.id, subject);
	throttle_take(&throttle, THROTTLE_OWN_CHANGE, subject, &wait_us);
	if (wait_us == 0)
		return change->txn.code;
	change->is_throttled = true;
	return throttling_refuse(call, "own_changes", wait_us);
}

enum code
own_change_begin(struct rpc_call *call, struct own_change *change)
{
	enum code code;

	change->is_throttled = false;
	store_begin_write(call->server->store, &change->txn);
	code = caller_renew(call, &change->txn);
	if (code != CODE_OK)
		return code;
	change->user = *caller_user(call);
	return count(call, change);
}

enum code
own_change_end(struct rpc_call *call, struct own_change *change, enum code code)
{
	struct store_txn *txn = &change->txn;
	enum code end;

	if (code == CODE_OK)
		user_store_put(txn, call->arena, &change->user);
	else if (!change->is_throttled)
		store_fail(txn, code);
	end = store_end(txn);
	if (end == CODE_OK)
		return code;
	/* Refused by a rule, or failed in the store. */
	return call->message[0] != '\0' ? code : store_refuse(call, txn);
}
