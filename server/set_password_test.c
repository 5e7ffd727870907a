#include "server/set_password.h"

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

#include "server/domain/password.h"
#include "server/domain/throttle.h"
#include "server/store/link_store.h"
#include "server/store/session_store.h"
#include "server/store/store.h"

#define DIR_TEMPLATE "/tmp/set_password.XXXXXX"
#define SECOND ((int64_t)1000000)
#define NOW (1700000000 * SECOND)

struct fixture {
	char dir[sizeof(DIR_TEMPLATE)];
	struct store *store;
	struct arena arena;
	uint8_t memory[SET_PASSWORD_ARENA_SIZE];
	uint64_t user_id;
	char err[512];
};

/* One failed login is all there may be. */
static const struct throttle_policy throttles = {
	.rates[THROTTLE_LOGIN_ACCOUNT] = { 1, 300 * SECOND },
	.rates[THROTTLE_OLD_PASSWORD] = { 1, 300 * SECOND },
};

static int64_t
take(struct fixture *f, enum throttle_scope scope, const char *subject)
{
	struct store_txn txn;
	const struct throttle throttle = { &txn, &f->arena, &throttles, NOW };
	int64_t wait_us = 0;

	store_begin_write(f->store, &txn);
	throttle_take(&throttle, scope, subject, &wait_us);
	assert_int_equal(store_end(&txn), CODE_OK);
	return wait_us;
}

/* An account with a session and an open link. */
static void
add_account(struct fixture *f)
{
	struct user user = { .email = "Ada@example.com",
		             .username = "ada",
		             .first_name = "",
		             .last_name = "",
		             .name = "",
		             .password_hash = USER_PASSWORD_UNUSABLE,
		             .avatar = "",
		             .is_active = true,
		             .joined_at_us = NOW };
	struct session session = { .id = { 1 },
		                   .created_at_us = NOW,
		                   .expires_at_us = NOW + SECOND,
		                   .user_agent = "",
		                   .client_address = "" };
	struct link link = { .hash = { 1 },
		             .purpose = LINK_RESET_PASSWORD,
		             .email = "Ada@example.com",
		             .created_at_us = NOW,
		             .expires_at_us = NOW + SECOND };
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	user_store_add(&txn, &f->arena, &user);
	session.user_id = link.user_id = f->user_id = user.id;
	session_store_add(&txn, &f->arena, &session);
	link_store_add(&txn, &f->arena, &link);
	assert_int_equal(store_end(&txn), CODE_OK);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct store_options options = { .size_max = 16 << 20,
		                         .readers_max = 8,
		                         .group_max = 8 };
	enum store_fault fault;

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), DIR_TEMPLATE);
	assert_non_null(mkdtemp(f->dir));
	options.dir = f->dir;
	assert_int_equal(
		store_open(&options, &f->store, &fault, f->err, sizeof(f->err)),
		CODE_OK);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	add_account(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
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
set(struct fixture *f, const char *identifier, const char *password)
{
	const struct set_password order = { &f->arena, identifier, password,
		                            NOW + 7 };

	f->err[0] = '\0';
	return set_password_write(f->store, &order, f->err, sizeof(f->err));
}

static void
the_account_has_the_new_password(void **state)
{
	struct fixture *f = *state;
	const struct set_password order = { .arena = &f->arena,
		                            .identifier = "ADA" };
	struct password_hasher *hasher = NULL;
	struct user user;
	bool match = false;

	assert_int_equal(set(f, "ada@example.COM", "new secret"), CODE_OK);
	assert_int_equal(set_password_find(f->store, &order, &user, f->err,
	                                   sizeof(f->err)),
	                 CODE_OK);
	assert_int_equal(user.password_set_at_us, NOW + 7);
	assert_int_equal(password_hasher_open(1, &hasher), CODE_OK);
	assert_int_equal(password_match(hasher, "new secret",
	                                user.password_hash, &match),
	                 CODE_OK);
	assert_true(match);
	password_hasher_close(hasher);
}

static void
sessions_and_open_links_end(void **state)
{
	static const uint8_t session_id[SESSION_ID_SIZE] = { 1 };
	static const uint8_t link_hash[LINK_HASH_SIZE] = { 1 };
	struct fixture *f = *state;
	struct session session;
	struct store_txn txn;
	struct link link;

	assert_int_equal(set(f, "ada", "new secret"), CODE_OK);
	store_begin_read(f->store, &txn);
	assert_int_equal(
		session_store_find(&txn, &f->arena, session_id, &session),
		CODE_OK);
	assert_int_equal(link_store_find(&txn, &f->arena, link_hash, &link),
	                 CODE_OK);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(session.ended_at_us, NOW + 7);
	assert_int_equal(session.end_reason, SESSION_ENDED_REVOKED);
	assert_int_not_equal(link.used_at_us, 0);
}

static void
tries_at_the_old_password_are_forgiven(void **state)
{
	static const struct {
		enum throttle_scope scope;
		const char *subject;
	} rows[] = { { THROTTLE_LOGIN_ACCOUNT, "ada@example.com" },
		     { THROTTLE_LOGIN_ACCOUNT, "ada" },
		     { THROTTLE_OLD_PASSWORD, "1" } };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(take(f, rows[i].scope, rows[i].subject), 0);
		assert_int_not_equal(take(f, rows[i].scope, rows[i].subject),
		                     0);
	}
	assert_int_equal(set(f, "ada", "new secret"), CODE_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(take(f, rows[i].scope, rows[i].subject), 0);
}

static void
an_unknown_identifier_is_not_found(void **state)
{
	static const char *const unknown[] = { "eve", "", "\xff" };
	struct fixture *f = *state;
	struct user user;

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		const struct set_password order = { .arena = &f->arena,
			                            .identifier = unknown[i] };

		assert_int_equal(set(f, unknown[i], "new secret"),
		                 CODE_NOT_FOUND);
		assert_string_not_equal(f->err, "");
		assert_int_equal(set_password_find(f->store, &order, &user,
		                                   f->err, sizeof(f->err)),
		                 CODE_NOT_FOUND);
	}
}

static void
a_password_that_is_none_is_refused(void **state)
{
	struct fixture *f = *state;
	char overlong[PASSWORD_MAX + 2];

	memset(overlong, 'x', sizeof(overlong) - 1);
	overlong[sizeof(overlong) - 1] = '\0';
	assert_int_equal(set(f, "ada", ""), CODE_INVALID_ARGUMENT);
	assert_int_equal(set(f, "ada", "\xc3"), CODE_INVALID_ARGUMENT);
	assert_int_equal(set(f, "ada", overlong), CODE_INVALID_ARGUMENT);
	assert_string_not_equal(f->err, "");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_account_has_the_new_password),
		CASE(sessions_and_open_links_end),
		CASE(tries_at_the_old_password_are_forgiven),
		CASE(an_unknown_identifier_is_not_found),
		CASE(a_password_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
