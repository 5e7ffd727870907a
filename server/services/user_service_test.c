#include "server/services/user_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "proto/latchkey/v1/user_service.pb-c.h"
#include "server/services/service_fixture.h"
#include "server/store/avatar_store.h"
#include "server/store/link_store.h"
#include "server/store/role_store.h"
#include "server/store/session_store.h"
#include "server/store/store_fixture.h"

#define CREATE(name) LATCHKEY__V1__CREATE_USER_REQUEST__##name
#define UPDATE(name) LATCHKEY__V1__UPDATE_USER_REQUEST__##name
#define IS_ACTIVE LATCHKEY__V1__LIST_USERS_REQUEST__IS_ACTIVE_PRESENCE_IS_ACTIVE

/* Who there is: ids in the order in which setup adds them. */
enum { NOBODY, ROOT, CLERK, ADA, BOB };

static void
add_role(struct service_fixture *f, const char *name)
{
	const struct role_entry role = { .name = name, .description = "" };
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	role_store_add(&txn, &f->kept, &role);
	assert_int_equal(store_end(&txn), CODE_OK);
}

/*
 * A superuser; a clerk: staff with the role Fleet; Ada: a user with the role
 * Fleet; Bob: a user with the role Money. The superuser calls.
 */
static int
setup(void **state)
{
	static const char *const fleet[] = { "Fleet" }, *const money[] = {
		"Money"
	};
	struct service_fixture *f;

	assert_int_equal(service_fixture_setup(state), 0);
	f = *state;
	add_role(f, "Fleet");
	add_role(f, "Money");
	(void)service_fixture_add(f, &(struct user){ .email = "root@x.org",
	                                             .is_active = true,
	                                             .is_staff = true,
	                                             .is_superuser = true });
	(void)service_fixture_add(f, &(struct user){ .email = "clerk@x.org",
	                                             .is_active = true,
	                                             .is_staff = true,
	                                             .roles = fleet,
	                                             .role_count = 1 });
	(void)service_fixture_add(f, &(struct user){ .email = "Ada@x.org",
	                                             .username = "ada",
	                                             .first_name = "Ada",
	                                             .last_name = "Byron",
	                                             .is_active = true,
	                                             .email_verified = true,
	                                             .roles = fleet,
	                                             .role_count = 1 });
	assert_int_equal(
		service_fixture_add(f, &(struct user){ .email = "bob@x.org",
	                                               .is_active = true,
	                                               .roles = money,
	                                               .role_count = 1 }),
		BOB);
	(void)service_fixture_be(f, ROOT);
	return 0;
}

static void
assert_refused(const struct service_fixture *f, enum code code,
               enum code expected, Latchkey__Rpc__V1__Reason reason)
{
	assert_int_equal(code, expected);
	assert_int_equal(f->call.reason, reason);
}

static void
assert_violation(const struct service_fixture *f, const char *field,
                 const char *message)
{
	for (size_t i = 0; i < f->call.violation_count; i++)
		if (strcmp(f->call.violations[i].field, field) == 0) {
			assert_string_equal(f->call.violations[i].message,
			                    message);
			return;
		}
	fail_msg("no violation of %s", field);
}

/* An update of user `id`; the caller of this sets what is to change. */
static Latchkey__V1__UpdateUserRequest
update_of(uint64_t id)
{
	Latchkey__V1__UpdateUserRequest req =
		LATCHKEY__V1__UPDATE_USER_REQUEST__INIT;

	req.id = id;
	return req;
}

static enum code
update(struct service_fixture *f, const Latchkey__V1__UpdateUserRequest *req,
       Latchkey__V1__UpdateUserResponse *resp)
{
	service_fixture_next(f);
	latchkey__v1__update_user_response__init(resp);
	return user_update_user(&f->call, req, resp);
}

static enum code
update_email(struct service_fixture *f, uint64_t id, char *email)
{
	Latchkey__V1__UpdateUserRequest req = update_of(id);
	Latchkey__V1__UpdateUserResponse resp;

	req.email_presence_case = UPDATE(EMAIL_PRESENCE_EMAIL);
	req.email = email;
	return update(f, &req, &resp);
}

static enum code
update_flag(struct service_fixture *f, uint64_t id, bool staff, bool value)
{
	Latchkey__V1__UpdateUserRequest req = update_of(id);
	Latchkey__V1__UpdateUserResponse resp;

	if (staff) {
		req.is_staff_presence_case = UPDATE(IS_STAFF_PRESENCE_IS_STAFF);
		req.is_staff = value;
	} else {
		req.is_superuser_presence_case =
			UPDATE(IS_SUPERUSER_PRESENCE_IS_SUPERUSER);
		req.is_superuser = value;
	}
	return update(f, &req, &resp);
}

