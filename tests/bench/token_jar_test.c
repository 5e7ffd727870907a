#include "tests/bench/token_jar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
a_member_is_copied_whatever_stands_around_it(void **state)
{
	static const char json[] = "{\"access\":\"a.b.c\",\"refresh\":\"r\"}";
	char token[TOKEN_JAR_TEXT_SIZE];

	(void)state;
	assert_true(token_jar_take(json, strlen(json), "access", token));
	assert_string_equal(token, "a.b.c");
	assert_true(token_jar_take(json, strlen(json), "refresh", token));
	assert_string_equal(token, "r");
}

static void
what_is_absent_or_cut_off_is_not_taken(void **state)
{
	static const char json[] = "{\"access\":\"a.b.c\"}";
	char token[TOKEN_JAR_TEXT_SIZE] = "before";

	(void)state;
	assert_false(token_jar_take(json, strlen(json), "refresh", token));
	for (size_t len = 0; len < strlen("{\"access\":\"a.b.c\""); len++)
		assert_false(token_jar_take(json, len, "access", token));
	assert_string_equal(token, "before");
}

static void
a_token_that_does_not_fit_is_not_taken(void **state)
{
	char json[TOKEN_JAR_TEXT_SIZE + 32] = "{\"access\":\"";
	char token[TOKEN_JAR_TEXT_SIZE];
	size_t head = strlen(json);

	(void)state;
	memset(json + head, 'a', TOKEN_JAR_TEXT_SIZE);
	json[head + TOKEN_JAR_TEXT_SIZE - 1] = '"';
	assert_true(token_jar_take(json, sizeof(json), "access", token));
	assert_int_equal(strlen(token), TOKEN_JAR_TEXT_SIZE - 1);
	json[head + TOKEN_JAR_TEXT_SIZE - 1] = 'a';
	json[head + TOKEN_JAR_TEXT_SIZE] = '"';
	assert_false(token_jar_take(json, sizeof(json), "access", token));
}

static void
pairs_repeat_after_the_last(void **state)
{
	struct token_pair pairs[3];
	struct token_jar jar = { pairs, 3 };

	(void)state;
	assert_ptr_equal(token_jar_pair(&jar, 2), &pairs[2]);
	assert_ptr_equal(token_jar_pair(&jar, 3), &pairs[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_is_copied_whatever_stands_around_it),
		cmocka_unit_test(what_is_absent_or_cut_off_is_not_taken),
		cmocka_unit_test(a_token_that_does_not_fit_is_not_taken),
		cmocka_unit_test(pairs_repeat_after_the_last),
	};

	return cmocka_run_group_tests_name("token_jar", tests, NULL, NULL);
}
