#include "server/store/session_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/index.h"
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

static uint64_t
open_count(struct store_fixture *f, uint64_t user_id)
{
	struct session_tally tally;
	struct store_txn txn;

	store_begin_read(f->store, &txn);
	session_tally_find(&txn, &f->arena, user_id, &tally);
	assert_int_equal(store_end(&txn), CODE_OK);
	return tally.open_count;
}

static void
a_session_comes_back_as_it_was_added(void **state)
{
	struct store_fixture *f = *state;
	struct session session = session_of(1, 1000), got;

	memcpy(session.device, "0123456789abcdef", SESSION_DEVICE_SIZE);
	assert_int_equal(add(f, &session), CODE_OK);
	store_fixture_reopen(f);
	assert_int_equal(find(f, session.id, &got), CODE_OK);
	assert_memory_equal(got.id, session.id, SESSION_ID_SIZE);
	assert_memory_equal(got.device, session.device, SESSION_DEVICE_SIZE);
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
	assert_int_equal(store_fixture_count(f->store, STORE_SESSION_BY_END),
	                 1);
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
	session.user_id--;
	session.created_at_us++;
	assert_int_equal(put(f, &session), CODE_INVALID_ARGUMENT);
	session.created_at_us--;
	session.device[3]++;
	assert_int_equal(put(f, &session), CODE_INVALID_ARGUMENT);
	session.device[3]--;
	session.ended_at_us = 0;
	assert_int_equal(put(f, &session), CODE_INVALID_ARGUMENT);
	assert_int_equal(store_fixture_count(f->store, STORE_SESSION_BY_USER),
	                 1);
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
	session.created_at_us = -1;
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
	assert_int_equal(store_fixture_count(f->store, STORE_SESSION), 4);
	assert_int_equal(store_fixture_count(f->store, STORE_SESSION_BY_USER),
	                 4);
	assert_int_equal(store_fixture_count(f->store, STORE_SESSION_BY_END),
	                 4);
	assert_int_equal(store_fixture_count(f->store, STORE_SESSION_OPEN), 4);
	assert_int_equal(open_count(f, 7), 4);
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

/* A device by its letter; 0 is none. */
static struct session
user_session(uint8_t number, uint64_t user_id, char device)
{
	struct session session = session_of(number, 9000);

	session.user_id = user_id;
	session.created_at_us = number;
	memset(session.device, device, SESSION_DEVICE_SIZE);
	return session;
}

/* Sessions 1 to 6 of user 7, of which 5 has ended; 7 is another user's. */
static void
populate(struct store_fixture *f)
{
	for (uint8_t i = 1; i <= 7; i++) {
		struct session session =
			user_session(i, i == 7 ? 8 : 7, i % 2 == 1 ? 'a' : 'b');

		if (i == 5) {
			session.ended_at_us = 3;
			session.end_reason = SESSION_ENDED_LOGOUT;
		}
		assert_int_equal(add(f, &session), CODE_OK);
	}
}

static enum code
list(struct store_fixture *f, uint64_t user_id, size_t max,
     struct session_list *out)
{
	struct store_txn txn;
	enum code code;

	store_begin_read(f->store, &txn);
	code = session_store_list(&txn, &f->arena, user_id, max, out);
	assert_int_equal(store_end(&txn), code);
	return code;
}

static void
a_users_open_sessions_are_listed_the_newest_first(void **state)
{
	static const uint8_t order[] = { 6, 4, 3, 2, 1 };
	struct store_fixture *f = *state;
	struct session_list got = { .count = 99 };

	assert_int_equal(list(f, 7, 10, &got), CODE_OK);
	assert_int_equal(got.count, 0);
	populate(f);
	for (size_t max = 0; max < 8; max++) {
		size_t want = max < 5 ? max : 5;

		assert_int_equal(list(f, 7, max, &got), CODE_OK);
		assert_int_equal(got.count, want);
		for (size_t i = 0; i < want; i++) {
			const struct session *session = &got.sessions[i];

			assert_int_equal(session->id[0], order[i]);
			assert_int_equal(session->user_id, 7);
			assert_string_equal(session->user_agent, "curl/7.88");
			assert_int_equal(session->device[0],
			                 order[i] % 2 == 1 ? 'a' : 'b');
		}
	}
	assert_int_equal(list(f, 6, 10, &got), CODE_OK);
	assert_int_equal(got.count, 0);
}

static enum code
knows(struct store_fixture *f, uint64_t user_id, char device, bool *known)
{
	uint8_t bytes[SESSION_DEVICE_SIZE];
	struct store_txn txn;
	enum code code;

	memset(bytes, device, sizeof(bytes));
	store_begin_read(f->store, &txn);
	code = session_store_knows(&txn, user_id, bytes, known);
	assert_int_equal(store_end(&txn), code);
	return code;
}

static void
a_users_devices_are_known_and_no_others(void **state)
{
	static const struct {
		uint64_t user_id;
		char device;
		bool known;
	} rows[] = {
		{ 7, 'a', true },  { 7, 'b', true },     { 8, 'a', true },
		{ 8, 'b', false }, { 7, 'A', false },    { 7, '`', false },
		{ 7, 'c', false }, { 9, 'b', false },    { 0, 'a', false },
		{ 8, 0, false },   { 8, '\x7f', false },
	};
	struct store_fixture *f = *state;
	struct session nowhere = user_session(9, 8, 0);

	populate(f);
	assert_int_equal(add(f, &nowhere), CODE_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool known = !rows[i].known;

		assert_int_equal(
			knows(f, rows[i].user_id, rows[i].device, &known),
			CODE_OK);
		assert_int_equal(known, rows[i].known);
	}
}

static void
a_device_stays_known_after_its_session_ended_until_it_is_swept(void **state)
{
	struct store_fixture *f = *state;
	struct session session = user_session(1, 7, 'a');
	size_t deleted;
	bool known = false;

	assert_int_equal(add(f, &session), CODE_OK);
	session.ended_at_us = 2;
	session.end_reason = SESSION_ENDED_LOGOUT;
	assert_int_equal(put(f, &session), CODE_OK);
	assert_int_equal(knows(f, 7, 'a', &known), CODE_OK);
	assert_true(known);
	assert_int_equal(sweep(f, 9001, 9, &deleted), CODE_OK);
	assert_int_equal(knows(f, 7, 'a', &known), CODE_OK);
	assert_false(known);
}

static enum code
end_all(struct store_fixture *f, uint64_t user_id,
        const struct session_ending *ending, size_t *ended)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	session_store_end_all(&txn, &f->arena, user_id, ending, ended);
	return store_end(&txn);
}

