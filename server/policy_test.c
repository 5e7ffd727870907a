#include "server/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	struct server_settings settings;
	struct server server;
	char err[512];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(settings_load(&server_settings_table, NULL,
	                               &f->settings, f->err, sizeof(f->err)),
	                 CODE_OK);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	settings_free(&server_settings_table, &f->settings);
	free(f);
	return 0;
}

static enum code
read_policy(struct fixture *f)
{
	return policy_read(&f->settings, &f->server, f->err, sizeof(f->err));
}

static void
set(char **setting, const char *text)
{
	free(*setting);
	*setting = strdup(text);
	assert_non_null(*setting);
}

static void
the_defaults_are_what_the_contract_promises(void **state)
{
	static const struct {
		enum throttle_scope scope;
		uint32_t limit;
		int64_t window_s;
	} rates[] = {
		{ THROTTLE_LOGIN_ADDRESS, 30, 300 },
		{ THROTTLE_LOGIN_ACCOUNT, 10, 300 },
		{ THROTTLE_LOGIN_DEVICE, 10, 300 },
		{ THROTTLE_MAIL_MINUTE, 1, 60 },
		{ THROTTLE_MAIL_HOUR, 5, 3600 },
		{ THROTTLE_REGISTER_ADDRESS, 20, 3600 },
		{ THROTTLE_OLD_PASSWORD, 5, 300 },
	};
	struct fixture *f = *state;

	assert_int_equal(read_policy(f), CODE_OK);
	assert_int_equal(f->server.registration, REGISTRATION_CLOSED);
	assert_int_equal(f->server.attributes.count, 0);
	assert_int_equal(f->server.mailing.reset_lifetime_s, 3600);
	assert_int_equal(f->server.mailing.verify_lifetime_s, 3LL * 86400);
	assert_int_equal(f->server.mailing.invitation_lifetime_s, 7LL * 86400);
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		const struct throttle_rate *rate =
			&f->server.throttles.rates[rates[i].scope];

		assert_int_equal(rate->limit, rates[i].limit);
		assert_int_equal(rate->window_us, rates[i].window_s * 1000000);
	}
}

static void
the_issuer_is_the_public_base_unless_it_is_set(void **state)
{
	struct fixture *f = *state;

	set(&f->settings.server.public_base, "https://auth.example");
	assert_int_equal(read_policy(f), CODE_OK);
	assert_string_equal(f->server.tokens.issuer, "https://auth.example");
	assert_string_equal(f->server.mailing.public_base,
	                    "https://auth.example");
	set(&f->settings.tokens.issuer, "somebody");
	assert_int_equal(read_policy(f), CODE_OK);
	assert_string_equal(f->server.tokens.issuer, "somebody");
}

static void
issuer_and_audience_leave_a_token_room(void **state)
{
	struct fixture *f = *state;
	char text[TOKEN_ISSUER_MAX + 2];

	memset(text, 'a', sizeof(text));
	text[TOKEN_ISSUER_MAX + 1] = '\0';
	set(&f->settings.tokens.issuer, text);
	assert_int_equal(read_policy(f), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, "tokens.issuer"));
	text[TOKEN_ISSUER_MAX] = '\0';
	set(&f->settings.tokens.issuer, text);
	assert_int_equal(read_policy(f), CODE_OK);
	set(&f->settings.tokens.audience, "a\"b");
	assert_int_equal(read_policy(f), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, "tokens.audience"));
}

static void
the_public_base_is_a_url_without_a_final_slash(void **state)
{
	static const char *const bad[] = { "https://auth.example/",
		                           "auth.example",
		                           "http://",
		                           "ftp://auth.example",
		                           "https://auth.example?x=1",
		                           "https://auth.example/a b" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set(&f->settings.server.public_base, bad[i]);
		assert_int_equal(read_policy(f), CODE_INVALID_ARGUMENT);
		assert_non_null(strstr(f->err, "server.public_base"));
		assert_non_null(strstr(f->err, bad[i]));
	}
	set(&f->settings.server.public_base, "https://example.com/auth");
	assert_int_equal(read_policy(f), CODE_OK);
}

static void
a_link_that_leads_nowhere_is_named(void **state)
{
	struct fixture *f = *state;

	set(&f->settings.links.verify, "https://app.example/verify");
	assert_int_equal(read_policy(f), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, "links.verify"));
	set(&f->settings.links.verify, "https://app.example/verify/{token}");
	set(&f->settings.links.reset, "https://app.example/reset/{token}");
	assert_int_equal(read_policy(f), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, "links.reset"));
	set(&f->settings.links.reset,
	    "https://app.example/reset/{uid}/{token}");
	assert_int_equal(read_policy(f), CODE_OK);
}

static void
a_rate_that_is_none_is_named(void **state)
{
	struct fixture *f = *state;

	set(&f->settings.throttles.mail_hour, "often");
	assert_int_equal(read_policy(f), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, "throttles.mail_hour"));
	assert_non_null(strstr(f->err, "\"often\""));
	set(&f->settings.throttles.mail_hour, "off");
	assert_int_equal(read_policy(f), CODE_OK);
	assert_int_equal(f->server.throttles.rates[THROTTLE_MAIL_HOUR].limit,
	                 0);
}

static void
an_attribute_that_cannot_be_is_named(void **state)
{
	struct fixture *f = *state;
	char *items[] = { "phone:text:user", "password:text:user" };
	const struct setting_list list = { items, 2 };
	const struct setting_list kept = f->settings.users.attributes;

	f->settings.users.attributes = list;
	assert_int_equal(read_policy(f), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, "users.attributes: "));
	f->settings.users.attributes.count = 1;
	assert_int_equal(read_policy(f), CODE_OK);
	assert_int_equal(f->server.attributes.count, 1);
	f->settings.users.attributes = kept;
}

static void
every_mode_of_registration_is_known(void **state)
{
	struct fixture *f = *state;

	set(&f->settings.registration.mode, "open");
	assert_int_equal(read_policy(f), CODE_OK);
	assert_int_equal(f->server.registration, REGISTRATION_OPEN);
	set(&f->settings.registration.mode, "verify");
	assert_int_equal(read_policy(f), CODE_OK);
	assert_int_equal(f->server.registration, REGISTRATION_VERIFY);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_defaults_are_what_the_contract_promises),
		TEST(the_issuer_is_the_public_base_unless_it_is_set),
		TEST(issuer_and_audience_leave_a_token_room),
		TEST(the_public_base_is_a_url_without_a_final_slash),
		TEST(a_link_that_leads_nowhere_is_named),
		TEST(a_rate_that_is_none_is_named),
		TEST(an_attribute_that_cannot_be_is_named),
		TEST(every_mode_of_registration_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
