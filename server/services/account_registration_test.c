#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/latchkey/v1/account_service.pb-c.h"
#include "server/services/account_service.h"
#include "server/services/service_fixture.h"

#define STATE(name) LATCHKEY__V1__REGISTRATION_STATE__REGISTRATION_STATE_##name
#define GOOD "correct horse battery"
#define THREADS 8

static int
setup(void **state)
{
	const struct user ada = { .email = "ada@example.com",
		                  .username = "ada",
		                  .is_active = true };
	struct service_fixture *f;
	int rc = service_fixture_setup(state);

	f = *state;
	f->server.registration = REGISTRATION_OPEN;
	f->server.attributes = (struct attribute_table){
		.rows = { { "phone", ATTRIBUTE_TEXT, ATTRIBUTE_BY_USER },
		          { "level", ATTRIBUTE_INTEGER, ATTRIBUTE_BY_STAFF },
		          { "news", ATTRIBUTE_FLAG, ATTRIBUTE_BY_USER } },
		.count = 3,
	};
	assert_int_equal(service_fixture_add(f, &ada), 1);
	return rc;
}

static void
ask(Latchkey__V1__RegisterAccountRequest *req, const char *email,
    const char *username, const char *password)
{
	latchkey__v1__register_account_request__init(req);
	req->email = (char *)email;
	req->password = (char *)password;
	if (username == NULL)
		return;
	req->username_presence_case =
		LATCHKEY__V1__REGISTER_ACCOUNT_REQUEST__USERNAME_PRESENCE_USERNAME;
	req->username = (char *)username;
}

static enum code
send(struct service_fixture *f, const Latchkey__V1__RegisterAccountRequest *req,
     Latchkey__V1__RegisterAccountResponse *resp)
{
	latchkey__v1__register_account_response__init(resp);
	return account_register(&f->call, req, resp);
}

static enum code
enrol(struct service_fixture *f, const char *email, const char *username,
      const char *password)
{
	Latchkey__V1__RegisterAccountRequest req;
	Latchkey__V1__RegisterAccountResponse resp;

	service_fixture_next(f);
	ask(&req, email, username, password);
	return send(f, &req, &resp);
}

static size_t
count_users(struct service_fixture *f)
{
	struct store_txn txn;
	struct user user = { 0 };
	size_t count = 0;

	store_begin_read(f->store, &txn);
	while (user_store_next(&txn, &f->kept, user.id, &user) == CODE_OK)
		count++;
	assert_int_equal(store_end(&txn), CODE_OK);
	return count;
}

static void
assert_violation(const struct service_fixture *f, size_t i, const char *field,
                 const char *message)
{
	assert_true(i < f->call.violation_count);
	assert_string_equal(f->call.violations[i].field, field);
	assert_string_equal(f->call.violations[i].message, message);
}

