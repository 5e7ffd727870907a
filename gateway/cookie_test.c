#include "gateway/cookie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NAME "__Secure-latchkey-refresh"

static const char *
find(const char *header, bool *ambiguous)
{
	static uint8_t memory[4096];
	struct arena arena;

	arena_init(&arena, memory, sizeof(memory));
	return cookie_find(&arena, header, NAME, ambiguous);
}

static void
a_cookie_is_found_by_its_whole_name(void **state)
{
	bool ambiguous;

	(void)state;
	assert_string_equal(find(NAME "=a.b.c", &ambiguous), "a.b.c");
	assert_string_equal(find("x=1;  " NAME "=a ; y=2", &ambiguous), "a");
	assert_string_equal(find("x=1, " NAME "=", &ambiguous), "");
	assert_null(find("x" NAME "=a", &ambiguous));
	assert_null(find(NAME "x=a", &ambiguous));
	assert_null(find("x=" NAME "=a", &ambiguous));
	assert_null(find("__secure-latchkey-refresh=a", &ambiguous));
	assert_null(find(NAME, &ambiguous));
	assert_null(find("", &ambiguous));
	assert_null(find(NULL, &ambiguous));
	assert_false(ambiguous);
}

static void
two_of_one_name_are_none(void **state)
{
	bool ambiguous;

	(void)state;
	assert_null(find(NAME "=a; " NAME "=b", &ambiguous));
	assert_true(ambiguous);
	assert_null(find(NAME "=a, x=1; " NAME "=a", &ambiguous));
	assert_true(ambiguous);
}

static void
what_is_written_has_every_attribute(void **state)
{
	struct cookie cookie = { NAME, "a.b.c", "/api/auth/", 86400 };
	uint8_t memory[4096];
	struct arena arena;

	(void)state;
	arena_init(&arena, memory, sizeof(memory));
	assert_string_equal(cookie_write(&arena, &cookie),
	                    NAME "=a.b.c; Path=/api/auth/; "
	                         "Expires=Fri, 02 Jan 1970 00:00:00 GMT; "
	                         "HttpOnly; Secure; SameSite=Lax");
	cookie.expires_s = 0;
	assert_string_equal(cookie_write(&arena, &cookie),
	                    NAME "=a.b.c; Path=/api/auth/; HttpOnly; Secure; "
	                         "SameSite=Lax");
}

static void
a_value_that_could_become_more_than_one_is_not_written(void **state)
{
	static const char *const bad[] = { "a;b",   "a b",  "a\r\nb",  "a,b",
		                           "\"a\"", "a\\b", "\xc3\xa9" };
	uint8_t memory[4096];
	struct arena arena;

	(void)state;
	arena_init(&arena, memory, sizeof(memory));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct cookie cookie = { NAME, bad[i], "/", 0 };

		assert_null(cookie_write(&arena, &cookie));
	}
}

static void
a_full_arena_is_no_cookie(void **state)
{
	const struct cookie cookie = { NAME, "a", "/", 1 };
	uint8_t memory[16];
	struct arena arena;
	bool ambiguous;

	(void)state;
	arena_init(&arena, memory, sizeof(memory));
	assert_null(cookie_write(&arena, &cookie));
	assert_null(cookie_find(&arena, NAME "=0123456789abcdef0", NAME,
	                        &ambiguous));
	assert_false(ambiguous);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_is_found_by_its_whole_name),
		cmocka_unit_test(two_of_one_name_are_none),
		cmocka_unit_test(what_is_written_has_every_attribute),
		cmocka_unit_test(
			a_value_that_could_become_more_than_one_is_not_written),
		cmocka_unit_test(a_full_arena_is_no_cookie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
