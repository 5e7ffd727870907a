#include "gateway/forwarded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PROXY "10.0.0.1"

static const char *const networks[] = { "10.0.0.0/8", "2001:db8:1::/48",
	                                "127.0.0.1" };

static int
setup(void **state)
{
	struct proxy_list *list;
	char err[128];

	if (proxy_list_open(networks, 3, &list, err, sizeof(err)) != CODE_OK)
		return -1;
	*state = list;
	return 0;
}

static int
teardown(void **state)
{
	proxy_list_close(*state);
	return 0;
}

static void
assert_client(void **state, const char *x_for, const char *client)
{
	const struct forwarded_lines lines = { .x_for = x_for,
		                               .forwarded = "for=6.6.6.6" };
	struct forwarded found;

	forwarded_read(&lines, *state, PROXY, &found);
	assert_string_equal(found.client, client);
	assert_int_equal(found.scheme, FORWARDED_UNKNOWN);
}

static void
assert_standard(void **state, const char *value, const char *client,
                enum forwarded_scheme scheme)
{
	const struct forwarded_lines lines = { .is_standard = true,
		                               .forwarded = value,
		                               .x_for = "6.6.6.6",
		                               .x_proto = "https" };
	struct forwarded found;

	forwarded_read(&lines, *state, PROXY, &found);
	assert_string_equal(found.client, client);
	assert_int_equal(found.scheme, scheme);
}

static void
assert_scheme(void **state, const char *x_for, const char *x_proto,
              enum forwarded_scheme scheme)
{
	const struct forwarded_lines lines = { .x_for = x_for,
		                               .x_proto = x_proto };
	struct forwarded found;

	forwarded_read(&lines, *state, PROXY, &found);
	assert_int_equal(found.scheme, scheme);
}

static void
the_client_is_the_first_from_the_right_that_is_no_proxy(void **state)
{
	assert_client(state, "192.0.2.1", "192.0.2.1");
	assert_client(state, "192.0.2.1, 10.9.9.9", "192.0.2.1");
	assert_client(state, "192.0.2.1,10.9.9.9 ,\t10.1.1.1", "192.0.2.1");
	assert_client(state, "10.2.2.2, 10.1.1.1", "10.2.2.2");
	assert_client(state, "2001:db8:2::1, 2001:db8:1::1", "2001:db8:2::1");
}

static void
what_the_client_made_up_on_the_left_counts_for_nothing(void **state)
{
	assert_client(state, "127.0.0.1, 6.6.6.6, 192.0.2.1", "192.0.2.1");
	assert_client(state, "\", 192.0.2.1", "192.0.2.1");
	assert_standard(state, "for=6.6.6.6;proto=https, for=192.0.2.1",
	                "192.0.2.1", FORWARDED_UNKNOWN);
	assert_standard(state, "for=\"6.6.6.6, for=192.0.2.1", PROXY,
	                FORWARDED_UNKNOWN);
	assert_standard(state, "for=\"6.6.6.6, for=\"[2001:db8:2::1]\"", PROXY,
	                FORWARDED_UNKNOWN);
}

