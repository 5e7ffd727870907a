#include "gateway/cors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/answer.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *const two[] = { "http://localhost:3000",
	                           "https://[::1]:8443" };

static struct cors *
open_good(const struct cors_options *options)
{
	struct cors *cors = NULL;
	char err[256] = "";

	if (cors_open(options, &cors, err, sizeof(err)) != CODE_OK)
		fail_msg("%s", err);
	return cors;
}

static const char *
find(const struct answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->header_count; i++)
		if (strcmp(answer->headers[i].name, name) == 0)
			return answer->headers[i].value;
	return NULL;
}

static void
answers_the_preflight_of_an_allowed_origin_exactly(void **state)
{
	const struct cors_options options = { .origins = two,
		                              .origin_count = 2 };
	struct cors *cors = open_good(&options);
	struct answer answer = { 0 };

	(void)state;
	cors_preflight(cors, "http://localhost:3000", false, &answer);
	assert_int_equal(answer.header_count, 4);
	assert_string_equal(find(&answer, "Access-Control-Allow-Origin"),
	                    "http://localhost:3000");
	assert_string_equal(find(&answer, "Access-Control-Allow-Headers"),
	                    "accept, authorization, content-type, user-agent, "
	                    "x-csrftoken, x-requested-with");
	assert_string_equal(find(&answer, "Access-Control-Allow-Methods"),
	                    "DELETE, GET, OPTIONS, PATCH, POST, PUT");
	assert_string_equal(find(&answer, "Access-Control-Max-Age"), "86400");
	cors_close(cors);
}

static void
tells_other_origins_nothing(void **state)
{
	static const char *const others[] = {
		NULL,
		"",
		"null",
		"http://localhost:3001",
		"https://localhost:3000",
		"http://localhost:3000/",
		"http://LOCALHOST:3000",
		"http://localhost:3000.evil.test",
	};
	const struct cors_options options = { .origins = two,
		                              .origin_count = 2 };
	struct cors *cors = open_good(&options);

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct answer answer = { 0 };

		cors_preflight(cors, others[i], false, &answer);
		cors_expose(cors, others[i], false, &answer);
		assert_int_equal(answer.header_count, 0);
	}
	cors_close(cors);
}

static void
allows_nobody_without_a_setting(void **state)
{
	const struct cors_options options = { 0 };
	struct cors *cors = open_good(&options);
	struct answer answer = { 0 };

	(void)state;
	cors_preflight(cors, "http://localhost:3000", false, &answer);
	cors_expose(cors, "http://localhost:3000", false, &answer);
	assert_int_equal(answer.header_count, 0);
	cors_close(cors);
}

static void
exposes_what_a_page_needs_to_retry(void **state)
{
	const struct cors_options options = { .origins = two,
		                              .origin_count = 2,
		                              .allow_credentials = true };
	struct cors *cors = open_good(&options);
	struct answer answer = { 0 };

	(void)state;
	cors_expose(cors, two[1], false, &answer);
	assert_string_equal(find(&answer, "Access-Control-Allow-Origin"),
	                    two[1]);
	assert_string_equal(find(&answer, "Access-Control-Allow-Credentials"),
	                    "true");
	assert_string_equal(find(&answer, "Access-Control-Expose-Headers"),
	                    "X-Request-Id, Retry-After");
	cors_close(cors);
}

static void
answers_a_star_when_all_are_allowed(void **state)
{
	const struct cors_options options = { .allow_all = true };
	struct cors *cors = open_good(&options);
	struct answer answer = { 0 };

	(void)state;
	cors_expose(cors, NULL, false, &answer);
	assert_int_equal(answer.header_count, 0);
	cors_expose(cors, "http://evil.test", false, &answer);
	assert_string_equal(find(&answer, "Access-Control-Allow-Origin"), "*");
	assert_null(find(&answer, "Access-Control-Allow-Credentials"));
	cors_close(cors);
}

static void
says_what_to_write_instead_of_a_dangerous_setting(void **state)
{
	static const struct {
		const char *origin;
		bool allow_all, allow_credentials;
		const char *sentence;
	} cases[] = {
		{ NULL, true, true,
		  "cors: allow_all with allow_credentials would let every web "
		  "page act for a user; list the origins instead" },
		{ "*", false, false,
		  "cors: \"*\" is no origin; set allow_all instead" },
		{ "http://a.example/", false, false,
		  "cors: \"http://a.example/\" is no origin; write scheme and "
		  "host without a path or a slash at the end, as in "
		  "http://localhost:3000" },
		{ "a.example", false, false,
		  "cors: \"a.example\" is no origin; write scheme and host "
		  "without a path or a slash at the end, as in "
		  "http://localhost:3000" },
		{ "null", false, false,
		  "cors: \"null\" is no origin; write scheme and host without "
		  "a path or a slash at the end, as in "
		  "http://localhost:3000" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct cors_options options = {
			.origins = &cases[i].origin,
			.origin_count = cases[i].origin != NULL,
			.allow_all = cases[i].allow_all,
			.allow_credentials = cases[i].allow_credentials,
		};
		struct cors *cors = NULL;
		char err[256];

		assert_int_equal(cors_open(&options, &cors, err, sizeof(err)),
		                 CODE_INVALID_ARGUMENT);
		assert_string_equal(err, cases[i].sentence);
		assert_null(cors);
	}
	cors_close(NULL);
}

static void
where_cookies_are_used_a_listed_origin_may_send_them(void **state)
{
	static const char *const one[] = { "http://localhost:3000" };
	struct cors *cors = open_good(
		&(struct cors_options){ .origins = one, .origin_count = 1 });
	struct answer answer = { 0 };

	(void)state;
	cors_preflight(cors, "http://localhost:3000", true, &answer);
	assert_string_equal(find(&answer, "Access-Control-Allow-Credentials"),
	                    "true");
	answer = (struct answer){ 0 };
	cors_expose(cors, "http://evil.test", true, &answer);
	assert_int_equal(answer.header_count, 0);
	assert_true(cors_lists(cors, "http://localhost:3000"));
	assert_false(cors_lists(cors, "http://localhost:3000/"));
	assert_false(cors_lists(cors, "null"));
	assert_false(cors_lists(cors, NULL));
	cors_close(cors);
}

static void
allow_all_lists_no_origin_and_sends_no_cookies(void **state)
{
	struct cors *cors =
		open_good(&(struct cors_options){ .allow_all = true });
	struct answer answer = { 0 };

	(void)state;
	assert_false(cors_lists(cors, "http://localhost:3000"));
	cors_expose(cors, "http://localhost:3000", true, &answer);
	assert_null(find(&answer, "Access-Control-Allow-Credentials"));
	cors_close(cors);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			where_cookies_are_used_a_listed_origin_may_send_them),
		cmocka_unit_test(
			allow_all_lists_no_origin_and_sends_no_cookies),
		cmocka_unit_test(
			answers_the_preflight_of_an_allowed_origin_exactly),
		cmocka_unit_test(tells_other_origins_nothing),
		cmocka_unit_test(allows_nobody_without_a_setting),
		cmocka_unit_test(exposes_what_a_page_needs_to_retry),
		cmocka_unit_test(answers_a_star_when_all_are_allowed),
		cmocka_unit_test(
			says_what_to_write_instead_of_a_dangerous_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
