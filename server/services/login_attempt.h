#ifndef SERVER_SERVICES_LOGIN_ATTEMPT_H
#define SERVER_SERVICES_LOGIN_ATTEMPT_H

#include <stdbool.h>

#include "server/rpc/rpc.h"

struct store_txn;
struct user;

/*
 * A try at a password, counted as a failure before it is looked at and taken
 * back once it was right: so many parallel tries cannot get more looks than
 * the throttle allows. Counted per address and per account as it was named,
 * whether or not there is one; from an address at which the account's owner
 * has logged in before, per account and address, so that no stranger
 * elsewhere can use up the owner's tries. Tries from there are tries at one
 * password: they are forgotten with it.
 */
struct login_attempt {
	const char *subject; /* account or device; in the call's arena */
	char address[46];    /* as throttle_address; "" is none */
	bool is_known_device;
	bool is_counted;            /* for the account or the device */
	bool is_counted_by_address; /* likewise */
};

/*
 * login_attempt_begin counts the try, durably, or refuses it with THROTTLED.
 * `owner` is whose device it comes from; NULL: nobody's, or an unknown account.
 */
NODISCARD enum code login_attempt_begin(struct rpc_call *call,
                                        const char *identifier,
                                        const struct user *owner,
                                        struct login_attempt *attempt);

/* login_attempt_take_back forgets the try: the password was right. */
void login_attempt_take_back(struct rpc_call *call, struct store_txn *txn,
                             const struct login_attempt *attempt);

#endif
