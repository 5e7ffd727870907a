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
 * throttle_rate_read reads "10/60" (events, seconds) or "off". False for other
 * text.
 */
bool throttle_rate_read(const char *text, struct throttle_rate *out);

/*
 * throttle_address writes the subject of an address: IPv4 whole, IPv6 its /64,
 * a mapped IPv4 as IPv4. "" stays "".
 */
void throttle_address(const char *address, char out[46]);

/*
 * throttle_take counts an event in the transaction unless the scope's rate is
 * reached; *wait_us is then how long until one more is allowed, else 0.
 */
void throttle_take(struct store_txn *txn, struct arena *arena,
                   const struct throttle_policy *policy,
                   enum throttle_scope scope, const char *subject,
                   int64_t now_us, int64_t *wait_us);

/* throttle_give takes the newest event back: the login was right. */
void throttle_give(struct store_txn *txn, struct arena *arena,
                   const struct throttle_policy *policy,
                   enum throttle_scope scope, const char *subject,
                   int64_t now_us);

/* throttle_clear forgets a subject: its owner has proved to be there. */
void throttle_clear(struct store_txn *txn, struct arena *arena,
                    enum throttle_scope scope, const char *subject);

#endif
