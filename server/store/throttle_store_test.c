#include "server/store/throttle_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/store_fixture.h"

static const struct bytes ada = { "a\0da", 4 };
static const struct bytes bob = { "bob", 3 };

static enum code
put(struct store_fixture *f, struct bytes key,
    const struct throttle_events *events)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	throttle_store_put(&txn, &f->arena, key, events);
	return store_end(&txn);
}

static enum code
find(struct store_fixture *f, struct bytes key, struct throttle_events *out)
{
	struct store_txn txn;
	enum code code;

	store_begin_read(f->store, &txn);
	code = throttle_store_find(&txn, &f->arena, key, out);
	assert_int_equal(store_end(&txn), code);
	return code;
}

static enum code
sweep(struct store_fixture *f, int64_t now_us, size_t max, size_t *deleted)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	throttle_store_sweep(&txn, &f->arena, now_us, max, deleted);
	return store_end(&txn);
}

static void
assert_count(struct store_fixture *f, size_t want)
{
	assert_int_equal(store_fixture_count(f->store, STORE_THROTTLE), want);
	assert_int_equal(store_fixture_count(f->store, STORE_THROTTLE_BY_END),
	                 want);
}

static void
an_unknown_key_has_no_events(void **state)
{
	struct store_fixture *f = *state;
	struct throttle_events got = { .count = 99, .expires_at_us = 99 };

	assert_int_equal(find(f, ada, &got), CODE_OK);
	assert_int_equal(got.count, 0);
	assert_int_equal(got.expires_at_us, 0);
}

static void
events_come_back_in_their_order_after_a_restart(void **state)
{
	struct store_fixture *f = *state;
	struct throttle_events events = { .events_us = { 5, 3, INT64_MAX, 0 },
		                          .count = 4,
		                          .expires_at_us = 100 };
	struct throttle_events got;

	assert_int_equal(put(f, ada, &events), CODE_OK);
	store_fixture_reopen(f);
	assert_int_equal(find(f, ada, &got), CODE_OK);
	assert_int_equal(got.count, 4);
	assert_memory_equal(got.events_us, events.events_us,
	                    4 * sizeof(int64_t));
	assert_int_equal(got.expires_at_us, 100);
	assert_int_equal(find(f, bob, &got), CODE_OK);
	assert_int_equal(got.count, 0);
}

static void
putting_moves_the_end_and_without_events_forgets(void **state)
{
	struct store_fixture *f = *state;
	struct throttle_events events = { .events_us = { 1 },
		                          .count = 1,
		                          .expires_at_us = 100 };
	struct throttle_events got;
	size_t deleted = 99;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(put(f, ada, &events), CODE_OK);
		assert_count(f, 1);
		events.expires_at_us = i == 0 ? 200 : 150;
	}
	assert_int_equal(put(f, bob, &events), CODE_OK);
	events.events_us[1] = 2;
	events.count = 2;
	assert_int_equal(put(f, bob, &events), CODE_OK);
	assert_count(f, 2);
	assert_int_equal(find(f, bob, &got), CODE_OK);
	assert_int_equal(got.count, 2);
	events.count = 0;
	assert_int_equal(put(f, bob, &events), CODE_OK);
	assert_int_equal(put(f, bob, &events), CODE_OK);
	assert_count(f, 1);
	assert_int_equal(find(f, ada, &got), CODE_OK);
	assert_int_equal(got.count, 1);
	assert_int_equal(sweep(f, 150, 10, &deleted), CODE_OK);
	assert_int_equal(deleted, 0);
	assert_int_equal(sweep(f, 151, 10, &deleted), CODE_OK);
	assert_int_equal(deleted, 1);
	assert_count(f, 0);
}

static void
keys_and_events_beyond_the_limits_are_refused(void **state)
{
	struct store_fixture *f = *state;
	char key[THROTTLE_KEY_MAX + 1] = { 0 };
	struct throttle_events events = { .count = THROTTLE_EVENTS_MAX };
	struct throttle_events got = { .count = 99 };

	assert_int_equal(
		put(f, (struct bytes){ key, THROTTLE_KEY_MAX }, &events),
		CODE_OK);
	assert_int_equal(put(f, (struct bytes){ key, sizeof(key) }, &events),
	                 CODE_INVALID_ARGUMENT);
	assert_int_equal(find(f, (struct bytes){ key, sizeof(key) }, &got),
	                 CODE_INVALID_ARGUMENT);
	assert_int_equal(find(f, (struct bytes){ key, 0 }, &got),
	                 CODE_INVALID_ARGUMENT);
	assert_int_equal(got.count, 99);
	events.count++;
	assert_int_equal(put(f, ada, &events), CODE_INVALID_ARGUMENT);
	events.count = 1;
	events.expires_at_us = -1;
	assert_int_equal(put(f, ada, &events), CODE_INVALID_ARGUMENT);
	assert_count(f, 1);
}

