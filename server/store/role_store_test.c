#include "server/store/role_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/store_fixture.h"

static const char *const permissions[] = { "docs.read", "docs.write" };

static const struct role_entry editor = {
	.name = "Redakti\u00f3n",
	.description = "May write",
	.permissions = permissions,
	.permission_count = 2,
};

static struct role_entry
named(const char *name)
{
	return (struct role_entry){ .name = name, .description = "" };
}

static enum code
add(struct store_fixture *f, const struct role_entry *role)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	role_store_add(&txn, &f->arena, role);
	return store_end(&txn);
}

static enum code
put(struct store_fixture *f, const struct role_entry *role)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	role_store_put(&txn, &f->arena, role);
	return store_end(&txn);
}

static enum code
del(struct store_fixture *f, const char *name)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	role_store_del(&txn, name);
	return store_end(&txn);
}

static enum code
find(struct store_fixture *f, const char *name, struct role_entry *out)
{
	struct store_txn txn;
	enum code found, ended;

	store_begin_read(f->store, &txn);
	found = role_store_find(&txn, &f->arena, name, out);
	ended = store_end(&txn);
	/* Absence does not fail the transaction, everything else does. */
	assert_int_equal(ended, found == CODE_NOT_FOUND ? CODE_OK : found);
	return found;
}

static enum code
list(struct store_fixture *f, struct role_entry **roles, size_t *count)
{
	struct store_txn txn;
	enum code code;

	store_begin_read(f->store, &txn);
	code = role_store_list(&txn, &f->arena, roles, count);
	assert_int_equal(store_end(&txn), code);
	return code;
}

static void
a_role_comes_back_as_it_was_added(void **state)
{
	struct store_fixture *f = *state;
	struct role_entry got;

	assert_int_equal(add(f, &editor), CODE_OK);
	store_fixture_reopen(f);
	assert_int_equal(find(f, editor.name, &got), CODE_OK);
	assert_string_equal(got.name, editor.name);
	assert_string_equal(got.description, "May write");
	assert_int_equal(got.permission_count, 2);
	assert_string_equal(got.permissions[0], "docs.read");
	assert_string_equal(got.permissions[1], "docs.write");
}

static void
roles_are_listed_by_name(void **state)
{
	struct store_fixture *f = *state;
	struct role_entry b = named("b"), a = named("a"), *roles;
	size_t count = 99;

	assert_int_equal(list(f, &roles, &count), CODE_OK);
	assert_int_equal(count, 0);
	assert_int_equal(add(f, &b), CODE_OK);
	assert_int_equal(add(f, &editor), CODE_OK);
	assert_int_equal(add(f, &a), CODE_OK);
	assert_int_equal(list(f, &roles, &count), CODE_OK);
	assert_int_equal(count, 3);
	assert_string_equal(roles[0].name, editor.name);
	assert_int_equal(roles[0].permission_count, 2);
	assert_string_equal(roles[1].name, "a");
	assert_string_equal(roles[2].name, "b");
}

static void
adding_a_known_role_and_putting_an_unknown_one_are_refused(void **state)
{
	struct store_fixture *f = *state;
	struct role_entry role = named("r"), got = named("untouched");

	assert_int_equal(put(f, &role), CODE_NOT_FOUND);
	assert_int_equal(find(f, "r", &got), CODE_NOT_FOUND);
	assert_string_equal(got.name, "untouched");
	assert_int_equal(add(f, &role), CODE_OK);
	assert_int_equal(add(f, &role), CODE_ALREADY_EXISTS);
	role.description = "changed";
	assert_int_equal(put(f, &role), CODE_OK);
	assert_int_equal(find(f, "r", &got), CODE_OK);
	assert_string_equal(got.description, "changed");
}

static void
a_deleted_role_is_gone_and_absence_is_no_failure(void **state)
{
	struct store_fixture *f = *state;
	struct role_entry role = named("r"), got;

	assert_int_equal(add(f, &role), CODE_OK);
	assert_int_equal(del(f, "r"), CODE_OK);
	assert_int_equal(find(f, "r", &got), CODE_NOT_FOUND);
	assert_int_equal(del(f, "r"), CODE_OK);
	assert_int_equal(del(f, ""), CODE_OK);
}

static void
names_that_no_role_can_have_are_not_found(void **state)
{
	struct store_fixture *f = *state;
	struct role_entry got;
	char name[STORE_KEY_MAX + 2] = { 0 };

	memset(name, 'n', STORE_KEY_MAX + 1);
	assert_int_equal(find(f, name, &got), CODE_NOT_FOUND);
	assert_int_equal(find(f, "", &got), CODE_NOT_FOUND);
	assert_int_equal(find(f, "\xff", &got), CODE_NOT_FOUND);
	assert_int_equal(del(f, name), CODE_OK);
}