static void
ending_all_spares_the_excepted_the_ended_and_other_users(void **state)
{
	struct store_fixture *f = *state;
	struct session spared = session_of(2, 0), got;
	struct session_ending ending = { .except = spared.id,
		                         .reason = SESSION_ENDED_REVOKED,
		                         .now_us = 77 };
	size_t ended = 99;

	populate(f);
	assert_int_equal(end_all(f, 7, &ending, &ended), CODE_OK);
	assert_int_equal(ended, 4);
	for (uint8_t i = 1; i <= 7; i++) {
		struct session session = session_of(i, 0);

		assert_int_equal(find(f, session.id, &got), CODE_OK);
		if (i == 2 || i == 7) {
			assert_int_equal(got.ended_at_us, 0);
			continue;
		}
		assert_int_equal(got.ended_at_us, i == 5 ? 3 : 77);
		assert_int_equal(got.end_reason,
		                 i == 5 ? SESSION_ENDED_LOGOUT : ending.reason);
	}
	ending.except = NULL;
	assert_int_equal(end_all(f, 7, &ending, &ended), CODE_OK);
	assert_int_equal(ended, 1);
	assert_int_equal(end_all(f, 7, &ending, &ended), CODE_OK);
	assert_int_equal(ended, 0);
	ending.reason = SESSION_LIVES;
	assert_int_equal(end_all(f, 8, &ending, &ended), CODE_INVALID_ARGUMENT);
}

