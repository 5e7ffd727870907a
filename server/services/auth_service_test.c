#include "server/services/auth_service.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "server/services/caller.h"
#include "server/services/service_fixture.h"

/* Two users with the password "secret": an active one and one who is not. */
static int
setup(void **state)
{
	static const char *const roles[] = { "Admin", "Manager" };
	struct user ada = { .email = "ada@example.com",
		            .username = "ada",
		            .first_name = "Ada",
		            .last_name = "Byron",
		            .is_active = true,
		            .roles = roles,
		            .role_count = 2 };
	struct user off = { .email = "off@example.com", .username = "off" };
	int rc = service_fixture_setup(state);

	(void)service_fixture_add(*state, &ada);
	(void)service_fixture_add(*state, &off);
	return rc;
}

static enum code
login(struct service_fixture *f, const char *identifier, const char *password,
      Latchkey__V1__AuthenticateResponse *resp)
{
	Latchkey__V1__AuthenticateRequest req =
		LATCHKEY__V1__AUTHENTICATE_REQUEST__INIT;

	service_fixture_next(f);
	latchkey__v1__authenticate_response__init(resp);
	req.identifier = (char *)identifier;
	req.password = (char *)password;
	return auth_authenticate(&f->call, &req, resp);
}

static char *
logged_in(struct service_fixture *f, char **access)
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
refresh(struct service_fixture *f, const char *token, char **next)
{
	Latchkey__V1__RefreshRequest req = LATCHKEY__V1__REFRESH_REQUEST__INIT;
	Latchkey__V1__RefreshResponse resp =
		LATCHKEY__V1__REFRESH_RESPONSE__INIT;
	enum code code;

	service_fixture_next(f);
	req.refresh_token = (char *)token;
	code = auth_refresh(&f->call, &req, &resp);
	*next = NULL;
	if (code == CODE_OK && resp.refresh_token_presence_case != 0)
		*next = arena_strdup(&f->kept, resp.refresh_token);
	return code;
}

static enum code
verify(struct service_fixture *f, const char *token,
       Latchkey__V1__TokenType type)
{
	Latchkey__V1__VerifyTokenRequest req =
		LATCHKEY__V1__VERIFY_TOKEN_REQUEST__INIT;
	Latchkey__V1__VerifyTokenResponse resp =
		LATCHKEY__V1__VERIFY_TOKEN_RESPONSE__INIT;

	service_fixture_next(f);
	req.token = (char *)token;
	req.accepted_types = &type;
	req.n_accepted_types = type == 0 ? 0 : 1;
	return auth_verify_token(&f->call, &req, &resp);
}

static enum code
logout(struct service_fixture *f, const char *token, bool strict,
       bool *had_ended)
{
	Latchkey__V1__LogoutRequest req = LATCHKEY__V1__LOGOUT_REQUEST__INIT;
	Latchkey__V1__LogoutResponse resp = LATCHKEY__V1__LOGOUT_RESPONSE__INIT;
	enum code code;

	service_fixture_next(f);
	req.refresh_token = (char *)token;
	req.strict = strict;
	code = auth_logout(&f->call, &req, &resp);
	*had_ended = resp.had_ended;
	return code;
}

static void
a_login_gives_two_tokens_that_verify_and_the_user(void **state)
{
	struct service_fixture *f = *state;
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
	struct service_fixture *f = *state;
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
	struct service_fixture *f = *state;
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
	struct service_fixture *f = *state;
	char *token = logged_in(f, NULL), *next;

	f->call.now_us += 3600 * SECOND;
	assert_int_equal(refresh(f, token, &next), CODE_OK);
	assert_null(next);
	assert_int_equal(refresh(f, token, &next), CODE_OK);
}

