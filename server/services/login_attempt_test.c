#include "server/services/login_attempt.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "server/services/auth_service.h"
#include "server/services/service_fixture.h"
#include "server/store/session_store.h"

#define THREADS 64
#define WINDOW (300 * SECOND)

static int
setup(void **state)
{
	const struct user ada = { .email = "ada@example.com",
		                  .username = "ada",
		                  .is_active = true };
	const struct user bob = { .email = "bob@example.com",
		                  .username = "bob",
		                  .is_active = true };
	int rc = service_fixture_setup(state);

	(void)service_fixture_add(*state, &ada);
	(void)service_fixture_add(*state, &bob);
	return rc;
}

static void
limit(struct service_fixture *f, enum throttle_scope scope, uint32_t events)
{
	f->server.throttles.rates[scope] =
		(struct throttle_rate){ .limit = events, .window_us = WINDOW };
}

static enum code
authenticate(struct rpc_call *call, const char *identifier,
             const char *password)
{
	Latchkey__V1__AuthenticateRequest req =
		LATCHKEY__V1__AUTHENTICATE_REQUEST__INIT;
	Latchkey__V1__AuthenticateResponse resp =
		LATCHKEY__V1__AUTHENTICATE_RESPONSE__INIT;

	req.identifier = (char *)identifier;
	req.password = (char *)password;
	return auth_authenticate(call, &req, &resp);
}

static enum code
login(struct service_fixture *f, const char *address, const char *identifier,
      const char *password)
{
	service_fixture_next(f);
	f->call.client_address = address;
	return authenticate(&f->call, identifier, password);
}

