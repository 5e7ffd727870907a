#include "server/domain/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define S 1000000LL         /* microseconds */
#define T0 (1800000000 * S) /* the login */
#define GRACE (10 * S)
#define DAY (86400 * S)

static const struct session_policy rotating = {
	.session_lifetime_s = 30 * 86400LL,
	.refresh_lifetime_s = 7 * 86400LL,
	.access_lifetime_s = 3600,
	.grace_ms = 10000,
	.rotate = true,
};

static struct session
begin(void)
{
	struct session session;

	session_begin(&rotating, 7, T0, &session);
	return session;
}

static void
a_new_session_has_a_random_id_and_its_first_token(void **state)
{
	struct session a = begin(), b = begin();

	(void)state;
	assert_memory_not_equal(a.id, b.id, sizeof(a.id));
	assert_int_equal(a.user_id, 7);
	assert_int_equal(a.created_at_us, T0);
	assert_int_equal(a.issued_at_us, T0);
	assert_int_equal(a.rotated_at_us, 0);
	assert_int_equal(a.expires_at_us, T0 + 30 * DAY);
	assert_int_equal(a.refresh_expires_at, (T0 + 7 * DAY) / S);
	assert_int_equal(a.counter, 0);
	assert_int_equal(a.late_step, 0);
	assert_string_equal(a.user_agent, "");
	assert_string_equal(a.client_address, "");
	assert_true(session_is_alive(&a, T0));
}

static void
a_session_is_alive_until_it_ends_or_expires(void **state)
{
	struct session session = begin();

	(void)state;
	assert_true(session_is_alive(&session, T0 + 30 * DAY - 1));
	assert_false(session_is_alive(&session, T0 + 30 * DAY));
	session_end_now(&session, SESSION_ENDED_LOGOUT, T0 + 5);
	assert_false(session_is_alive(&session, T0 + 6));
	assert_int_equal(session.end_reason, SESSION_ENDED_LOGOUT);
	session_end_now(&session, SESSION_ENDED_REVOKED, T0 + 9);
	assert_int_equal(session.end_reason, SESSION_ENDED_LOGOUT);
	assert_int_equal(session.ended_at_us, T0 + 5);
}

static void
no_refresh_token_outlives_its_session(void **state)
{
	struct session session = begin();

	(void)state;
	assert_int_equal(session_present(&rotating, &session, 0, T0 + 29 * DAY),
	                 SESSION_STEP_CHANGED);
	assert_int_equal(session.refresh_expires_at, (T0 + 30 * DAY) / S);
}

#define OFF (-1)

/* One row of the rule: a state, a token, a time, and what must follow. */
struct row {
	const char *what;
	uint64_t n;
	int64_t since_us; /* token n was issued this long ago */
	uint64_t late_step;
	int64_t grace_ms; /* OFF: no rotation */
	uint64_t presented;
	enum session_step step;
	uint64_t n_after;
	uint64_t late_step_after;
};

