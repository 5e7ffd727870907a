#include "server/domain/federation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ERROR_SIZE 2048
#define ACME "https://id.acme.example keys=https://id.acme.example/k"

static enum code
open_with(const char *const *audiences, const char *const *issuers,
          const char *ca, struct federation **out, char err[ERROR_SIZE])
{
	struct setting_list lists[2] = { { (char **)audiences, 0 },
		                         { (char **)issuers, 0 } };
	const struct federation_options options = {
		.google_audiences = &lists[0],
		.google_domain = "acme.example",
		.google_keys = FEDERATION_GOOGLE_KEYS,
		.issuers = &lists[1],
		.ca = ca,
	};

	for (size_t i = 0; i < 2; i++)
		while (lists[i].items[lists[i].count] != NULL)
			lists[i].count++;
	return federation_open(&options, out, err, ERROR_SIZE);
}

static void
without_issuers_there_is_none(void **state)
{
	const char *none[] = { NULL };
	struct federation *federation;
	char err[ERROR_SIZE];

	(void)state;
	assert_int_equal(open_with(none, none, "", &federation, err), CODE_OK);
	assert_null(federation);
	federation_close(federation);
}

static void
google_and_others_are_read_from_the_settings(void **state)
{
	const char *audiences[] = { "web", "app", NULL };
	const char *issuers[] = { ACME
		                  "  domain=acme.example audience=a audience=b",
		                  NULL };
	struct federation *federation;
	const struct issuer *found;
	char err[ERROR_SIZE] = "";
	size_t count;

	(void)state;
	assert_int_equal(open_with(audiences, issuers, "", &federation, err),
	                 CODE_OK);
	found = federation_issuers(federation, &count);
	assert_int_equal(count, 2);
	assert_string_equal(found[0].url, "https://accounts.google.com");
	assert_string_equal(found[0].alias, "accounts.google.com");
	assert_int_equal(found[0].audience_count, 2);
	assert_string_equal(found[0].audiences[1], "app");
	assert_string_equal(found[0].hosted_domain, "acme.example");
	assert_string_equal(found[1].url, "https://id.acme.example");
	assert_string_equal(found[1].name, "id.acme.example");
	assert_string_equal(found[1].alias, "");
	assert_int_equal(found[1].audience_count, 2);
	assert_string_equal(found[1].audiences[0], "a");
	assert_int_equal(found[1].domain_count, 1);
	assert_string_equal(found[1].domains[0], "acme.example");
	assert_false(found[1].owns_hosted_domain);
	federation_close(federation);
}

static void
a_row_that_makes_no_sense_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *row;
		const char *fault;
	} cases[] = {
		{ "", "https URL" },
		{ "http://a keys=https://a/ audience=x", "https URL" },
		{ "https:// keys=https://a/ audience=x", "https URL" },
		{ "https://a audience=x", "no keys" },
		{ "https://a keys=http://a/ audience=x", "not an https URL" },
		{ ACME, "no audience" },
		{ ACME " audience=", "NAME=VALUE" },
		{ ACME " audience", "NAME=VALUE" },
		{ ACME " audience=x colour=red", "neither" },
		{ ACME " audience=1 audience=2 audience=3 audience=4 "
		       "audience=5 audience=6 audience=7 audience=8 audience=9",
		  "too many" },
		{ "https://accounts.google.com keys=https://a/ audience=x",
		  "twice" },
	};
	const char *audiences[] = { "web", NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *issuers[] = { cases[i].row, NULL };
		struct federation *federation;
		char err[ERROR_SIZE] = "";

		assert_int_equal(
			open_with(audiences, issuers, "", &federation, err),
			CODE_INVALID_ARGUMENT);
		assert_null(federation);
		assert_non_null(strstr(err, cases[i].fault));
		assert_non_null(strstr(err, "federation.issuers"));
	}
}

static void
authorities_that_cannot_be_read_are_refused(void **state)
{
	const char *audiences[] = { "web", NULL }, *none[] = { NULL };
	struct federation *federation;
	char err[ERROR_SIZE] = "";

	(void)state;
	assert_int_equal(
		open_with(audiences, none, "/nowhere", &federation, err),
		CODE_NOT_FOUND);
	assert_non_null(strstr(err, "/nowhere"));
}

static void
an_issuer_speaks_for_its_domains_in_any_case(void **state)
{
	const struct issuer google = { .domains = { "gmail.com" },
		                       .domain_count = 1,
		                       .owns_hosted_domain = true };
	static const struct {
		const char *email;
		const char *hosted_domain;
		bool is_own;
	} cases[] = {
		{ "a@gmail.com", "", true },
		{ "a@GMail.com", "", true },
		{ "a@sub.gmail.com", "", false },
		{ "a@xgmail.com", "", false },
		{ "a@corp.example", "", false },
		{ "a@corp.example", "Corp.Example", true },
		{ "a@corp.example", "other.example", false },
		{ "\"a@gmail.com\"@evil.example", "", false },
		{ "gmail.com", "", false },
		{ "a@", "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct id_token_claims claims = {
			.email = cases[i].email,
			.email_verified = true,
			.hosted_domain = cases[i].hosted_domain,
		};

		assert_int_equal(issuer_owns_address(&google, &claims),
		                 cases[i].is_own);
		claims.email_verified = false;
		assert_false(issuer_owns_address(&google, &claims));
	}
}

int
main(void)
{
	const struct CMUnitTest federation[] = {
		cmocka_unit_test(without_issuers_there_is_none),
		cmocka_unit_test(google_and_others_are_read_from_the_settings),
		cmocka_unit_test(
			a_row_that_makes_no_sense_is_refused_with_the_reason),
		cmocka_unit_test(authorities_that_cannot_be_read_are_refused),
		cmocka_unit_test(an_issuer_speaks_for_its_domains_in_any_case),
	};

	return cmocka_run_group_tests(federation, NULL, NULL);
}