static void
sweeping_deletes_what_expired_the_oldest_first(void **state)
{
	struct store_fixture *f = *state;
	struct throttle_events got;
	size_t deleted = 99;

	for (int i = 1; i <= 6; i++) {
		struct throttle_events events = { .count = 1,
			                          .expires_at_us =
			                                  1000 - 100 * i };
		char key[2] = { 'k', (char)('0' + i) };

		assert_int_equal(put(f, (struct bytes){ key, 2 }, &events),
		                 CODE_OK);
	}
	assert_int_equal(sweep(f, 400, 10, &deleted), CODE_OK);
	assert_int_equal(deleted, 0);
	assert_int_equal(sweep(f, 701, 2, &deleted), CODE_OK);
	assert_int_equal(deleted, 2);
	assert_int_equal(find(f, (struct bytes){ "k5", 2 }, &got), CODE_OK);
	assert_int_equal(got.count, 0);
	assert_int_equal(find(f, (struct bytes){ "k4", 2 }, &got), CODE_OK);
	assert_int_equal(got.count, 1);
	assert_int_equal(sweep(f, 701, 10, &deleted), CODE_OK);
	assert_int_equal(deleted, 2);
	assert_count(f, 2);
}

static void
damage_is_told_from_absence(void **state)
{
	struct store_fixture *f = *state;
	struct throttle_events events = { .count = 1, .expires_at_us = 100 };
	struct throttle_events got = { .count = 99 };
	struct store_txn txn;
	size_t deleted = 99;

	assert_int_equal(put(f, ada, &events), CODE_OK);
	store_begin_write(f->store, &txn);
	store_del(&txn, STORE_THROTTLE, ada);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(sweep(f, 200, 10, &deleted), CODE_DATA_LOSS);
	assert_int_equal(deleted, 99);
	store_fixture_spoil(f->store, STORE_THROTTLE, ada);
	assert_int_equal(find(f, ada, &got), CODE_DATA_LOSS);
	assert_int_equal(put(f, ada, &events), CODE_DATA_LOSS);
	/* A record without events is never written. */
	store_begin_write(f->store, &txn);
	store_put(&txn, STORE_THROTTLE, ada, (struct bytes){ 0 });
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(find(f, ada, &got), CODE_DATA_LOSS);
	assert_int_equal(got.count, 99);
}

static enum code
put_one(struct store_fixture *f)
{
	struct throttle_events events = { .events_us = { 1, 2, 3 },
		                          .count = 3,
		                          .expires_at_us = 100 };

	return put(f, ada, &events);
}

static enum code
find_one(struct store_fixture *f)
{
	struct throttle_events got = { .count = 99 };
	enum code code = find(f, ada, &got);

	assert_int_equal(got.count, code == CODE_OK ? 3 : 99);
	/* Nothing found lies in the arena. */
	assert_int_equal(f->arena.used, 0);
	return code;
}

static enum code
sweep_one(struct store_fixture *f)
{
	size_t deleted = 99;
	enum code code = sweep(f, 200, 1, &deleted);

	assert_int_equal(deleted, code == CODE_OK ? 1 : 99);
	return code;
}

static void
fails_cleanly_when_the_request_is_out_of_memory(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_torture(f, put_one);
	store_fixture_torture(f, find_one);
	store_fixture_torture(f, put_one);
	store_fixture_torture(f, sweep_one);
	assert_count(f, 0);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, store_fixture_setup,               \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_unknown_key_has_no_events),
		TEST(events_come_back_in_their_order_after_a_restart),
		TEST(putting_moves_the_end_and_without_events_forgets),
		TEST(keys_and_events_beyond_the_limits_are_refused),
		TEST(sweeping_deletes_what_expired_the_oldest_first),
		TEST(damage_is_told_from_absence),
		TEST(fails_cleanly_when_the_request_is_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
