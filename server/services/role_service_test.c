#include "server/services/role_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/message_limit.h"
#include "proto/latchkey/v1/role_service.pb-c.h"
#include "server/services/service_fixture.h"
#include "server/store/role_store.h"

enum { ROOT = 1, ADA };

/* A superuser, who calls, and Ada, who has the roles Fleet and Money. */
static int
setup(void **state)
{
	static const char *const roles[] = { "Fleet", "Money" };
	struct service_fixture *f;

	assert_int_equal(service_fixture_setup(state), 0);
	f = *state;
	(void)service_fixture_add(f, &(struct user){ .email = "root@x.org",
	                                             .is_active = true,
	                                             .is_superuser = true });
	(void)service_fixture_add(f, &(struct user){ .email = "ada@x.org",
	                                             .is_active = true,
	                                             .roles = roles,
	                                             .role_count = 2 });
	(void)service_fixture_be(f, ROOT);
	return 0;
}

static enum code
create(struct service_fixture *f, const char *name, char **permissions,
       size_t count)
{
	Latchkey__V1__CreateRoleRequest req =
		LATCHKEY__V1__CREATE_ROLE_REQUEST__INIT;
	Latchkey__V1__CreateRoleResponse resp =
		LATCHKEY__V1__CREATE_ROLE_RESPONSE__INIT;
	enum code code;

	service_fixture_next(f);
	req.name = (char *)name;
	req.description = (char *)"what for";
	req.permissions = permissions;
	req.n_permissions = count;
	code = role_create_role(&f->call, &req, &resp);
	if (code == CODE_OK)
		assert_string_equal(resp.role->name, name);
	return code;
}

/* judge asks what is wrong with a role that is not to be made. */
static enum code
judge(struct service_fixture *f, const char *name, const char *permission)
{
	Latchkey__V1__CreateRoleRequest req =
		LATCHKEY__V1__CREATE_ROLE_REQUEST__INIT;
	Latchkey__V1__CreateRoleResponse resp =
		LATCHKEY__V1__CREATE_ROLE_RESPONSE__INIT;
	enum code code;

	service_fixture_next(f);
	req.name = (char *)name;
	req.permissions = (char **)&permission;
	req.n_permissions = 1;
	req.validate_only = true;
	code = role_create_role(&f->call, &req, &resp);
	assert_null(resp.role);
	return code;
}

static enum code
get(struct service_fixture *f, const char *name, Latchkey__V1__Role **out)
{
	Latchkey__V1__GetRoleRequest req = LATCHKEY__V1__GET_ROLE_REQUEST__INIT;
	Latchkey__V1__GetRoleResponse resp =
		LATCHKEY__V1__GET_ROLE_RESPONSE__INIT;
	enum code code;

	service_fixture_next(f);
	req.name = (char *)name;
	code = role_get_role(&f->call, &req, &resp);
	*out = resp.role;
	return code;
}

static enum code
update(struct service_fixture *f, Latchkey__V1__UpdateRoleRequest *req)
{
	Latchkey__V1__UpdateRoleResponse resp =
		LATCHKEY__V1__UPDATE_ROLE_RESPONSE__INIT;

	service_fixture_next(f);
	return role_update_role(&f->call, req, &resp);
}

static enum code
del(struct service_fixture *f, const char *name)
{
	Latchkey__V1__DeleteRoleRequest req =
		LATCHKEY__V1__DELETE_ROLE_REQUEST__INIT;
	Latchkey__V1__DeleteRoleResponse resp =
		LATCHKEY__V1__DELETE_ROLE_RESPONSE__INIT;

	service_fixture_next(f);
	req.name = (char *)name;
	return role_delete_role(&f->call, &req, &resp);
}

