#include "server/store/session_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/store_fixture.h"

static struct session
session_of(uint8_t number, int64_t expires_at_us)
{
	struct session session = {
		.user_id = 7,
		.created_at_us = 1,
		.expires_at_us = expires_at_us,
		.counter = 3,
		.rotated_at_us = 4,
		.issued_at_us = 5,
		.refresh_expires_at = 6,
		.late_step = 2,
		.user_agent = "curl/7.88",
		.client_address = "2001:db8::1",
	};

	memset(session.id, number, sizeof(session.id));
	return session;
}

static enum code
add(struct store_fixture *f, const struct session *session)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	session_store_add(&txn, &f->arena, session);
	return store_end(&txn);
}

static enum code
put(struct store_fixture *f, const struct session *session)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	session_store_put(&txn, &f->arena, session);
	return store_end(&txn);
}

static enum code
find(struct store_fixture *f, const uint8_t *id, struct session *out)
{
	struct store_txn txn;
	enum code found, ended;

	store_begin_read(f->store, &txn);
	found = session_store_find(&txn, &f->arena, id, out);
	ended = store_end(&txn);
	/* Absence does not fail the transaction, everything else does. */
	assert_int_equal(ended, found == CODE_NOT_FOUND ? CODE_OK : found);
	return found;
}

static enum code
sweep(struct store_fixture *f, int64_t before_us, size_t max, size_t *deleted)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	session_store_sweep(&txn, &f->arena, before_us, max, deleted);
	return store_end(&txn);
}

static size_t
count(struct store_fixture *f, enum store_table table)
{
	struct store_cursor cursor;
	struct store_txn txn;
	size_t n = 0;

	store_begin_read(f->store, &txn);
	store_seek(&txn, table, (struct bytes){ 0 }, &cursor);
	for (; cursor.key.data != NULL; store_next(&cursor))
		n++;
	store_cursor_release(&cursor);
	assert_int_equal(store_end(&txn), CODE_OK);
	return n;
}

static void
a_session_comes_back_as_it_was_added(void **state)
{
	struct store_fixture *f = *state;
	struct session session = session_of(1, 1000), got;

	assert_int_equal(add(f, &session), CODE_OK);
	store_fixture_reopen(f);
	assert_int_equal(find(f, session.id, &got), CODE_OK);
	assert_memory_equal(got.id, session.id, SESSION_ID_SIZE);
	assert_int_equal(got.user_id, 7);
	assert_int_equal(got.created_at_us, 1);
	assert_int_equal(got.expires_at_us, 1000);
	assert_int_equal(got.counter, 3);
	assert_int_equal(got.rotated_at_us, 4);
	assert_int_equal(got.issued_at_us, 5);
	assert_int_equal(got.refresh_expires_at, 6);
	assert_int_equal(got.late_step, 2);
	assert_int_equal(got.ended_at_us, 0);
	assert_int_equal(got.end_reason, SESSION_LIVES);
	assert_string_equal(got.user_agent, "curl/7.88");
	assert_string_equal(got.client_address, "2001:db8::1");
}

static void
a_known_id_is_refused_and_an_unknown_one_not_found(void **state)
{
	struct store_fixture *f = *state;
	struct session session = session_of(1, 1000);
	struct session twin = session_of(1, 2000), got = { .user_id = 99 };

	assert_int_equal(find(f, session.id, &got), CODE_NOT_FOUND);
	assert_int_equal(got.user_id, 99);
	assert_int_equal(add(f, &session), CODE_OK);
	assert_int_equal(add(f, &twin), CODE_ALREADY_EXISTS);
	assert_int_equal(count(f, STORE_SESSION_BY_END), 1);
}

static void
putting_changes_everything_but_what_the_indexes_are_made_of(void **state)
{
	struct store_fixture *f = *state;
	struct session session = session_of(1, 1000), got;

	assert_int_equal(put(f, &session), CODE_NOT_FOUND);
	assert_int_equal(add(f, &session), CODE_OK);
	session.counter = 4;
	session.ended_at_us = 77;
	session.end_reason = SESSION_ENDED_THEFT;
	assert_int_equal(put(f, &session), CODE_OK);
	assert_int_equal(find(f, session.id, &got), CODE_OK);
	assert_int_equal(got.counter, 4);
	assert_int_equal(got.ended_at_us, 77);
	assert_int_equal(got.end_reason, SESSION_ENDED_THEFT);
	session.expires_at_us++;
	assert_int_equal(put(f, &session), CODE_INVALID_ARGUMENT);
	session.expires_at_us--;
	session.user_id++;
	assert_int_equal(put(f, &session), CODE_INVALID_ARGUMENT);
	assert_int_equal(count(f, STORE_SESSION_BY_USER), 1);
}

static void
texts_over_their_limit_and_impossible_numbers_are_refused(void **state)
{
	struct store_fixture *f = *state;
	char agent[SESSION_USER_AGENT_MAX + 2] = { 0 };
	char address[SESSION_ADDRESS_MAX + 2] = { 0 };
	struct session session = session_of(1, 1000);

	memset(agent, 'a', SESSION_USER_AGENT_MAX);
	memset(address, 'a', SESSION_ADDRESS_MAX);
	session.user_agent = agent;
	session.client_address = address;
	assert_int_equal(add(f, &session), CODE_OK);
	agent[SESSION_USER_AGENT_MAX] = 'a';
	assert_int_equal(put(f, &session), CODE_INVALID_ARGUMENT);
	session.user_agent = "";
	address[SESSION_ADDRESS_MAX] = 'a';
	assert_int_equal(put(f, &session), CODE_INVALID_ARGUMENT);
	session = session_of(2, -1);
	assert_int_equal(add(f, &session), CODE_INVALID_ARGUMENT);
	session = session_of(2, 1);
	session.user_id = 0;
	assert_int_equal(add(f, &session), CODE_INVALID_ARGUMENT);
	session = session_of(2, 1);
	session.end_reason = 4;
	assert_int_equal(add(f, &session), CODE_INVALID_ARGUMENT);
	session = session_of(2, 1);
	session.user_agent = NULL;
	assert_int_equal(add(f, &session), CODE_INVALID_ARGUMENT);
}

