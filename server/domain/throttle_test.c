#include "server/domain/throttle.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/store.h"
#include "server/store/store_fixture.h"
#include "server/store/throttle_store.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define S ((int64_t)1000000) /* microseconds */
#define T0 (1800000000 * S)
#define THREADS 64
#define LIMIT 10
#define ACCOUNT THROTTLE_LOGIN_ACCOUNT

/* Three in a minute; of addresses as many as one likes. */
static const struct throttle_policy policy = {
	.rates = {
		[THROTTLE_LOGIN_ACCOUNT] = { 3, 60 * S },
		[THROTTLE_LOGIN_DEVICE] = { 1, 60 * S },
		[THROTTLE_OLD_PASSWORD] = { LIMIT, 300 * S },
		[THROTTLE_MAIL_HOUR] = { THROTTLE_EVENTS_MAX, 3600 * S },
	},
};

static int64_t
take_by(struct store_fixture *f, const struct throttle_policy *by,
        enum throttle_scope scope, const char *subject, int64_t now_us)
{
	struct store_txn txn;
	int64_t wait_us = -1;

	arena_reset(&f->arena);
	store_begin_write(f->store, &txn);
	throttle_take(&(struct throttle){ &txn, &f->arena, by, now_us }, scope,
	              subject, &wait_us);
	assert_int_equal(store_end(&txn), CODE_OK);
	return wait_us;
}

static int64_t
take(struct store_fixture *f, const char *subject, int64_t now_us)
{
	return take_by(f, &policy, ACCOUNT, subject, now_us);
}

static void
give(struct store_fixture *f, const char *subject, int64_t now_us)
{
	struct store_txn txn;

	arena_reset(&f->arena);
	store_begin_write(f->store, &txn);
	throttle_give(&(struct throttle){ &txn, &f->arena, &policy, now_us },
	              ACCOUNT, subject);
	assert_int_equal(store_end(&txn), CODE_OK);
}

static void
clear(struct store_fixture *f, const char *subject)
{
	struct store_txn txn;

	arena_reset(&f->arena);
	store_begin_write(f->store, &txn);
	throttle_clear(&txn, &f->arena, ACCOUNT, subject);
	assert_int_equal(store_end(&txn), CODE_OK);
}

static void
a_rate_is_events_and_seconds_or_off(void **state)
{
	static const struct {
		const char *text;
		uint32_t limit;
		int64_t window_us;
	} rows[] = {
		{ "10/60", 10, 60 * S },
		{ "1/1", 1, S },
		{ "128/2592000", 128, 2592000 * S },
		{ "off", 0, 0 },
	};
	static const char *const bad[] = {
		"",
		"10",
		"/",
		"10/",
		"/60",
		"0/60",
		"10/0",
		"129/60",
		"-1/60",
		"10/2592001",
		"10/-5",
		"10 /60",
		"10/60 ",
		"010/60",
		"10/060",
		"1e1/60",
		"OFF",
		"off ",
		"10/60/1",
		"99999999999/1",
		"10/99999999999999999999",
	};
	struct throttle_rate rate;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(throttle_rate_read(rows[i].text, &rate));
		assert_int_equal(rate.limit, rows[i].limit);
		assert_int_equal(rate.window_us, rows[i].window_us);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (throttle_rate_read(bad[i], &rate))
			fail_msg("\"%s\" is accepted", bad[i]);
}

static void
an_ipv6_network_is_one_subject_and_an_ipv4_address_another(void **state)
{
	static const struct {
		const char *address;
		const char *subject;
	} rows[] = {
		{ "", "" },
		{ "192.0.2.7", "192.0.2.7" },
		{ "::ffff:192.0.2.7", "192.0.2.7" },
		{ "::FFFF:c000:0207", "192.0.2.7" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::" },
		{ "2001:DB8:1:2::", "2001:db8:1:2::" },
		{ "2001:0db8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2::" },
		{ "2001:db8:1:3::1", "2001:db8:1:3::" },
		{ "fe80::1%eth0", "fe80::" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
		  "ffff:ffff:ffff:ffff::" },
		{ "::1", "::" },
		{ "localhost", "?" },
		{ "192.0.2.777", "?" },
		{ "192.0.2.7.192.0.2.7.192.0.2.7.192.0.2.7.192.0.2.7", "?" },
	};
	char subject[46];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		memset(subject, 'x', sizeof(subject));
		throttle_address(rows[i].address, subject);
		assert_string_equal(subject, rows[i].subject);
	}
}