static const struct row rows[] = {
	{ "login's token, just issued: the same again", 0, 0, 0, 10000, 0,
	  SESSION_STEP_SAME, 0, 0 },
	{ "login's token, last moment of grace", 0, GRACE - 1, 0, 10000, 0,
	  SESSION_STEP_SAME, 0, 0 },
	{ "login's token, grace over: bump", 0, GRACE, 0, 10000, 0,
	  SESSION_STEP_CHANGED, 1, 0 },
	{ "current token in grace", 5, GRACE - 1, 0, 10000, 5,
	  SESSION_STEP_SAME, 5, 0 },
	{ "current token later: bump", 5, GRACE, 3, 10000, 5,
	  SESSION_STEP_CHANGED, 6, 3 },
	{ "current token after a late step: bump", 5, DAY, 5, 10000, 5,
	  SESSION_STEP_CHANGED, 6, 5 },
	{ "predecessor in grace", 5, GRACE - 1, 0, 10000, 4, SESSION_STEP_SAME,
	  5, 0 },
	{ "predecessor in grace, though the step before was late", 5, GRACE - 1,
	  4, 10000, 4, SESSION_STEP_SAME, 5, 4 },
	{ "predecessor later: late step", 5, GRACE, 0, 10000, 4,
	  SESSION_STEP_CHANGED, 5, 5 },
	{ "predecessor later again: known already", 5, DAY, 5, 10000, 4,
	  SESSION_STEP_SAME, 5, 5 },
	{ "predecessor later, an old late step: late step", 5, DAY, 3, 10000, 4,
	  SESSION_STEP_CHANGED, 5, 5 },
	{ "predecessor later, twice in a row: theft", 5, GRACE, 4, 10000, 4,
	  SESSION_STEP_THEFT, 5, 4 },
	{ "login's token late: no late step was before it", 1, DAY, 0, 10000, 0,
	  SESSION_STEP_CHANGED, 1, 1 },
	{ "two behind: theft, even in grace", 5, 0, 0, 10000, 3,
	  SESSION_STEP_THEFT, 5, 0 },
	{ "login's token, two behind: theft", 2, 0, 0, 10000, 0,
	  SESSION_STEP_THEFT, 2, 0 },
	{ "far behind: theft", 500, DAY, 0, 10000, 7, SESSION_STEP_THEFT, 500,
	  0 },
	{ "ahead by one", 5, 0, 0, 10000, 6, SESSION_STEP_AHEAD, 5, 0 },
	{ "ahead by much", 5, DAY, 5, 10000, 1ULL << 53, SESSION_STEP_AHEAD, 5,
	  5 },
	{ "no grace: the current token always bumps", 5, 0, 0, 0, 5,
	  SESSION_STEP_CHANGED, 6, 0 },
	{ "no grace: the predecessor is always late", 5, 0, 0, 0, 4,
	  SESSION_STEP_CHANGED, 5, 5 },
	{ "no grace: two late in a row", 5, 0, 4, 0, 4, SESSION_STEP_THEFT, 5,
	  4 },
	{ "clock set back a little: still grace", 5, -5 * S, 0, 10000, 5,
	  SESSION_STEP_SAME, 5, 0 },
	{ "clock set back far: no endless grace", 5, -DAY, 0, 10000, 5,
	  SESSION_STEP_CHANGED, 6, 0 },
	{ "clock set back, no grace: bump", 5, -5 * S, 0, 0, 5,
	  SESSION_STEP_CHANGED, 6, 0 },
	{ "no rotation: current", 5, DAY, 0, OFF, 5, SESSION_STEP_SAME, 5, 0 },
	{ "no rotation: current of a login", 0, DAY, 0, OFF, 0,
	  SESSION_STEP_SAME, 0, 0 },
	{ "no rotation: predecessor from when it was on", 5, DAY, 4, OFF, 4,
	  SESSION_STEP_SAME, 5, 4 },
	{ "no rotation: older", 5, DAY, 0, OFF, 3, SESSION_STEP_STALE, 5, 0 },
	{ "no rotation: ahead", 5, DAY, 0, OFF, 6, SESSION_STEP_AHEAD, 5, 0 },
};

static void
check_row(const struct row *row)
{
	struct session_policy policy = rotating;
	struct session session = begin(), before;
	int64_t issued = T0 + 2 * DAY;
	int64_t now = issued + row->since_us;
	enum session_step step;

	policy.rotate = row->grace_ms != OFF;
	if (policy.rotate)
		policy.grace_ms = row->grace_ms;
	session.counter = row->n;
	session.late_step = row->late_step;
	session.issued_at_us = issued;
	session.rotated_at_us = row->n == 0 ? 0 : issued;
	before = session;

	step = session_present(&policy, &session, row->presented, now);
	if (step != row->step || session.counter != row->n_after ||
	    session.late_step != row->late_step_after)
		fail_msg("%s: step %d, n %d, late_step %d", row->what, step,
		         (int)session.counter, (int)session.late_step);
	assert_int_equal(session_is_alive(&session, now),
	                 step != SESSION_STEP_THEFT);
	if (step == SESSION_STEP_THEFT)
		assert_int_equal(session.end_reason, SESSION_ENDED_THEFT);
	else if (step != SESSION_STEP_CHANGED)
		assert_memory_equal(&session, &before, sizeof(session));
	if (session.counter != before.counter) {
		assert_int_equal(session.issued_at_us, now);
		assert_int_equal(session.rotated_at_us, now);
		assert_int_equal(session.refresh_expires_at,
		                 (now + 7 * DAY) / S);
	} else {
		assert_int_equal(session.issued_at_us, before.issued_at_us);
		assert_int_equal(session.refresh_expires_at,
		                 before.refresh_expires_at);
	}
}

static void
every_row_of_the_rotation_rule_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(&rows[i]);
}

/* A repeatable stream of numbers for the stories below. */
static uint64_t
draw(uint64_t *seed, uint64_t below)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*seed >> 33) % below;
}

/* Somebody who holds a token and refreshes it. */
static enum session_step
refresh(struct session *session, uint64_t *held, int64_t now, bool lost)
{
	enum session_step step =
		session_present(&rotating, session, *held, now);

	if (step != SESSION_STEP_THEFT && !lost)
		*held = session->counter;
	return step;
}

