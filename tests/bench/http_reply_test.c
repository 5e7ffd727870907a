#include "tests/bench/http_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char good[] = "HTTP/1.1 200 OK\r\n"
			   "Allow: GET\r\n"
			   "content-length: 5\r\n"
			   "\r\n"
			   "hello";

static void
a_whole_reply_gives_status_and_body(void **state)
{
	struct http_reply reply = { 0 };

	(void)state;
	assert_int_equal(http_reply_read(good, strlen(good), &reply),
	                 HTTP_REPLY_WHOLE);
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.body_len, 5);
	assert_memory_equal(reply.body, "hello", 5);
}

static void
every_beginning_of_a_reply_is_partial(void **state)
{
	struct http_reply reply = { 0 };

	(void)state;
	for (size_t len = 0; len < strlen(good); len++)
		assert_int_equal(http_reply_read(good, len, &reply),
		                 HTTP_REPLY_PARTIAL);
	assert_int_equal(reply.status, 0);
}

static void
a_reply_without_a_length_has_no_body(void **state)
{
	static const char text[] = "HTTP/1.1 205 Reset Content\r\n\r\n";
	struct http_reply reply = { 0 };

	(void)state;
	assert_int_equal(http_reply_read(text, strlen(text), &reply),
	                 HTTP_REPLY_WHOLE);
	assert_int_equal(reply.status, 205);
	assert_int_equal(reply.body_len, 0);
}

static void
what_it_does_not_expect_is_bad(void **state)
{
	static const char *const bad[] = {
		"HTTP/1.0 200 OK\r\n\r\n",
		"HTTP/1.1 2x0 OK\r\n\r\n",
		"HTTP/1.1\r\n\r\n",
		"\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
	};
	struct http_reply reply = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(
			http_reply_read(bad[i], strlen(bad[i]), &reply),
			HTTP_REPLY_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_reply_gives_status_and_body),
		cmocka_unit_test(every_beginning_of_a_reply_is_partial),
		cmocka_unit_test(a_reply_without_a_length_has_no_body),
		cmocka_unit_test(what_it_does_not_expect_is_bad),
	};

	return cmocka_run_group_tests_name("http_reply", tests, NULL, NULL);
}