static void
the_limit_gets_through_and_the_next_waits_exactly(void **state)
{
	struct store_fixture *f = *state;

	assert_int_equal(take(f, "ada", T0), 0);
	assert_int_equal(take(f, "ada", T0 + 10 * S), 0);
	assert_int_equal(take(f, "ada", T0 + 20 * S), 0);
	assert_int_equal(take(f, "ada", T0 + 20 * S), 40 * S);
	assert_int_equal(take(f, "ada", T0 + 60 * S - 1), 1);
	/* What was refused has not been counted. */
	assert_int_equal(take(f, "ada", T0 + 60 * S), 0);
	assert_int_equal(take(f, "ada", T0 + 60 * S), 10 * S);
	assert_int_equal(take(f, "ada", T0 + 70 * S), 0);
}

static void
subjects_and_scopes_are_counted_apart(void **state)
{
	struct store_fixture *f = *state;

	for (int i = 0; i < 3; i++)
		assert_int_equal(take(f, "ada", T0), 0);
	assert_int_equal(take(f, "ada", T0), 60 * S);
	assert_int_equal(take(f, "bob", T0), 0);
	assert_int_equal(take(f, "", T0), 0);
	assert_int_equal(take_by(f, &policy, THROTTLE_LOGIN_DEVICE, "ada", T0),
	                 0);
	assert_int_equal(take_by(f, &policy, THROTTLE_LOGIN_DEVICE, "ada", T0),
	                 60 * S);
}

static void
a_scope_that_is_off_counts_nothing(void **state)
{
	struct store_fixture *f = *state;

	for (int i = 0; i < 2 * THROTTLE_EVENTS_MAX; i++)
		assert_int_equal(take_by(f, &policy, THROTTLE_LOGIN_ADDRESS,
		                         "192.0.2.7", T0),
		                 0);
}

static void
the_greatest_limit_can_be_counted(void **state)
{
	struct store_fixture *f = *state;

	for (int i = 0; i < THROTTLE_EVENTS_MAX; i++)
		assert_int_equal(
			take_by(f, &policy, THROTTLE_MAIL_HOUR, "ada", T0 + i),
			0);
	assert_int_equal(take_by(f, &policy, THROTTLE_MAIL_HOUR, "ada",
	                         T0 + THROTTLE_EVENTS_MAX),
	                 3600 * S - (int64_t)THROTTLE_EVENTS_MAX);
}

static void
what_is_given_back_does_not_count(void **state)
{
	struct store_fixture *f = *state;

	give(f, "ada", T0);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(take(f, "ada", T0 + i), 0);
		give(f, "ada", T0 + i);
	}
	for (int64_t i = 0; i < 3; i++)
		assert_int_equal(take(f, "ada", T0 + i * S), 0);
	/* The second's own event goes, not the newest. */
	give(f, "ada", T0 + S);
	assert_int_equal(take(f, "ada", T0 + 3 * S), 0);
	assert_int_equal(take(f, "ada", T0 + 3 * S), 57 * S);
	assert_int_equal(take(f, "ada", T0 + 60 * S), 0);
	assert_int_equal(take(f, "ada", T0 + 60 * S), 2 * S);
}

static void
a_cleared_subject_begins_anew(void **state)
{
	struct store_fixture *f = *state;

	clear(f, "ada");
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3; i++)
			assert_int_equal(take(f, "ada", T0), 0);
		assert_int_equal(take(f, "ada", T0), 60 * S);
		clear(f, "ada");
	}
}

static void
calls_may_be_counted_in_another_order_than_they_came(void **state)
{
	struct store_fixture *f = *state;

	assert_int_equal(take(f, "ada", T0 + 2 * S), 0);
	assert_int_equal(take(f, "ada", T0), 0);
	assert_int_equal(take(f, "ada", T0 + S), 0);
	assert_int_equal(take(f, "ada", T0 + S), 59 * S);
	assert_int_equal(take(f, "ada", T0 + 60 * S), 0);
	assert_int_equal(take(f, "ada", T0 + 60 * S), S);
}

static void
a_clock_set_back_neither_forgives_nor_locks_out(void **state)
{
	struct store_fixture *f = *state;
	const int64_t past = T0 - S * 365 * 86400;

	for (int64_t i = 0; i < 3; i++)
		assert_int_equal(take(f, "ada", T0 + i * S), 0);
	assert_int_equal(take(f, "ada", past), 60 * S);
	/* The wait that was told is kept. */
	assert_int_equal(take(f, "ada", past + 20 * S), 40 * S);
	assert_int_equal(take(f, "ada", past + 60 * S), 0);
}