static void
in_mode_open_there_are_tokens_at_once_and_a_mail(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__RegisterAccountRequest req;
	Latchkey__V1__RegisterAccountResponse resp;
	struct mail mail;
	struct user user;

	service_fixture_next(f);
	ask(&req, "Grace@Example.com", "grace", GOOD);
	req.name = "Grace Hopper";
	assert_int_equal(send(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.state, STATE(OPEN));
	assert_true(strlen(resp.access_token) > 0);
	assert_true(strlen(resp.refresh_token) > 0);
	assert_string_equal(resp.user->email, "Grace@Example.com");
	assert_string_equal(resp.user->username, "grace");
	assert_string_equal(resp.user->full_name, "Grace Hopper");
	assert_true(resp.user->is_active);
	assert_false(resp.user->is_staff);
	assert_false(resp.user->email_verified);

	user = service_fixture_get(f, resp.user->id);
	assert_int_equal(user.joined_at_us, START);
	assert_int_equal(user.password_set_at_us, START);
	assert_int_equal(user.last_login_at_us, START);
	assert_true(service_fixture_mail(f, &mail));
	assert_string_equal(mail.to, "Grace@Example.com");
	assert_string_equal(mail.template_name, "verify");
	assert_non_null(strstr(service_fixture_value(&mail, "link"),
	                       "https://auth.example/api/auth/verify-email/"
	                       "?token="));
	assert_false(service_fixture_mail(f, &mail));
}

static void
in_mode_verify_there_is_a_mail_alone(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__RegisterAccountRequest req;
	Latchkey__V1__RegisterAccountResponse resp;
	struct mail mail;

	f->server.registration = REGISTRATION_VERIFY;
	service_fixture_next(f);
	ask(&req, "grace@example.com", NULL, GOOD);
	assert_int_equal(send(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.state, STATE(VERIFY));
	assert_int_equal(resp.access_token_presence_case, 0);
	assert_int_equal(resp.refresh_token_presence_case, 0);
	assert_int_equal(resp.user->username_presence_case, 0);
	assert_int_equal(resp.user->last_login_presence_case, 0);
	assert_true(service_fixture_mail(f, &mail));
}

static void
in_mode_closed_nobody_is_even_looked_at(void **state)
{
	struct service_fixture *f = *state;

	f->server.registration = REGISTRATION_CLOSED;
	assert_int_equal(enrol(f, "ada@example.com", NULL, ""),
	                 CODE_PERMISSION_DENIED);
	assert_int_equal(f->call.reason, REASON(REGISTRATION_CLOSED));
	assert_int_equal(f->call.violation_count, 0);
}

static void
every_bad_field_is_told_at_once_in_the_order_of_the_request(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__RegisterAccountRequest req;
	Latchkey__V1__RegisterAccountResponse resp;
	Latchkey__V1__Attribute news = LATCHKEY__V1__ATTRIBUTE__INIT;
	Latchkey__V1__Attribute *attributes[] = { &news };
	char name[302];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	service_fixture_next(f);
	ask(&req, "no address", "a b", "12345");
	req.name = name;
	req.first_name = name;
	req.last_name = name;
	news.name = "news";
	news.value_case = LATCHKEY__V1__ATTRIBUTE__VALUE_TEXT;
	news.text = "maybe";
	req.attributes = attributes;
	req.n_attributes = 1;
	assert_int_equal(send(f, &req, &resp), CODE_INVALID_ARGUMENT);
	assert_int_equal(f->call.reason, REASON(FIELD_INVALID));
	assert_int_equal(f->call.violation_count, 9);
	assert_violation(f, 0, "email", "Enter a valid email address.");
	assert_violation(f, 1, "username",
	                 "Enter a valid username. This value may contain only "
	                 "letters, numbers, and @/./+/-/_ characters.");
	assert_violation(f, 2, "password",
	                 "This password is too short. It must contain at "
	                 "least 8 characters.");
	assert_violation(f, 3, "password", "This password is too common.");
	assert_violation(f, 4, "password",
	                 "This password is entirely numeric.");
	assert_violation(f, 5, "name",
	                 "Ensure this field has no more than 300 characters.");
	assert_violation(f, 6, "first_name",
	                 "Ensure this field has no more than 150 characters.");
	assert_violation(f, 7, "last_name",
	                 "Ensure this field has no more than 150 characters.");
	assert_violation(f, 8, "attributes.news", "Must be a valid boolean.");
	assert_int_equal(count_users(f), 1);
}

static void
names_that_somebody_has_are_told_by_field(void **state)
{
	struct service_fixture *f = *state;

	assert_int_equal(enrol(f, "ADA@example.com", "AdA", "short"),
	                 CODE_INVALID_ARGUMENT);
	assert_int_equal(f->call.violation_count, 3);
	assert_violation(f, 0, "email", "user with this email already exists.");
	assert_violation(f, 1, "username",
	                 "A user with that username already exists.");
	assert_string_equal(f->call.violations[0].code, "unique");
	assert_string_equal(f->call.violations[2].field, "password");
}

static void
a_password_like_the_name_is_too_similar(void **state)
{
	struct service_fixture *f = *state;

	assert_int_equal(
		enrol(f, "grace@example.com", "amazinggrace", "amazinggrace1"),
		CODE_INVALID_ARGUMENT);
	assert_violation(f, 0, "password",
	                 "The password is too similar to the username.");
}

static void
the_length_policy_looks_at_the_length_alone(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__RegisterAccountRequest req;
	Latchkey__V1__RegisterAccountResponse resp;

	service_fixture_next(f);
	ask(&req, "grace@example.com", NULL, "password123");
	assert_int_equal(send(f, &req, &resp), CODE_INVALID_ARGUMENT);
	service_fixture_next(f);
	req.policy = LATCHKEY__V1__PASSWORD_POLICY__PASSWORD_POLICY_LENGTH;
	assert_int_equal(send(f, &req, &resp), CODE_OK);
}

static void
attributes_are_written_that_users_may_write(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__RegisterAccountRequest req;
	Latchkey__V1__RegisterAccountResponse resp;
	Latchkey__V1__Attribute given[3] = { LATCHKEY__V1__ATTRIBUTE__INIT,
		                             LATCHKEY__V1__ATTRIBUTE__INIT,
		                             LATCHKEY__V1__ATTRIBUTE__INIT };
	Latchkey__V1__Attribute *attributes[] = { &given[0], &given[1],
		                                  &given[2] };

	given[0].name = "phone";
	given[0].value_case = LATCHKEY__V1__ATTRIBUTE__VALUE_INTEGER;
	given[0].integer = 12345;
	given[1].name = "level";
	given[1].value_case = LATCHKEY__V1__ATTRIBUTE__VALUE_INTEGER;
	given[1].integer = 9;
	given[2].name = "is_superuser";
	given[2].value_case = LATCHKEY__V1__ATTRIBUTE__VALUE_FLAG;
	given[2].flag = 1;
	service_fixture_next(f);
	ask(&req, "grace@example.com", NULL, GOOD);
	req.attributes = attributes;
	req.n_attributes = 3;
	assert_int_equal(send(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.user->n_attributes, 3);
	assert_string_equal(resp.user->attributes[0]->name, "phone");
	assert_string_equal(resp.user->attributes[0]->text, "12345");
	assert_string_equal(resp.user->attributes[1]->name, "level");
	assert_int_equal(resp.user->attributes[1]->value_case, 0);
	assert_int_equal(resp.user->attributes[2]->value_case, 0);
	assert_false(resp.user->is_superuser);
	assert_int_equal(service_fixture_get(f, resp.user->id).attribute_count,
	                 1);
}

static void
registrations_are_counted_by_address(void **state)
{
	struct service_fixture *f = *state;

	f->server.throttles.rates[THROTTLE_REGISTER_ADDRESS] =
		(struct throttle_rate){ .limit = 2, .window_us = 60 * SECOND };
	assert_int_equal(enrol(f, "a1@example.com", NULL, GOOD), CODE_OK);
	assert_int_equal(enrol(f, "bad", NULL, GOOD), CODE_INVALID_ARGUMENT);
	assert_int_equal(enrol(f, "a2@example.com", NULL, GOOD), CODE_OK);
	assert_int_equal(enrol(f, "a3@example.com", NULL, GOOD),
	                 CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(f->call.reason, REASON(THROTTLED));
	assert_int_equal(f->call.retry_after_ms, 60000);
	f->call.client_address = "192.0.2.2";
	assert_int_equal(enrol(f, "a3@example.com", NULL, GOOD), CODE_OK);
}

static void
asking_who_has_an_account_is_counted_like_a_registration(void **state)
{
	struct service_fixture *f = *state;

	f->server.throttles.rates[THROTTLE_REGISTER_ADDRESS] =
		(struct throttle_rate){ .limit = 2, .window_us = 60 * SECOND };
	for (int i = 0; i < 2; i++) {
		assert_int_equal(enrol(f, "ada@example.com", NULL, GOOD),
		                 CODE_INVALID_ARGUMENT);
		assert_int_equal(f->call.reason, REASON(FIELD_INVALID));
	}
	assert_int_equal(enrol(f, "ada@example.com", NULL, GOOD),
	                 CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(f->call.reason, REASON(THROTTLED));
	assert_int_equal(f->call.violation_count, 0);
}

static void
the_first_mail_is_neither_counted_nor_held_back(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__ResendVerificationRequest req =
		LATCHKEY__V1__RESEND_VERIFICATION_REQUEST__INIT;
	Latchkey__V1__ResendVerificationResponse resp =
		LATCHKEY__V1__RESEND_VERIFICATION_RESPONSE__INIT;
	struct mail mail;

	f->server.throttles.rates[THROTTLE_MAIL_MINUTE] =
		(struct throttle_rate){ .limit = 1, .window_us = 60 * SECOND };
	req.email = "grace@example.com";
	assert_int_equal(account_resend_verification(&f->call, &req, &resp),
	                 CODE_OK);
	assert_int_equal(enrol(f, "grace@example.com", NULL, GOOD), CODE_OK);
	assert_true(service_fixture_mail(f, &mail));
	assert_int_equal(enrol(f, "hedy@example.com", NULL, GOOD), CODE_OK);
	assert_true(service_fixture_mail(f, &mail));
	req.email = "hedy@example.com";
	service_fixture_next(f);
	assert_int_equal(account_resend_verification(&f->call, &req, &resp),
	                 CODE_OK);
	assert_true(service_fixture_mail(f, &mail));
	service_fixture_next(f);
	assert_int_equal(account_resend_verification(&f->call, &req, &resp),
	                 CODE_OK);
	assert_false(service_fixture_mail(f, &mail));
}

static void
the_same_call_again_finds_its_account_and_opens_a_session(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__RegisterAccountRequest req;
	Latchkey__V1__RegisterAccountResponse resp;
	struct mail mail;
	uint64_t id;
	struct user user;

	service_fixture_next(f);
	ask(&req, "grace@example.com", NULL, GOOD);
	assert_int_equal(send(f, &req, &resp), CODE_OK);
	id = resp.user->id;
	service_fixture_repeat(f);
	assert_int_equal(send(f, &req, &resp), CODE_OK);
	assert_int_equal(resp.user->id, id);
	assert_int_equal(resp.state, STATE(OPEN));
	assert_true(strlen(resp.access_token) > 0);
	assert_int_equal(count_users(f), 2);
	assert_true(service_fixture_mail(f, &mail));
	assert_false(service_fixture_mail(f, &mail));

	/* Another payload under the same id is another call. */
	service_fixture_repeat(f);
	req.password = "something else entirely";
	assert_int_equal(send(f, &req, &resp), CODE_ALREADY_EXISTS);
	assert_int_equal(f->call.reason, REASON(REQUEST_ID_REUSED));

	/* And once the password is another, the repetition proves nothing. */
	user = service_fixture_get(f, id);
	user.password_hash = f->hash;
	service_fixture_put(f, &user);
	service_fixture_repeat(f);
	req.password = GOOD;
	assert_int_equal(send(f, &req, &resp), CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(CREDENTIALS_INVALID));
}

struct racer {
	pthread_t thread;
	pthread_barrier_t *start;
	struct rpc_call call;
	struct arena arena;
	uint8_t memory[65536];
	enum code code;
	uint64_t user_id;
};

static void *
race(void *arg)
{
	struct racer *r = arg;
	Latchkey__V1__RegisterAccountRequest req;
	Latchkey__V1__RegisterAccountResponse resp =
		LATCHKEY__V1__REGISTER_ACCOUNT_RESPONSE__INIT;

	ask(&req, "grace@example.com", "grace", GOOD);
	(void)pthread_barrier_wait(r->start);
	r->code = account_register(&r->call, &req, &resp);
	if (r->code == CODE_OK)
		r->user_id = resp.user->id;
	return NULL;
}

/* Runs THREADS registrations of one address; ids differ if so asked. */
static struct racer *
run_race(struct service_fixture *f, bool other_ids)
{
	struct racer *racers = calloc(THREADS, sizeof(*racers));
	pthread_barrier_t start;

	assert_non_null(racers);
	assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
	for (size_t i = 0; i < THREADS; i++) {
		struct racer *r = &racers[i];

		arena_init(&r->arena, r->memory, sizeof(r->memory));
		r->start = &start;
		r->call = f->call;
		r->call.arena = &r->arena;
		if (other_ids)
			r->call.request_id[15] = (uint8_t)(i + 1);
		assert_int_equal(pthread_create(&r->thread, NULL, race, r), 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
	assert_int_equal(pthread_barrier_destroy(&start), 0);
	return racers;
}

static void
of_parallel_registrations_of_an_address_one_succeeds(void **state)
{
	struct service_fixture *f = *state;
	struct racer *racers = run_race(f, true);
	size_t made = 0;

	for (size_t i = 0; i < THREADS; i++) {
		if (racers[i].code == CODE_OK) {
			made++;
			continue;
		}
		assert_int_equal(racers[i].code, CODE_INVALID_ARGUMENT);
		assert_string_equal(racers[i].call.violations[0].field,
		                    "email");
	}
	assert_int_equal(made, 1);
	assert_int_equal(count_users(f), 2);
	free(racers);
}

static void
parallel_repetitions_of_a_call_make_one_account(void **state)
{
	struct service_fixture *f = *state;
	struct racer *racers = run_race(f, false);

	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(racers[i].code, CODE_OK);
		assert_int_equal(racers[i].user_id, racers[0].user_id);
	}
	assert_int_equal(count_users(f), 2);
	free(racers);
}

static void
an_address_too_long_to_compare_is_refused(void **state)
{
	struct service_fixture *f = *state;
	/* One letter of three bytes that NFKC makes 33 of, twenty times. */
#define LETTERS "\xef\xb7\xba\xef\xb7\xba\xef\xb7\xba\xef\xb7\xba\xef\xb7\xba"
	static const char email[] =
		"a@" LETTERS LETTERS LETTERS LETTERS ".example";

	assert_int_equal(enrol(f, email, NULL, GOOD), CODE_INVALID_ARGUMENT);
	assert_violation(f, 0, "email", "Enter a valid email address.");
}

static void
a_registration_survives_every_shortage_of_memory(void **state)
{
	struct service_fixture *f = *state;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size;

	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 64) {
		assert_true(size < sizeof(f->memory));
		arena_init(&f->arena, f->memory, size);
		service_fixture_repeat(f);
		Latchkey__V1__RegisterAccountRequest req;
		Latchkey__V1__RegisterAccountResponse resp;

		ask(&req, "grace@example.com", "grace", GOOD);
		code = send(f, &req, &resp);
	}
	assert_int_equal(code, CODE_OK);
	assert_true(size > 64);
	assert_int_equal(count_users(f), 2);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, setup, service_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_mode_open_there_are_tokens_at_once_and_a_mail),
		TEST(in_mode_verify_there_is_a_mail_alone),
		TEST(in_mode_closed_nobody_is_even_looked_at),
		TEST(every_bad_field_is_told_at_once_in_the_order_of_the_request),
		TEST(names_that_somebody_has_are_told_by_field),
		TEST(a_password_like_the_name_is_too_similar),
		TEST(the_length_policy_looks_at_the_length_alone),
		TEST(attributes_are_written_that_users_may_write),
		TEST(registrations_are_counted_by_address),
		TEST(asking_who_has_an_account_is_counted_like_a_registration),
		TEST(the_first_mail_is_neither_counted_nor_held_back),
		TEST(the_same_call_again_finds_its_account_and_opens_a_session),
		TEST(of_parallel_registrations_of_an_address_one_succeeds),
		TEST(parallel_repetitions_of_a_call_make_one_account),
		TEST(an_address_too_long_to_compare_is_refused),
		TEST(a_registration_survives_every_shortage_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
