/* How long a page of users may be; user_service_test.c has the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/message_limit.h"
#include "proto/latchkey/v1/user_service.pb-c.h"
#include "server/services/service_fixture.h"
#include "server/services/user_message.h"
#include "server/services/user_service.h"

/* UTF-8 of `count` characters that need 4 bytes each. */
static char *
wide(char *out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		memcpy(out + 4 * i, "\xf0\x9f\x98\x80", 4);
	out[4 * count] = '\0';
	return out;
}

/* As many texts as there may be, with the longest names. */
static void
declare_longest(struct service_fixture *f)
{
	struct attribute_table *table = &f->server.attributes;

	*table = (struct attribute_table){ .count = ATTRIBUTES_MAX };
	for (size_t i = 0; i < table->count; i++)
		(void)snprintf(table->rows[i].name, sizeof(table->rows[i].name),
		               "a%0*zu", ATTRIBUTE_NAME_MAX - 1, i);
}

#define LONGEST_TEXT ((ATTRIBUTE_TEXTS_MAX / ATTRIBUTES_MAX - 2) / 4)

/* Fills in as much as staff and a user may write about the user. */
static void
write_longest(struct service_fixture *f, struct user *user)
{
	static char names[USER_ROLE_COUNT_MAX]
			 [ROLE_LIST_MAX / USER_ROLE_COUNT_MAX];
	static const char *roles[USER_ROLE_COUNT_MAX];
	static char text[4 * LONGEST_TEXT + 1], name[4 * USER_NAME_MAX + 1],
		full_name[4 * USER_FULL_NAME_MAX + 1],
		avatar[USER_AVATAR_MAX + 1];
	static struct user_attribute attributes[ATTRIBUTES_MAX];

	for (size_t i = 0; i < USER_ROLE_COUNT_MAX; i++) {
		/* Two quotes and a comma beside each. */
		(void)snprintf(names[i], sizeof(names[i]) - 3, "%020zu", i);
		roles[i] = names[i];
	}
	for (size_t i = 0; i < ATTRIBUTES_MAX; i++)
		attributes[i] = (struct user_attribute){
			.name = f->server.attributes.rows[i].name,
			.type = USER_ATTRIBUTE_TEXT,
			.text = wide(text, LONGEST_TEXT),
		};
	memset(avatar, 'x', USER_AVATAR_MAX);
	user->avatar = avatar;
	user->first_name = user->last_name = wide(name, USER_NAME_MAX);
	user->name = wide(full_name, USER_FULL_NAME_MAX);
	user->roles = roles;
	user->role_count = USER_ROLE_COUNT_MAX;
	user->attributes = attributes;
	user->attribute_count = ATTRIBUTES_MAX;
}

/* Adds so many of them, in a call's memory of the default size. */
static void
fill_with_longest(struct service_fixture *f, int count)
{
	void *memory = test_malloc(MESSAGE_ARENA_SIZE);
	size_t mark = f->kept.used;

	arena_init(&f->arena, memory, MESSAGE_ARENA_SIZE);
	declare_longest(f);
	for (int i = 0; i < count; i++) {
		char email[USER_EMAIL_MAX + 1], username[USER_USERNAME_MAX + 1];
		struct user user = { .email = email,
			             .username = username,
			             .is_active = true };

		(void)snprintf(email, sizeof(email), "%0*d@example.com",
		               USER_EMAIL_MAX - 12, i);
		(void)snprintf(username, sizeof(username), "%0*d",
		               USER_USERNAME_MAX, i);
		write_longest(f, &user);
		(void)service_fixture_add(f, &user);
		arena_rewind(&f->kept, mark);
	}
}

static void
drop_memory(struct service_fixture *f)
{
	test_free(f->arena.data);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
}

static enum code
list(struct service_fixture *f, Latchkey__V1__ListUsersRequest *req,
     Latchkey__V1__ListUsersResponse *resp)
{
	service_fixture_next(f);
	f->call.deadline_ms = clock_monotonic_ms() + 60000;
	latchkey__v1__list_users_response__init(resp);
	return user_list_users(&f->call, req, resp);
}

static void
a_page_of_users_who_wrote_all_they_may_can_be_sent(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__ListUsersRequest req =
		LATCHKEY__V1__LIST_USERS_REQUEST__INIT;
	Latchkey__V1__ListUsersResponse resp;
	size_t size;

	fill_with_longest(f, 60);
	assert_int_equal(list(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.n_users, 50);
	assert_int_equal(resp.total_count, 60);
	/* Nobody is longer than the sums say, nor much shorter. */
	size = latchkey__v1__user__get_packed_size(resp.users[49]);
	assert_true(size <= USER_MESSAGE_MAX && size > USER_MESSAGE_MAX - 900);
	size = latchkey__v1__list_users_response__get_packed_size(&resp);
	assert_true(size <= REPLY_PAYLOAD_MAX);
	drop_memory(f);
}

static void
a_page_too_long_to_be_sent_names_its_size(void **state)
{
	static const size_t memory[] = { MESSAGE_ARENA_SIZE, 524288 };
	struct service_fixture *f = *state;
	Latchkey__V1__ListUsersRequest req =
		LATCHKEY__V1__LIST_USERS_REQUEST__INIT;
	Latchkey__V1__ListUsersResponse resp;

	fill_with_longest(f, 80);
	req.page_size = 200;
	/* Whether the answer's length or the call's memory ends it. */
	for (size_t i = 0; i < 2; i++) {
		arena_reset(&f->arena);
		f->arena.size = memory[i];
		assert_int_equal(list(f, &req, &resp), CODE_INVALID_ARGUMENT);
		assert_int_equal(f->call.reason, REASON(FIELD_INVALID));
		assert_int_equal(f->call.violation_count, 1);
		assert_string_equal(f->call.violations[0].field, "page_size");
		assert_string_equal(f->call.violations[0].code, "too_large");
	}
	req.page_size = 10;
	assert_int_equal(list(f, &req, &resp), CODE_OK);
	drop_memory(f);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, service_fixture_setup,             \
	                                service_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_page_of_users_who_wrote_all_they_may_can_be_sent),
		TEST(a_page_too_long_to_be_sent_names_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
