#include "gateway/http_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>

static struct http_limit_key
key_of(const char *text)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		return http_limit_key((struct sockaddr *)&four);
	assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
	return http_limit_key((struct sockaddr *)&six);
}

static void
assert_same(const char *a, const char *b, bool want)
{
	struct http_limit *limit;

	assert_int_equal(http_limit_open(2, 1, &limit), CODE_OK);
	assert_true(http_limit_enter(limit, key_of(a)));
	assert_int_equal(http_limit_enter(limit, key_of(b)), !want);
	http_limit_close(limit);
}

static void
an_address_is_an_ipv4_or_an_ipv6_64(void **state)
{
	(void)state;
	assert_same("192.0.2.1", "192.0.2.1", true);
	assert_same("192.0.2.1", "192.0.2.2", false);
	assert_same("192.0.2.1", "::ffff:192.0.2.1", true);
	assert_same("2001:db8::1", "2001:db8::ffff:1", true);
	assert_same("2001:db8::1", "2001:db8:0:1::1", false);
	assert_same("::ffff:192.0.2.1", "::ffff:192.0.2.2", false);
	assert_same("::", "0.0.0.0", false);
}

static void
the_total_is_limited_whoever_comes(void **state)
{
	struct http_limit *limit;

	(void)state;
	assert_int_equal(http_limit_open(3, 0, &limit), CODE_OK);
	assert_true(http_limit_enter(limit, key_of("10.0.0.1")));
	assert_true(http_limit_enter(limit, key_of("10.0.0.1")));
	assert_true(http_limit_enter(limit, key_of("10.0.0.1")));
	assert_false(http_limit_enter(limit, key_of("10.0.0.2")));
	http_limit_leave(limit, key_of("10.0.0.1"));
	assert_true(http_limit_enter(limit, key_of("10.0.0.2")));
	assert_false(http_limit_enter(limit, key_of("10.0.0.1")));
	http_limit_close(limit);
}

static void
who_leaves_makes_room_for_the_next(void **state)
{
	struct http_limit *limit;
	char text[] = "10.0.0.0";

	(void)state;
	assert_int_equal(http_limit_open(10, 2, &limit), CODE_OK);
	for (int round = 0; round < 100; round++) {
		for (int i = 0; i < 5; i++) {
			text[7] = (char)('0' + i);
			assert_true(http_limit_enter(limit, key_of(text)));
			assert_true(http_limit_enter(limit, key_of(text)));
			assert_false(http_limit_enter(limit, key_of(text)));
		}
		for (int i = 9; i >= 0; i--) {
			text[7] = (char)('0' + i % 5);
			http_limit_leave(limit, key_of(text));
		}
	}
	http_limit_close(limit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_an_ipv4_or_an_ipv6_64),
		cmocka_unit_test(the_total_is_limited_whoever_comes),
		cmocka_unit_test(who_leaves_makes_room_for_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
