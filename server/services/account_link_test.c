#include "server/services/account_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/latchkey/v1/account_service.pb-c.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "server/services/account_service.h"
#include "server/services/auth_service.h"
#include "server/services/service_fixture.h"

#define PURPOSE(name) LATCHKEY__V1__LINK_PURPOSE__LINK_PURPOSE_##name

enum { ADA = 1, BOB };

static int
setup(void **state)
{
	const struct user ada = { .email = "ada@example.com",
		                  .username = "ada",
		                  .is_active = true };
	const struct user bob = { .email = "bob@example.com",
		                  .is_active = true,
		                  .email_verified = true };
	int rc = service_fixture_setup(state);

	assert_int_equal(service_fixture_add(*state, &ada), ADA);
	assert_int_equal(service_fixture_add(*state, &bob), BOB);
	return rc;
}

static enum code
resend(struct service_fixture *f, const char *email)
{
	Latchkey__V1__ResendVerificationRequest req =
		LATCHKEY__V1__RESEND_VERIFICATION_REQUEST__INIT;
	Latchkey__V1__ResendVerificationResponse resp =
		LATCHKEY__V1__RESEND_VERIFICATION_RESPONSE__INIT;

	service_fixture_next(f);
	req.email = (char *)email;
	return account_resend_verification(&f->call, &req, &resp);
}

static enum code
verify(struct service_fixture *f, const char *token)
{
	Latchkey__V1__VerifyEmailRequest req =
		LATCHKEY__V1__VERIFY_EMAIL_REQUEST__INIT;
	Latchkey__V1__VerifyEmailResponse resp =
		LATCHKEY__V1__VERIFY_EMAIL_RESPONSE__INIT;

	service_fixture_next(f);
	req.token = (char *)token;
	return account_verify_email(&f->call, &req, &resp);
}

static enum code
check(struct service_fixture *f, Latchkey__V1__LinkPurpose purpose,
      const char *token)
{
	Latchkey__V1__CheckLinkRequest req =
		LATCHKEY__V1__CHECK_LINK_REQUEST__INIT;
	Latchkey__V1__CheckLinkResponse resp =
		LATCHKEY__V1__CHECK_LINK_RESPONSE__INIT;

	service_fixture_next(f);
	req.purpose = purpose;
	req.uid = "MQ";
	req.token = (char *)token;
	return account_check_link(&f->call, &req, &resp);
}

/* Has a verification link sent to Ada and reads its token. */
static const char *
verify_token(struct service_fixture *f)
{
	struct mail mail;
	const char *token;

	assert_int_equal(resend(f, "ada@example.com"), CODE_OK);
	assert_true(service_fixture_mail(f, &mail));
	assert_string_equal(mail.template_name, "verify");
	token = strchr(service_fixture_value(&mail, "link"), '=');
	assert_non_null(token);
	return token + 1;
}

static void
assert_refused(struct service_fixture *f, enum code code,
               Latchkey__Rpc__V1__Reason reason)
{
	assert_int_equal(code, CODE_FAILED_PRECONDITION);
	assert_int_equal(f->call.reason, reason);
}

static void
a_link_verifies_once_and_says_so_again(void **state)
{
	struct service_fixture *f = *state;
	const char *token = verify_token(f);

	assert_int_equal(verify(f, token), CODE_OK);
	assert_true(service_fixture_get(f, ADA).email_verified);
	assert_int_equal(verify(f, token), CODE_OK);
	f->call.now_us += 10LL * 86400 * SECOND;
	assert_int_equal(verify(f, token), CODE_OK);
}

static void
login_at(struct service_fixture *f, const char *address,
         char refresh[TOKEN_MAX])
{
	Latchkey__V1__AuthenticateRequest req =
		LATCHKEY__V1__AUTHENTICATE_REQUEST__INIT;
	Latchkey__V1__AuthenticateResponse resp =
		LATCHKEY__V1__AUTHENTICATE_RESPONSE__INIT;

	service_fixture_next(f);
	f->call.client_address = address;
	f->call.now_us += SECOND;
	req.identifier = (char *)"ada";
	req.password = (char *)"secret";
	assert_int_equal(auth_authenticate(&f->call, &req, &resp), CODE_OK);
	assert_true(strlen(resp.refresh_token) < TOKEN_MAX);
	(void)stpcpy(refresh, resp.refresh_token);
}

static enum code
refresh(struct service_fixture *f, const char *token)
{
	Latchkey__V1__RefreshRequest req = LATCHKEY__V1__REFRESH_REQUEST__INIT;
	Latchkey__V1__RefreshResponse resp =
		LATCHKEY__V1__REFRESH_RESPONSE__INIT;

	service_fixture_next(f);
	req.refresh_token = (char *)token;
	return auth_refresh(&f->call, &req, &resp);
}

/* Somebody makes an account with Ada's address and waits until she proves it.
 */
static void
who_waited_for_the_owner_to_verify_is_logged_out(void **state)
{
	struct service_fixture *f = *state;
	char hijackers[2][TOKEN_MAX], own[TOKEN_MAX];
	const char *token;

	login_at(f, "203.0.113.66", hijackers[0]);
	login_at(f, "2001:db8::1", own);
	login_at(f, "203.0.113.66", hijackers[1]);
	f->call.client_address = "2001:db8::9";
	token = verify_token(f);
	assert_int_equal(refresh(f, hijackers[0]), CODE_OK);
	assert_int_equal(verify(f, token), CODE_OK);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(refresh(f, hijackers[i]),
		                 CODE_UNAUTHENTICATED);
		assert_int_equal(f->call.reason, REASON(TOKEN_REVOKED));
	}
	assert_int_equal(refresh(f, own), CODE_OK);
	/* Verified, it is the owner's: the link again ends nothing. */
	login_at(f, "203.0.113.66", hijackers[0]);
	f->call.client_address = "2001:db8::9";
	assert_int_equal(verify(f, token), CODE_OK);
	assert_int_equal(refresh(f, hijackers[0]), CODE_OK);
}

