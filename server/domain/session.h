#ifndef SERVER_DOMAIN_SESSION_H
#define SERVER_DOMAIN_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/store/session_store.h"

/*
 * The life of a session, as pure functions on its record: no clock, no store.
 * docs/architecture.md, "Refresh tokens", tells why the rule is what it is.
 */
struct session_policy {
	int64_t session_lifetime_s;
	int64_t refresh_lifetime_s;
	int64_t access_lifetime_s;
	int64_t grace_ms; /* within which a predecessor is honoured; may be 0 */
	bool rotate;
	size_t per_user_max; /* open at the same time; at least 1 */
};

/*
 * session_begin fills a new session with a random id. user_agent and
 * client_address are "", for the caller to replace.
 */
void session_begin(const struct session_policy *policy, uint64_t user_id,
                   int64_t now_us, struct session *out);

/* session_is_alive: neither ended nor past its absolute end. */
bool session_is_alive(const struct session *session, int64_t now_us);

enum session_step {
	SESSION_STEP_SAME,    /* answer with token n; nothing to write */
	SESSION_STEP_CHANGED, /* answer with token n; write the record */
	SESSION_STEP_THEFT,   /* the session has been ended; write, refuse */
	SESSION_STEP_AHEAD,   /* the store is older than the token; refuse */
	SESSION_STEP_STALE, /* not rotating and the token is too old; refuse */
};

/*
 * session_present applies the rotation rule to a living session and a token's
 * counter: it may advance the counter, remember a late step, or end the
 * session. Without rotation nothing ever changes, and the predecessor of the
 * current token is as good as it: rotation may have been switched off between.
 */
enum session_step session_present(const struct session_policy *policy,
                                  struct session *session, uint64_t counter,
                                  int64_t now_us);

/* session_end_now marks a session ended; one that has ended stays as it is. */
void session_end_now(struct session *session, enum session_end reason,
                     int64_t now_us);

/*
 * session_token_id derives the `jti` of the session's refresh token n: always
 * the same for the same session and counter (BLAKE2b of both).
 */
void session_token_id(const struct session *session, uint8_t out[16]);

#endif