static void
a_lower_limit_counts_what_was_there_before(void **state)
{
	struct store_fixture *f = *state;
	struct throttle_policy lower = policy;

	lower.rates[ACCOUNT].limit = 1;
	for (int64_t i = 0; i < 3; i++)
		assert_int_equal(take(f, "ada", T0 + i * S), 0);
	assert_int_equal(take_by(f, &lower, ACCOUNT, "ada", T0 + 3 * S),
	                 59 * S);
	assert_int_equal(take_by(f, &lower, ACCOUNT, "ada", T0 + 62 * S), 0);
}

static void
a_restart_forgives_nothing(void **state)
{
	struct store_fixture *f = *state;

	for (int64_t i = 0; i < 3; i++)
		assert_int_equal(take(f, "ada", T0 + i * S), 0);
	store_fixture_reopen(f);
	assert_int_equal(take(f, "ada", T0 + 3 * S), 57 * S);
}

static void
what_counts_no_more_is_swept(void **state)
{
	struct store_fixture *f = *state;
	struct store_txn txn;
	size_t deleted = 9;

	assert_int_equal(take(f, "ada", T0), 0);
	for (int i = 0; i <= 1; i++) {
		arena_reset(&f->arena);
		store_begin_write(f->store, &txn);
		throttle_store_sweep(&txn, &f->arena, T0 + 60 * S + i, 10,
		                     &deleted);
		assert_int_equal(store_end(&txn), CODE_OK);
		assert_int_equal(deleted, i);
	}
}

struct guesser {
	struct store *store;
	pthread_barrier_t *start;
	atomic_int *through;
	atomic_int *failed;
};

/* Each guesses twice, at the same moment as all the others. */
static void *
guess(void *argument)
{
	const struct guesser *guesser = argument;
	uint8_t memory[8192];
	struct arena arena;

	arena_init(&arena, memory, sizeof(memory));
	(void)pthread_barrier_wait(guesser->start);
	for (int i = 0; i < 2; i++) {
		struct store_txn txn;
		int64_t wait_us;

		arena_reset(&arena);
		store_begin_write(guesser->store, &txn);
		throttle_take(&(struct throttle){ &txn, &arena, &policy, T0 },
		              THROTTLE_OLD_PASSWORD, "7", &wait_us);
		if (store_end(&txn) != CODE_OK)
			atomic_fetch_add(guesser->failed, 1);
		else if (wait_us == 0)
			atomic_fetch_add(guesser->through, 1);
	}
	return NULL;
}

static void
of_64_threads_exactly_the_limit_gets_through(void **state)
{
	struct store_fixture *f = *state;
	atomic_int through = 0, failed = 0;
	pthread_barrier_t start;
	pthread_t threads[THREADS];
	struct guesser guesser = { f->store, &start, &through, &failed };

	assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, guess, &guesser), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(pthread_barrier_destroy(&start), 0);
	assert_int_equal(failed, 0);
	assert_int_equal(through, LIMIT);
}

static void
without_memory_the_transaction_fails(void **state)
{
	struct store_fixture *f = *state;
	enum code code = CODE_RESOURCE_EXHAUSTED;

	for (int i = 0; i < 2; i++)
		assert_int_equal(take(f, "ada", T0), 0);
	for (size_t size = 0; code != CODE_OK; size += 8) {
		uint8_t memory[4096];
		struct store_txn txn;
		struct arena arena;
		int64_t wait_us;

		assert_true(size <= sizeof(memory));
		arena_init(&arena, memory, size);
		store_begin_write(f->store, &txn);
		throttle_take(&(struct throttle){ &txn, &arena, &policy, T0 },
		              ACCOUNT, "ada", &wait_us);
		code = store_end(&txn);
		assert_true(code == CODE_OK || code == CODE_RESOURCE_EXHAUSTED);
		assert_int_equal(wait_us, 0);
	}
	assert_int_equal(take(f, "ada", T0), 60 * S);
}

#define CASE(test)                                                             \
	cmocka_unit_test_setup_teardown(test, store_fixture_setup,             \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_is_events_and_seconds_or_off),
		cmocka_unit_test(
			an_ipv6_network_is_one_subject_and_an_ipv4_address_another),
		CASE(the_limit_gets_through_and_the_next_waits_exactly),
		CASE(subjects_and_scopes_are_counted_apart),
		CASE(a_scope_that_is_off_counts_nothing),
		CASE(the_greatest_limit_can_be_counted),
		CASE(what_is_given_back_does_not_count),
		CASE(a_cleared_subject_begins_anew),
		CASE(calls_may_be_counted_in_another_order_than_they_came),
		CASE(a_clock_set_back_neither_forgives_nor_locks_out),
		CASE(a_lower_limit_counts_what_was_there_before),
		CASE(a_restart_forgives_nothing),
		CASE(what_counts_no_more_is_swept),
		CASE(of_64_threads_exactly_the_limit_gets_through),
		CASE(without_memory_the_transaction_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
