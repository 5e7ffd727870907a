#include "server/services/auth_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "server/domain/keyring.h"
#include "server/domain/password.h"
#include "server/server.h"
#include "server/services/caller.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
#define SECOND 1000000LL
#define START (1700000000 * SECOND)

struct fixture {
	struct server server;
	struct store *store;
	struct keyring *keyring;
	struct rpc_method method;
	struct arena arena;
	struct arena kept; /* outlives a call: tokens to present again */
	struct rpc_call call;
	uint8_t memory[65536];
	uint8_t kept_memory[65536];
	char hash[PASSWORD_HASH_SIZE];
};

static void
add_user(struct fixture *f, const char *email, const char *username,
         bool is_active)
{
	static const char *const roles[] = { "Admin", "Manager" };
	struct user user = { .email = email,
		             .username = username,
		             .first_name = "Ada",
		             .last_name = "Byron",
		             .name = "",
		             .password_hash = f->hash,
		             .avatar = "",
		             .is_active = is_active,
		             .roles = roles,
		             .role_count = 2,
		             .joined_at_us = START };
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	user_store_add(&txn, &f->arena, &user);
	assert_int_equal(store_end(&txn), CODE_OK);
	arena_reset(&f->arena);
}

static void
open_store(struct fixture *f)
{
	char dir[] = "/tmp/auth_service_test.XXXXXX", err[256];
	struct store_options options = { .size_max = 64 << 20,
		                         .readers_max = 8,
		                         .group_max = 8 };
	static const uint8_t master[MASTER_KEY_SIZE] = { 1 };
	enum store_fault fault;

	assert_non_null(mkdtemp(dir));
	options.dir = dir;
	assert_int_equal(
		store_open(&options, &f->store, &fault, err, sizeof(err)),
		CODE_OK);
	assert_int_equal(keyring_add_key(f->store, master, KEY_ES256,
	                                 KEY_PURPOSE_ACCESS, START),
	                 CODE_OK);
	assert_int_equal(keyring_add_key(f->store, master, KEY_HS256,
	                                 KEY_PURPOSE_REFRESH, START),
	                 CODE_OK);
	assert_int_equal(
		keyring_open(f->store, master, &f->keyring, err, sizeof(err)),
		CODE_OK);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	arena_init(&f->kept, f->kept_memory, sizeof(f->kept_memory));
	open_store(f);
	assert_int_equal(password_hasher_open(2, &f->server.hasher), CODE_OK);
	assert_int_equal(password_hash(f->server.hasher, "secret", f->hash),
	                 CODE_OK);
	add_user(f, "ada@example.com", "ada", true);
	add_user(f, "off@example.com", "off", false);
	f->server.store = f->store;
	f->server.keyring = f->keyring;
	f->server.tokens =
		(struct token_policy){ .issuer = "", .audience = "" };
	f->server.sessions = (struct session_policy){
		.session_lifetime_s = 30LL * 86400,
		.refresh_lifetime_s = 7LL * 86400,
		.access_lifetime_s = 3600,
		.grace_ms = 10000,
	};
	f->method.name = "test";
	f->call = (struct rpc_call){ .server = &f->server,
		                     .arena = &f->arena,
		                     .method = &f->method,
		                     .access_token = "",
		                     .client_address = "192.0.2.1",
		                     .user_agent = "test",
		                     .now_us = START };
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	password_hasher_close(f->server.hasher);
	keyring_close(f->keyring);
	store_close(f->store);
	free(f);
	return 0;
}

/* A new call at the same clock: only the arena and the outcome start anew. */
static void
next_call(struct fixture *f)
{
	arena_reset(&f->arena);
	f->call.reason = REASON(UNSPECIFIED);
	f->call.violation_count = 0;
}

