#include "server/services/auth_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/encoding.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "server/domain/federation.h"
#include "server/domain/test_issuer.h"
#include "server/services/service_fixture.h"
#include "server/store/session_store.h"

#define CLAIMS(sub, email, more)                                               \
	"{\"iss\":\"https://"                                                  \
	"accounts.google.com\",\"aud\":\"web\",\"sub\":\"" sub                 \
	"\",\"email\":\"" email "\",\"email_verified\":true,"                  \
	"\"iat\":1700000000,\"exp\":1700003600" more "}"
#define GRACE                                                                  \
	CLAIMS("1", "grace@gmail.com",                                         \
	       ",\"given_name\":\"Grace\",\"family_name\":\"Hopper\"")

/* Beside the service's fixture, of one case, an issuer for all of them. */
struct scene {
	struct test_issuer issuer;
	struct service_fixture *f;
	struct federation *federation;
	Latchkey__V1__ExchangeIdTokenResponse resp;
};

static int
open_issuer(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	test_issuer_open(&scene->issuer);
	*state = scene;
	return 0;
}

static int
close_issuer(void **state)
{
	struct scene *scene = *state;

	test_issuer_close(&scene->issuer);
	free(scene);
	return 0;
}

static int
setup(void **state)
{
	char *audience = "web";
	const struct setting_list audiences = { &audience, 1 };
	const struct setting_list none = { NULL, 0 };
	struct scene *scene = *state;
	const struct federation_options options = {
		.google_audiences = &audiences,
		.google_domain = "",
		.google_keys = scene->issuer.url,
		.issuers = &none,
		.ca = scene->issuer.authority.cert_path,
	};
	void *fixture;
	char err[256];

	assert_int_equal(service_fixture_setup(&fixture), 0);
	scene->f = fixture;
	assert_int_equal(
		federation_open(&options, &scene->federation, err, sizeof(err)),
		CODE_OK);
	scene->f->server.federation = scene->federation;
	scene->f->server.registration = REGISTRATION_OPEN;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *scene = *state;
	void *fixture = scene->f;

	federation_close(scene->federation);
	return service_fixture_teardown(&fixture);
}

/* The next call, with a token that was signed for it. */
static enum code
exchange(struct scene *scene, const char *claims)
{
	Latchkey__V1__ExchangeIdTokenRequest req =
		LATCHKEY__V1__EXCHANGE_ID_TOKEN_REQUEST__INIT;

	service_fixture_next(scene->f);
	latchkey__v1__exchange_id_token_response__init(&scene->resp);
	req.id_token =
		test_issuer_token(&scene->issuer, &scene->f->kept, 0, claims);
	return auth_exchange_id_token(&scene->f->call, &req, &scene->resp);
}

static void
expect_refused(struct scene *scene, const char *claims, enum code code,
               Latchkey__Rpc__V1__Reason reason)
{
	assert_int_equal(exchange(scene, claims), code);
	assert_int_equal(scene->f->call.reason, reason);
}

static void
a_first_sign_in_makes_an_account_and_the_next_one_finds_it(void **state)
{
	struct scene *scene = *state;
	struct user user;
	struct mail mail;

	assert_int_equal(exchange(scene, GRACE), CODE_OK);
	assert_true(scene->resp.created);
	assert_string_equal(scene->resp.user->full_name, "Grace Hopper");
	assert_true(*scene->resp.access_token != '\0');
	assert_true(*scene->resp.refresh_token != '\0');
	assert_true(scene->resp.access_expires_at > START / SECOND);
	user = service_fixture_get(scene->f, scene->resp.user->id);
	assert_string_equal(user.password_hash, USER_PASSWORD_UNUSABLE);
	assert_true(user.email_verified);
	assert_int_equal(user.last_login_at_us, START);
	assert_false(service_fixture_mail(scene->f, &mail));
	assert_int_equal(exchange(scene, CLAIMS("1", "other@example.com", "")),
	                 CODE_OK);
	assert_false(scene->resp.created);
	assert_int_equal(scene->resp.user->id, user.id);
}