static bool
may(struct service_fixture *f, const char *permission)
{
	Latchkey__V1__CheckPermissionRequest req =
		LATCHKEY__V1__CHECK_PERMISSION_REQUEST__INIT;
	Latchkey__V1__CheckPermissionResponse resp =
		LATCHKEY__V1__CHECK_PERMISSION_RESPONSE__INIT;

	service_fixture_next(f);
	req.permission = (char *)permission;
	assert_int_equal(role_check_permission(&f->call, &req, &resp), CODE_OK);
	return resp.allowed;
}

/* So many permissions of the greatest length; at most 200. */
static char **
longest(size_t count)
{
	static char texts[ROLE_PERMISSIONS_MAX][PERMISSION_MAX + 1];
	static char *list[ROLE_PERMISSIONS_MAX];

	for (size_t i = 0; i < count; i++) {
		(void)snprintf(texts[i], sizeof(texts[i]), "%0*zu",
		               PERMISSION_MAX, i);
		list[i] = texts[i];
	}
	return list;
}

/* Makes roles as long as they may be until one is refused; how many. */
static size_t
fill(struct service_fixture *f)
{
	enum code code = CODE_OK;
	char name[8];
	size_t count = 0;

	for (; code == CODE_OK; count++) {
		(void)snprintf(name, sizeof(name), "%zu", count);
		code = create(f, name, longest(ROLE_PERMISSIONS_MAX),
		              ROLE_PERMISSIONS_MAX);
	}
	assert_int_equal(code, CODE_INVALID_ARGUMENT);
	assert_int_equal(f->call.violation_count, 1);
	assert_string_equal(f->call.violations[0].field, "permissions");
	assert_string_equal(f->call.violations[0].code, "too_long");
	return count - 1;
}

static enum code
set_permissions(struct service_fixture *f, const char *name, size_t count)
{
	Latchkey__V1__UpdateRoleRequest req =
		LATCHKEY__V1__UPDATE_ROLE_REQUEST__INIT;
	Latchkey__V1__Permissions permissions = LATCHKEY__V1__PERMISSIONS__INIT;

	permissions.names = longest(count);
	permissions.n_names = count;
	req.name = (char *)name;
	req.permissions = &permissions;
	return update(f, &req);
}

static void
all_roles_together_fit_an_answer(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__ListRolesRequest req =
		LATCHKEY__V1__LIST_ROLES_REQUEST__INIT;
	Latchkey__V1__ListRolesResponse resp =
		LATCHKEY__V1__LIST_ROLES_RESPONSE__INIT;
	void *memory = test_malloc(MESSAGE_ARENA_SIZE);
	size_t count = fill(f), size;

	service_fixture_next(f);
	arena_init(&f->arena, memory, MESSAGE_ARENA_SIZE);
	assert_int_equal(role_list_roles(&f->call, &req, &resp), CODE_OK);
	assert_true(resp.n_roles >= count);
	size = latchkey__v1__list_roles_response__get_packed_size(&resp);
	assert_true(size <= ROLES_SIZE_MAX && size > ROLES_SIZE_MAX / 2);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	test_free(memory);
}

static void
a_role_grows_only_while_there_is_room_for_all(void **state)
{
	struct service_fixture *f = *state;

	assert_int_equal(create(f, "small", NULL, 0), CODE_OK);
	(void)fill(f);
	assert_int_equal(set_permissions(f, "small", ROLE_PERMISSIONS_MAX),
	                 CODE_INVALID_ARGUMENT);
	assert_string_equal(f->call.violations[0].field, "permissions");
	assert_int_equal(set_permissions(f, "small", 1), CODE_OK);
	assert_int_equal(set_permissions(f, "0", 1), CODE_OK);
	assert_int_equal(set_permissions(f, "small", ROLE_PERMISSIONS_MAX - 1),
	                 CODE_OK);
}