static void
what_ended_with_its_epoch_stays_so_and_what_begins_later_lives(void **state)
{
	struct store_fixture *f = *state;
	struct session_ending ending = { .reason = SESSION_ENDED_REVOKED,
		                         .now_us = 77 };
	struct session later = user_session(9, 7, 'a'), got;
	struct session_list listed;
	size_t ended;

	populate(f);
	assert_int_equal(end_all(f, 7, &ending, &ended), CODE_OK);
	assert_int_equal(list(f, 7, 10, &listed), CODE_OK);
	assert_int_equal(listed.count, 0);
	assert_int_equal(add(f, &later), CODE_OK);
	assert_int_equal(find(f, later.id, &got), CODE_OK);
	assert_int_equal(got.ended_at_us, 0);
	assert_int_equal(list(f, 7, 10, &listed), CODE_OK);
	assert_int_equal(listed.count, 1);
	assert_int_equal(listed.sessions[0].id[0], 9);
	/* To end what has ended so counts nothing away. */
	assert_int_equal(find(f, session_of(1, 0).id, &got), CODE_OK);
	assert_int_equal(put(f, &got), CODE_OK);
	assert_int_equal(open_count(f, 7), 1);
	ending.except = session_of(2, 0).id;
	assert_int_equal(end_all(f, 7, &ending, &ended), CODE_OK);
	assert_int_equal(ended, 1);
	assert_int_equal(find(f, ending.except, &got), CODE_OK);
	assert_int_equal(got.ended_at_us, 77);
}

/* Somebody else's session is not the one to spare. */
static void
a_strangers_session_spares_nobody(void **state)
{
	struct store_fixture *f = *state;
	struct session strangers = session_of(7, 0), got;
	struct session_ending ending = { .except = strangers.id,
		                         .reason = SESSION_ENDED_REVOKED,
		                         .now_us = 77 };
	size_t ended;

	populate(f);
	assert_int_equal(end_all(f, 7, &ending, &ended), CODE_OK);
	assert_int_equal(ended, 5);
	assert_int_equal(open_count(f, 7), 0);
	assert_int_equal(open_count(f, 8), 1);
	assert_int_equal(find(f, strangers.id, &got), CODE_OK);
	assert_int_equal(got.ended_at_us, 0);
}

/* Adds sessions of user 7 at once, numbered from `first` on. */
static enum code
add_some(struct store_fixture *f, size_t first, size_t count)
{
	struct session session = session_of(0, 9000);
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	for (size_t i = first; i < first + count; i++) {
		memcpy(session.id, &i, sizeof(i));
		session.created_at_us = (int64_t)i + 1;
		session_store_add(&txn, &f->arena, &session);
	}
	arena_reset(&f->arena);
	return store_end(&txn);
}

/* Adds such until there is not even room for one; the number of them. */
static size_t
fill(struct store_fixture *f)
{
	size_t total = 0;

	for (size_t at_once = 32; at_once > 0; at_once /= 2) {
		enum code code = add_some(f, total, at_once);

		for (; code == CODE_OK; code = add_some(f, total, at_once))
			total += at_once;
		assert_int_equal(code, CODE_RESOURCE_EXHAUSTED);
	}
	return total;
}

static void
a_full_store_lets_all_sessions_end_and_one_live_on(void **state)
{
	struct store_fixture *f = *state;
	const struct session spared = session_of(0, 9000); /* the first */
	struct session_ending ending = { .except = spared.id,
		                         .reason = SESSION_ENDED_REVOKED,
		                         .now_us = 77 };
	struct session_list listed;
	size_t ended, count;

	f->options.size_max = 1 << 20;
	store_fixture_reopen(f);
	count = fill(f);
	assert_true(count > 100);
	assert_int_equal(end_all(f, 7, &ending, &ended), CODE_OK);
	assert_int_equal(ended, count - 1);
	assert_int_equal(list(f, 7, 10, &listed), CODE_OK);
	assert_int_equal(listed.count, 1);
	assert_memory_equal(listed.sessions[0].id, spared.id, SESSION_ID_SIZE);
	/* Who never had a session is deactivated there like everybody. */
	assert_int_equal(end_all(f, 9, &ending, &ended), CODE_OK);
	assert_int_equal(ended, 0);
}

