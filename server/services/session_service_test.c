#include "server/services/session_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/encoding.h"
#include "proto/latchkey/v1/session_service.pb-c.h"
#include "server/services/service_fixture.h"
#include "server/store/session_store.h"

enum { ADA = 1, BOB, STAFF, ROOT };

static int
setup(void **state)
{
	const struct user users[] = {
		{ .email = "ada@example.com", .is_active = true },
		{ .email = "bob@example.com", .is_active = true },
		{ .email = "staff@example.com",
		  .is_active = true,
		  .is_staff = true },
		{ .email = "root@example.com",
		  .is_active = true,
		  .is_staff = true,
		  .is_superuser = true },
	};
	int rc = service_fixture_setup(state);

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(service_fixture_add(*state, &users[i]), i + 1);
	return rc;
}

static enum code
list(struct service_fixture *f, uint64_t user_id,
     Latchkey__V1__ListSessionsResponse *resp)
{
	Latchkey__V1__ListSessionsRequest req =
		LATCHKEY__V1__LIST_SESSIONS_REQUEST__INIT;

	service_fixture_next(f);
	latchkey__v1__list_sessions_response__init(resp);
	req.user_id = user_id;
	return session_list_sessions(&f->call, &req, resp);
}

static enum code
del(struct service_fixture *f, const char *id)
{
	Latchkey__V1__DeleteSessionRequest req =
		LATCHKEY__V1__DELETE_SESSION_REQUEST__INIT;
	Latchkey__V1__DeleteSessionResponse resp =
		LATCHKEY__V1__DELETE_SESSION_RESPONSE__INIT;

	service_fixture_next(f);
	req.session_id = (char *)id;
	return session_delete_session(&f->call, &req, &resp);
}

static enum code
revoke(struct service_fixture *f, uint64_t user_id, uint32_t *ended)
{
	Latchkey__V1__RevokeOtherSessionsRequest req =
		LATCHKEY__V1__REVOKE_OTHER_SESSIONS_REQUEST__INIT;
	Latchkey__V1__RevokeOtherSessionsResponse resp =
		LATCHKEY__V1__REVOKE_OTHER_SESSIONS_RESPONSE__INIT;
	enum code code;

	service_fixture_next(f);
	req.user_id = user_id;
	code = session_revoke_other_sessions(&f->call, &req, &resp);
	*ended = resp.ended_count;
	return code;
}

static bool
is_living(struct service_fixture *f, const char *id)
{
	uint8_t bytes[SESSION_ID_SIZE];
	struct session session;
	struct store_txn txn;

	assert_true(hex_decode(id, bytes, SESSION_ID_SIZE));
	store_begin_read(f->store, &txn);
	assert_int_equal(session_store_find(&txn, &f->kept, bytes, &session),
	                 CODE_OK);
	assert_int_equal(store_end(&txn), CODE_OK);
	return session.ended_at_us == 0;
}

static void
a_user_sees_own_sessions_the_newest_first_and_which_is_this_one(void **state)
{
	struct service_fixture *f = *state;
	const char *first, *second, *own;
	Latchkey__V1__ListSessionsResponse resp;

	first = service_fixture_open(f, ADA, "192.0.2.7");
	f->call.now_us += SECOND;
	own = service_fixture_be(f, ADA);
	f->call.now_us += SECOND;
	second = service_fixture_open(f, ADA, "2001:db8::1");
	(void)service_fixture_open(f, BOB, "192.0.2.8");

	assert_int_equal(list(f, 0, &resp), CODE_OK);
	assert_int_equal(resp.n_sessions, 3);
	assert_string_equal(resp.sessions[0]->id, second);
	assert_string_equal(resp.sessions[1]->id, own);
	assert_string_equal(resp.sessions[2]->id, first);
	assert_false(resp.sessions[0]->current);
	assert_true(resp.sessions[1]->current);
	assert_string_equal(resp.sessions[2]->address, "192.0.2.7");
	assert_string_equal(resp.sessions[2]->device, "test");
	assert_int_equal(resp.sessions[2]->user_id, ADA);
	assert_int_equal(resp.sessions[2]->created_at_us, START);
	assert_int_equal(resp.sessions[2]->last_used_at_us, START);
}

static void
ended_and_expired_sessions_are_not_listed(void **state)
{
	struct service_fixture *f = *state;
	const char *other;
	Latchkey__V1__ListSessionsResponse resp;

	other = service_fixture_open(f, ADA, "192.0.2.7");
	(void)service_fixture_be(f, ADA);
	assert_int_equal(del(f, other), CODE_OK);
	assert_int_equal(list(f, 0, &resp), CODE_OK);
	assert_int_equal(resp.n_sessions, 1);
	f->call.now_us += 31LL * 86400 * SECOND;
	assert_int_equal(list(f, 0, &resp), CODE_OK);
	assert_int_equal(resp.n_sessions, 0);
}