static void
names_that_no_account_may_have_are_left_out(void **state)
{
	struct scene *scene = *state;
	char claims[1024];

	(void)snprintf(claims, sizeof(claims),
	               CLAIMS("1", "grace@gmail.com",
	                      ",\"given_name\":\"%0200d\","
	                      "\"family_name\":\"Hopper\""),
	               0);
	assert_int_equal(exchange(scene, claims), CODE_OK);
	assert_string_equal(scene->resp.user->first_name, "");
	assert_string_equal(scene->resp.user->last_name, "Hopper");
}

static void
linking_closes_an_unverified_account_to_who_made_it(void **state)
{
	struct scene *scene = *state;
	struct service_fixture *f = scene->f;
	const struct user made = { .email = "Grace@Gmail.com",
		                   .is_active = true };
	uint64_t id = service_fixture_add(f, &made);
	uint8_t hijacker[SESSION_ID_SIZE];
	struct session session;
	struct session_list list;
	struct store_txn txn;
	struct user user;
	struct mail mail;

	assert_true(hex_decode(service_fixture_open(f, id, "192.0.2.66"),
	                       hijacker, SESSION_ID_SIZE));
	assert_int_equal(exchange(scene, GRACE), CODE_OK);
	assert_false(scene->resp.created);
	user = service_fixture_get(f, id);
	assert_string_equal(user.password_hash, USER_PASSWORD_UNUSABLE);
	assert_true(user.email_verified);
	store_begin_read(f->store, &txn);
	assert_int_equal(session_store_list(&txn, &f->kept, id, 9, &list),
	                 CODE_OK);
	assert_int_equal(session_store_find(&txn, &f->kept, hijacker, &session),
	                 CODE_OK);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(list.count, 1);
	assert_int_equal(session.end_reason, SESSION_ENDED_REVOKED);
	assert_true(service_fixture_mail(f, &mail));
	assert_string_equal(mail.to, "Grace@Gmail.com");
	assert_string_equal(mail.template_name, "identity_linked");
	assert_string_equal(service_fixture_value(&mail, "issuer"), "Google");
	assert_false(service_fixture_mail(f, &mail));
}

static void
an_identity_that_was_linked_before_the_owner_came_is_gone(void **state)
{
	struct scene *scene = *state;
	struct user user;

	/* Somebody signs in, and staff give the account another's address. */
	assert_int_equal(exchange(scene, CLAIMS("evil", "evil@gmail.com", "")),
	                 CODE_OK);
	user = service_fixture_get(scene->f, scene->resp.user->id);
	user.email = "grace@gmail.com";
	user.email_verified = false;
	service_fixture_put(scene->f, &user);
	assert_int_equal(exchange(scene, GRACE), CODE_OK);
	assert_int_equal(scene->resp.user->id, user.id);
	assert_int_equal(exchange(scene, CLAIMS("evil", "evil@gmail.com", "")),
	                 CODE_OK);
	assert_true(scene->resp.created);
	assert_int_not_equal(scene->resp.user->id, user.id);
}

static void
a_username_that_looks_like_the_address_is_not_linked(void **state)
{
	struct scene *scene = *state;
	const struct user other = { .email = "bob@example.com",
		                    .username = "grace@gmail.com",
		                    .is_active = true };

	(void)service_fixture_add(scene->f, &other);
	expect_refused(scene, GRACE, CODE_PERMISSION_DENIED,
	               REASON(ID_TOKEN_NOT_LINKED));
}

