#include "server/store/repetition_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/store_fixture.h"

#define KEPT_US (INT64_C(1000000) * REPETITION_KEPT_S)

static struct repetition
repetition_of(uint8_t number)
{
	struct repetition repetition = {
		.caller_id = 7,
		.method = "latchkey.v1.UserService/CreateUser",
		.made_user_id = 12,
		.created_at_us = INT64_C(1000) * number,
	};

	memset(repetition.request_id, number, sizeof(repetition.request_id));
	memset(repetition.digest, 0xd0, sizeof(repetition.digest));
	return repetition;
}

static enum code
add(struct store_fixture *f, const struct repetition *repetition)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	repetition_store_add(&txn, &f->arena, repetition);
	return store_end(&txn);
}

static enum code
find(struct store_fixture *f, uint8_t number, struct repetition *out)
{
	uint8_t id[REPETITION_ID_SIZE];
	struct store_txn txn;
	enum code found, ended;

	memset(id, number, sizeof(id));
	store_begin_read(f->store, &txn);
	found = repetition_store_find(&txn, &f->arena, id, out);
	ended = store_end(&txn);
	/* Absence does not fail the transaction, everything else does. */
	assert_int_equal(ended, found == CODE_NOT_FOUND ? CODE_OK : found);
	return found;
}

static enum code
sweep(struct store_fixture *f, int64_t now_us, size_t max, size_t *deleted)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	repetition_store_sweep(&txn, &f->arena, now_us, max, deleted);
	return store_end(&txn);
}

static void
assert_count(struct store_fixture *f, size_t want)
{
	assert_int_equal(store_fixture_count(f->store, STORE_REPETITION), want);
	assert_int_equal(store_fixture_count(f->store, STORE_REPETITION_BY_END),
	                 want);
}

static void
a_call_comes_back_as_it_was_added(void **state)
{
	struct store_fixture *f = *state;
	struct repetition call = repetition_of(1), got = { .caller_id = 99 };

	assert_int_equal(find(f, 1, &got), CODE_NOT_FOUND);
	assert_int_equal(got.caller_id, 99);
	assert_int_equal(add(f, &call), CODE_OK);
	store_fixture_reopen(f);
	assert_int_equal(find(f, 1, &got), CODE_OK);
	assert_memory_equal(got.request_id, call.request_id,
	                    REPETITION_ID_SIZE);
	assert_int_equal(got.caller_id, 7);
	assert_string_equal(got.method, call.method);
	assert_memory_equal(got.digest, call.digest, REPETITION_DIGEST_SIZE);
	assert_int_equal(got.made_user_id, 12);
	assert_int_equal(got.created_at_us, 1000);
}

static void
a_known_request_id_is_refused_whatever_else_differs(void **state)
{
	struct store_fixture *f = *state;
	struct repetition call = repetition_of(1), got;

	assert_int_equal(add(f, &call), CODE_OK);
	call.caller_id = 8;
	call.made_user_id = 13;
	call.created_at_us++;
	assert_int_equal(add(f, &call), CODE_ALREADY_EXISTS);
	assert_int_equal(find(f, 1, &got), CODE_OK);
	assert_int_equal(got.made_user_id, 12);
	assert_count(f, 1);
}

static void
calls_out_of_their_bounds_are_refused(void **state)
{
	struct store_fixture *f = *state;
	char method[REPETITION_METHOD_MAX + 2] = { 0 };
	struct repetition call = repetition_of(1);

	call.method = "";
	assert_int_equal(add(f, &call), CODE_INVALID_ARGUMENT);
	memset(method, 'm', REPETITION_METHOD_MAX + 1);
	call.method = method;
	assert_int_equal(add(f, &call), CODE_INVALID_ARGUMENT);
	method[REPETITION_METHOD_MAX] = '\0';
	call.created_at_us = -1;
	assert_int_equal(add(f, &call), CODE_INVALID_ARGUMENT);
	call.created_at_us = INT64_MAX;
	assert_int_equal(add(f, &call), CODE_INVALID_ARGUMENT);
	call.created_at_us = 0;
	assert_int_equal(add(f, &call), CODE_OK);
	assert_count(f, 1);
}

static void
sweeping_forgets_calls_after_an_hour_the_oldest_first(void **state)
{
	struct store_fixture *f = *state;
	size_t deleted = 99;
	struct repetition got;

	for (uint8_t i = 1; i <= 6; i++) {
		struct repetition call = repetition_of(7 - i);

		assert_int_equal(add(f, &call), CODE_OK);
	}
	assert_int_equal(sweep(f, KEPT_US + 1000, 10, &deleted), CODE_OK);
	assert_int_equal(deleted, 0);
	assert_int_equal(sweep(f, KEPT_US + 4001, 3, &deleted), CODE_OK);
	assert_int_equal(deleted, 3);
	assert_int_equal(find(f, 3, &got), CODE_NOT_FOUND);
	assert_int_equal(find(f, 4, &got), CODE_OK);
	assert_int_equal(sweep(f, KEPT_US + 4001, 3, &deleted), CODE_OK);
	assert_int_equal(deleted, 1);
	assert_count(f, 2);
}

static void
damage_is_told_from_absence(void **state)
{
	struct store_fixture *f = *state;
	struct repetition call = repetition_of(1), got = { .caller_id = 99 };
	struct bytes key = { call.request_id, REPETITION_ID_SIZE };
	struct store_txn txn;
	size_t deleted = 99;

	store_fixture_spoil(f->store, STORE_REPETITION, key);
	assert_int_equal(find(f, 1, &got), CODE_DATA_LOSS);
	/* A record of defaults has no digest. */
	store_begin_write(f->store, &txn);
	store_put(&txn, STORE_REPETITION, key, (struct bytes){ 0 });
	store_put(&txn, STORE_REPETITION_BY_END, key, (struct bytes){ 0 });
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(find(f, 1, &got), CODE_DATA_LOSS);
	assert_int_equal(got.caller_id, 99);
	assert_int_equal(sweep(f, INT64_MAX, 10, &deleted), CODE_DATA_LOSS);
	assert_int_equal(deleted, 99);
}

static enum code
add_one(struct store_fixture *f)
{
	struct repetition call = repetition_of(1);

	return add(f, &call);
}

static enum code
find_one(struct store_fixture *f)
{
	struct repetition got = { .caller_id = 99 };
	enum code code = find(f, 1, &got);

	assert_int_equal(got.caller_id, code == CODE_OK ? 7 : 99);
	return code;
}

static void
fails_cleanly_when_the_request_is_out_of_memory(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_torture(f, add_one);
	store_fixture_torture(f, find_one);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, store_fixture_setup,               \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_call_comes_back_as_it_was_added),
		TEST(a_known_request_id_is_refused_whatever_else_differs),
		TEST(calls_out_of_their_bounds_are_refused),
		TEST(sweeping_forgets_calls_after_an_hour_the_oldest_first),
		TEST(damage_is_told_from_absence),
		TEST(fails_cleanly_when_the_request_is_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