static void
judging_tells_every_fault_and_makes_nothing(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__Role *role;

	assert_int_equal(judge(f, "judged", "a.b"), CODE_OK);
	assert_int_equal(get(f, "judged", &role), CODE_NOT_FOUND);
	assert_int_equal(create(f, "taken", NULL, 0), CODE_OK);
	assert_int_equal(judge(f, "taken", "a b"), CODE_INVALID_ARGUMENT);
	assert_int_equal(f->call.violation_count, 2);
	assert_string_equal(f->call.violations[0].field, "name");
	assert_string_equal(f->call.violations[0].message,
	                    "role with this name already exists.");
	assert_string_equal(f->call.violations[1].field, "permissions");
	assert_int_equal(judge(f, "a/b", "a b"), CODE_INVALID_ARGUMENT);
	assert_int_equal(f->call.violation_count, 2);
}

static void
a_role_has_its_permissions_sorted_once(void **state)
{
	struct service_fixture *f = *state;
	char *permissions[] = { "cars.write", "cars.read", "cars.write" };
	Latchkey__V1__Role *role;

	assert_int_equal(create(f, "Fleet", permissions, 3), CODE_OK);
	assert_int_equal(get(f, "Fleet", &role), CODE_OK);
	assert_string_equal(role->name, "Fleet");
	assert_string_equal(role->description, "what for");
	assert_int_equal(role->n_permissions, 2);
	assert_string_equal(role->permissions[0], "cars.read");
	assert_string_equal(role->permissions[1], "cars.write");
}

static void
roles_are_listed_by_name(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__ListRolesRequest req =
		LATCHKEY__V1__LIST_ROLES_REQUEST__INIT;
	Latchkey__V1__ListRolesResponse resp =
		LATCHKEY__V1__LIST_ROLES_RESPONSE__INIT;

	service_fixture_next(f);
	assert_int_equal(role_list_roles(&f->call, &req, &resp), CODE_OK);
	assert_int_equal(resp.n_roles, 0);
	assert_int_equal(create(f, "Money", NULL, 0), CODE_OK);
	assert_int_equal(create(f, "Fleet", NULL, 0), CODE_OK);
	service_fixture_next(f);
	assert_int_equal(role_list_roles(&f->call, &req, &resp), CODE_OK);
	assert_int_equal(resp.n_roles, 2);
	assert_string_equal(resp.roles[0]->name, "Fleet");
	assert_string_equal(resp.roles[1]->name, "Money");
}

static void
bad_fields_are_told(void **state)
{
	struct service_fixture *f = *state;
	char *permissions[] = { "fine", "not fine" };

	assert_int_equal(create(f, "a/b", permissions, 2),
	                 CODE_INVALID_ARGUMENT);
	assert_int_equal(f->call.reason, REASON(FIELD_INVALID));
	assert_int_equal(f->call.violation_count, 2);
	assert_string_equal(f->call.violations[0].field, "name");
	assert_string_equal(f->call.violations[1].field, "permissions");
}

static void
a_name_is_taken_once(void **state)
{
	struct service_fixture *f = *state;

	assert_int_equal(create(f, "Fleet", NULL, 0), CODE_OK);
	assert_int_equal(create(f, "Fleet", NULL, 0), CODE_INVALID_ARGUMENT);
	assert_string_equal(f->call.violations[0].code, "unique");
	assert_int_equal(create(f, "fleet", NULL, 0), CODE_OK);
}

static void
an_update_changes_what_is_present(void **state)
{
	struct service_fixture *f = *state;
	char *permissions[] = { "b", "a" };
	Latchkey__V1__Permissions list = LATCHKEY__V1__PERMISSIONS__INIT;
	Latchkey__V1__UpdateRoleRequest req =
		LATCHKEY__V1__UPDATE_ROLE_REQUEST__INIT;
	Latchkey__V1__Role *role;

	assert_int_equal(create(f, "Fleet", permissions, 1), CODE_OK);
	req.name = (char *)"Fleet";
	req.description_presence_case =
		LATCHKEY__V1__UPDATE_ROLE_REQUEST__DESCRIPTION_PRESENCE_DESCRIPTION;
	req.description = (char *)"";
	assert_int_equal(update(f, &req), CODE_OK);
	assert_int_equal(get(f, "Fleet", &role), CODE_OK);
	assert_string_equal(role->description, "");
	assert_int_equal(role->n_permissions, 1);

	req.description_presence_case = 0;
	list.names = permissions;
	list.n_names = 2;
	req.permissions = &list;
	assert_int_equal(update(f, &req), CODE_OK);
	assert_int_equal(get(f, "Fleet", &role), CODE_OK);
	assert_int_equal(role->n_permissions, 2);
}