static void
a_link_used_nowhere_in_particular_logs_everybody_out(void **state)
{
	struct service_fixture *f = *state;
	char session[TOKEN_MAX];

	login_at(f, "", session);
	assert_int_equal(verify(f, verify_token(f)), CODE_OK);
	assert_int_equal(refresh(f, session), CODE_UNAUTHENTICATED);
}

static void
an_earlier_link_is_used_until_the_address_is_verified(void **state)
{
	struct service_fixture *f = *state;
	const char *first = verify_token(f), *second = verify_token(f);

	assert_refused(f, verify(f, first), REASON(LINK_USED));
	assert_int_equal(verify(f, second), CODE_OK);
	assert_int_equal(verify(f, first), CODE_OK);
}

static void
a_used_link_says_nothing_of_another_address(void **state)
{
	struct service_fixture *f = *state;
	const char *token = verify_token(f);
	struct user user;

	assert_int_equal(verify(f, token), CODE_OK);
	user = service_fixture_get(f, ADA);
	user.email = "ada@elsewhere.example";
	service_fixture_put(f, &user);
	assert_refused(f, verify(f, token), REASON(LINK_INVALID));
}

static void
a_link_expires_after_three_days(void **state)
{
	struct service_fixture *f = *state;
	const char *token = verify_token(f);

	f->call.now_us += 3LL * 86400 * SECOND;
	assert_refused(f, verify(f, token), REASON(LINK_EXPIRED));
	assert_false(service_fixture_get(f, ADA).email_verified);
	f->call.now_us -= 1;
	assert_int_equal(verify(f, token), CODE_OK);
}

static void
junk_is_invalid_and_costs_no_commit(void **state)
{
	static const char *const tokens[] = {
		"", "junk", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	};
	struct service_fixture *f = *state;
	struct store_stats before, after;

	store_stats_get(f->store, &before);
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		assert_refused(f, verify(f, tokens[i]), REASON(LINK_INVALID));
	store_stats_get(f->store, &after);
	assert_int_equal(after.commits, before.commits);
}

static void
a_check_tells_what_a_link_would_do_and_changes_nothing(void **state)
{
	struct service_fixture *f = *state;
	const char *token = verify_token(f);
	struct store_stats before, after;

	store_stats_get(f->store, &before);
	assert_int_equal(check(f, PURPOSE(VERIFY_EMAIL), token), CODE_OK);
	assert_int_equal(check(f, PURPOSE(VERIFY_EMAIL), token), CODE_OK);
	assert_refused(f, check(f, PURPOSE(SET_PASSWORD), token),
	               REASON(LINK_INVALID));
	assert_int_equal(check(f, PURPOSE(UNSPECIFIED), token),
	                 CODE_INVALID_ARGUMENT);
	assert_string_equal(f->call.violations[0].field, "purpose");
	store_stats_get(f->store, &after);
	assert_int_equal(after.commits, before.commits);
	assert_false(service_fixture_get(f, ADA).email_verified);

	assert_int_equal(verify(f, token), CODE_OK);
	assert_int_equal(check(f, PURPOSE(VERIFY_EMAIL), token), CODE_OK);
	f->call.now_us += 3LL * 86400 * SECOND;
	assert_int_equal(check(f, PURPOSE(VERIFY_EMAIL), token), CODE_OK);
}

static void
a_link_goes_only_to_an_address_that_waits_for_one(void **state)
{
	static const char *const silent[] = { "bob@example.com",
		                              "nobody@example.com" };
	struct service_fixture *f = *state;
	struct mail mail;

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(resend(f, silent[i]), CODE_OK);
		assert_false(service_fixture_mail(f, &mail));
	}
	assert_int_equal(resend(f, "no address"), CODE_INVALID_ARGUMENT);
	assert_string_equal(f->call.violations[0].field, "email");
	assert_int_equal(resend(f, "Ada@Example.com"), CODE_OK);
	assert_true(service_fixture_mail(f, &mail));
	assert_string_equal(mail.to, "ada@example.com");
}

static void
a_verification_survives_every_shortage_of_memory(void **state)
{
	struct service_fixture *f = *state;
	const char *token = verify_token(f);
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size;

	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		assert_true(size < sizeof(f->memory));
		arena_init(&f->arena, f->memory, size);
		code = verify(f, token);
	}
	assert_int_equal(code, CODE_OK);
	assert_true(service_fixture_get(f, ADA).email_verified);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, setup, service_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_link_verifies_once_and_says_so_again),
		TEST(who_waited_for_the_owner_to_verify_is_logged_out),
		TEST(a_link_used_nowhere_in_particular_logs_everybody_out),
		TEST(an_earlier_link_is_used_until_the_address_is_verified),
		TEST(a_used_link_says_nothing_of_another_address),
		TEST(a_link_expires_after_three_days),
		TEST(junk_is_invalid_and_costs_no_commit),
		TEST(a_check_tells_what_a_link_would_do_and_changes_nothing),
		TEST(a_link_goes_only_to_an_address_that_waits_for_one),
		TEST(a_verification_survives_every_shortage_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