static void
who_may_not_come_in_is_told_why(void **state)
{
	struct scene *scene = *state;
	const struct user idle = { .email = "idle@gmail.com" };
	const struct user away = { .email = "away@example.com",
		                   .is_active = true };
	struct user user;

	(void)service_fixture_add(scene->f, &idle);
	(void)service_fixture_add(scene->f, &away);
	expect_refused(scene, CLAIMS("2", "idle@gmail.com", ""),
	               CODE_UNAUTHENTICATED, REASON(USER_INACTIVE));
	expect_refused(scene, CLAIMS("3", "away@example.com", ""),
	               CODE_PERMISSION_DENIED, REASON(ID_TOKEN_NOT_LINKED));
	assert_int_equal(exchange(scene, GRACE), CODE_OK);
	user = service_fixture_get(scene->f, scene->resp.user->id);
	user.email_verified = false;
	service_fixture_put(scene->f, &user);
	assert_int_equal(exchange(scene, GRACE), CODE_OK);
	scene->f->server.registration = REGISTRATION_VERIFY;
	expect_refused(scene, GRACE, CODE_UNAUTHENTICATED,
	               REASON(EMAIL_NOT_VERIFIED));
	scene->f->server.registration = REGISTRATION_CLOSED;
	expect_refused(scene, CLAIMS("4", "new@gmail.com", ""),
	               CODE_PERMISSION_DENIED, REASON(REGISTRATION_CLOSED));
	assert_int_equal(exchange(scene, GRACE), CODE_OK);
	scene->f->server.federation = NULL;
	expect_refused(scene, GRACE, CODE_NOT_FOUND, REASON(UNSPECIFIED));
}

static void
a_token_has_its_time(void **state)
{
	struct scene *scene = *state;
	const int64_t issued = START, expires = START + 3600 * SECOND;
	const int64_t leeway = ID_TOKEN_LEEWAY_S * SECOND;

	scene->f->call.now_us = issued - leeway - SECOND;
	expect_refused(scene, GRACE, CODE_UNAUTHENTICATED,
	               REASON(ID_TOKEN_INVALID));
	scene->f->call.now_us = issued - leeway;
	assert_int_equal(exchange(scene, GRACE), CODE_OK);
	scene->f->call.now_us = expires + leeway - SECOND;
	assert_int_equal(exchange(scene, GRACE), CODE_OK);
	scene->f->call.now_us = expires + leeway;
	expect_refused(scene, GRACE, CODE_UNAUTHENTICATED,
	               REASON(ID_TOKEN_INVALID));
}

static void
keys_that_cannot_be_had_are_told_with_a_time(void **state)
{
	struct scene *scene = *state;

	scene->issuer.status = 500;
	expect_refused(scene, GRACE, CODE_UNAVAILABLE, REASON(UNSPECIFIED));
	assert_true(scene->f->call.retry_after_ms > 0);
	scene->issuer.status = 200;
}

static void
too_little_memory_is_resource_exhausted(void **state)
{
	struct scene *scene = *state;
	struct arena *arena = &scene->f->arena;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size = 0;

	for (; code != CODE_OK && size < sizeof(scene->f->memory); size += 8) {
		arena->size = size;
		arena->full = false;
		code = exchange(scene, GRACE);
		arena_rewind(&scene->f->kept, 0);
		if (code != CODE_OK)
			assert_int_equal(code, CODE_RESOURCE_EXHAUSTED);
	}
	assert_int_equal(code, CODE_OK);
	assert_int_equal(scene->resp.user->id, 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest auth_id_token[] = {
		CASE(a_first_sign_in_makes_an_account_and_the_next_one_finds_it),
		CASE(names_that_no_account_may_have_are_left_out),
		CASE(linking_closes_an_unverified_account_to_who_made_it),
		CASE(an_identity_that_was_linked_before_the_owner_came_is_gone),
		CASE(a_username_that_looks_like_the_address_is_not_linked),
		CASE(who_may_not_come_in_is_told_why),
		CASE(a_token_has_its_time),
		CASE(keys_that_cannot_be_had_are_told_with_a_time),
		CASE(too_little_memory_is_resource_exhausted),
	};

	return cmocka_run_group_tests(auth_id_token, open_issuer, close_issuer);
}