static void
with_rotation_a_repeated_refresh_gives_the_same_successor(void **state)
{
	struct service_fixture *f = *state;
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
	struct service_fixture *f = *state;
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
a_login_beyond_the_users_sessions_ends_the_oldest(void **state)
{
	struct service_fixture *f = *state;
	char *tokens[4], *next;
	bool had_ended;

	f->server.sessions.per_user_max = 2;
	for (size_t i = 0; i < 3; i++) {
		f->call.now_us += SECOND;
		tokens[i] = logged_in(f, NULL);
	}
	assert_int_equal(refresh(f, tokens[0], &next), CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(TOKEN_REVOKED));
	assert_int_equal(refresh(f, tokens[1], &next), CODE_OK);
	/* Who logs out makes room. */
	assert_int_equal(logout(f, tokens[2], true, &had_ended), CODE_OK);
	tokens[3] = logged_in(f, NULL);
	assert_int_equal(refresh(f, tokens[1], &next), CODE_OK);
	assert_int_equal(refresh(f, tokens[3], &next), CODE_OK);
}

#define PARALLEL 8

/* One of several logins at the same time. */
struct racer {
	pthread_t thread;
	pthread_barrier_t *start;
	struct rpc_call call;
	struct arena arena;
	uint8_t memory[65536];
	const char *password;
	enum code code;
};

static void *
race(void *arg)
{
	Latchkey__V1__AuthenticateRequest req =
		LATCHKEY__V1__AUTHENTICATE_REQUEST__INIT;
	Latchkey__V1__AuthenticateResponse resp =
		LATCHKEY__V1__AUTHENTICATE_RESPONSE__INIT;
	struct racer *r = arg;

	req.identifier = (char *)"ada";
	req.password = (char *)r->password;
	(void)pthread_barrier_wait(r->start);
	r->code = auth_authenticate(&r->call, &req, &resp);
	return NULL;
}

/* Of one pass only: the first login replaces it. */
static void
give_old_hash(struct service_fixture *f)
{
	struct user ada = service_fixture_get(f, 1);
	char hash[crypto_pwhash_STRBYTES];

	assert_int_equal(crypto_pwhash_str_alg(hash, "secret", 6, 1, 19 << 20,
	                                       crypto_pwhash_ALG_ARGON2ID13),
	                 0);
	ada.password_hash = hash;
	service_fixture_put(f, &ada);
}

static void
parallel_logins_survive_that_one_of_them_replaces_the_hash(void **state)
{
	struct service_fixture *f = *state;
	struct racer *racers = calloc(PARALLEL, sizeof(*racers));
	pthread_barrier_t start;

	assert_non_null(racers);
	give_old_hash(f);
	assert_int_equal(pthread_barrier_init(&start, NULL, PARALLEL), 0);
	for (size_t i = 0; i < PARALLEL; i++) {
		struct racer *r = &racers[i];

		arena_init(&r->arena, r->memory, sizeof(r->memory));
		r->start = &start;
		r->password = i == 0 ? "wrong" : "secret";
		r->call = f->call;
		r->call.arena = &r->arena;
		assert_int_equal(pthread_create(&r->thread, NULL, race, r), 0);
	}
	for (size_t i = 0; i < PARALLEL; i++)
		assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
	for (size_t i = 0; i < PARALLEL; i++)
		assert_int_equal(racers[i].code,
		                 i == 0 ? CODE_UNAUTHENTICATED : CODE_OK);
	assert_int_equal(pthread_barrier_destroy(&start), 0);
	free(racers);
	assert_false(
		password_needs_rehash(service_fixture_get(f, 1).password_hash));
}

static void
logout_ends_the_session_and_may_be_repeated(void **state)
{
	struct service_fixture *f = *state;
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
	struct service_fixture *f = *state;
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
	struct service_fixture *f = *state;
	char *access, *token = logged_in(f, &access);

	assert_int_equal(verify(f, access, 0), CODE_OK);
	assert_int_equal(verify(f, token, 0), CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(TOKEN_WRONG_TYPE));
	assert_int_equal(
		verify(f, token, LATCHKEY__V1__TOKEN_TYPE__TOKEN_TYPE_REFRESH),
		CODE_OK);
}

static void
deactivate(struct service_fixture *f)
{
	struct store_txn txn;
	struct user user;

	service_fixture_next(f);
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
	struct service_fixture *f = *state;
	char *access, *token = logged_in(f, &access), *next;
	struct principal principal;

	f->call.access_token = access;
	service_fixture_next(f);
	assert_int_equal(caller_authenticate(&f->call, &principal), CODE_OK);
	assert_int_equal(principal.role, ROLE_USER);
	deactivate(f);
	assert_int_equal(refresh(f, token, &next), CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(USER_INACTIVE));
	service_fixture_next(f);
	assert_int_equal(caller_authenticate(&f->call, &principal),
	                 CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(USER_INACTIVE));
	assert_int_equal(f->call.subject,
	                 LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER);
}

static void
a_refresh_survives_every_shortage_of_memory(void **state)
{
	struct service_fixture *f = *state;
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
	struct service_fixture *f = *state;
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

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, setup, service_fixture_teardown)

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
		TEST(a_login_beyond_the_users_sessions_ends_the_oldest),
		TEST(parallel_logins_survive_that_one_of_them_replaces_the_hash),
		TEST(logout_ends_the_session_and_may_be_repeated),
		TEST(logout_takes_an_expired_token_unless_strict),
		TEST(verify_takes_access_tokens_unless_told_otherwise),
		TEST(deactivation_counts_on_the_next_call),
		TEST(a_refresh_survives_every_shortage_of_memory),
		TEST(a_login_survives_every_shortage_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
