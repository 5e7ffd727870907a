#include "server/domain/avatar_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEX "0123456789abcdef0123456789abcdef"
#define NOON 1790856000 /* 2026-10-01 12:00 UTC, in seconds */

static void
a_path_begins_with_its_day_and_is_never_made_twice(void **state)
{
	char one[AVATAR_PATH_SIZE], other[AVATAR_PATH_SIZE];

	(void)state;
	avatar_path_make((int64_t)NOON * 1000000, "webp", one);
	avatar_path_make((int64_t)NOON * 1000000, "webp", other);
	assert_memory_equal(one, "2026/10/01/", 11);
	assert_int_equal(strlen(one), AVATAR_PATH_SIZE - 1);
	assert_true(avatar_path_is_valid(one));
	assert_string_not_equal(one, other);
}

static void
every_other_shape_is_no_path(void **state)
{
	static const char *const bad[] = {
		"",
		"2026/10/01/",
		"2026/10/01/" HEX,
		"2026/10/01/" HEX ".gif",
		"2026/10/01/" HEX ".png ",
		"2026/10/01/" HEX ".pngx",
		"2026/10/01/" HEX "0.png",
		"2026/10/01/0123456789ABCDEF0123456789abcdef.png",
		"2026/10/1/" HEX ".png",
		"/2026/10/01/" HEX ".png",
		"2026/10/01//" HEX ".png",
		"2026\\10\\01\\" HEX ".png",
		"../../../../etc/passwd",
		"2026/10/../" HEX ".png",
		"2026/10/01/../../../../../../../../../passwd.png",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (avatar_path_is_valid(bad[i]))
			fail_msg("%s passes", bad[i]);
	assert_true(avatar_path_is_valid("2026/10/01/" HEX ".png"));
	assert_true(avatar_path_is_valid("0000/00/00/" HEX ".jpg"));
}

static void
a_users_avatar_leads_back_to_its_path(void **state)
{
	static const char avatar[] = AVATAR_URL_PREFIX "2026/10/01/" HEX ".png";

	(void)state;
	assert_string_equal(avatar_path_of(avatar), "2026/10/01/" HEX ".png");
	assert_null(avatar_path_of(""));
	assert_null(avatar_path_of("/media/avatars/"));
	assert_null(avatar_path_of("/media/avatars/../secret"));
	assert_null(avatar_path_of("https://example.com/me.png"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_path_begins_with_its_day_and_is_never_made_twice),
		cmocka_unit_test(every_other_shape_is_no_path),
		cmocka_unit_test(a_users_avatar_leads_back_to_its_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