static void
assert_throttled(struct service_fixture *f, enum code code)
{
	assert_int_equal(code, CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(f->call.reason, REASON(THROTTLED));
}

/* One of many callers at the same time. */
struct guesser {
	pthread_t thread;
	pthread_barrier_t *start;
	struct rpc_call call;
	struct arena arena;
	uint8_t memory[65536];
	char identifier[32];
	char address[32];
	enum code code;
};

static void *
guess(void *arg)
{
	struct guesser *g = arg;

	(void)pthread_barrier_wait(g->start);
	g->code = authenticate(&g->call, g->identifier, "wrong");
	return NULL;
}

/* Runs them all and counts those whose password was looked at. */
static size_t
count_looks(struct service_fixture *f, struct guesser *guessers)
{
	pthread_barrier_t start;
	size_t looks = 0;

	assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
	for (size_t i = 0; i < THREADS; i++) {
		struct guesser *g = &guessers[i];

		arena_init(&g->arena, g->memory, sizeof(g->memory));
		g->start = &start;
		g->call = f->call;
		g->call.arena = &g->arena;
		g->call.client_address = g->address;
		assert_int_equal(pthread_create(&g->thread, NULL, guess, g), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		struct guesser *g = &guessers[i];

		assert_int_equal(pthread_join(g->thread, NULL), 0);
		if (g->code == CODE_UNAUTHENTICATED) {
			looks++;
			continue;
		}
		assert_int_equal(g->code, CODE_RESOURCE_EXHAUSTED);
		assert_int_equal(g->call.reason, REASON(THROTTLED));
		assert_int_not_equal(g->call.retry_after_ms, 0);
	}
	assert_int_equal(pthread_barrier_destroy(&start), 0);
	return looks;
}

static void
parallel_guesses_at_an_account_get_exactly_as_many_looks_as_allowed(
	void **state)
{
	struct service_fixture *f = *state;
	struct guesser *guessers = calloc(THREADS, sizeof(*guessers));

	assert_non_null(guessers);
	limit(f, THROTTLE_LOGIN_ACCOUNT, 5);
	limit(f, THROTTLE_LOGIN_ADDRESS, 128);
	for (size_t i = 0; i < THREADS; i++) {
		(void)snprintf(guessers[i].identifier, 32, "%s",
		               i % 2 == 0 ? "ada" : "ADA");
		(void)snprintf(guessers[i].address, 32, "192.0.2.%zu", i);
	}
	assert_int_equal(count_looks(f, guessers), 5);
	free(guessers);
}

static void
parallel_guesses_from_an_address_get_exactly_as_many_looks_as_allowed(
	void **state)
{
	struct service_fixture *f = *state;
	struct guesser *guessers = calloc(THREADS, sizeof(*guessers));

	assert_non_null(guessers);
	limit(f, THROTTLE_LOGIN_ACCOUNT, 128);
	limit(f, THROTTLE_LOGIN_ADDRESS, 5);
	for (size_t i = 0; i < THREADS; i++) {
		(void)snprintf(guessers[i].identifier, 32, "user%zu", i);
		(void)snprintf(guessers[i].address, 32, "2001:db8:0:7::%zx", i);
	}
	assert_int_equal(count_looks(f, guessers), 5);
	free(guessers);
}

static void
right_passwords_use_up_nothing(void **state)
{
	struct service_fixture *f = *state;

	limit(f, THROTTLE_LOGIN_ACCOUNT, 1);
	limit(f, THROTTLE_LOGIN_DEVICE, 1);
	limit(f, THROTTLE_LOGIN_ADDRESS, 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(login(f, "192.0.2.1", "ada", "secret"),
		                 CODE_OK);
	assert_int_equal(login(f, "192.0.2.1", "bob", "wrong"),
	                 CODE_UNAUTHENTICATED);
	assert_throttled(f, login(f, "192.0.2.1", "bob", "secret"));
}

static void
an_unknown_account_is_throttled_like_a_known_one(void **state)
{
	struct service_fixture *f = *state;
	const char *const names[] = { "ada", "nobody" };
	uint32_t waits[2];

	limit(f, THROTTLE_LOGIN_ACCOUNT, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(login(f, "192.0.2.1", names[i], "wrong"),
		                 CODE_UNAUTHENTICATED);
		assert_int_equal(login(f, "192.0.2.2", names[i], "wrong"),
		                 CODE_UNAUTHENTICATED);
		assert_throttled(f, login(f, "192.0.2.3", names[i], "wrong"));
		waits[i] = f->call.retry_after_ms;
	}
	assert_int_equal(waits[0], waits[1]);
}

static void
strangers_cannot_lock_an_owner_out_of_a_known_device(void **state)
{
	struct service_fixture *f = *state;

	limit(f, THROTTLE_LOGIN_ACCOUNT, 2);
	limit(f, THROTTLE_LOGIN_DEVICE, 2);
	assert_int_equal(login(f, "198.51.100.1", "ada", "secret"), CODE_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(login(f, "203.0.113.9", "ada", "wrong"),
		                 CODE_UNAUTHENTICATED);
	assert_throttled(f, login(f, "203.0.113.9", "ada", "secret"));
	assert_int_equal(login(f, "198.51.100.1", "ada", "secret"), CODE_OK);
	assert_int_equal(login(f, "198.51.100.1", "ada@example.com", "secret"),
	                 CODE_OK);
}

static void
strangers_at_the_same_address_do_not_hold_up_a_known_device(void **state)
{
	struct service_fixture *f = *state;

	limit(f, THROTTLE_LOGIN_ADDRESS, 2);
	limit(f, THROTTLE_LOGIN_DEVICE, 2);
	assert_int_equal(login(f, "192.0.2.1", "ada", "secret"), CODE_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(login(f, "192.0.2.1", "bob", "wrong"),
		                 CODE_UNAUTHENTICATED);
	assert_throttled(f, login(f, "192.0.2.1", "bob", "secret"));
	assert_int_equal(login(f, "192.0.2.1", "ada", "secret"), CODE_OK);
	/* What was never counted is not taken back from the strangers. */
	assert_throttled(f, login(f, "192.0.2.1", "bob", "secret"));
}

static void
a_known_device_may_not_guess_for_ever(void **state)
{
	struct service_fixture *f = *state;

	limit(f, THROTTLE_LOGIN_DEVICE, 2);
	assert_int_equal(login(f, "192.0.2.1", "ada", "secret"), CODE_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(login(f, "192.0.2.1", "ada", "wrong"),
		                 CODE_UNAUTHENTICATED);
	assert_throttled(f, login(f, "192.0.2.1", "ada", "secret"));
}

static void
a_known_device_begins_afresh_with_a_new_password(void **state)
{
	struct service_fixture *f = *state;
	struct user ada;

	limit(f, THROTTLE_LOGIN_DEVICE, 1);
	assert_int_equal(login(f, "192.0.2.1", "ada", "secret"), CODE_OK);
	assert_int_equal(login(f, "192.0.2.1", "ada", "wrong"),
	                 CODE_UNAUTHENTICATED);
	assert_throttled(f, login(f, "192.0.2.1", "ada", "secret"));
	/* By the other identifier it is the same account. */
	assert_throttled(f, login(f, "192.0.2.1", "ada@example.com", "secret"));
	ada = service_fixture_get(f, 1);
	ada.password_set_at_us = f->call.now_us;
	service_fixture_put(f, &ada);
	assert_int_equal(login(f, "192.0.2.1", "ada", "secret"), CODE_OK);
}

static void
a_device_is_known_by_its_ipv6_network(void **state)
{
	struct service_fixture *f = *state;

	limit(f, THROTTLE_LOGIN_ACCOUNT, 1);
	limit(f, THROTTLE_LOGIN_DEVICE, 2);
	assert_int_equal(login(f, "2001:db8::1", "ada", "secret"), CODE_OK);
	assert_int_equal(login(f, "203.0.113.9", "ada", "wrong"),
	                 CODE_UNAUTHENTICATED);
	assert_int_equal(login(f, "2001:db8::abcd", "ada", "secret"), CODE_OK);
	assert_throttled(f, login(f, "2001:db8:0:1::1", "ada", "secret"));
}

static void
a_device_stays_known_however_many_sessions_began_elsewhere(void **state)
{
	struct service_fixture *f = *state;
	size_t mark = f->kept.used;
	struct session session;
	struct store_txn txn;

	limit(f, THROTTLE_LOGIN_ACCOUNT, 1);
	assert_int_equal(login(f, "192.0.2.1", "ada", "secret"), CODE_OK);
	store_begin_write(f->store, &txn);
	for (int i = 0; i < 1500; i++) {
		session_begin(&f->server.sessions, 1, f->call.now_us, &session);
		session_store_add(&txn, &f->kept, &session);
		arena_rewind(&f->kept, mark);
	}
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(login(f, "203.0.113.9", "ada", "wrong"),
	                 CODE_UNAUTHENTICATED);
	assert_throttled(f, login(f, "203.0.113.9", "ada", "secret"));
	assert_int_equal(login(f, "192.0.2.1", "ada", "secret"), CODE_OK);
}

static void
the_time_to_wait_is_honest(void **state)
{
	struct service_fixture *f = *state;

	limit(f, THROTTLE_LOGIN_ACCOUNT, 1);
	assert_int_equal(login(f, "192.0.2.1", "ada", "wrong"),
	                 CODE_UNAUTHENTICATED);
	f->call.now_us += SECOND + 1;
	assert_throttled(f, login(f, "192.0.2.1", "ada", "wrong"));
	assert_int_equal(f->call.retry_after_ms, 299000);
	f->call.now_us += (int64_t)f->call.retry_after_ms * 1000 - 1001;
	assert_throttled(f, login(f, "192.0.2.1", "ada", "wrong"));
	assert_int_equal(f->call.retry_after_ms, 1);
	f->call.now_us += 1000;
	assert_int_equal(login(f, "192.0.2.1", "ada", "wrong"),
	                 CODE_UNAUTHENTICATED);
}

static void
a_refused_try_counts_nowhere(void **state)
{
	struct service_fixture *f = *state;

	limit(f, THROTTLE_LOGIN_ACCOUNT, 2);
	limit(f, THROTTLE_LOGIN_ADDRESS, 1);
	assert_int_equal(login(f, "192.0.2.1", "bob", "wrong"),
	                 CODE_UNAUTHENTICATED);
	for (int i = 0; i < 4; i++)
		assert_throttled(f, login(f, "192.0.2.1", "ada", "wrong"));
	/* The address was refused: the account is as fresh as ever. */
	assert_int_equal(login(f, "192.0.2.2", "ada", "wrong"),
	                 CODE_UNAUTHENTICATED);
	assert_int_equal(login(f, "192.0.2.3", "ada", "wrong"),
	                 CODE_UNAUTHENTICATED);
	assert_throttled(f, login(f, "192.0.2.4", "ada", "wrong"));
	/* And the account was refused: its address is. */
	assert_int_equal(login(f, "192.0.2.4", "bob", "wrong"),
	                 CODE_UNAUTHENTICATED);
}

static void
without_an_address_the_account_alone_is_counted(void **state)
{
	struct service_fixture *f = *state;

	limit(f, THROTTLE_LOGIN_ADDRESS, 1);
	limit(f, THROTTLE_LOGIN_ACCOUNT, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(login(f, "", "ada", "wrong"),
		                 CODE_UNAUTHENTICATED);
	assert_throttled(f, login(f, "", "ada", "secret"));
	assert_int_equal(login(f, "", "bob", "secret"), CODE_OK);
}

static void
an_unverified_address_is_told_after_the_right_password_alone(void **state)
{
	struct service_fixture *f = *state;
	struct user user;

	f->server.registration = REGISTRATION_VERIFY;
	limit(f, THROTTLE_LOGIN_ACCOUNT, 1);
	assert_int_equal(login(f, "192.0.2.1", "ada", "secret"),
	                 CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(EMAIL_NOT_VERIFIED));
	user = service_fixture_get(f, 1);
	assert_int_equal(user.last_login_at_us, 0);
	/* It was no failure, and it made no known device. */
	assert_int_equal(login(f, "192.0.2.1", "ada", "wrong"),
	                 CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(CREDENTIALS_INVALID));
	assert_throttled(f, login(f, "192.0.2.1", "ada", "secret"));

	user.email_verified = true;
	service_fixture_put(f, &user);
	f->call.now_us += WINDOW;
	assert_int_equal(login(f, "192.0.2.1", "ada", "secret"), CODE_OK);
}

static void
a_throttled_login_survives_every_shortage_of_memory(void **state)
{
	struct service_fixture *f = *state;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size;

	limit(f, THROTTLE_LOGIN_ACCOUNT, 128);
	limit(f, THROTTLE_LOGIN_ADDRESS, 128);
	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 256) {
		assert_true(size < sizeof(f->memory));
		arena_init(&f->arena, f->memory, size);
		code = login(f, "192.0.2.1", "ada", "secret");
		assert_int_not_equal(f->call.reason, REASON(THROTTLED));
	}
	assert_int_equal(code, CODE_OK);
	assert_true(size > 256);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, setup, service_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parallel_guesses_at_an_account_get_exactly_as_many_looks_as_allowed),
		TEST(parallel_guesses_from_an_address_get_exactly_as_many_looks_as_allowed),
		TEST(right_passwords_use_up_nothing),
		TEST(an_unknown_account_is_throttled_like_a_known_one),
		TEST(strangers_cannot_lock_an_owner_out_of_a_known_device),
		TEST(strangers_at_the_same_address_do_not_hold_up_a_known_device),
		TEST(a_known_device_may_not_guess_for_ever),
		TEST(a_known_device_begins_afresh_with_a_new_password),
		TEST(a_device_is_known_by_its_ipv6_network),
		TEST(a_device_stays_known_however_many_sessions_began_elsewhere),
		TEST(the_time_to_wait_is_honest),
		TEST(a_refused_try_counts_nowhere),
		TEST(without_an_address_the_account_alone_is_counted),
		TEST(an_unverified_address_is_told_after_the_right_password_alone),
		TEST(a_throttled_login_survives_every_shortage_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