static enum code
set_roles(struct service_fixture *f, uint64_t id, char **roles, size_t count)
{
	Latchkey__V1__SetUserRolesRequest req =
		LATCHKEY__V1__SET_USER_ROLES_REQUEST__INIT;
	Latchkey__V1__SetUserRolesResponse resp =
		LATCHKEY__V1__SET_USER_ROLES_RESPONSE__INIT;

	service_fixture_next(f);
	req.id = id;
	req.roles = roles;
	req.n_roles = count;
	return user_set_user_roles(&f->call, &req, &resp);
}

static enum code
deactivate(struct service_fixture *f, uint64_t id)
{
	Latchkey__V1__DeactivateUserRequest req =
		LATCHKEY__V1__DEACTIVATE_USER_REQUEST__INIT;
	Latchkey__V1__DeactivateUserResponse resp =
		LATCHKEY__V1__DEACTIVATE_USER_RESPONSE__INIT;

	service_fixture_next(f);
	req.id = id;
	return user_deactivate_user(&f->call, &req, &resp);
}

static enum code
activate(struct service_fixture *f, uint64_t id)
{
	Latchkey__V1__ActivateUserRequest req =
		LATCHKEY__V1__ACTIVATE_USER_REQUEST__INIT;
	Latchkey__V1__ActivateUserResponse resp =
		LATCHKEY__V1__ACTIVATE_USER_RESPONSE__INIT;

	service_fixture_next(f);
	req.id = id;
	return user_activate_user(&f->call, &req, &resp);
}

