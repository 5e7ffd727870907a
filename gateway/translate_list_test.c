/* Answers that are longer than there is room for. */
#include "gateway/translate_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/latchkey/v1/role_service.pb-c.h"
#include "proto/latchkey/v1/user_service.pb-c.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
#define REQUEST LATCHKEY__RPC__V1__SUBJECT__SUBJECT_REQUEST
#define BEARER "Authorization: Bearer a.b.c"
#define LIST_USERS "latchkey.v1.UserService/ListUsers"
#define LIST_ROLES "latchkey.v1.RoleService/ListRoles"

#define USERS 20
#define CONTROLS 400 /* characters of which JSON makes six bytes each */

static const struct translate_case list_users = {
	"GET /api/auth/users/?page_size=20", BEARER, NULL
};
static const struct translate_case list_roles = { "GET /api/auth/roles/",
	                                          BEARER, NULL };

/* A list of users that needs more than 48 KiB as JSON. */
static Latchkey__V1__ListUsersResponse
long_list(void)
{
	static char name[CONTROLS + 1];
	static Latchkey__V1__User users[USERS], *rows[USERS];
	Latchkey__V1__ListUsersResponse reply =
		LATCHKEY__V1__LIST_USERS_RESPONSE__INIT;

	memset(name, '\x01', CONTROLS);
	for (size_t i = 0; i < USERS; i++) {
		latchkey__v1__user__init(&users[i]);
		users[i].first_name = name;
		rows[i] = &users[i];
	}
	reply.users = rows;
	reply.n_users = reply.total_count = reply.page_size = USERS;
	reply.page = 1;
	return reply;
}

/* The reply of a call whose memory has so much room left. */
static void
reply_in(struct translate_fixture *f, size_t room, const void *reply)
{
	static uint8_t memory[1 << 18];
	struct arena arena;

	arena_init(&arena, memory, room);
	f->exchange->answer_arena = &arena;
	translate_fixture_reply(f, reply);
}

static void
an_answer_needs_no_room_in_its_request(void **state)
{
	struct translate_fixture *f = *state;
	Latchkey__V1__ListUsersResponse reply = long_list();

	assert_true(translate_fixture_send(f, &list_users, 32768));
	reply_in(f, 1 << 18, &reply);
	assert_int_equal(f->exchange->answer.status, 200);
	assert_true(f->exchange->answer.body.len >
	            (size_t)USERS * CONTROLS * 6);
	assert_false(f->exchange->is_too_long);
}

static void
a_page_without_room_names_what_the_client_asked_for(void **state)
{
	struct translate_fixture *f = *state;
	Latchkey__V1__ListUsersResponse reply = long_list();

	(void)translate_fixture_call(f, &list_users, LIST_USERS);
	reply_in(f, 32768, &reply);
	assert_int_equal(f->exchange->answer.status, 400);
	assert_string_equal(translate_fixture_body(f),
	                    "{\"page_size\":[\"A page of this size is too long "
	                    "for one answer: ask for fewer.\"]}");
	assert_false(f->exchange->is_too_long);
}

static void
a_list_without_pages_and_without_room_is_a_failure(void **state)
{
	static char description[CONTROLS + 1];
	struct translate_fixture *f = *state;
	Latchkey__V1__ListRolesResponse reply =
		LATCHKEY__V1__LIST_ROLES_RESPONSE__INIT;
	Latchkey__V1__Role role = LATCHKEY__V1__ROLE__INIT, *rows[] = { &role };

	memset(description, '\x01', CONTROLS);
	role.name = (char *)"clerk";
	role.description = description;
	reply.roles = rows;
	reply.n_roles = 1;
	(void)translate_fixture_call(f, &list_roles, LIST_ROLES);
	reply_in(f, 2048, &reply);
	assert_int_equal(f->exchange->answer.status, 500);
	assert_string_equal(translate_fixture_body(f),
	                    "{\"detail\":\"A server error occurred.\"}");
	assert_true(f->exchange->is_too_long);
	(void)translate_fixture_call(f, &list_roles, LIST_ROLES);
	reply_in(f, 32768, &reply);
	assert_int_equal(f->exchange->answer.status, 200);
}

static void
too_long_an_answer_is_no_fault_of_the_request(void **state)
{
	struct translate_fixture *f = *state;

	(void)translate_fixture_call(f, &list_roles, LIST_ROLES);
	translate_fixture_refuse(f, CODE_RESOURCE_EXHAUSTED,
	                         REASON(RESPONSE_TOO_LARGE), REQUEST);
	assert_int_equal(f->exchange->answer.status, 500);
	assert_true(f->exchange->is_too_long);
	/* Too long a request is. */
	(void)translate_fixture_call(f, &list_roles, LIST_ROLES);
	translate_fixture_refuse(f, CODE_INVALID_ARGUMENT,
	                         REASON(MESSAGE_TOO_LARGE), REQUEST);
	assert_int_equal(f->exchange->answer.status, 413);
	assert_false(f->exchange->is_too_long);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, translate_fixture_setup,           \
	                                translate_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_needs_no_room_in_its_request),
		TEST(a_page_without_room_names_what_the_client_asked_for),
		TEST(a_list_without_pages_and_without_room_is_a_failure),
		TEST(too_long_an_answer_is_no_fault_of_the_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