static enum code
make_room(struct store_fixture *f, uint64_t user_id, size_t max, size_t *ended)
{
	const struct session_room room = { .user_id = user_id,
		                           .max = max,
		                           .now_us = 88 };
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	session_store_make_room(&txn, &f->arena, &room, ended);
	return store_end(&txn);
}

static void
room_is_made_by_ending_the_oldest_a_few_at_a_time(void **state)
{
	struct store_fixture *f = *state;
	struct session got;
	size_t ended = 99;

	populate(f);
	assert_int_equal(make_room(f, 7, 6, &ended), CODE_OK);
	assert_int_equal(ended, 0);
	assert_int_equal(make_room(f, 7, 4, &ended), CODE_OK);
	assert_int_equal(ended, 2);
	for (uint8_t i = 1; i <= 7; i++) {
		assert_int_equal(find(f, session_of(i, 0).id, &got), CODE_OK);
		assert_int_equal(got.ended_at_us,
		                 i <= 2 ? 88 : (i == 5 ? 3 : 0));
	}
	assert_int_equal(open_count(f, 7), 3);
	for (uint8_t i = 10; i < 20; i++) {
		struct session session = user_session(i, 7, 'a');

		assert_int_equal(add(f, &session), CODE_OK);
	}
	assert_int_equal(make_room(f, 7, 2, &ended), CODE_OK);
	assert_int_equal(ended, SESSION_ROOM_STEPS);
	assert_int_equal(make_room(f, 7, 2, &ended), CODE_OK);
	assert_int_equal(ended, 13 - SESSION_ROOM_STEPS - 1);
	assert_int_equal(open_count(f, 7), 1);
	assert_int_equal(find(f, session_of(19, 0).id, &got), CODE_OK);
	assert_int_equal(got.ended_at_us, 0);
	assert_int_equal(make_room(f, 9, 1, &ended), CODE_OK);
	assert_int_equal(ended, 0);
}

/* As a server of version 3 left it: nothing of open sessions. */
static void
forget_tallies(struct store_fixture *f)
{
	struct store_txn txn;

	store_fixture_write_version(f->store, 3);
	store_begin_write(f->store, &txn);
	for (uint64_t id = 7; id <= 8; id++) {
		struct session_place place = { .user_id = id };

		while (session_tally_next(&txn, &place))
			session_tally_leave(&txn, &f->arena, &place);
		session_tally_del(&txn, id);
	}
	assert_int_equal(store_end(&txn), CODE_OK);
}

static void
a_store_without_tallies_is_given_them_when_it_is_opened(void **state)
{
	struct store_fixture *f = *state;
	struct session_ending ending = { .reason = SESSION_ENDED_REVOKED,
		                         .now_us = 77 };
	struct session_list got;
	size_t ended;

	populate(f);
	forget_tallies(f);
	assert_int_equal(list(f, 7, 10, &got), CODE_OK);
	assert_int_equal(got.count, 0);
	store_fixture_reopen(f);
	assert_int_equal(open_count(f, 7), 5);
	assert_int_equal(list(f, 7, 10, &got), CODE_OK);
	assert_int_equal(got.count, 5);
	assert_int_equal(got.sessions[0].id[0], 6);
	assert_int_equal(got.sessions[4].id[0], 1);
	assert_int_equal(end_all(f, 7, &ending, &ended), CODE_OK);
	assert_int_equal(ended, 5);
}

static void
damage_that_stops_a_migration_is_not_put_on_the_meta_record(void **state)
{
	struct store_fixture *f = *state;
	const struct session damaged = session_of(1, 0);

	populate(f);
	forget_tallies(f);
	store_fixture_spoil(f->store, STORE_SESSION,
	                    (struct bytes){ damaged.id, SESSION_ID_SIZE });
	store_fixture_close(f);
	assert_int_equal(store_fixture_try(f), CODE_DATA_LOSS);
	assert_int_equal(f->fault, STORE_FAULT_DAMAGED);
	assert_non_null(strstr(f->err, "a record of the store"));
	assert_null(strstr(f->err, "meta record"));
}