static void
texts_beyond_the_limits_are_refused(void **state)
{
	struct store_fixture *f = *state;
	char name[4 * ROLE_NAME_MAX + 5] = { 0 };
	char description[ROLE_DESCRIPTION_MAX + 2] = { 0 };
	struct role_entry role = named("");

	assert_int_equal(add(f, &role), CODE_INVALID_ARGUMENT);
	for (size_t i = 0; i < sizeof(name) - 1; i++)
		name[i] = "\U0001f600"[i % 4];
	name[sizeof(name) - 5] = '\0';
	role = named(name);
	assert_int_equal(add(f, &role), CODE_OK);
	memset(description, 'd', ROLE_DESCRIPTION_MAX);
	role.description = description;
	assert_int_equal(put(f, &role), CODE_OK);
	description[ROLE_DESCRIPTION_MAX] = 'd';
	assert_int_equal(put(f, &role), CODE_INVALID_ARGUMENT);
	name[sizeof(name) - 5] = "\U0001f600"[0];
	role = named(name);
	assert_int_equal(add(f, &role), CODE_INVALID_ARGUMENT);
	role = named("a\xff");
	assert_int_equal(add(f, &role), CODE_INVALID_ARGUMENT);
}

static void
permissions_too_many_or_out_of_order_are_refused(void **state)
{
	static char text[ROLE_PERMISSIONS_MAX + 1][PERMISSION_MAX + 2];
	static const char *list[ROLE_PERMISSIONS_MAX + 1];
	struct store_fixture *f = *state;
	struct role_entry role = named("r");

	for (int i = 0; i <= ROLE_PERMISSIONS_MAX; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "%0*d", PERMISSION_MAX,
		               i);
		list[i] = text[i];
	}
	role.permissions = list;
	role.permission_count = ROLE_PERMISSIONS_MAX;
	assert_int_equal(add(f, &role), CODE_OK);
	role.permission_count++;
	assert_int_equal(put(f, &role), CODE_INVALID_ARGUMENT);
	role.permission_count = 2;
	list[0] = list[1];
	assert_int_equal(put(f, &role), CODE_INVALID_ARGUMENT);
	list[0] = text[3];
	assert_int_equal(put(f, &role), CODE_INVALID_ARGUMENT);
	list[0] = "";
	assert_int_equal(put(f, &role), CODE_INVALID_ARGUMENT);
	memset(text[0], '!', PERMISSION_MAX + 1);
	list[0] = text[0];
	assert_int_equal(put(f, &role), CODE_INVALID_ARGUMENT);
}

static void
one_role_more_than_allowed_is_refused(void **state)
{
	struct store_fixture *f = *state;
	struct role_entry role;
	struct store_txn txn;
	char name[16];

	store_begin_write(f->store, &txn);
	for (int i = 0; i < ROLES_MAX; i++) {
		arena_reset(&f->arena);
		(void)snprintf(name, sizeof(name), "%d", i);
		role = named(name);
		role_store_add(&txn, &f->arena, &role);
	}
	assert_int_equal(store_end(&txn), CODE_OK);
	role = named("more");
	assert_int_equal(add(f, &role), CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(del(f, "7"), CODE_OK);
	assert_int_equal(add(f, &role), CODE_OK);
}

static void
a_record_that_does_not_unpack_or_is_anothers_is_damage(void **state)
{
	struct store_fixture *f = *state;
	struct role_entry role = named("a"), got, *roles = NULL;
	struct store_txn txn;
	uint8_t copy[64];
	struct bytes value;
	size_t count = 99;

	assert_int_equal(add(f, &role), CODE_OK);
	store_begin_write(f->store, &txn);
	value = store_get(&txn, STORE_ROLE, (struct bytes){ "a", 1 });
	assert_true(value.len <= sizeof(copy));
	memcpy(copy, value.data, value.len);
	value.data = copy;
	store_put(&txn, STORE_ROLE, (struct bytes){ "b", 1 }, value);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(find(f, "b", &got), CODE_DATA_LOSS);
	assert_int_equal(list(f, &roles, &count), CODE_DATA_LOSS);
	assert_int_equal(count, 99);
	store_fixture_spoil(f->store, STORE_ROLE, (struct bytes){ "a", 1 });
	assert_int_equal(find(f, "a", &got), CODE_DATA_LOSS);
}

static enum code
add_editor(struct store_fixture *f)
{
	return add(f, &editor);
}

static enum code
put_editor(struct store_fixture *f)
{
	return put(f, &editor);
}

static enum code
find_editor(struct store_fixture *f)
{
	struct role_entry got = { .permission_count = 99 };
	enum code code = find(f, editor.name, &got);

	assert_int_equal(got.permission_count, code == CODE_OK ? 2 : 99);
	return code;
}

static enum code
list_editor(struct store_fixture *f)
{
	struct role_entry *roles;
	size_t count = 99;
	enum code code = list(f, &roles, &count);

	assert_int_equal(count, code == CODE_OK ? 1 : 99);
	return code;
}

static void
fails_cleanly_when_the_request_is_out_of_memory(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_torture(f, add_editor);
	store_fixture_torture(f, put_editor);
	store_fixture_torture(f, find_editor);
	store_fixture_torture(f, list_editor);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, store_fixture_setup,               \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_role_comes_back_as_it_was_added),
		TEST(roles_are_listed_by_name),
		TEST(adding_a_known_role_and_putting_an_unknown_one_are_refused),
		TEST(a_deleted_role_is_gone_and_absence_is_no_failure),
		TEST(names_that_no_role_can_have_are_not_found),
		TEST(texts_beyond_the_limits_are_refused),
		TEST(permissions_too_many_or_out_of_order_are_refused),
		TEST(one_role_more_than_allowed_is_refused),
		TEST(a_record_that_does_not_unpack_or_is_anothers_is_damage),
		TEST(fails_cleanly_when_the_request_is_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