static void
at_most_two_hundred_sessions_are_listed(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__ListSessionsResponse resp;

	for (int i = 0; i < 203; i++)
		(void)service_fixture_open(f, ADA, "192.0.2.7");
	(void)service_fixture_be(f, ADA);
	assert_int_equal(list(f, 0, &resp), CODE_OK);
	assert_int_equal(resp.n_sessions, 200);
}

static void
a_session_is_ended_once_and_by_its_owner(void **state)
{
	struct service_fixture *f = *state;
	const char *mine, *theirs;

	theirs = service_fixture_open(f, BOB, "192.0.2.8");
	mine = service_fixture_open(f, ADA, "192.0.2.7");
	(void)service_fixture_be(f, ADA);
	assert_int_equal(del(f, theirs), CODE_NOT_FOUND);
	assert_true(is_living(f, theirs));
	assert_int_equal(del(f, mine), CODE_OK);
	assert_false(is_living(f, mine));
	assert_int_equal(del(f, mine), CODE_NOT_FOUND);
	assert_int_equal(del(f, "junk"), CODE_NOT_FOUND);
	assert_int_equal(del(f, "00000000000000000000000000000000"),
	                 CODE_NOT_FOUND);
}

static void
the_session_that_asks_survives_the_end_of_all_others(void **state)
{
	struct service_fixture *f = *state;
	const char *other, *own, *theirs;
	uint32_t ended;

	theirs = service_fixture_open(f, BOB, "192.0.2.8");
	other = service_fixture_open(f, ADA, "192.0.2.7");
	own = service_fixture_be(f, ADA);
	assert_int_equal(revoke(f, 0, &ended), CODE_OK);
	assert_int_equal(ended, 1);
	assert_false(is_living(f, other));
	assert_true(is_living(f, own));
	assert_true(is_living(f, theirs));
	assert_int_equal(revoke(f, 0, &ended), CODE_OK);
	assert_int_equal(ended, 0);
}

static void
others_sessions_are_for_staff(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__ListSessionsResponse resp;
	const char *theirs;
	uint32_t ended;

	theirs = service_fixture_open(f, BOB, "192.0.2.8");
	(void)service_fixture_be(f, ADA);
	assert_int_equal(list(f, BOB, &resp), CODE_PERMISSION_DENIED);
	assert_int_equal(f->call.reason, REASON(ROLE_MISSING));
	assert_int_equal(revoke(f, BOB, &ended), CODE_PERMISSION_DENIED);

	(void)service_fixture_be(f, STAFF);
	assert_int_equal(list(f, BOB, &resp), CODE_OK);
	assert_int_equal(resp.n_sessions, 1);
	assert_int_equal(del(f, theirs), CODE_OK);
	(void)service_fixture_open(f, BOB, "192.0.2.8");
	assert_int_equal(revoke(f, BOB, &ended), CODE_OK);
	assert_int_equal(ended, 1);
	assert_int_equal(list(f, 99, &resp), CODE_NOT_FOUND);
	assert_int_equal(revoke(f, 99, &ended), CODE_NOT_FOUND);
}

static void
a_superusers_sessions_are_for_superusers(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__ListSessionsResponse resp;
	const char *theirs;
	uint32_t ended;

	theirs = service_fixture_open(f, ROOT, "192.0.2.8");
	(void)service_fixture_be(f, STAFF);
	assert_int_equal(list(f, ROOT, &resp), CODE_PERMISSION_DENIED);
	assert_int_equal(f->call.reason, REASON(RANK_TOO_LOW));
	assert_int_equal(revoke(f, ROOT, &ended), CODE_PERMISSION_DENIED);
	assert_int_equal(del(f, theirs), CODE_PERMISSION_DENIED);
	assert_true(is_living(f, theirs));

	(void)service_fixture_be(f, ROOT);
	assert_int_equal(list(f, STAFF, &resp), CODE_OK);
	assert_int_equal(revoke(f, STAFF, &ended), CODE_OK);
	assert_int_equal(ended, 1);
	assert_int_equal(del(f, theirs), CODE_OK);
}

static void
a_list_survives_every_shortage_of_memory(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__ListSessionsResponse resp;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size;

	(void)service_fixture_open(f, BOB, "192.0.2.8");
	(void)service_fixture_be(f, STAFF);
	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		assert_true(size < sizeof(f->memory));
		arena_init(&f->arena, f->memory, size);
		code = list(f, BOB, &resp);
	}
	assert_int_equal(code, CODE_OK);
	assert_true(size > 8);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, setup, service_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_user_sees_own_sessions_the_newest_first_and_which_is_this_one),
		TEST(ended_and_expired_sessions_are_not_listed),
		TEST(at_most_two_hundred_sessions_are_listed),
		TEST(a_session_is_ended_once_and_by_its_owner),
		TEST(the_session_that_asks_survives_the_end_of_all_others),
		TEST(others_sessions_are_for_staff),
		TEST(a_superusers_sessions_are_for_superusers),
		TEST(a_list_survives_every_shortage_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
