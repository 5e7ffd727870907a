/*
 * Calls that wait in a lane: what their caller was when they came in may have
 * ended by the time they write.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/latchkey/v1/account_service.pb-c.h"
#include "proto/latchkey/v1/role_service.pb-c.h"
#include "proto/latchkey/v1/session_service.pb-c.h"
#include "proto/latchkey/v1/user_service.pb-c.h"
#include "server/domain/test_picture.h"
#include "server/services/account_service.h"
#include "server/services/role_service.h"
#include "server/services/service_fixture.h"
#include "server/services/session_service.h"
#include "server/services/user_service.h"
#include "server/store/role_store.h"
#include "server/store/session_store.h"

#define UPDATE(name) LATCHKEY__V1__UPDATE_USER_REQUEST__##name
#define HAS_FIRST_NAME                                                         \
	LATCHKEY__V1__UPDATE_ME_REQUEST__FIRST_NAME_PRESENCE_FIRST_NAME

/* Who there is: ids in the order in which setup adds them. */
enum { NOBODY, ROOT, CLERK, ADA };

/* Two superusers, one of whom is called a clerk, and Ada. The clerk calls. */
static int
setup(void **state)
{
	static const char *const fleet[] = { "Fleet" };
	const struct role_entry role = { .name = "Fleet", .description = "" };
	struct service_fixture *f;
	struct store_txn txn;

	assert_int_equal(service_fixture_setup(state), 0);
	f = *state;
	store_begin_write(f->store, &txn);
	role_store_add(&txn, &f->kept, &role);
	assert_int_equal(store_end(&txn), CODE_OK);
	(void)service_fixture_add(f, &(struct user){ .email = "root@x.org",
	                                             .is_active = true,
	                                             .is_superuser = true });
	(void)service_fixture_add(f, &(struct user){ .email = "clerk@x.org",
	                                             .is_active = true,
	                                             .is_staff = true,
	                                             .is_superuser = true,
	                                             .roles = fleet,
	                                             .role_count = 1 });
	assert_int_equal(
		service_fixture_add(f, &(struct user){ .email = "ada@x.org",
	                                               .is_active = true }),
		ADA);
	(void)service_fixture_be(f, CLERK);
	f->method.role = ROLE_STAFF;
	return 0;
}

static enum code
lift_ada(struct service_fixture *f)
{
	Latchkey__V1__UpdateUserRequest req =
		LATCHKEY__V1__UPDATE_USER_REQUEST__INIT;
	Latchkey__V1__UpdateUserResponse resp =
		LATCHKEY__V1__UPDATE_USER_RESPONSE__INIT;

	service_fixture_next(f);
	req.id = ADA;
	req.is_superuser_presence_case =
		UPDATE(IS_SUPERUSER_PRESENCE_IS_SUPERUSER);
	req.is_superuser = true;
	return user_update_user(&f->call, &req, &resp);
}

static enum code
give_ada_a_role(struct service_fixture *f)
{
	Latchkey__V1__SetUserRolesRequest req =
		LATCHKEY__V1__SET_USER_ROLES_REQUEST__INIT;
	Latchkey__V1__SetUserRolesResponse resp =
		LATCHKEY__V1__SET_USER_ROLES_RESPONSE__INIT;
	char *fleet[] = { "Fleet" };

	service_fixture_next(f);
	req.id = ADA;
	req.roles = fleet;
	req.n_roles = 1;
	return user_set_user_roles(&f->call, &req, &resp);
}

static enum code
create_eve(struct service_fixture *f)
{
	Latchkey__V1__CreateUserRequest req =
		LATCHKEY__V1__CREATE_USER_REQUEST__INIT;
	Latchkey__V1__CreateUserResponse resp =
		LATCHKEY__V1__CREATE_USER_RESPONSE__INIT;

	service_fixture_next(f);
	req.email = (char *)"eve@x.org";
	req.is_superuser = true;
	return user_create_user(&f->call, &req, &resp);
}

static enum code
delete_fleet(struct service_fixture *f)
{
	Latchkey__V1__DeleteRoleRequest req =
		LATCHKEY__V1__DELETE_ROLE_REQUEST__INIT;
	Latchkey__V1__DeleteRoleResponse resp =
		LATCHKEY__V1__DELETE_ROLE_RESPONSE__INIT;

	service_fixture_next(f);
	req.name = (char *)"Fleet";
	return role_delete_role(&f->call, &req, &resp);
}

static enum code
end_sessions_of_root(struct service_fixture *f)
{
	Latchkey__V1__RevokeOtherSessionsRequest req =
		LATCHKEY__V1__REVOKE_OTHER_SESSIONS_REQUEST__INIT;
	Latchkey__V1__RevokeOtherSessionsResponse resp =
		LATCHKEY__V1__REVOKE_OTHER_SESSIONS_RESPONSE__INIT;

	service_fixture_next(f);
	req.user_id = ROOT;
	return session_revoke_other_sessions(&f->call, &req, &resp);
}

/* What anybody may do with the own account. */

static enum code
rename_self(struct service_fixture *f)
{
	Latchkey__V1__UpdateMeRequest req;
	Latchkey__V1__UpdateMeResponse resp =
		LATCHKEY__V1__UPDATE_ME_RESPONSE__INIT;

	service_fixture_next(f);
	latchkey__v1__update_me_request__init(&req);
	req.first_name_presence_case = HAS_FIRST_NAME;
	req.first_name = (char *)"Eve";
	return account_update_me(&f->call, &req, &resp);
}