static enum code
del_some(struct store_fixture *f, uint64_t user_id, size_t max, size_t *deleted)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	session_store_del_some(&txn, &f->arena, user_id, max, deleted);
	return store_end(&txn);
}

static void
deleting_leaves_only_other_users_sessions(void **state)
{
	struct store_fixture *f = *state;
	struct session got;
	size_t deleted = 99;

	populate(f);
	assert_int_equal(del_some(f, 7, 4, &deleted), CODE_OK);
	assert_int_equal(deleted, 4);
	assert_int_equal(del_some(f, 7, 4, &deleted), CODE_OK);
	assert_int_equal(deleted, 2);
	assert_int_equal(del_some(f, 7, 4, &deleted), CODE_OK);
	assert_int_equal(deleted, 0);
	for (enum store_table table = 0; table < STORE_TABLE_COUNT; table++) {
		bool is_sessions = table == STORE_SESSION ||
		                   table == STORE_SESSION_BY_USER ||
		                   table == STORE_SESSION_BY_END ||
		                   table == STORE_SESSION_TALLY ||
		                   table == STORE_SESSION_OPEN;

		assert_int_equal(store_fixture_count(f->store, table),
		                 is_sessions || table == STORE_META ? 1 : 0);
	}
	assert_int_equal(find(f, session_of(7, 0).id, &got), CODE_OK);
}

static void
many_sessions_need_no_more_memory_than_one(void **state)
{
	struct store_fixture *f = *state;
	struct session_ending ending = { .reason = SESSION_ENDED_REVOKED,
		                         .now_us = 77 };
	struct session_list got;
	size_t ended, deleted;
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	for (unsigned i = 0; i < 2000; i++) {
		struct session session = session_of(1, 9000);

		arena_reset(&f->arena);
		memcpy(session.id, &i, sizeof(i));
		session_store_add(&txn, &f->arena, &session);
	}
	assert_int_equal(store_end(&txn), CODE_OK);
	arena_init(&f->arena, f->memory, 4096);
	assert_int_equal(list(f, 7, 3, &got), CODE_OK);
	assert_int_equal(got.count, 3);
	assert_int_equal(make_room(f, 7, 1, &ended), CODE_OK);
	assert_int_equal(end_all(f, 7, &ending, &ended), CODE_OK);
	assert_int_equal(ended, 2000 - SESSION_ROOM_STEPS);
	assert_int_equal(sweep(f, 9001, 1000, &deleted), CODE_OK);
	assert_int_equal(deleted, 1000);
	assert_int_equal(del_some(f, 7, 2000, &deleted), CODE_OK);
	assert_int_equal(deleted, 1000);
	assert_int_equal(store_fixture_count(f->store, STORE_SESSION), 0);
	assert_int_equal(store_fixture_count(f->store, STORE_SESSION_OPEN), 0);
}

static void
a_users_entry_without_its_session_is_damage(void **state)
{
	struct store_fixture *f = *state;
	struct session one = session_of(1, 1000);
	struct session_list got = { .count = 99 };
	size_t count = 99;
	struct store_txn txn;

	assert_int_equal(add(f, &one), CODE_OK);
	store_begin_write(f->store, &txn);
	store_del(&txn, STORE_SESSION,
	          (struct bytes){ one.id, SESSION_ID_SIZE });
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(list(f, 7, 10, &got), CODE_DATA_LOSS);
	assert_int_equal(got.count, 99);
	assert_int_equal(make_room(f, 7, 1, &count), CODE_DATA_LOSS);
	assert_int_equal(del_some(f, 7, 9, &count), CODE_DATA_LOSS);
	assert_int_equal(count, 99);
}

