#include "client/ctl/method.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
a_method_is_found_by_its_name_or_a_whole_end_of_it(void **state)
{
	static const char *const names[] = {
		"latchkey.v1.AuthService/Refresh",
		"v1.AuthService/Refresh",
		"AuthService/Refresh",
		"Refresh",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct method method = { 0 };

		assert_int_equal(method_find(names[i], &method), 1);
		assert_string_equal(method.method->name, "Refresh");
		assert_string_equal(method.service->short_name, "AuthService");
	}
}

static void
what_is_no_whole_end_is_not_found(void **state)
{
	static const char *const names[] = { "",          "fresh",
		                             "refresh",   "AuthService",
		                             "x.Refresh", "/Refresh" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct method method = { 0 };

		assert_int_equal(method_find(names[i], &method), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_method_is_found_by_its_name_or_a_whole_end_of_it),
		cmocka_unit_test(what_is_no_whole_end_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
