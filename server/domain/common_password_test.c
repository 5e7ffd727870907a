#include "server/domain/common_password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/domain/common_password_list.h"

static void
every_line_of_the_list_is_found(void **state)
{
	const char *line = common_password_list;
	size_t count = 0, longest = 0;

	(void)state;
	while (*line != '\0') {
		size_t len = strcspn(line, "\n");

		if (!common_password_find(line, len))
			fail_msg("\"%.*s\" is not found", (int)len, line);
		longest = len > longest ? len : longest;
		line += len + 1;
		count++;
	}
	assert_in_range(count, 19000, 21000);
	assert_in_range(longest, 8, COMMON_PASSWORD_MAX);
}

static void
what_no_line_says_is_not_found(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"password\n",
		"\npassword",
		"passw",
		"correct hor",
		"\1",
		"\xff\xff",
		"zzzzzzzzzzzzzzzzzzz",
		"k.lovemomxyz",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(common_password_find(texts[i], strlen(texts[i])));
}

static void
only_the_whole_line_counts(void **state)
{
	(void)state;
	assert_true(common_password_find("iloveyou1", 8));
	assert_true(common_password_find("iloveyou1", 9));
	assert_false(common_password_find("iloveyou1", 7));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_of_the_list_is_found),
		cmocka_unit_test(what_no_line_says_is_not_found),
		cmocka_unit_test(only_the_whole_line_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
