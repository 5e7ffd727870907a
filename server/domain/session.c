#include "server/domain/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define US_PER_S 1000000
#define US_PER_MS 1000

/* issue makes the present counter's token a new one. */
static void
issue(const struct session_policy *policy, struct session *session,
      int64_t now_us)
{
	int64_t end = session->expires_at_us / US_PER_S;
	int64_t expires_at = now_us / US_PER_S + policy->refresh_lifetime_s;

	session->issued_at_us = now_us;
	session->refresh_expires_at = expires_at < end ? expires_at : end;
}

void
session_begin(const struct session_policy *policy, uint64_t user_id,
              int64_t now_us, struct session *out)
{
	*out = (struct session){
		.user_id = user_id,
		.created_at_us = now_us,
		.expires_at_us = now_us + policy->session_lifetime_s * US_PER_S,
		.end_reason = SESSION_LIVES,
		.user_agent = "",
		.client_address = "",
	};
	randombytes_buf(out->id, sizeof(out->id));
	issue(policy, out, now_us);
}

bool
session_is_alive(const struct session *session, int64_t now_us)
{
	return session->ended_at_us == 0 &&
	       session->end_reason == SESSION_LIVES &&
	       now_us < session->expires_at_us;
}

/*
 * In either direction, so that a wall clock that was set back neither makes an
 * honest client late nor widens the grace time by more than itself.
 */
static bool
is_within_grace(const struct session_policy *policy, int64_t then_us,
                int64_t now_us)
{
	return llabs(now_us - then_us) < policy->grace_ms * US_PER_MS;
}

static enum session_step
present_current(const struct session_policy *policy, struct session *session,
                int64_t now_us)
{
	if (is_within_grace(policy, session->issued_at_us, now_us))
		return SESSION_STEP_SAME;
	session->counter++;
	session->rotated_at_us = now_us;
	issue(policy, session, now_us);
	return SESSION_STEP_CHANGED;
}

static enum session_step
present_previous(const struct session_policy *policy, struct session *session,
                 uint64_t counter, int64_t now_us)
{
	if (is_within_grace(policy, session->rotated_at_us, now_us))
		return SESSION_STEP_SAME;
	/* late_step 0 is none: no late step leads to the token of a login. */
	if (session->late_step != 0 && session->late_step == counter) {
		session_end_now(session, SESSION_ENDED_THEFT, now_us);
		return SESSION_STEP_THEFT;
	}
	if (session->late_step == session->counter)
		return SESSION_STEP_SAME;
	session->late_step = session->counter;
	return SESSION_STEP_CHANGED;
}

enum session_step
session_present(const struct session_policy *policy, struct session *session,
                uint64_t counter, int64_t now_us)
{
	bool is_current = counter == session->counter;
	bool is_previous =
		counter < session->counter && session->counter - counter == 1;

	assert(session->ended_at_us == 0);
	if (counter > session->counter)
		return SESSION_STEP_AHEAD;
	if (!policy->rotate)
		return is_current || is_previous ? SESSION_STEP_SAME
		                                 : SESSION_STEP_STALE;
	if (is_current)
		return present_current(policy, session, now_us);
	if (is_previous)
		return present_previous(policy, session, counter, now_us);
	session_end_now(session, SESSION_ENDED_THEFT, now_us);
	return SESSION_STEP_THEFT;
}

void
session_end_now(struct session *session, enum session_end reason,
                int64_t now_us)
{
	assert(reason != SESSION_LIVES && now_us > 0);
	if (session->ended_at_us != 0)
		return;
	session->ended_at_us = now_us;
	session->end_reason = reason;
}

void
session_token_id(const struct session *session, uint8_t out[16])
{
	uint8_t text[SESSION_ID_SIZE + 8];
	int rc;

	memcpy(text, session->id, SESSION_ID_SIZE);
	for (int i = 0; i < 8; i++)
		text[SESSION_ID_SIZE + i] =
			(uint8_t)(session->counter >> (56 - 8 * i));
	rc = crypto_generichash(out, 16, text, sizeof(text), NULL, 0);
	assert(rc == 0);
	(void)rc;
}
