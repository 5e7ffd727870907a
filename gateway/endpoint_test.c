#include "gateway/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
good_ones_are_taken_apart_and_written_back(void **state)
{
	static const struct {
		const char *text, *address, *written;
		uint16_t port;
		bool loopback;
	} cases[] = {
		{ "127.0.0.1:8000", "127.0.0.1", "127.0.0.1:1", 8000, true },
		{ "localhost:0", "127.0.0.1", "127.0.0.1:1", 0, true },
		{ "127.9.9.9:65535", "127.9.9.9", "127.9.9.9:1", 65535, true },
		{ "0.0.0.0:80", "0.0.0.0", "0.0.0.0:1", 80, false },
		{ "192.0.2.1:80", "192.0.2.1", "192.0.2.1:1", 80, false },
		{ "[::1]:8000", "::1", "[::1]:1", 8000, true },
		{ "[::]:8000", "::", "[::]:1", 8000, false },
		{ "[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1",
		  "[::ffff:127.0.0.1]:1", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char written[ENDPOINT_TEXT_SIZE];
		struct endpoint endpoint;

		assert_true(endpoint_read(cases[i].text, &endpoint));
		assert_string_equal(endpoint.address, cases[i].address);
		assert_int_equal(endpoint.port, cases[i].port);
		assert_int_equal(endpoint.is_loopback, cases[i].loopback);
		endpoint_write(&endpoint, 1, written);
		assert_string_equal(written, cases[i].written);
	}
}

static void
anything_else_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		":",
		"8000",
		":8000",
		"1.2.3.4",
		"1.2.3.4:",
		"1.2.3.4:x",
		"1.2.3.4:65536",
		"1.2.3.4:-1",
		"1.2.3:80",
		"example.org:80",
		"[::1]",
		"[::1:80",
		"::1:80",
		"[]:80",
		"[1.2.3.4]:80",
		"[::1]80",
		"1.2.3.4: 1",
		"1.2.3.4:000080",
		"11111111111111111111111111111111111111111111111:1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct endpoint endpoint;

		if (endpoint_read(cases[i], &endpoint))
			fail_msg("%s", cases[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_are_taken_apart_and_written_back),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
