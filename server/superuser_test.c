#include "server/superuser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "server/domain/password.h"
#include "server/store/role_store.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

#define DIR_TEMPLATE "/tmp/superuser.XXXXXX"

struct fixture {
	char dir[sizeof(DIR_TEMPLATE)];
	struct store *store;
	struct superuser superuser;
	struct setting_list roles;
	char err[512];
	char memory[65536];
	struct arena arena;
};

static int
make_fixture(void **state)
{
	static char *roles[] = { "b", "a", "b" };
	struct fixture *f = calloc(1, sizeof(*f));
	struct store_options options;
	enum store_fault fault;

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), DIR_TEMPLATE);
	assert_non_null(mkdtemp(f->dir));
	options = (struct store_options){ .dir = f->dir,
		                          .size_max = 16 << 20,
		                          .readers_max = 8,
		                          .group_max = 8 };
	assert_int_equal(
		store_open(&options, &f->store, &fault, f->err, sizeof(f->err)),
		CODE_OK);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	f->roles = (struct setting_list){ roles, 3 };
	f->superuser = (struct superuser){ .email = "Ada@example.com",
		                           .username = "ada",
		                           .first_name = "Ada",
		                           .roles = &f->roles,
		                           .password = "pässword" };
	*state = f;
	return 0;
}

static int
drop_fixture(void **state)
{
	static const char *const files[] = { "data.mdb", "lock.mdb",
		                             "open.lock" };
	struct fixture *f = *state;

	store_close(f->store);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "%s/%s", f->dir, files[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static enum code
add(struct fixture *f)
{
	return superuser_add(f->store, &f->superuser, 1234567, f->err,
	                     sizeof(f->err));
}

static void
the_account_has_every_permission_and_its_password(void **state)
{
	struct fixture *f = *state;
	struct password_hasher *hasher = NULL;
	struct store_txn txn;
	struct user user = { 0 };
	bool match = false;

	assert_int_equal(add(f), CODE_OK);
	store_begin_read(f->store, &txn);
	assert_int_equal(user_store_find_by_identifier(
				 &txn, &f->arena, "ada@EXAMPLE.com", &user),
	                 CODE_OK);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_true(user.is_active && user.is_staff && user.is_superuser &&
	            user.email_verified);
	assert_string_equal(user.username, "ada");
	assert_string_equal(user.first_name, "Ada");
	assert_string_equal(user.last_name, "");
	assert_int_equal(user.joined_at_us, 1234567);
	assert_int_equal(user.role_count, 2);
	assert_string_equal(user.roles[0], "a");
	assert_string_equal(user.roles[1], "b");
	assert_int_equal(password_hasher_open(1, &hasher), CODE_OK);
	assert_int_equal(
		password_match(hasher, "pässword", user.password_hash, &match),
		CODE_OK);
	assert_true(match);
	password_hasher_close(hasher);
}

static void
roles_that_are_not_there_are_made(void **state)
{
	static const char *const permissions[] = { "cars.read" };
	const struct role_entry known = { .name = "b",
		                          .description = "",
		                          .permissions = permissions,
		                          .permission_count = 1 };
	struct fixture *f = *state;
	struct role_entry *roles = NULL;
	struct store_txn txn;
	size_t count = 0;

	store_begin_write(f->store, &txn);
	role_store_add(&txn, &f->arena, &known);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(add(f), CODE_OK);

	store_begin_read(f->store, &txn);
	assert_int_equal(role_store_list(&txn, &f->arena, &roles, &count),
	                 CODE_OK);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(count, 2);
	assert_string_equal(roles[0].name, "a");
	assert_int_equal(roles[0].permission_count, 0);
	assert_int_equal(roles[1].permission_count, 1);
}

static void
the_first_account_is_noticed(void **state)
{
	struct fixture *f = *state;
	bool found = true;

	assert_int_equal(
		superuser_find_any(f->store, &found, f->err, sizeof(f->err)),
		CODE_OK);
	assert_false(found);
	assert_int_equal(add(f), CODE_OK);
	assert_int_equal(
		superuser_find_any(f->store, &found, f->err, sizeof(f->err)),
		CODE_OK);
	assert_true(found);
}

static void
a_taken_identifier_is_told_apart(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add(f), CODE_OK);
	f->superuser.username = NULL;
	assert_int_equal(add(f), CODE_ALREADY_EXISTS);
	f->superuser.email = "other@example.com";
	f->superuser.username = "ADA";
	assert_int_equal(add(f), CODE_ALREADY_EXISTS);
	f->superuser.username = NULL;
	assert_int_equal(add(f), CODE_OK);
}

static void
what_cannot_be_stored_is_refused(void **state)
{
	static const char *const emails[] = { "",      "a",     "@b",
		                              "a@",    "a@b@c", "a b@c",
		                              "a@b\n", "\xff@b" };
	static char bad_role[] = "a\tb";
	static char *bad_roles[] = { bad_role };
	char long_text[PASSWORD_MAX + 2];
	struct fixture *f = *state;
	struct superuser good = f->superuser;

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	for (size_t i = 0; i < sizeof(emails) / sizeof(emails[0]); i++) {
		f->superuser.email = emails[i];
		assert_int_equal(add(f), CODE_INVALID_ARGUMENT);
	}
	f->superuser = good;
	f->superuser.password = "";
	assert_int_equal(add(f), CODE_INVALID_ARGUMENT);
	f->superuser.password = long_text;
	assert_int_equal(add(f), CODE_INVALID_ARGUMENT);
	f->superuser.password = "\xc3";
	assert_int_equal(add(f), CODE_INVALID_ARGUMENT);
	f->superuser = good;
	f->superuser.username = "x@y";
	assert_int_equal(add(f), CODE_INVALID_ARGUMENT);
	f->superuser.username = long_text;
	assert_int_equal(add(f), CODE_INVALID_ARGUMENT);
	f->superuser = good;
	f->roles = (struct setting_list){ bad_roles, 1 };
	assert_int_equal(add(f), CODE_INVALID_ARGUMENT);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make_fixture, drop_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_account_has_every_permission_and_its_password),
		CASE(roles_that_are_not_there_are_made),
		CASE(the_first_account_is_noticed),
		CASE(a_taken_identifier_is_told_apart),
		CASE(what_cannot_be_stored_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