static void
what_is_not_there_is_not_found(void **state)
{
	static const char *const names[] = { "Ghost", "", "a/b" };
	struct service_fixture *f = *state;
	Latchkey__V1__UpdateRoleRequest req =
		LATCHKEY__V1__UPDATE_ROLE_REQUEST__INIT;
	Latchkey__V1__Role *role;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		req.name = (char *)names[i];
		assert_int_equal(get(f, names[i], &role), CODE_NOT_FOUND);
		assert_int_equal(update(f, &req), CODE_NOT_FOUND);
		assert_int_equal(del(f, names[i]), CODE_NOT_FOUND);
	}
}

static void
a_deleted_role_is_taken_from_every_user(void **state)
{
	struct service_fixture *f = *state;
	struct user user;

	assert_int_equal(create(f, "Fleet", NULL, 0), CODE_OK);
	assert_int_equal(del(f, "Fleet"), CODE_OK);
	user = service_fixture_get(f, ADA);
	assert_int_equal(user.role_count, 1);
	assert_string_equal(user.roles[0], "Money");
	assert_int_equal(del(f, "Fleet"), CODE_NOT_FOUND);
}

static void
permissions_are_those_of_all_the_callers_roles(void **state)
{
	struct service_fixture *f = *state;
	char *fleet[] = { "cars.read", "cars.write" }, *money[] = { "pay" };

	assert_int_equal(create(f, "Fleet", fleet, 2), CODE_OK);
	assert_int_equal(create(f, "Money", money, 1), CODE_OK);
	assert_true(may(f, "anything")); /* a superuser */
	(void)service_fixture_be(f, ADA);
	assert_true(may(f, "cars.write"));
	assert_true(may(f, "pay"));
	assert_false(may(f, "cars"));
	assert_false(may(f, "anything"));
}

static void
a_role_without_a_record_gives_nothing(void **state)
{
	struct service_fixture *f = *state;
	char *money[] = { "pay" };

	assert_int_equal(create(f, "Money", money, 1), CODE_OK);
	(void)service_fixture_be(f, ADA);
	assert_true(may(f, "pay"));
	assert_false(may(f, "cars.read"));
}

static void
a_permission_that_is_none_is_a_bad_field(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__CheckPermissionRequest req =
		LATCHKEY__V1__CHECK_PERMISSION_REQUEST__INIT;
	Latchkey__V1__CheckPermissionResponse resp =
		LATCHKEY__V1__CHECK_PERMISSION_RESPONSE__INIT;

	service_fixture_next(f);
	assert_int_equal(role_check_permission(&f->call, &req, &resp),
	                 CODE_INVALID_ARGUMENT);
	assert_int_equal(f->call.reason, REASON(FIELD_INVALID));
}

#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, setup, service_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(all_roles_together_fit_an_answer),
		CASE(a_role_grows_only_while_there_is_room_for_all),
		CASE(judging_tells_every_fault_and_makes_nothing),
		CASE(a_role_has_its_permissions_sorted_once),
		CASE(roles_are_listed_by_name),
		CASE(bad_fields_are_told),
		CASE(a_name_is_taken_once),
		CASE(an_update_changes_what_is_present),
		CASE(what_is_not_there_is_not_found),
		CASE(a_deleted_role_is_taken_from_every_user),
		CASE(permissions_are_those_of_all_the_callers_roles),
		CASE(a_role_without_a_record_gives_nothing),
		CASE(a_permission_that_is_none_is_a_bad_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
