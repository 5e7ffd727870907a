#include "server/services/login_attempt.h"

#include <inttypes.h>

#include "server/server.h"
#include "server/services/store_refusal.h"
#include "server/services/throttling.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

static enum throttle_scope
account_scope(const struct login_attempt *attempt)
{
	return attempt->is_known_device ? THROTTLE_LOGIN_DEVICE
	                                : THROTTLE_LOGIN_ACCOUNT;
}

/* A device's tries are at one password: the next one begins afresh. */
static enum code
make_subject(struct rpc_call *call, const char *identifier,
             const struct user *owner, struct login_attempt *attempt)
{
	if (owner == NULL)
		return throttling_subject(call, identifier, &attempt->subject);
	attempt->subject = arena_printf(call->arena, "%s %" PRIu64 " %" PRId64,
	                                attempt->address, owner->id,
	                                owner->password_set_at_us);
	return attempt->subject == NULL ? CODE_RESOURCE_EXHAUSTED : CODE_OK;
}

static bool
is_unlimited(const struct throttle_policy *policy, enum throttle_scope scope)
{
	return policy->rates[scope].limit == 0;
}

static void
take_by_account(const struct throttle *throttle, struct login_attempt *attempt,
                int64_t *wait_us)
{
	throttle_take(throttle, account_scope(attempt), attempt->subject,
	              wait_us);
	attempt->is_counted = *wait_us == 0;
}

static void
take_by_address(const struct throttle *throttle, struct login_attempt *attempt,
                int64_t *wait_us)
{
	throttle_take(throttle, THROTTLE_LOGIN_ADDRESS, attempt->address,
	              wait_us);
	attempt->is_counted_by_address = *wait_us == 0;
}

/*
 * count writes down the try; *wait_us is 0 if it may be made, and one that may
 * not counts nowhere. A known device is not held up by what others do at its
 * address, but is counted with them.
 */
static void
count(struct rpc_call *call, struct store_txn *txn,
      struct login_attempt *attempt, int64_t *wait_us)
{
	const struct throttle throttle = { txn, call->arena,
		                           &call->server->throttles,
		                           call->now_us };

	take_by_account(&throttle, attempt, wait_us);
	if (*wait_us > 0 || attempt->address[0] == '\0')
		return;
	take_by_address(&throttle, attempt, wait_us);
	if (attempt->is_known_device)
		*wait_us = 0;
	if (*wait_us > 0)
		throttle_give(&throttle, account_scope(attempt),
		              attempt->subject);
}

enum code
login_attempt_begin(struct rpc_call *call, const char *identifier,
                    const struct user *owner, struct login_attempt *attempt)
{
	const struct throttle_policy *policy = &call->server->throttles;
	struct store_txn txn;
	int64_t wait_us = 0;
	enum code code;

	*attempt = (struct login_attempt){ .is_known_device = owner != NULL };
	throttle_address(call->client_address, attempt->address);
	code = make_subject(call, identifier, owner, attempt);
	if (code != CODE_OK)
		return code;
	if (is_unlimited(policy, account_scope(attempt)) &&
	    is_unlimited(policy, THROTTLE_LOGIN_ADDRESS))
		return CODE_OK;

	store_begin_write(call->server->store, &txn);
	count(call, &txn, attempt, &wait_us);
	code = store_end(&txn);
	if (code != CODE_OK)
		return store_refuse(call, &txn);
	return wait_us == 0 ? CODE_OK
	                    : throttling_refuse(call, "login", wait_us);
}

void
login_attempt_take_back(struct rpc_call *call, struct store_txn *txn,
                        const struct login_attempt *attempt)
{
	const struct throttle throttle = { txn, call->arena,
		                           &call->server->throttles,
		                           call->now_us };

	if (attempt->is_counted)
		throttle_give(&throttle, account_scope(attempt),
		              attempt->subject);
	if (attempt->is_counted_by_address)
		throttle_give(&throttle, THROTTLE_LOGIN_ADDRESS,
		              attempt->address);
}