static enum code
set_own_picture(struct service_fixture *f)
{
	Latchkey__V1__SetAvatarRequest req =
		LATCHKEY__V1__SET_AVATAR_REQUEST__INIT;
	Latchkey__V1__SetAvatarResponse resp =
		LATCHKEY__V1__SET_AVATAR_RESPONSE__INIT;
	struct test_picture png;

	service_fixture_next(f);
	test_picture_begin_png(&png, 1, 1);
	test_picture_end_png(&png);
	req.image.data = png.data;
	req.image.len = png.len;
	return account_set_avatar(&f->call, &req, &resp);
}

static enum code
delete_own_picture(struct service_fixture *f)
{
	Latchkey__V1__DeleteAvatarRequest req =
		LATCHKEY__V1__DELETE_AVATAR_REQUEST__INIT;
	Latchkey__V1__DeleteAvatarResponse resp =
		LATCHKEY__V1__DELETE_AVATAR_RESPONSE__INIT;

	service_fixture_next(f);
	return account_delete_avatar(&f->call, &req, &resp);
}

static enum code
change_own_password(struct service_fixture *f)
{
	Latchkey__V1__ChangePasswordRequest req =
		LATCHKEY__V1__CHANGE_PASSWORD_REQUEST__INIT;
	Latchkey__V1__ChangePasswordResponse resp =
		LATCHKEY__V1__CHANGE_PASSWORD_RESPONSE__INIT;

	service_fixture_next(f);
	req.old_password = (char *)"secret";
	req.new_password = (char *)"correct horse battery";
	return account_change_password(&f->call, &req, &resp);
}

/* All of them are refused, with the same reason. */
static void
assert_all_refused(struct service_fixture *f, enum code code,
                   Latchkey__Rpc__V1__Reason reason)
{
	static enum code (*const calls[])(struct service_fixture * f) = {
		lift_ada,        give_ada_a_role,      create_eve,
		delete_fleet,    end_sessions_of_root, rename_self,
		set_own_picture, delete_own_picture,   change_own_password,
	};
	struct user clerk;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		assert_int_equal(calls[i](f), code);
		assert_int_equal(f->call.reason, reason);
		assert_int_equal(f->call.subject,
		                 LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER);
	}
	assert_false(service_fixture_get(f, ADA).is_superuser);
	assert_int_equal(service_fixture_get(f, ADA).role_count, 0);
	clerk = service_fixture_get(f, CLERK);
	assert_string_equal(clerk.first_name, "");
	assert_string_equal(clerk.avatar, "");
	assert_string_equal(clerk.password_hash, f->hash);
}

static void
who_was_deactivated_meanwhile_changes_nothing(void **state)
{
	struct service_fixture *f = *state;
	struct user clerk = service_fixture_get(f, CLERK);

	clerk.is_active = false;
	service_fixture_put(f, &clerk);
	assert_all_refused(f, CODE_UNAUTHENTICATED, REASON(USER_INACTIVE));
}

static void
who_was_logged_out_meanwhile_changes_nothing(void **state)
{
	struct service_fixture *f = *state;
	const struct session_ending ending = { .reason = SESSION_ENDED_REVOKED,
		                               .now_us = START };
	struct store_txn txn;
	size_t ended;

	store_begin_write(f->store, &txn);
	session_store_end_all(&txn, &f->kept, CLERK, &ending, &ended);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_all_refused(f, CODE_UNAUTHENTICATED, REASON(TOKEN_REVOKED));
}

static void
who_lost_the_rank_meanwhile_changes_nothing(void **state)
{
	struct service_fixture *f = *state;
	struct user clerk = service_fixture_get(f, CLERK);

	clerk.is_staff = false;
	clerk.is_superuser = false;
	service_fixture_put(f, &clerk);
	assert_all_refused(f, CODE_PERMISSION_DENIED, REASON(ROLE_MISSING));
}

static void
who_is_only_staff_by_now_acts_as_staff(void **state)
{
	struct service_fixture *f = *state;
	struct user clerk = service_fixture_get(f, CLERK);

	clerk.is_superuser = false;
	service_fixture_put(f, &clerk);
	assert_int_equal(lift_ada(f), CODE_PERMISSION_DENIED);
	assert_int_equal(f->call.reason, REASON(RANK_TOO_LOW));
	assert_int_equal(give_ada_a_role(f), CODE_OK);
}

static void
a_role_that_was_lost_meanwhile_is_not_handed_on(void **state)
{
	struct service_fixture *f = *state;
	struct user clerk = service_fixture_get(f, CLERK);

	clerk.is_superuser = false;
	clerk.role_count = 0;
	service_fixture_put(f, &clerk);
	assert_int_equal(give_ada_a_role(f), CODE_PERMISSION_DENIED);
	assert_int_equal(service_fixture_get(f, ADA).role_count, 0);
}

#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, setup, service_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(who_was_deactivated_meanwhile_changes_nothing),
		CASE(who_was_logged_out_meanwhile_changes_nothing),
		CASE(who_lost_the_rank_meanwhile_changes_nothing),
		CASE(who_is_only_staff_by_now_acts_as_staff),
		CASE(a_role_that_was_lost_meanwhile_is_not_handed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