static void
sweeping_deletes_the_oldest_expired_and_their_index_entries(void **state)
{
	struct store_fixture *f = *state;
	struct session got;
	size_t deleted = 99;

	for (uint8_t i = 1; i <= 9; i++) {
		struct session session =
			session_of(i, INT64_C(1000) * (10 - i));

		assert_int_equal(add(f, &session), CODE_OK);
	}
	assert_int_equal(sweep(f, 1000, 100, &deleted), CODE_OK);
	assert_int_equal(deleted, 0);
	assert_int_equal(sweep(f, 5001, 3, &deleted), CODE_OK);
	assert_int_equal(deleted, 3);
	/* Sessions 9, 8 and 7 ended first. */
	assert_int_equal(find(f, session_of(7, 0).id, &got), CODE_NOT_FOUND);
	assert_int_equal(find(f, session_of(6, 0).id, &got), CODE_OK);
	assert_int_equal(sweep(f, 5001, 100, &deleted), CODE_OK);
	assert_int_equal(deleted, 2);
	assert_int_equal(count(f, STORE_SESSION), 4);
	assert_int_equal(count(f, STORE_SESSION_BY_USER), 4);
	assert_int_equal(count(f, STORE_SESSION_BY_END), 4);
	assert_int_equal(sweep(f, -5, 100, &deleted), CODE_OK);
	assert_int_equal(deleted, 0);
}

static void
an_index_entry_without_its_session_is_damage(void **state)
{
	struct store_fixture *f = *state;
	struct session session = session_of(1, 1000);
	struct store_txn txn;
	size_t deleted = 99;

	assert_int_equal(add(f, &session), CODE_OK);
	store_begin_write(f->store, &txn);
	store_del(&txn, STORE_SESSION,
	          (struct bytes){ session.id, SESSION_ID_SIZE });
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(sweep(f, 2000, 1, &deleted), CODE_DATA_LOSS);
	assert_int_equal(deleted, 99);
}

static void
a_session_under_anothers_key_or_not_unpacking_is_damage(void **state)
{
	struct store_fixture *f = *state;
	struct session one = session_of(1, 1000), two = session_of(2, 0), got;
	struct store_txn txn;
	uint8_t copy[256];
	struct bytes value;

	assert_int_equal(add(f, &one), CODE_OK);
	store_begin_write(f->store, &txn);
	value = store_get(&txn, STORE_SESSION,
	                  (struct bytes){ one.id, SESSION_ID_SIZE });
	assert_true(value.len <= sizeof(copy));
	memcpy(copy, value.data, value.len);
	value.data = copy;
	store_put(&txn, STORE_SESSION,
	          (struct bytes){ two.id, SESSION_ID_SIZE }, value);
	store_put(&txn, STORE_SESSION,
	          (struct bytes){ one.id, SESSION_ID_SIZE },
	          (struct bytes){ "\xff", 1 });
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(find(f, one.id, &got), CODE_DATA_LOSS);
	assert_int_equal(find(f, two.id, &got), CODE_DATA_LOSS);
}

static void
fails_cleanly_when_the_request_is_out_of_memory(void **state)
{
	struct store_fixture *f = *state;
	struct session session = session_of(1, 1000), got;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size, deleted = 99;

	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		arena_init(&f->arena, f->memory, size);
		code = add(f, &session);
	}
	assert_int_equal(code, CODE_OK);
	code = CODE_RESOURCE_EXHAUSTED;
	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		arena_init(&f->arena, f->memory, size);
		got.user_id = 99;
		code = find(f, session.id, &got);
		assert_int_equal(got.user_id, code == CODE_OK ? 7 : 99);
	}
	assert_int_equal(code, CODE_OK);
	code = CODE_RESOURCE_EXHAUSTED;
	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		arena_init(&f->arena, f->memory, size);
		code = put(f, &session);
	}
	assert_int_equal(code, CODE_OK);
	code = CODE_RESOURCE_EXHAUSTED;
	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		arena_init(&f->arena, f->memory, size);
		code = sweep(f, 2000, 1, &deleted);
		assert_int_equal(deleted, code == CODE_OK ? 1 : 99);
	}
	assert_int_equal(code, CODE_OK);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, store_fixture_setup,               \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_session_comes_back_as_it_was_added),
		TEST(a_known_id_is_refused_and_an_unknown_one_not_found),
		TEST(putting_changes_everything_but_what_the_indexes_are_made_of),
		TEST(texts_over_their_limit_and_impossible_numbers_are_refused),
		TEST(sweeping_deletes_the_oldest_expired_and_their_index_entries),
		TEST(an_index_entry_without_its_session_is_damage),
		TEST(a_session_under_anothers_key_or_not_unpacking_is_damage),
		TEST(fails_cleanly_when_the_request_is_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
