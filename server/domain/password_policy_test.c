#include "server/domain/password_policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/domain/password.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SHORT                                                                  \
	"This password is too short. It must contain at least 8 characters."
#define COMMON "This password is too common."
#define DIGITS "This password is entirely numeric."
#define SIMILAR(what) "The password is too similar to the " what "."

static const struct password_owner nobody = { "", "", NULL, NULL };

static const struct password_owner ada = {
	.username = "countess_ada",
	.first_name = "Augusta",
	.last_name = "King-Noel",
	.email = "lovelace.analytical@example.com",
};

/* What the rules say of a password; NULL where they say nothing. */
struct row {
	const char *password;
	const char *similar, *length, *common, *digits;
};

static void
expect(const struct row *row, enum password_rules rules,
       const struct password_owner *owner)
{
	const char *const expected[PASSWORD_FAULT_COUNT] = {
		[PASSWORD_TOO_SIMILAR] = row->similar,
		[PASSWORD_TOO_SHORT] = row->length,
		[PASSWORD_TOO_COMMON] = row->common,
		[PASSWORD_ALL_DIGITS] = row->digits,
	};
	struct password_verdict verdict;
	size_t count = 0;

	memset(&verdict, 0xa5, sizeof(verdict));
	password_judge(rules, row->password, owner, &verdict);
	for (size_t i = 0; i < PASSWORD_FAULT_COUNT; i++) {
		const char *said = verdict.messages[i];

		if ((said == NULL) != (expected[i] == NULL))
			fail_msg("\"%s\": fault %zu: %s", row->password, i,
			         said == NULL ? "nothing" : said);
		if (said != NULL)
			assert_string_equal(said, expected[i]);
		count += said != NULL;
	}
	assert_int_equal(verdict.count, count);
}