static void
a_tally_that_counts_more_than_there_are_is_damage(void **state)
{
	struct store_fixture *f = *state;
	struct session one = session_of(1, 1000);
	struct session_list got = { .count = 99 };
	struct session_place place = { .user_id = 7 };
	struct index_entry entry = { .number = 7 };
	struct store_txn txn;

	assert_int_equal(add(f, &one), CODE_OK);
	store_begin_write(f->store, &txn);
	assert_true(index_next(&txn, STORE_SESSION_OPEN, &entry));
	index_del(&txn, STORE_SESSION_OPEN, &entry);
	assert_false(session_tally_next(&txn, &place));
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(list(f, 7, 10, &got), CODE_DATA_LOSS);
	assert_int_equal(got.count, 99);
	/* Passed by, for want of room in the list. */
	assert_int_equal(list(f, 7, 0, &got), CODE_DATA_LOSS);
}

static enum code
add_one(struct store_fixture *f)
{
	struct session session = session_of(1, 1000);

	return add(f, &session);
}

static enum code
find_one(struct store_fixture *f)
{
	struct session got = { .user_id = 99 };
	enum code code = find(f, session_of(1, 0).id, &got);

	assert_int_equal(got.user_id, code == CODE_OK ? 7 : 99);
	return code;
}

static enum code
put_one(struct store_fixture *f)
{
	struct session session = session_of(1, 1000);

	return put(f, &session);
}

static enum code
list_one(struct store_fixture *f)
{
	struct session_list got = { .count = 99 };
	enum code code = list(f, 7, 10, &got);

	assert_int_equal(got.count, code == CODE_OK ? 1 : 99);
	return code;
}

static enum code
end_one(struct store_fixture *f)
{
	struct session_ending ending = { .reason = SESSION_ENDED_REVOKED,
		                         .now_us = 77 };
	size_t ended = 99;
	enum code code = end_all(f, 7, &ending, &ended);

	assert_int_equal(ended, code == CODE_OK ? 1 : 99);
	return code;
}

static enum code
sweep_one(struct store_fixture *f)
{
	size_t deleted = 99;
	enum code code = sweep(f, 2000, 1, &deleted);

	assert_int_equal(deleted, code == CODE_OK ? 1 : 99);
	return code;
}

static enum code
del_one(struct store_fixture *f)
{
	size_t deleted = 99;
	enum code code = del_some(f, 7, 9, &deleted);

	assert_int_equal(deleted, code == CODE_OK ? 1 : 99);
	return code;
}

static enum code
room_for_one(struct store_fixture *f)
{
	size_t ended = 99;
	enum code code = make_room(f, 7, 1, &ended);

	assert_int_equal(ended, code == CODE_OK ? 1 : 99);
	return code;
}

static void
fails_cleanly_when_the_request_is_out_of_memory(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_torture(f, add_one);
	store_fixture_torture(f, find_one);
	store_fixture_torture(f, put_one);
	store_fixture_torture(f, list_one);
	store_fixture_torture(f, end_one);
	store_fixture_torture(f, sweep_one);
	store_fixture_torture(f, add_one);
	store_fixture_torture(f, room_for_one);
	store_fixture_torture(f, sweep_one);
	store_fixture_torture(f, add_one);
	store_fixture_torture(f, del_one);
	assert_int_equal(store_fixture_count(f->store, STORE_SESSION), 0);
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
		TEST(a_users_open_sessions_are_listed_the_newest_first),
		TEST(a_users_devices_are_known_and_no_others),
		TEST(a_device_stays_known_after_its_session_ended_until_it_is_swept),
		TEST(ending_all_spares_the_excepted_the_ended_and_other_users),
		TEST(what_ended_with_its_epoch_stays_so_and_what_begins_later_lives),
		TEST(a_strangers_session_spares_nobody),
		TEST(a_full_store_lets_all_sessions_end_and_one_live_on),
		TEST(room_is_made_by_ending_the_oldest_a_few_at_a_time),
		TEST(a_store_without_tallies_is_given_them_when_it_is_opened),
		TEST(damage_that_stops_a_migration_is_not_put_on_the_meta_record),
		TEST(deleting_leaves_only_other_users_sessions),
		TEST(many_sessions_need_no_more_memory_than_one),
		TEST(a_users_entry_without_its_session_is_damage),
		TEST(a_tally_that_counts_more_than_there_are_is_damage),
		TEST(fails_cleanly_when_the_request_is_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
