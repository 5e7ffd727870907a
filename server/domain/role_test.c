#include "server/domain/role.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define E_ACUTE "\xc3\xa9" /* one character, two bytes */

/* repeat writes `count` copies of `unit`. */
static const char *
repeat(char out[1024], const char *unit, size_t count)
{
	size_t len = strlen(unit);

	assert_true(count * len < 1024);
	for (size_t i = 0; i < count; i++)
		memcpy(out + i * len, unit, len);
	out[count * len] = '\0';
	return out;
}

static void
a_name_has_one_to_80_characters(void **state)
{
	char text[1024];

	(void)state;
	assert_non_null(role_name_fault(""));
	assert_null(role_name_fault("A"));
	assert_null(role_name_fault("Fleet manager (Z\xc3\xbcrich)"));
	assert_null(role_name_fault(repeat(text, E_ACUTE, 80)));
	assert_string_equal(
		role_name_fault(repeat(text, E_ACUTE, 81)),
		"Ensure this field has no more than 80 characters.");
	assert_non_null(role_name_fault("\xff"));
}

static void
a_name_has_no_slash_and_no_controls(void **state)
{
	static const char *const bad[] = { "a/b", "a\nb", "\t", "a\x7f" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(role_name_fault(bad[i]));
}

static void
a_description_has_up_to_300_characters(void **state)
{
	char text[1024];

	(void)state;
	assert_null(role_description_fault(""));
	assert_null(role_description_fault(repeat(text, E_ACUTE, 300)));
	assert_non_null(role_description_fault(repeat(text, E_ACUTE, 301)));
	assert_non_null(role_description_fault("\xc3"));
}

static void
a_permission_is_plain_ascii_of_up_to_100(void **state)
{
	static const char *const bad[] = { "",   "a b",      "a/b",
		                           "a*", "\xc3\xa9", "a,b" };
	char text[1024];

	(void)state;
	assert_null(role_permission_fault("cars.read:own_fleet-2"));
	assert_null(role_permission_fault(repeat(text, "p", 100)));
	assert_non_null(role_permission_fault(repeat(text, "p", 101)));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(role_permission_fault(bad[i]));
}

static void
the_names_of_a_users_roles_fit_a_token_together(void **state)
{
	char long_name[1024], rest[1024];
	const char *names[16];

	(void)state;
	/* 100 bytes each, with quotes and comma: 1501 for the list of 15. */
	(void)repeat(long_name, "n", 97);
	for (size_t i = 0; i < 16; i++)
		names[i] = long_name;
	assert_null(role_list_fault(names, 0));
	assert_null(role_list_fault(names, 15));
	assert_non_null(role_list_fault(names, 16));
	names[15] = repeat(rest, "n", 32);
	assert_null(role_list_fault(names, 16));
	names[15] = repeat(rest, "n", 33);
	assert_non_null(role_list_fault(names, 16));
	/* What JSON escapes counts twice. */
	names[15] = repeat(rest, "\"", 16);
	assert_null(role_list_fault(names, 16));
	names[15] = repeat(rest, "\\", 17);
	assert_non_null(role_list_fault(names, 16));
}

static void
sorting_drops_repetitions(void **state)
{
	const char *names[] = { "b", "a", "B", "b", "a" };

	(void)state;
	assert_int_equal(role_sort(names, 5), 3);
	assert_string_equal(names[0], "B");
	assert_string_equal(names[1], "a");
	assert_string_equal(names[2], "b");
	assert_int_equal(role_sort(names, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_one_to_80_characters),
		cmocka_unit_test(a_name_has_no_slash_and_no_controls),
		cmocka_unit_test(a_description_has_up_to_300_characters),
		cmocka_unit_test(a_permission_is_plain_ascii_of_up_to_100),
		cmocka_unit_test(
			the_names_of_a_users_roles_fit_a_token_together),
		cmocka_unit_test(sorting_drops_repetitions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