static void
length_digits_and_the_list_are_judged_together(void **state)
{
	static const struct row rows[] = {
		{ "12345", NULL, SHORT, COMMON, DIGITS },
		{ "1234567", NULL, SHORT, COMMON, DIGITS },
		{ "12345678", NULL, NULL, COMMON, DIGITS },
		{ "password", NULL, NULL, COMMON, NULL },
		{ "PassWord", NULL, NULL, COMMON, NULL },
		{ " password\t", NULL, NULL, COMMON, NULL },
		{ "\xe3\x80\x80password\x1c", NULL, NULL, COMMON, NULL },
		{ "passwo", NULL, SHORT, NULL, NULL },
		{ "9081726354", NULL, NULL, NULL, DIGITS },
		{ "9081726354x", NULL, NULL, NULL, NULL },
		{ "qzv!7mK", NULL, SHORT, NULL, NULL },
		{ "qzv!7mKp", NULL, NULL, NULL, NULL },
		{ "        ", NULL, NULL, NULL, NULL },
		{ "", NULL, SHORT, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		expect(&rows[i], PASSWORD_RULES_DJANGO, &nobody);
}

static void
characters_are_counted_and_not_bytes(void **state)
{
	static const struct row rows[] = {
		/* Seven and eight characters of two bytes. */
		{ "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa9\xc3\xa8\xc3\xa7",
		  NULL, SHORT, NULL, NULL },
		{ "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa9\xc3\xa8\xc3\xa7!",
		  NULL, NULL, NULL, NULL },
		/* Four with a capital that has two characters in lower case. */
		{ "\xc4\xb0\xc4\xb0\xc4\xb0\xc4\xb0", NULL, SHORT, NULL, NULL },
		/* Eight digits of another script, and a superscript. */
		{ "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6\xd9\xa7"
		  "\xc2\xb2",
		  NULL, NULL, NULL, DIGITS },
		/* A fraction is a number and no digit. */
		{ "9081726\xc2\xbd", NULL, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		expect(&rows[i], PASSWORD_RULES_DJANGO, &nobody);
}

static void
a_password_like_an_attribute_or_a_part_of_one_is_refused(void **state)
{
	static const struct row rows[] = {
		{ "COUNTESS_ada", SIMILAR("username"), NULL, NULL, NULL },
		{ "ada_countess", SIMILAR("username"), NULL, NULL, NULL },
		{ "augusta1", SIMILAR("first name"), NULL, NULL, NULL },
		{ "noel", SIMILAR("last name"), SHORT, COMMON, NULL },
		{ "kingnoel!", SIMILAR("last name"), NULL, NULL, NULL },
		{ "lovelace", SIMILAR("email address"), NULL, NULL, NULL },
		{ "lacitylana", SIMILAR("email address"), NULL, NULL, NULL },
		{ "lovelace.analytical@example.com", SIMILAR("email address"),
		  NULL, NULL, NULL },
		{ "difference engine", NULL, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		expect(&rows[i], PASSWORD_RULES_DJANGO, &ada);
}

static void
seven_tenths_is_too_similar_and_less_is_not(void **state)
{
	static const struct password_owner owner = { .username = "abcdefghij" };
	static const struct row rows[] = {
		/* 2 * 7 of 20, exactly. */
		{ "abcdefgxyz", SIMILAR("username"), NULL, NULL, NULL },
		{ "gfedcba---", SIMILAR("username"), NULL, NULL, NULL },
		/* 2 * 6 of 20, and 2 * 7 of 21. */
		{ "abcdefwxyz", NULL, NULL, NULL, NULL },
		{ "abcdefgxyz-", NULL, NULL, NULL, NULL },
		/* A character counts as often as both have it. */
		{ "aaaabbbbbc", NULL, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		expect(&rows[i], PASSWORD_RULES_DJANGO, &owner);
}

static void
only_the_first_similar_attribute_is_told(void **state)
{
	static const struct password_owner owner = {
		.username = "babbage",
		.first_name = "Babbage",
		.email = "babbage@example.com",
	};
	static const struct row row = { "babbage7", SIMILAR("username"), NULL,
		                        NULL, NULL };

	(void)state;
	expect(&row, PASSWORD_RULES_DJANGO, &owner);
}

static void
scripts_and_marks_split_as_python_splits_them(void **state)
{
	static const struct password_owner owner = {
		/* ÉMILIE-Ω Σοφία */
		.first_name = "\xc3\x89MILIE-\xce\xa9 "
			      "\xce\xa3\xce\xbf\xcf\x86\xce\xaf\xce\xb1",
	};
	static const struct row rows[] = {
		/* émilie99 */
		{ "\xc3\xa9milie99", SIMILAR("first name"), NULL, NULL, NULL },
		/* ΣΟΦΊΑ12: too short, and 2 * 5 of 12 */
		{ "\xce\xa3\xce\x9f\xce\xa6\xce\x8a\xce\x91"
		  "12",
		  SIMILAR("first name"), SHORT, NULL, NULL },
		{ "emilie99zq", NULL, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		expect(&rows[i], PASSWORD_RULES_DJANGO, &owner);
}

static void
the_rule_of_length_asks_for_nothing_else(void **state)
{
	static const struct row rows[] = {
		{ "password123", NULL, NULL, NULL, NULL },
		{ "lovelace", NULL, NULL, NULL, NULL },
		{ "12345678", NULL, NULL, NULL, NULL },
		{ "1234567", NULL, SHORT, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		expect(&rows[i], PASSWORD_RULES_LENGTH, &ada);
}

static void
text_of_any_length_and_any_bytes_is_judged(void **state)
{
	static char text[2 * PASSWORD_MAX];
	static char capitals[2 * PASSWORD_MAX];
	struct password_owner owner = { text, capitals, text, capitals };
	struct password_verdict verdict;

	(void)state;
	memset(text, '7', sizeof(text) - 1);
	for (size_t i = 0; i < sizeof(capitals) - 1; i++)
		capitals[i] = i % 2 == 0 ? '\xc4' : '\xb0';
	password_judge(PASSWORD_RULES_DJANGO, text, &owner, &verdict);
	assert_non_null(verdict.messages[PASSWORD_ALL_DIGITS]);
	assert_non_null(verdict.messages[PASSWORD_TOO_SIMILAR]);
	password_judge(PASSWORD_RULES_DJANGO, capitals, &owner, &verdict);
	assert_non_null(verdict.messages[PASSWORD_TOO_SIMILAR]);
	memset(text, 0xc4, sizeof(text) - 1);
	password_judge(PASSWORD_RULES_DJANGO, text, &owner, &verdict);
	assert_null(verdict.messages[PASSWORD_ALL_DIGITS]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			length_digits_and_the_list_are_judged_together),
		cmocka_unit_test(characters_are_counted_and_not_bytes),
		cmocka_unit_test(
			a_password_like_an_attribute_or_a_part_of_one_is_refused),
		cmocka_unit_test(seven_tenths_is_too_similar_and_less_is_not),
		cmocka_unit_test(only_the_first_similar_attribute_is_told),
		cmocka_unit_test(scripts_and_marks_split_as_python_splits_them),
		cmocka_unit_test(the_rule_of_length_asks_for_nothing_else),
		cmocka_unit_test(text_of_any_length_and_any_bytes_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