static enum code
del(struct service_fixture *f, uint64_t id)
{
	Latchkey__V1__DeleteUserRequest req =
		LATCHKEY__V1__DELETE_USER_REQUEST__INIT;
	Latchkey__V1__DeleteUserResponse resp =
		LATCHKEY__V1__DELETE_USER_RESPONSE__INIT;

	service_fixture_next(f);
	req.id = id;
	return user_delete_user(&f->call, &req, &resp);
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

static enum code
create(struct service_fixture *f, const Latchkey__V1__CreateUserRequest *req,
       Latchkey__V1__CreateUserResponse *resp)
{
	latchkey__v1__create_user_response__init(resp);
	return user_create_user(&f->call, req, resp);
}

static Latchkey__V1__CreateUserRequest
new_user(char *email, char *password)
{
	Latchkey__V1__CreateUserRequest req =
		LATCHKEY__V1__CREATE_USER_REQUEST__INIT;

	req.email = email;
	if (password != NULL) {
		req.password_presence_case = CREATE(PASSWORD_PRESENCE_PASSWORD);
		req.password = password;
	}
	return req;
}

/* add_many adds user0@many.org and so on, in one commit. */
static void
add_many(struct service_fixture *f, int count)
{
	size_t mark = f->kept.used;
	struct store_txn txn;
	char email[32];

	store_begin_write(f->store, &txn);
	for (int i = 0; i < count; i++) {
		struct user user = { .email = email,
			             .username = "",
			             .first_name = "",
			             .last_name = "",
			             .name = "",
			             .password_hash = f->hash,
			             .avatar = "",
			             .is_active = true };

		(void)snprintf(email, sizeof(email), "user%d@many.org", i);
		user_store_add(&txn, &f->kept, &user);
		arena_rewind(&f->kept, mark);
	}
	assert_int_equal(store_end(&txn), CODE_OK);
}

static bool
is_alive(struct service_fixture *f, uint64_t user_id)
{
	struct session_list sessions = { 0 };
	struct store_txn txn;

	store_begin_read(f->store, &txn);
	assert_int_equal(
		session_store_list(&txn, &f->kept, user_id, 1, &sessions),
		CODE_OK);
	assert_int_equal(store_end(&txn), CODE_OK);
	return sessions.count > 0 && sessions.sessions[0].ended_at_us == 0;
}

static void
the_list_is_paged_by_id(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__ListUsersRequest req =
		LATCHKEY__V1__LIST_USERS_REQUEST__INIT;
	Latchkey__V1__ListUsersResponse resp;

	assert_int_equal(list(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.total_count, 4);
	assert_int_equal(resp.n_users, 4);
	assert_int_equal(resp.page, 1);
	assert_int_equal(resp.page_size, 50);
	for (size_t i = 0; i < resp.n_users; i++)
		assert_int_equal(resp.users[i]->id, i + 1);

	req.page = 2;
	req.page_size = 3;
	assert_int_equal(list(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.total_count, 4);
	assert_int_equal(resp.n_users, 1);
	assert_int_equal(resp.users[0]->id, BOB);
	assert_int_equal(resp.page, 2);
}

static void
a_page_beyond_the_last_is_not_found_but_the_first_is(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__ListUsersRequest req =
		LATCHKEY__V1__LIST_USERS_REQUEST__INIT;
	Latchkey__V1__ListUsersResponse resp;

	req.page = 2;
	req.page_size = 4;
	assert_refused(f, list(f, &req, &resp), CODE_NOT_FOUND,
	               REASON(PAGE_INVALID));
	req.page = UINT32_MAX;
	req.page_size = 200;
	assert_refused(f, list(f, &req, &resp), CODE_NOT_FOUND,
	               REASON(PAGE_INVALID));
	req.page = 1;
	req.search = (char *)"nobody is called so";
	assert_int_equal(list(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.n_users, 0);
	assert_int_equal(resp.total_count, 0);
	req.page_size = 201;
	assert_refused(f, list(f, &req, &resp), CODE_INVALID_ARGUMENT,
	               REASON(FIELD_INVALID));
}

static void
the_list_is_searched_without_regard_to_case(void **state)
{
	static const struct {
		const char *search;
		uint64_t found; /* NOBODY: none */
	} cases[] = {
		{ "ADA@X", ADA },   { "byRON", ADA },  { "bob@", BOB },
		{ "clerk", CLERK }, { "zzz", NOBODY },
	};
	struct service_fixture *f = *state;
	Latchkey__V1__ListUsersRequest req =
		LATCHKEY__V1__LIST_USERS_REQUEST__INIT;
	Latchkey__V1__ListUsersResponse resp;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		req.search = (char *)cases[i].search;
		assert_int_equal(list(f, &req, &resp), CODE_OK);
		assert_int_equal(resp.n_users, cases[i].found != NOBODY);
		if (cases[i].found != NOBODY)
			assert_int_equal(resp.users[0]->id, cases[i].found);
	}
}

static void
the_list_is_filtered_by_role_and_activity(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__ListUsersRequest req =
		LATCHKEY__V1__LIST_USERS_REQUEST__INIT;
	Latchkey__V1__ListUsersResponse resp;

	req.role = (char *)"Fleet";
	assert_int_equal(list(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.total_count, 2);
	assert_int_equal(resp.users[1]->id, ADA);

	assert_int_equal(deactivate(f, ADA), CODE_OK);
	req.is_active_presence_case = IS_ACTIVE;
	req.is_active = true;
	assert_int_equal(list(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.total_count, 1);
	assert_int_equal(resp.users[0]->id, CLERK);
	req.is_active = false;
	assert_int_equal(list(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.total_count, 1);
	assert_int_equal(resp.users[0]->id, ADA);
}

static void
a_page_needs_no_memory_for_the_users_beside_it(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__ListUsersRequest req =
		LATCHKEY__V1__LIST_USERS_REQUEST__INIT;
	Latchkey__V1__ListUsersResponse resp;

	add_many(f, 1500);
	req.search = (char *)"many.org";
	req.page = 1500;
	req.page_size = 1;
	f->arena.size = 16384;
	assert_int_equal(list(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.total_count, 1500);
	assert_string_equal(resp.users[0]->email, "user1499@many.org");
}

static void
a_list_that_takes_too_long_is_given_up(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__ListUsersRequest req =
		LATCHKEY__V1__LIST_USERS_REQUEST__INIT;
	Latchkey__V1__ListUsersResponse resp =
		LATCHKEY__V1__LIST_USERS_RESPONSE__INIT;

	add_many(f, 600);
	service_fixture_next(f);
	f->call.deadline_ms = clock_monotonic_ms() - 1;
	assert_refused(f, user_list_users(&f->call, &req, &resp),
	               CODE_DEADLINE_EXCEEDED, REASON(DEADLINE_PASSED));
}

static void
a_user_is_found_by_id_or_not_found(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__GetUserRequest req = LATCHKEY__V1__GET_USER_REQUEST__INIT;
	Latchkey__V1__GetUserResponse resp =
		LATCHKEY__V1__GET_USER_RESPONSE__INIT;

	service_fixture_next(f);
	req.id = ADA;
	assert_int_equal(user_get_user(&f->call, &req, &resp), CODE_OK);
	assert_string_equal(resp.user->email, "Ada@x.org");
	req.id = 99;
	assert_int_equal(user_get_user(&f->call, &req, &resp), CODE_NOT_FOUND);
	req.id = 0;
	assert_int_equal(user_get_user(&f->call, &req, &resp), CODE_NOT_FOUND);
}

static void
a_user_is_created_with_all_that_is_asked_for(void **state)
{
	struct service_fixture *f = *state;
	char *roles[] = { "Money", "Fleet", "Money" };
	Latchkey__V1__CreateUserRequest req =
		new_user("New@x.org", "correct horse battery");
	Latchkey__V1__CreateUserResponse resp;
	struct user user;
	struct mail mail;

	req.username_presence_case = CREATE(USERNAME_PRESENCE_USERNAME);
	req.username = (char *)"newt";
	req.first_name = (char *)"New";
	req.last_name = (char *)"Ton";
	req.name = (char *)"Sir New Ton";
	req.is_active_presence_case = CREATE(IS_ACTIVE_PRESENCE_IS_ACTIVE);
	req.is_active = false;
	req.is_staff = true;
	req.is_superuser = true;
	req.roles = roles;
	req.n_roles = 3;
	service_fixture_next(f);
	assert_int_equal(create(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.n_password_warnings, 0);
	assert_string_equal(resp.user->full_name, "New Ton");

	user = service_fixture_get(f, resp.user->id);
	assert_string_equal(user.email, "New@x.org");
	assert_string_equal(user.username, "newt");
	assert_string_equal(user.name, "Sir New Ton");
	assert_false(user.is_active);
	assert_false(user.email_verified);
	assert_true(user.is_staff && user.is_superuser);
	assert_int_equal(user.role_count, 2);
	assert_string_equal(user.roles[0], "Fleet");
	assert_int_equal(user.joined_at_us, START);
	assert_int_equal(user.password_set_at_us, START);
	assert_false(service_fixture_mail(f, &mail));
}

static void
a_weak_password_is_taken_with_a_warning(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__CreateUserRequest req = new_user("new@x.org", "123");
	Latchkey__V1__CreateUserResponse resp;

	service_fixture_next(f);
	assert_int_equal(create(f, &req, &resp), CODE_OK);
	assert_true(resp.n_password_warnings >= 2);
	assert_string_equal(resp.password_warnings[0],
	                    "This password is too short. It must contain at "
	                    "least 8 characters.");
}

static void
without_a_password_the_owner_is_invited(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__CreateUserRequest req = new_user("new@x.org", NULL);
	Latchkey__V1__CreateUserResponse resp;
	struct user user;
	struct mail mail;

	service_fixture_next(f);
	assert_int_equal(create(f, &req, &resp), CODE_OK);
	assert_true(resp.user->is_active);
	user = service_fixture_get(f, resp.user->id);
	assert_string_equal(user.password_hash, USER_PASSWORD_UNUSABLE);
	assert_int_equal(user.password_set_at_us, 0);
	assert_true(service_fixture_mail(f, &mail));
	assert_string_equal(mail.to, "new@x.org");
	assert_string_equal(mail.template_name, "invitation");
	assert_false(service_fixture_mail(f, &mail));
}

static void
where_addresses_are_verified_a_new_one_is_asked_for(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__CreateUserRequest req =
		new_user("new@x.org", "correct horse battery");
	Latchkey__V1__CreateUserResponse resp;
	struct mail mail;

	f->server.registration = REGISTRATION_VERIFY;
	service_fixture_next(f);
	assert_int_equal(create(f, &req, &resp), CODE_OK);
	assert_true(service_fixture_mail(f, &mail));
	assert_string_equal(mail.template_name, "verify");
	assert_int_equal(update_email(f, ADA, "countess@x.org"), CODE_OK);
	assert_true(service_fixture_mail(f, &mail));
	assert_string_equal(mail.template_name, "verify");
	assert_string_equal(mail.to, "countess@x.org");
}

static void
every_bad_field_is_told_at_once(void **state)
{
	struct service_fixture *f = *state;
	char *roles[] = { "Ghost", "a/b" };
	Latchkey__V1__CreateUserRequest req = new_user("nobody", NULL);
	Latchkey__V1__CreateUserResponse resp;
	char overlong[152];

	memset(overlong, 'x', sizeof(overlong) - 1);
	overlong[sizeof(overlong) - 1] = '\0';
	req.username_presence_case = CREATE(USERNAME_PRESENCE_USERNAME);
	req.username = (char *)"a b";
	req.first_name = overlong;
	req.roles = roles;
	req.n_roles = 2;
	service_fixture_next(f);
	assert_refused(f, create(f, &req, &resp), CODE_INVALID_ARGUMENT,
	               REASON(FIELD_INVALID));
	assert_violation(f, "email", "Enter a valid email address.");
	assert_violation(f, "first_name",
	                 "Ensure this field has no more than 150 characters.");
	assert_violation(f, "roles", "Role \"Ghost\" does not exist.");
	assert_int_equal(f->call.violation_count, 5);
	assert_string_equal(f->call.violations[0].field, "email");
	assert_string_equal(f->call.violations[1].field, "username");
}

static void
names_that_somebody_has_are_refused(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__CreateUserRequest req = new_user("ADA@x.org", NULL);
	Latchkey__V1__CreateUserResponse resp;

	req.username_presence_case = CREATE(USERNAME_PRESENCE_USERNAME);
	req.username = (char *)"Ada";
	service_fixture_next(f);
	assert_refused(f, create(f, &req, &resp), CODE_INVALID_ARGUMENT,
	               REASON(FIELD_INVALID));
	assert_violation(f, "email", "user with this email already exists.");
	assert_violation(f, "username",
	                 "A user with that username already exists.");
	assert_refused(f, update_email(f, BOB, "ada@X.org"),
	               CODE_INVALID_ARGUMENT, REASON(FIELD_INVALID));
	assert_violation(f, "email", "user with this email already exists.");
}

static void
a_creation_repeated_makes_one_user_and_one_mail(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__CreateUserRequest req = new_user("new@x.org", NULL);
	Latchkey__V1__CreateUserResponse resp;
	struct mail mail;
	uint64_t id;

	service_fixture_next(f);
	assert_int_equal(create(f, &req, &resp), CODE_OK);
	id = resp.user->id;
	service_fixture_repeat(f);
	assert_int_equal(create(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.user->id, id);
	assert_true(service_fixture_mail(f, &mail));
	assert_false(service_fixture_mail(f, &mail));

	service_fixture_repeat(f);
	req.first_name = (char *)"Other";
	assert_refused(f, create(f, &req, &resp), CODE_ALREADY_EXISTS,
	               REASON(REQUEST_ID_REUSED));
}

static void
staff_create_nobody_above_themselves(void **state)
{
	struct service_fixture *f = *state;
	char *fleet[] = { "Fleet" }, *money[] = { "Money" };
	Latchkey__V1__CreateUserRequest req = new_user("new@x.org", NULL);
	Latchkey__V1__CreateUserResponse resp;

	(void)service_fixture_be(f, CLERK);
	service_fixture_next(f);
	req.is_superuser = true;
	assert_refused(f, create(f, &req, &resp), CODE_PERMISSION_DENIED,
	               REASON(RANK_TOO_LOW));
	req.is_superuser = false;
	req.is_staff = true;
	service_fixture_next(f);
	assert_refused(f, create(f, &req, &resp), CODE_PERMISSION_DENIED,
	               REASON(RANK_TOO_LOW));
	req.is_staff = false;
	req.roles = money;
	req.n_roles = 1;
	service_fixture_next(f);
	assert_refused(f, create(f, &req, &resp), CODE_PERMISSION_DENIED,
	               REASON(RANK_TOO_LOW));
	req.roles = fleet;
	service_fixture_next(f);
	assert_int_equal(create(f, &req, &resp), CODE_OK);
}

static void
an_update_changes_what_is_present_and_nothing_else(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__UpdateUserRequest req = update_of(ADA);
	Latchkey__V1__UpdateUserResponse resp;
	struct user user;

	req.first_name_presence_case = UPDATE(FIRST_NAME_PRESENCE_FIRST_NAME);
	req.first_name = (char *)"Augusta";
	assert_int_equal(update(f, &req, &resp), CODE_OK);
	assert_string_equal(resp.user->full_name, "Augusta Byron");
	user = service_fixture_get(f, ADA);
	assert_string_equal(user.first_name, "Augusta");
	assert_string_equal(user.email, "Ada@x.org");
	assert_true(user.email_verified);
	assert_int_equal(user.role_count, 1);

	req = update_of(ADA);
	req.username_presence_case = UPDATE(USERNAME_PRESENCE_USERNAME);
	req.username = (char *)"";
	assert_int_equal(update(f, &req, &resp), CODE_OK);
	assert_string_equal(service_fixture_get(f, ADA).username, "");
}

/* mail_link gives Ada an open link; its number is its hash. */
static void
mail_link(struct service_fixture *f, enum link_purpose purpose, uint8_t number)
{
	const struct link link = { .hash = { number },
		                   .purpose = purpose,
		                   .user_id = ADA,
		                   .email = "Ada@x.org",
		                   .created_at_us = START,
		                   .expires_at_us = START + SECOND };
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	link_store_add(&txn, &f->kept, &link);
	assert_int_equal(store_end(&txn), CODE_OK);
}

static bool
is_open(struct service_fixture *f, uint8_t number)
{
	const uint8_t hash[LINK_HASH_SIZE] = { number };
	struct store_txn txn;
	struct link link;

	store_begin_read(f->store, &txn);
	assert_int_equal(link_store_find(&txn, &f->kept, hash, &link), CODE_OK);
	assert_int_equal(store_end(&txn), CODE_OK);
	return link.used_at_us == 0;
}

static void
another_address_is_unverified_and_ends_open_links(void **state)
{
	struct service_fixture *f = *state;
	struct mail mail;

	mail_link(f, LINK_RESET_PASSWORD, 1);
	assert_int_equal(update_email(f, ADA, "countess@x.org"), CODE_OK);
	assert_false(service_fixture_get(f, ADA).email_verified);
	assert_false(is_open(f, 1));
	assert_false(service_fixture_mail(f, &mail));
}

/* An invitation stays: its owner has no other way in. */
static void
who_is_deactivated_has_no_open_reset(void **state)
{
	struct service_fixture *f = *state;

	mail_link(f, LINK_RESET_PASSWORD, 1);
	mail_link(f, LINK_INVITATION, 2);
	assert_int_equal(deactivate(f, ADA), CODE_OK);
	assert_int_equal(activate(f, ADA), CODE_OK);
	assert_false(is_open(f, 1));
	assert_true(is_open(f, 2));
}

static void
an_invitation_follows_the_address(void **state)
{
	struct service_fixture *f = *state;
	uint64_t id = service_fixture_add(
		f, &(struct user){ .email = "new@x.org",
	                           .is_active = true,
	                           .password_hash = USER_PASSWORD_UNUSABLE });
	struct mail mail;

	assert_int_equal(update_email(f, id, "newer@x.org"), CODE_OK);
	assert_true(service_fixture_mail(f, &mail));
	assert_string_equal(mail.template_name, "invitation");
	assert_string_equal(mail.to, "newer@x.org");
}

static void
a_username_with_an_at_must_follow_the_address(void **state)
{
	struct service_fixture *f = *state;
	uint64_t id =
		service_fixture_add(f, &(struct user){ .email = "eve@x.org",
	                                               .username = "eve@x.org",
	                                               .is_active = true });

	assert_refused(f, update_email(f, id, "eva@x.org"),
	               CODE_INVALID_ARGUMENT, REASON(FIELD_INVALID));
	assert_violation(f, "username",
	                 "A username with @ must be your own e-mail address.");
}

static void
staff_touch_no_superuser(void **state)
{
	struct service_fixture *f = *state;

	(void)service_fixture_be(f, CLERK);
	assert_refused(f, update_email(f, ROOT, "own@x.org"),
	               CODE_PERMISSION_DENIED, REASON(RANK_TOO_LOW));
	assert_refused(f, deactivate(f, ROOT), CODE_PERMISSION_DENIED,
	               REASON(RANK_TOO_LOW));
	assert_refused(f, activate(f, ROOT), CODE_PERMISSION_DENIED,
	               REASON(RANK_TOO_LOW));
	assert_refused(f, del(f, ROOT), CODE_PERMISSION_DENIED,
	               REASON(RANK_TOO_LOW));
	assert_refused(f, set_roles(f, ROOT, NULL, 0), CODE_PERMISSION_DENIED,
	               REASON(RANK_TOO_LOW));
}

static void
staff_lift_neither_themselves_nor_others(void **state)
{
	struct service_fixture *f = *state;
	char *both[] = { "Fleet", "Money" };

	(void)service_fixture_be(f, CLERK);
	for (uint64_t id = CLERK; id <= ADA; id++) {
		assert_refused(f, update_flag(f, id, false, true),
		               CODE_PERMISSION_DENIED, REASON(RANK_TOO_LOW));
		assert_refused(f, set_roles(f, id, both, 2),
		               CODE_PERMISSION_DENIED, REASON(RANK_TOO_LOW));
	}
	assert_refused(f, update_flag(f, ADA, true, true),
	               CODE_PERMISSION_DENIED, REASON(RANK_TOO_LOW));
	/* Nor do they take what they could not give. */
	assert_refused(f, set_roles(f, BOB, NULL, 0), CODE_PERMISSION_DENIED,
	               REASON(RANK_TOO_LOW));
	assert_refused(f, update_flag(f, CLERK, true, false),
	               CODE_PERMISSION_DENIED, REASON(RANK_TOO_LOW));
	/* What stays as it is needs no rank. */
	assert_int_equal(update_flag(f, CLERK, true, true), CODE_OK);
	assert_int_equal(set_roles(f, ADA, NULL, 0), CODE_OK);
}

static void
staff_take_over_no_account_by_its_address(void **state)
{
	struct service_fixture *f = *state;

	(void)service_fixture_be(f, CLERK);
	/* A reset mailed to the new address would bring the role Money. */
	assert_refused(f, update_email(f, BOB, "clerk2@x.org"),
	               CODE_PERMISSION_DENIED, REASON(RANK_TOO_LOW));
	assert_int_equal(update_email(f, ADA, "countess@x.org"), CODE_OK);
}

static void
the_last_active_superuser_stays_one(void **state)
{
	struct service_fixture *f = *state;
	uint64_t second =
		service_fixture_add(f, &(struct user){ .email = "second@x.org",
	                                               .is_staff = true,
	                                               .is_superuser = true });

	/* Inactive, the second is no help. */
	assert_refused(f, deactivate(f, ROOT), CODE_FAILED_PRECONDITION,
	               REASON(LAST_SUPERUSER));
	assert_refused(f, del(f, ROOT), CODE_FAILED_PRECONDITION,
	               REASON(LAST_SUPERUSER));
	assert_refused(f, update_flag(f, ROOT, false, false),
	               CODE_FAILED_PRECONDITION, REASON(LAST_SUPERUSER));
	assert_true(service_fixture_get(f, ROOT).is_active);

	assert_int_equal(activate(f, second), CODE_OK);
	assert_int_equal(deactivate(f, ROOT), CODE_OK);
	(void)service_fixture_be(f, second);
	assert_refused(f, del(f, second), CODE_FAILED_PRECONDITION,
	               REASON(LAST_SUPERUSER));
	assert_int_equal(del(f, ROOT), CODE_OK);
}

static void
who_is_deactivated_has_no_sessions(void **state)
{
	struct service_fixture *f = *state;

	(void)service_fixture_open(f, ADA, "");
	assert_true(is_alive(f, ADA));
	assert_int_equal(deactivate(f, ADA), CODE_OK);
	assert_false(is_alive(f, ADA));
	assert_false(service_fixture_get(f, ADA).is_active);
	assert_int_equal(deactivate(f, ADA), CODE_OK);
	assert_int_equal(activate(f, ADA), CODE_OK);
	assert_int_equal(activate(f, ADA), CODE_OK);
	assert_true(service_fixture_get(f, ADA).is_active);
	assert_false(is_alive(f, ADA));
}

static void
who_is_deleted_leaves_nothing(void **state)
{
	static const char path[] =
		"2023/11/14/0123456789abcdef0123456789abcdef.png";
	struct service_fixture *f = *state;
	struct user user = service_fixture_get(f, ADA);
	struct avatar avatar = { .path = path,
		                 .user_id = ADA,
		                 .media_type = "image/png",
		                 .image = { "png", 3 },
		                 .created_at_us = START };
	struct store_txn txn;

	/* More than go in one transaction. */
	for (int i = 0; i < 300; i++)
		(void)service_fixture_open(f, ADA, "");
	user.avatar = "/media/avatars/"
		      "2023/11/14/0123456789abcdef0123456789abcdef.png";
	service_fixture_put(f, &user);
	store_begin_write(f->store, &txn);
	avatar_store_add(&txn, &f->kept, &avatar);
	assert_int_equal(store_end(&txn), CODE_OK);

	assert_int_equal(del(f, ADA), CODE_OK);
	store_begin_read(f->store, &txn);
	assert_int_equal(user_store_find(&txn, &f->kept, ADA, &user),
	                 CODE_NOT_FOUND);
	assert_int_equal(avatar_store_find(&txn, &f->kept, path, &avatar),
	                 CODE_NOT_FOUND);
	assert_int_equal(store_end(&txn), CODE_OK);
	/* The caller's own is the only one left. */
	assert_int_equal(store_fixture_count(f->store, STORE_SESSION), 1);
	assert_int_equal(del(f, ADA), CODE_NOT_FOUND);
}

static void
roles_are_replaced_and_must_exist(void **state)
{
	struct service_fixture *f = *state;
	char *both[] = { "Money", "Fleet", "Fleet" }, *ghost[] = { "Ghost" };
	struct user user;

	assert_int_equal(set_roles(f, ADA, both, 3), CODE_OK);
	user = service_fixture_get(f, ADA);
	assert_int_equal(user.role_count, 2);
	assert_string_equal(user.roles[1], "Money");
	assert_refused(f, set_roles(f, ADA, ghost, 1), CODE_INVALID_ARGUMENT,
	               REASON(FIELD_INVALID));
	assert_violation(f, "roles", "Role \"Ghost\" does not exist.");
	assert_int_equal(set_roles(f, 99, both, 2), CODE_NOT_FOUND);
}

static void
roles_too_long_for_a_token_are_refused(void **state)
{
	struct service_fixture *f = *state;
	char names[20][81], *list[20];
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	for (int i = 0; i < 20; i++) {
		const struct role_entry role = { .name = names[i],
			                         .description = "" };

		(void)snprintf(names[i], sizeof(names[i]), "%080d", i);
		list[i] = names[i];
		role_store_add(&txn, &f->kept, &role);
	}
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(set_roles(f, ADA, list, 18), CODE_OK);
	assert_refused(f, set_roles(f, ADA, list, 19), CODE_INVALID_ARGUMENT,
	               REASON(FIELD_INVALID));
	assert_violation(f, "roles",
	                 "The roles' names are too long together: as a list in "
	                 "a token they may have 1536 bytes.");
	assert_int_equal(service_fixture_get(f, ADA).role_count, 18);
}

static void
staff_write_attributes_that_staff_may(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__Attribute values[2],
		*list[2] = { &values[0], &values[1] };
	Latchkey__V1__UpdateUserRequest req = update_of(ADA);
	Latchkey__V1__UpdateUserResponse resp;

	f->server.attributes = (struct attribute_table){
		.rows = { { "desk", ATTRIBUTE_TEXT, ATTRIBUTE_BY_STAFF },
		          { "score", ATTRIBUTE_INTEGER, ATTRIBUTE_BY_NOBODY } },
		.count = 2,
	};
	for (size_t i = 0; i < 2; i++)
		latchkey__v1__attribute__init(&values[i]);
	values[0].name = (char *)"desk";
	values[0].value_case = LATCHKEY__V1__ATTRIBUTE__VALUE_TEXT;
	values[0].text = (char *)"B 12";
	values[1].name = (char *)"score";
	values[1].value_case = LATCHKEY__V1__ATTRIBUTE__VALUE_INTEGER;
	values[1].integer = 7;
	req.attributes = list;
	req.n_attributes = 2;
	assert_int_equal(update(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.user->n_attributes, 2);
	assert_string_equal(resp.user->attributes[0]->text, "B 12");
	assert_int_equal(resp.user->attributes[1]->value_case,
	                 LATCHKEY__V1__ATTRIBUTE__VALUE__NOT_SET);
}

/* With too little memory a change is refused and nothing is written. */
static void
a_small_arena_is_refused_without_effect(void **state)
{
	struct service_fixture *f = *state;
	enum code code = CODE_RESOURCE_EXHAUSTED;

	for (size_t size = 0; code != CODE_OK; size += 64) {
		f->arena.size = size;
		f->arena.full = false;
		code = update_email(f, ADA, "countess@x.org");
		if (code == CODE_OK)
			break;
		assert_int_equal(code, CODE_RESOURCE_EXHAUSTED);
	}
	assert_string_equal(service_fixture_get(f, ADA).email,
	                    "countess@x.org");
}

#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, setup, service_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_list_is_paged_by_id),
		CASE(a_page_beyond_the_last_is_not_found_but_the_first_is),
		CASE(the_list_is_searched_without_regard_to_case),
		CASE(the_list_is_filtered_by_role_and_activity),
		CASE(a_page_needs_no_memory_for_the_users_beside_it),
		CASE(a_list_that_takes_too_long_is_given_up),
		CASE(a_user_is_found_by_id_or_not_found),
		CASE(a_user_is_created_with_all_that_is_asked_for),
		CASE(a_weak_password_is_taken_with_a_warning),
		CASE(without_a_password_the_owner_is_invited),
		CASE(where_addresses_are_verified_a_new_one_is_asked_for),
		CASE(every_bad_field_is_told_at_once),
		CASE(names_that_somebody_has_are_refused),
		CASE(a_creation_repeated_makes_one_user_and_one_mail),
		CASE(staff_create_nobody_above_themselves),
		CASE(an_update_changes_what_is_present_and_nothing_else),
		CASE(another_address_is_unverified_and_ends_open_links),
		CASE(an_invitation_follows_the_address),
		CASE(a_username_with_an_at_must_follow_the_address),
		CASE(staff_touch_no_superuser),
		CASE(staff_lift_neither_themselves_nor_others),
		CASE(staff_take_over_no_account_by_its_address),
		CASE(the_last_active_superuser_stays_one),
		CASE(who_is_deactivated_has_no_sessions),
		CASE(who_is_deactivated_has_no_open_reset),
		CASE(who_is_deleted_leaves_nothing),
		CASE(roles_are_replaced_and_must_exist),
		CASE(roles_too_long_for_a_token_are_refused),
		CASE(staff_write_attributes_that_staff_may),
		CASE(a_small_arena_is_refused_without_effect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