static void
two_tabs_of_one_browser_are_never_called_theft(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int story = 0; story < 200; story++) {
		struct session session = begin();
		uint64_t tab[2] = { 0, 0 };
		int64_t now = T0;

		for (int i = 0; i < 200; i++) {
			int64_t apart = (int64_t)draw(&seed, GRACE);
			int first = (int)draw(&seed, 2);

			now += GRACE + (int64_t)draw(&seed, 3600 * S);
			assert_int_not_equal(
				refresh(&session, &tab[first], now, false),
				SESSION_STEP_THEFT);
			assert_int_not_equal(refresh(&session, &tab[!first],
			                             now + apart, false),
			                     SESSION_STEP_THEFT);
			assert_int_equal(tab[0], tab[1]);
		}
	}
}

static void
many_tabs_at_the_same_moment_all_get_the_same_token(void **state)
{
	struct session session = begin();
	uint64_t tab[50] = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(tab); i++)
		assert_int_not_equal(
			refresh(&session, &tab[i], T0 + DAY, false),
			SESSION_STEP_THEFT);
	for (size_t i = 0; i < COUNT(tab); i++)
		assert_int_equal(tab[i], 1);
}

static void
lost_answers_are_not_theft_if_a_late_step_is_followed_by_a_good_one(
	void **state)
{
	uint64_t seed = 2;

	(void)state;
	for (int story = 0; story < 200; story++) {
		struct session session = begin();
		uint64_t held = 0;
		int64_t now = T0;

		for (int i = 0; i < 200; i++) {
			bool after_late = session.counter > 0 &&
			                  session.late_step == session.counter;
			/* But not the very next one after a late step. */
			bool lost = !(after_late && held == session.counter) &&
			            draw(&seed, 2) == 0;

			now += 1 + (int64_t)draw(&seed, 60 * S);
			assert_int_not_equal(
				refresh(&session, &held, now, lost),
				SESSION_STEP_THEFT);
		}
	}
}

static void
answers_lost_many_times_within_the_grace_time_are_not_theft(void **state)
{
	struct session session = begin();
	uint64_t held = 0;

	(void)state;
	for (int64_t i = 0; i < 10; i++)
		assert_int_not_equal(
			refresh(&session, &held, T0 + DAY + i * S, i != 9),
			SESSION_STEP_THEFT);
	assert_int_equal(held, 1);
}

static void
a_thief_is_found_out_within_two_late_steps(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (int story = 0; story < 2000; story++) {
		struct session session = begin();
		uint64_t held[2] = { 0, 0 }; /* victim, thief */
		int64_t now = T0;
		int late = 0, turns = 0;
		enum session_step step;
		uint64_t before;

		do {
			size_t who = turns < 2 ? (size_t)turns : draw(&seed, 2);

			now += GRACE + (int64_t)draw(&seed, 600 * S);
			before = held[who];
			late += before < session.counter;
			step = refresh(&session, &held[who], now, false);
			assert_true(++turns < 500);
		} while (step != SESSION_STEP_THEFT);
		assert_true(late <= 2);
		assert_false(session_is_alive(&session, now));
	}
}

static void
the_id_of_a_refresh_token_follows_from_session_and_counter(void **state)
{
	struct session a = begin(), b = begin();
	uint8_t one[16], two[16];

	(void)state;
	session_token_id(&a, one);
	session_token_id(&a, two);
	assert_memory_equal(one, two, sizeof(one));
	session_token_id(&b, two);
	assert_memory_not_equal(one, two, sizeof(one));
	a.counter = 1ULL << 40;
	session_token_id(&a, two);
	assert_memory_not_equal(one, two, sizeof(one));
	a.counter = 0;
	a.late_step = 1;
	a.issued_at_us++;
	session_token_id(&a, two);
	assert_memory_equal(one, two, sizeof(one));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_new_session_has_a_random_id_and_its_first_token),
		cmocka_unit_test(a_session_is_alive_until_it_ends_or_expires),
		cmocka_unit_test(no_refresh_token_outlives_its_session),
		cmocka_unit_test(every_row_of_the_rotation_rule_holds),
		cmocka_unit_test(
			two_tabs_of_one_browser_are_never_called_theft),
		cmocka_unit_test(
			many_tabs_at_the_same_moment_all_get_the_same_token),
		cmocka_unit_test(
			lost_answers_are_not_theft_if_a_late_step_is_followed_by_a_good_one),
		cmocka_unit_test(
			answers_lost_many_times_within_the_grace_time_are_not_theft),
		cmocka_unit_test(a_thief_is_found_out_within_two_late_steps),
		cmocka_unit_test(
			the_id_of_a_refresh_token_follows_from_session_and_counter),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