static void
what_is_no_address_ends_the_search(void **state)
{
	static const char *const bad[] = {
		"unknown",
		"_hidden",
		"192.0.2.1:x",
		"192.0.2.1:",
		"192.0.2.256",
		"[2001:db8::1",
		"[192.0.2.1]",
		"[2001:db8::1]x",
		"2001:db8::1%eth0",
		"192.0.2.1 6.6.6.6",
		"",
		"1",
		",",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_client(state, bad[i], PROXY);
	assert_client(state, "192.0.2.1, unknown, 10.1.1.1", "10.1.1.1");
	assert_client(state, NULL, PROXY);
}

static void
ports_and_brackets_are_left_away_and_mapped_addresses_are_ipv4(void **state)
{
	assert_client(state, "192.0.2.1:4711", "192.0.2.1");
	assert_client(state, "[2001:DB8:2::1]:80", "2001:db8:2::1");
	assert_client(state, "[2001:db8:2::1]", "2001:db8:2::1");
	assert_client(state, "::ffff:192.0.2.1", "192.0.2.1");
	assert_client(state, "192.0.2.1, ::ffff:10.1.1.1", "192.0.2.1");
}

static void
the_standard_header_is_read_with_its_quotes(void **state)
{
	assert_standard(state, "for=192.0.2.1;proto=http;by=10.0.0.1",
	                "192.0.2.1", FORWARDED_HTTP);
	assert_standard(state, "By=_x; For=\"[2001:db8:2::1]:80\" ;PROTO=HTTPS",
	                "2001:db8:2::1", FORWARDED_HTTPS);
	assert_standard(state,
	                "for=192.0.2.1;proto=https, for=10.1.1.1;proto=http",
	                "192.0.2.1", FORWARDED_HTTPS);
	assert_standard(state, "for=192.0.2.1;by=\"a,b;for=1.1.1.1\"",
	                "192.0.2.1", FORWARDED_UNKNOWN);
	assert_standard(state, "for=192.0.2.1;for=192.0.2.2", PROXY,
	                FORWARDED_UNKNOWN);
	assert_standard(state, "proto=https", PROXY, FORWARDED_UNKNOWN);
	assert_standard(state, NULL, PROXY, FORWARDED_UNKNOWN);
}

static void
the_scheme_is_counted_from_the_right_as_well(void **state)
{
	assert_scheme(state, "192.0.2.1", "https", FORWARDED_HTTPS);
	assert_scheme(state, "192.0.2.1", "https, http", FORWARDED_HTTP);
	assert_scheme(state, "192.0.2.1, 10.1.1.1", "https, http",
	              FORWARDED_HTTPS);
	assert_scheme(state, "192.0.2.1, 10.1.1.1", "https", FORWARDED_HTTPS);
	assert_scheme(state, "192.0.2.1", "gopher", FORWARDED_UNKNOWN);
	assert_scheme(state, NULL, "https", FORWARDED_HTTPS);
	assert_scheme(state, "192.0.2.1", NULL, FORWARDED_UNKNOWN);
}

static void
more_hops_than_are_read_end_at_the_last_one_read(void **state)
{
	char text[1024] = "192.0.2.1";
	char *end = text + strlen(text);

	for (int i = 0; i < 40; i++)
		end = stpcpy(end, ", 10.1.1.1");
	assert_client(state, text, "10.1.1.1");
}

static void
a_network_has_the_addresses_that_begin_like_it(void **state)
{
	assert_true(proxy_list_has(*state, "10.255.255.255"));
	assert_true(proxy_list_has(*state, "::ffff:10.0.0.1"));
	assert_true(proxy_list_has(*state, "2001:db8:1:ffff::"));
	assert_true(proxy_list_has(*state, "127.0.0.1"));
	assert_false(proxy_list_has(*state, "127.0.0.2"));
	assert_false(proxy_list_has(*state, "11.0.0.0"));
	assert_false(proxy_list_has(*state, "2001:db8:2::"));
	assert_false(proxy_list_has(*state, "::1"));
	assert_false(proxy_list_has(*state, ""));
	assert_false(proxy_list_has(NULL, "10.0.0.1"));
}

static void
what_is_no_network_is_refused_with_a_sentence(void **state)
{
	static const char *const bad[] = {
		"",           "proxy",          "10.0.0.0/",   "10.0.0.0/33",
		"10.0.0.1/8", "10.0.0.0/0",     "10.0.0.0/8x", "::/0",
		"10.0.0",     "2001:db8::/129", "[::1]",       "10.0.0.0/-8",
	};
	struct proxy_list *list;
	char err[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err[0] = '\0';
		assert_int_equal(
			proxy_list_open(&bad[i], 1, &list, err, sizeof(err)),
			CODE_INVALID_ARGUMENT);
		assert_non_null(strstr(err, bad[i]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_client_is_the_first_from_the_right_that_is_no_proxy),
		cmocka_unit_test(
			what_the_client_made_up_on_the_left_counts_for_nothing),
		cmocka_unit_test(what_is_no_address_ends_the_search),
		cmocka_unit_test(
			ports_and_brackets_are_left_away_and_mapped_addresses_are_ipv4),
		cmocka_unit_test(the_standard_header_is_read_with_its_quotes),
		cmocka_unit_test(the_scheme_is_counted_from_the_right_as_well),
		cmocka_unit_test(
			more_hops_than_are_read_end_at_the_last_one_read),
		cmocka_unit_test(
			a_network_has_the_addresses_that_begin_like_it),
		cmocka_unit_test(what_is_no_network_is_refused_with_a_sentence),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