static enum code
login(struct fixture *f, const char *identifier, const char *password,
      Latchkey__V1__AuthenticateResponse *resp)
{
	Latchkey__V1__AuthenticateRequest req =
		LATCHKEY__V1__AUTHENTICATE_REQUEST__INIT;

	next_call(f);
	latchkey__v1__authenticate_response__init(resp);
	req.identifier = (char *)identifier;
	req.password = (char *)password;
	return auth_authenticate(&f->call, &req, resp);
}

static char *
logged_in(struct fixture *f, char **access)
{
	Latchkey__V1__AuthenticateResponse resp;
	char *refresh;

	assert_int_equal(login(f, "ada", "secret", &resp), CODE_OK);
	refresh = arena_strdup(&f->kept, resp.refresh_token);
	assert_non_null(refresh);
	if (access != NULL)
		*access = arena_strdup(&f->kept, resp.access_token);
	return refresh;
}

/* *next is the successor, kept; NULL if the answer holds none. */
static enum code
refresh(struct fixture *f, const char *token, char **next)
{
	Latchkey__V1__RefreshRequest req = LATCHKEY__V1__REFRESH_REQUEST__INIT;
	Latchkey__V1__RefreshResponse resp =
		LATCHKEY__V1__REFRESH_RESPONSE__INIT;
	enum code code;

	next_call(f);
	req.refresh_token = (char *)token;
	code = auth_refresh(&f->call, &req, &resp);
	*next = NULL;
	if (code == CODE_OK && resp.refresh_token_presence_case != 0)
		*next = arena_strdup(&f->kept, resp.refresh_token);
	return code;
}

static enum code
verify(struct fixture *f, const char *token, Latchkey__V1__TokenType type)
{
	Latchkey__V1__VerifyTokenRequest req =
		LATCHKEY__V1__VERIFY_TOKEN_REQUEST__INIT;
	Latchkey__V1__VerifyTokenResponse resp =
		LATCHKEY__V1__VERIFY_TOKEN_RESPONSE__INIT;

	next_call(f);
	req.token = (char *)token;
	req.accepted_types = &type;
	req.n_accepted_types = type == 0 ? 0 : 1;
	return auth_verify_token(&f->call, &req, &resp);
}

static enum code
logout(struct fixture *f, const char *token, bool strict, bool *had_ended)
{
	Latchkey__V1__LogoutRequest req = LATCHKEY__V1__LOGOUT_REQUEST__INIT;
	Latchkey__V1__LogoutResponse resp = LATCHKEY__V1__LOGOUT_RESPONSE__INIT;
	enum code code;

	next_call(f);
	req.refresh_token = (char *)token;
	req.strict = strict;
	code = auth_logout(&f->call, &req, &resp);
	*had_ended = resp.had_ended;
	return code;
}

static void
a_login_gives_two_tokens_that_verify_and_the_user(void **state)
{
	struct fixture *f = *state;
	Latchkey__V1__AuthenticateResponse resp;

	assert_int_equal(login(f, "ADA@Example.com", "secret", &resp), CODE_OK);
	assert_string_equal(resp.user->email, "ada@example.com");
	assert_string_equal(resp.user->full_name, "Ada Byron");
	assert_int_equal(resp.user->n_roles, 2);
	assert_int_equal(resp.user->last_login_at_us, START);
	assert_int_equal(resp.access_expires_at, START / SECOND + 3600);
	assert_int_equal(resp.refresh_expires_at, START / SECOND + 7LL * 86400);
}

static void
every_kind_of_wrong_credentials_is_refused_alike(void **state)
{
	static const char *const tries[][2] = { { "ada", "wrong" },
		                                { "nobody", "secret" },
		                                { "off", "secret" } };
	struct fixture *f = *state;
	Latchkey__V1__AuthenticateResponse resp;

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		assert_int_equal(login(f, tries[i][0], tries[i][1], &resp),
		                 CODE_UNAUTHENTICATED);
		assert_int_equal(f->call.reason, REASON(CREDENTIALS_INVALID));
		assert_string_equal(f->call.message,
		                    "no active account with these credentials");
	}
}

