#ifndef SERVER_DOMAIN_THROTTLE_H
#define SERVER_DOMAIN_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"

struct store;
struct store_txn;

/*
 * Counts of events per subject in a sliding window, in the store: exact under
 * parallel calls, since each check and count is one write transaction, and
 * kept over a restart. docs/architecture.md, "Throttles".
 */
enum throttle_scope {
	THROTTLE_LOGIN_ADDRESS,    /* failed logins from an address */
	THROTTLE_LOGIN_ACCOUNT,    /* failed logins of an identifier */
	THROTTLE_LOGIN_DEVICE,     /* failed logins of it from a known device */
	THROTTLE_MAIL_MINUTE,      /* mails to an address: 1 a minute */
	THROTTLE_MAIL_HOUR,        /* mails to an address: 5 an hour */
	THROTTLE_REGISTER_ADDRESS, /* registrations from an address */
	THROTTLE_OLD_PASSWORD,     /* wrong old passwords of a user */
	THROTTLE_OWN_CHANGE,       /* changes of a user's own account */
	THROTTLE_SCOPE_COUNT,
};

struct throttle_rate {
	uint32_t limit; /* events; 0: unlimited; at most THROTTLE_EVENTS_MAX */
	int64_t window_us;
};

struct throttle_policy {
	struct throttle_rate rates[THROTTLE_SCOPE_COUNT];
};

/*
 * throttle_rate_read reads "10/60" (events, seconds) or "off": 1 to
 * THROTTLE_EVENTS_MAX (128) events in 1 second to 30 days. False for other
 * text.
 */
bool throttle_rate_read(const char *text, struct throttle_rate *out);

/*
 * throttle_address writes the subject of an address: IPv4 whole, IPv6 its /64,
 * a mapped IPv4 as IPv4. "" stays ""; what is no address becomes "?".
 */
void throttle_address(const char *address, char out[46]);

#define THROTTLE_USER_SIZE 24

/* throttle_user writes the subject of a user: the id in decimal. */
void throttle_user(uint64_t user_id, char out[THROTTLE_USER_SIZE]);

/* Where one call counts. Lives on the caller's stack. */
struct throttle {
	struct store_txn *txn;
	struct arena *arena;
	const struct throttle_policy *policy;
	int64_t now_us; /* the call's own, the same for take and give */
};

/*
 * throttle_take counts an event unless the scope's rate is reached; *wait_us
 * is then how long until one more is allowed, else 0. It is 0 too when the
 * transaction fails. Let the transaction go through after a refusal as well:
 * what a wrong clock had counted is put right in it.
 */
void throttle_take(const struct throttle *throttle, enum throttle_scope scope,
                   const char *subject, int64_t *wait_us);

/* throttle_give takes the call's event back: the login was right. */
void throttle_give(const struct throttle *throttle, enum throttle_scope scope,
                   const char *subject);

/* throttle_clear forgets a subject: its owner has proved to be there. */
void throttle_clear(struct store_txn *txn, struct arena *arena,
                    enum throttle_scope scope, const char *subject);

struct user;

/*
 * throttle_forgive forgets the tries at a user's password: failed logins by
 * either identifier, and wrong old passwords. A known device counts for one
 * password only (login_attempt.h), so a new one forgives it by itself.
 */
void throttle_forgive(struct store_txn *txn, struct arena *arena,
                      const struct user *user);

#endif