static void
fields_out_of_bounds_are_named_all_at_once(void **state)
{
	struct fixture *f = *state;
	Latchkey__V1__AuthenticateResponse resp;
	char long_text[PASSWORD_MAX + 2];

	memset(long_text, 'a', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_int_equal(login(f, "", long_text, &resp), CODE_INVALID_ARGUMENT);
	assert_int_equal(f->call.reason, REASON(FIELD_INVALID));
	assert_int_equal(f->call.violation_count, 2);
	assert_string_equal(f->call.violations[0].field, "identifier");
	assert_string_equal(f->call.violations[0].code, "required");
	assert_string_equal(f->call.violations[1].field, "password");
	assert_string_equal(f->call.violations[1].code, "too_long");
}

static void
without_rotation_a_refresh_gives_an_access_token_alone(void **state)
{
	struct fixture *f = *state;
	char *token = logged_in(f, NULL), *next;

	f->call.now_us += 3600 * SECOND;
	assert_int_equal(refresh(f, token, &next), CODE_OK);
	assert_null(next);
	assert_int_equal(refresh(f, token, &next), CODE_OK);
}

static void
with_rotation_a_repeated_refresh_gives_the_same_successor(void **state)
{
	struct fixture *f = *state;
	char *token, *second, *again;

	f->server.sessions.rotate = true;
	token = logged_in(f, NULL);
	f->call.now_us += 60 * SECOND;
	assert_int_equal(refresh(f, token, &second), CODE_OK);
	assert_string_not_equal(second, token);
	f->call.now_us += 9 * SECOND;
	assert_int_equal(refresh(f, token, &again), CODE_OK);
	assert_string_equal(again, second);
	assert_int_equal(refresh(f, second, &again), CODE_OK);
	assert_string_equal(again, second);
}

static void
a_stolen_token_ends_the_session_and_its_access_tokens(void **state)
{
	struct fixture *f = *state;
	char *access, *first, *second, *third;

	f->server.sessions.rotate = true;
	first = logged_in(f, &access);
	f->call.now_us += 60 * SECOND;
	assert_int_equal(refresh(f, first, &second), CODE_OK);
	f->call.now_us += 60 * SECOND;
	assert_int_equal(refresh(f, second, &third), CODE_OK);
	assert_int_equal(verify(f, access, 0), CODE_OK);
	/* Asking about the stolen token changes nothing ... */
	assert_int_equal(
		verify(f, first, LATCHKEY__V1__TOKEN_TYPE__TOKEN_TYPE_REFRESH),
		CODE_UNAUTHENTICATED);
	assert_int_equal(verify(f, access, 0), CODE_OK);
	/* ... using it ends the session, for the newest token too. */
	assert_int_equal(refresh(f, first, &second), CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(TOKEN_REVOKED));
	assert_int_equal(refresh(f, third, &second), CODE_UNAUTHENTICATED);
	assert_int_equal(verify(f, access, 0), CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(TOKEN_REVOKED));
}

static void
logout_ends_the_session_and_may_be_repeated(void **state)
{
	struct fixture *f = *state;
	char *access, *token = logged_in(f, &access), *next;
	bool had_ended;

	assert_int_equal(logout(f, token, false, &had_ended), CODE_OK);
	assert_false(had_ended);
	assert_int_equal(refresh(f, token, &next), CODE_UNAUTHENTICATED);
	assert_int_equal(verify(f, access, 0), CODE_UNAUTHENTICATED);
	assert_int_equal(logout(f, token, false, &had_ended), CODE_OK);
	assert_true(had_ended);
	assert_int_equal(logout(f, token, true, &had_ended),
	                 CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(TOKEN_REVOKED));
}

static void
logout_takes_an_expired_token_unless_strict(void **state)
{
	struct fixture *f = *state;
	char *token = logged_in(f, NULL);
	bool had_ended;

	f->call.now_us += 8LL * 86400 * SECOND;
	assert_int_equal(logout(f, token, true, &had_ended),
	                 CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(TOKEN_EXPIRED));
	assert_int_equal(logout(f, token, false, &had_ended), CODE_OK);
	assert_false(had_ended);
	assert_int_equal(logout(f, "junk", false, &had_ended),
	                 CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(TOKEN_INVALID));
}

static void
verify_takes_access_tokens_unless_told_otherwise(void **state)
{
	struct fixture *f = *state;
	char *access, *token = logged_in(f, &access);

	assert_int_equal(verify(f, access, 0), CODE_OK);
	assert_int_equal(verify(f, token, 0), CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(TOKEN_WRONG_TYPE));
	assert_int_equal(
		verify(f, token, LATCHKEY__V1__TOKEN_TYPE__TOKEN_TYPE_REFRESH),
		CODE_OK);
}

static void
deactivate(struct fixture *f)
{
	struct store_txn txn;
	struct user user;

	next_call(f);
	store_begin_write(f->store, &txn);
	assert_int_equal(
		user_store_find_by_identifier(&txn, &f->arena, "ada", &user),
		CODE_OK);
	user.is_active = false;
	user_store_put(&txn, &f->arena, &user);
	assert_int_equal(store_end(&txn), CODE_OK);
}

static void
deactivation_counts_on_the_next_call(void **state)
{
	struct fixture *f = *state;
	char *access, *token = logged_in(f, &access), *next;
	struct principal principal;

	f->call.access_token = access;
	next_call(f);
	assert_int_equal(caller_authenticate(&f->call, &principal), CODE_OK);
	assert_int_equal(principal.role, ROLE_USER);
	deactivate(f);
	assert_int_equal(refresh(f, token, &next), CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(USER_INACTIVE));
	next_call(f);
	assert_int_equal(caller_authenticate(&f->call, &principal),
	                 CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(USER_INACTIVE));
	assert_int_equal(f->call.subject,
	                 LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER);
}

static void
a_refresh_survives_every_shortage_of_memory(void **state)
{
	struct fixture *f = *state;
	char *token, *next;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size;

	f->server.sessions.rotate = true;
	token = logged_in(f, NULL);
	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		f->call.now_us += 60 * SECOND;
		assert_true(size < sizeof(f->memory));
		arena_init(&f->arena, f->memory, size);
		code = refresh(f, token, &next);
		/* A step taken before the shortage is answered again later. */
		f->server.sessions.grace_ms = 3600LL * 1000 * 24;
	}
	assert_int_equal(code, CODE_OK);
	assert_true(size > 8);
}

static void
a_login_survives_every_shortage_of_memory(void **state)
{
	struct fixture *f = *state;
	Latchkey__V1__AuthenticateResponse resp;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size;

	/* Each try may hash a password, so the steps are wider here. */
	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 128) {
		assert_true(size < sizeof(f->memory));
		arena_init(&f->arena, f->memory, size);
		code = login(f, "ada", "secret", &resp);
	}
	assert_int_equal(code, CODE_OK);
	assert_true(size > 128);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_login_gives_two_tokens_that_verify_and_the_user),
		TEST(every_kind_of_wrong_credentials_is_refused_alike),
		TEST(fields_out_of_bounds_are_named_all_at_once),
		TEST(without_rotation_a_refresh_gives_an_access_token_alone),
		TEST(with_rotation_a_repeated_refresh_gives_the_same_successor),
		TEST(a_stolen_token_ends_the_session_and_its_access_tokens),
		TEST(logout_ends_the_session_and_may_be_repeated),
		TEST(logout_takes_an_expired_token_unless_strict),
		TEST(verify_takes_access_tokens_unless_told_otherwise),
		TEST(deactivation_counts_on_the_next_call),
		TEST(a_refresh_survives_every_shortage_of_memory),
		TEST(a_login_survives_every_shortage_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
