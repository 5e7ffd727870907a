#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/http_fixture.h"

#define LINE "GET / HTTP/1.1\r\n"
#define HOST "Host: test\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST
#define END "\r\n"
#define NEXT "GET /smuggled HTTP/1.1\r\n" HOST END

struct row {
	const char *bytes;
	size_t len;
	unsigned status; /* 0: the connection is closed without an answer */
};

#define ROW(text, want)                                                        \
	{                                                                      \
		text, sizeof(text) - 1, want                                   \
	}
static const struct row refused[] = {
	/* How long is the body? */
	ROW(POST "Content-Length: 5\r\nContent-Length: 6\r\n" END "hello!" NEXT,
	    400),
	ROW(POST "Content-Length: 5\r\nContent-Length: 5\r\n" END "hello" NEXT,
	    400),
	ROW(POST "Content-Length: 5\r\ncontent-length: 0\r\n" END "hello" NEXT,
	    400),
	ROW(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" END
	         "0\r\n\r\n" NEXT,
	    400),
	ROW(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" END
	         "0\r\n\r\n" NEXT,
	    400),
	ROW(POST "Transfer-Encoding: gzip, chunked\r\n" END "0\r\n\r\n" NEXT,
	    400),
	ROW(POST "Transfer-Encoding: chunked, chunked\r\n" END "0\r\n\r\n" NEXT,
	    400),
	ROW(POST "Transfer-Encoding: chunked, identity\r\n" END "0\r\n\r\n",
	    400),
	ROW(POST "Transfer-Encoding: identity\r\n" END NEXT, 400),
	ROW(POST "Transfer-Encoding: xchunked\r\n" END "0\r\n\r\n" NEXT, 400),
	ROW(POST "Transfer-Encoding: \"chunked\"\r\n" END "0\r\n\r\n", 400),
	ROW(POST "Transfer-Encoding: \x0b"
	         "chunked\r\n" END "0\r\n\r\n" NEXT,
	    400),
	ROW(POST "Transfer-Encoding:\r\n" END NEXT, 400),
	ROW(POST
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END
	    "0\r\n\r\n" NEXT,
	    400),
	ROW(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n" END
	         "0\r\n\r\n" NEXT,
	    400),
	ROW("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n" END
	    "0\r\n\r\n" NEXT,
	    400),
	ROW(POST "Content-Length : 5\r\n" END "hello" NEXT, 400),
	ROW(POST "Content-Length\t: 5\r\n" END "hello" NEXT, 400),
	ROW(POST "Transfer-Encoding : chunked\r\n" END "0\r\n\r\n" NEXT, 400),
	ROW(POST " Content-Length: 5\r\n" END "hello" NEXT, 400),
	ROW(POST "X: y\r\n Content-Length: 5\r\n" END "hello" NEXT, 400),
	ROW(POST "Content-Length: 1\r\n 1\r\n" END "hello hello" NEXT, 400),
	ROW(POST "Content-Length: +5\r\n" END "hello" NEXT, 400),
	ROW(POST "Content-Length: -5\r\n" END "hello" NEXT, 400),
	ROW(POST "Content-Length: 0x5\r\n" END "hello" NEXT, 400),
	ROW(POST "Content-Length: 5, 5\r\n" END "hello" NEXT, 400),
	ROW(POST "Content-Length: 5 5\r\n" END "hello" NEXT, 400),
	ROW(POST "Content-Length: 5 \r\n" END "hello" NEXT, 400),
	ROW(POST "Content-Length: \r\n" END NEXT, 400),
	ROW(POST "Content-Length: 99999999999999999999\r\n" END NEXT, 413),
	ROW(POST "Content-Length: 9999999999999999999\r\n" END NEXT, 400),
	/* Where does a line end? */
	ROW("GET / HTTP/1.1\n" HOST END, 400),
	ROW(LINE "Host: test\n" END, 400),
	ROW(LINE HOST "X: y\nZ: z\r\n" END, 400),
	ROW(LINE HOST "X: y\n" END, 400),
	ROW(LINE HOST "\n", 400),
	ROW(LINE HOST "X: y\rZ: z\r\n" END, 400),
	ROW(LINE HOST "X: y\r\r\n" END, 400),
	ROW(LINE HOST "X: one\r\n two\r\n" END, 400),
	ROW(LINE HOST "X: one\r\n\ttwo\r\nY: z\r\n" END, 400),
	ROW(LINE HOST " \r\n" END, 400),
	ROW(LINE "Host:\n \n\n", 400),
	ROW(LINE " X: y\r\n" HOST END, 400),
	ROW(LINE HOST "X: a\0b\r\n" END, 400),
	ROW(LINE HOST "X: a\0\r\n" END, 400),
	ROW(LINE HOST "X: a\0\r\nY: z\r\n" END, 400),
	ROW(LINE HOST "X: a\r\n\0\0Y: z\r\n" END, 400),
	ROW(LINE HOST "X: a\r\n\0Y: z\r\n" END, 400),
	ROW(LINE HOST "X\0: a\r\n" END, 400),
	ROW(LINE HOST "no colon\r\n" END, 400),
	/* Whose request is it? */
	ROW(LINE END, 400),
	ROW(LINE HOST HOST END, 400),
	ROW(LINE HOST "host: other\r\n" END, 400),
	ROW(LINE "Host: a, b\r\n" END, 400),
	ROW(LINE "Host: a b\r\n" END, 400),
	ROW(LINE "Host: a/b\r\n" END, 400),
	ROW(LINE "Host: user@a\r\n" END, 400),
	ROW("GET / HTTP/1.0\r\n" HOST HOST END, 400),
	ROW(LINE HOST
	    "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n" END,
	    400),
	ROW(LINE HOST "Origin: a\r\nOrigin: b\r\n" END, 400),
	/* What is asked for? */
	ROW("GET  / HTTP/1.1\r\n" HOST END, 400),
	ROW("GET /  HTTP/1.1\r\n" HOST END, 400),
	ROW("GET /a b HTTP/1.1\r\n" HOST END, 400),
	ROW("GET /\t HTTP/1.1\r\n" HOST END, 400),
	ROW("GET\t/ / HTTP/1.1\r\n" HOST END, 400),
	ROW("GET /a\0b HTTP/1.1\r\n" HOST END, 400),
	ROW("GET /?a\0b HTTP/1.1\r\n" HOST END, 400),
	ROW("GET /a%00b HTTP/1.1\r\n" HOST END, 400),
	ROW("GET /a%0 HTTP/1.1\r\n" HOST END, 400),
	ROW("GET /a% HTTP/1.1\r\n" HOST END, 400),
	ROW("GET /a%zz HTTP/1.1\r\n" HOST END, 400),
	ROW("GET /\xc3\xa9 HTTP/1.1\r\n" HOST END, 400),
	ROW("GET /\x7f HTTP/1.1\r\n" HOST END, 400),
	ROW("GET /a#b HTTP/1.1\r\n" HOST END, 400),
	ROW("GET a HTTP/1.1\r\n" HOST END, 400),
	ROW("GET * HTTP/1.1\r\n" HOST END, 400),
	ROW("GET ?a HTTP/1.1\r\n" HOST END, 400),
	ROW("GET http://test/ HTTP/1.1\r\n" HOST END, 400),
	ROW("CONNECT test:80 HTTP/1.1\r\n" HOST END, 400),
	ROW("G\x01T / HTTP/1.1\r\n" HOST END, 400),
	ROW("G:T / HTTP/1.1\r\n" HOST END, 400),
	ROW("GET / HTTP/1.2\r\n" HOST END, 400),
	ROW("GET / HTTP/1.1 \r\n" HOST END, 400),
	ROW("GET / http/1.1\r\n" HOST END, 400),
	ROW("GET / HTTP/1.10\r\n" HOST END, 400),
	ROW("GET / HTTP/2.0\r\n" HOST END, 400),
	ROW("GET / HTTP/0.9\r\n" HOST END, 400),
	ROW("GET /\r\n" HOST END, 400),
	ROW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
	ROW("GET\r\n\r\n", 0),
	ROW(" / HTTP/1.1\r\n" HOST END, 0),
	/* Which bytes may stand in a field? */
	ROW(LINE HOST "X: a\x01\r\n" END, 400),
	ROW(LINE HOST "X: a\x7f\r\n" END, 400),
	ROW(LINE HOST "X(: a\r\n" END, 400),
	ROW(LINE HOST "X\xc3\xa9: a\r\n" END, 400),
	ROW(LINE HOST ": a\r\n" END, 400),
};

/* Refused in the midst of the body. */
static const struct row broken_chunks[] = {
	ROW("g\r\nx\r\n0\r\n\r\n", 400),
	ROW("-1\r\nx\r\n0\r\n\r\n", 400),
	ROW("0x1\r\nx\r\n0\r\n\r\n", 400),
	ROW("1 \r\nx\r\n0\r\n\r\n", 400),
	ROW("\r\nx\r\n0\r\n\r\n", 400),
	ROW("1\r\nxx\r\n0\r\n\r\n", 400),
	ROW("fffffffffffffffff\r\nx\r\n0\r\n\r\n", 413),
	ROW("ffffffff\r\nx\r\n0\r\n\r\n", 0), /* waits for the rest */
};

static int
setup(void **state)
{
	struct http_fixture *fixture = malloc(sizeof(*fixture));

	http_fixture_init(fixture);
	fixture->options.limits.request_timeout_ms = 500;
	http_fixture_open(fixture);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	http_fixture_close(*state);
	free(*state);
	return 0;
}

static void
check_row(struct http_fixture *fixture, const struct row *row)
{
	unsigned refused_before = http_fixture_refused(fixture);
	struct http_answer answer;
	int fd = http_client_connect(fixture);

	assert_true(http_client_send(fd, row->bytes, row->len));
	http_client_read(fd, false, &answer);
	if (answer.status != row->status || http_fixture_handled(fixture) != 0)
		print_error("status %u instead of %u for: %.*s\n",
		            answer.status, row->status, (int)row->len,
		            row->bytes);
	assert_int_equal(answer.status, row->status);
	assert_true(http_client_is_closed(fd));
	(void)close(fd);
	assert_int_equal(http_fixture_handled(fixture), 0);
	assert_int_equal(http_fixture_refused(fixture) - refused_before,
	                 row->status != 0);
}

static void
what_two_readers_could_read_differently_is_refused(void **state)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		check_row(*state, &refused[i]);
}

/* The same, behind a good request on the same connection. */
static void
what_comes_behind_a_good_request_is_refused_too(void **state)
{
	const char first[] = "GET /first HTTP/1.1\r\n" HOST END;
	struct http_answer answer;
	int fd;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		fd = http_client_connect(*state);
		assert_true(http_client_send(fd, first, sizeof(first) - 1));
		assert_true(
			http_client_send(fd, refused[i].bytes, refused[i].len));
		http_client_read(fd, false, &answer);
		assert_int_equal(answer.status, 200);
		http_client_read(fd, false, &answer);
		assert_int_equal(answer.status, refused[i].status);
		assert_true(http_client_is_closed(fd));
		(void)close(fd);
		assert_int_equal(http_fixture_handled(*state), i + 1);
	}
}

/* The same, byte by byte: no decision may hang on how the bytes arrive. */
static void
heads_that_come_in_pieces_are_judged_alike(void **state)
{
	struct http_answer answer;
	int fd;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		fd = http_client_connect(*state);
		for (size_t at = 0; at < refused[i].len; at++)
			if (!http_client_send(fd, refused[i].bytes + at, 1))
				break;
		http_client_read(fd, false, &answer);
		assert_int_equal(answer.status, refused[i].status);
		(void)close(fd);
		assert_int_equal(http_fixture_handled(*state), 0);
	}
}

static void
broken_chunks_never_reach_the_handler(void **state)
{
	const char head[] = POST "Transfer-Encoding: chunked\r\n" END;
	struct http_answer answer;
	int fd;

	for (size_t i = 0; i < sizeof(broken_chunks) / sizeof(broken_chunks[0]);
	     i++) {
		fd = http_client_connect(*state);
		assert_true(http_client_send(fd, head, sizeof(head) - 1));
		assert_true(http_client_send(fd, broken_chunks[i].bytes,
		                             broken_chunks[i].len));
		http_client_read(fd, false, &answer);
		assert_int_equal(answer.status,
		                 broken_chunks[i].status != 0
		                         ? broken_chunks[i].status
		                         : 408);
		assert_true(http_client_is_closed(fd));
		(void)close(fd);
		assert_int_equal(http_fixture_handled(*state), 0);
	}
}

static void
odd_but_clear_requests_are_served(void **state)
{
	const char *texts[] = {
		"\r\n" LINE HOST END,
		LINE "HOST:test\r\n" END,
		LINE "Host: \r\n" END,
		LINE "Host: [::1]:8000\r\n" END,
		LINE HOST "X:\r\nY: \r\nZ:\t\t\r\n" END,
		LINE HOST "X: a\tb \xc3\xa9\r\n" END,
		LINE HOST "Cookie: a=b; c=d\r\nCookie: e=f\r\n" END,
		LINE HOST "Content-Length: 0\r\n" END,
		POST "Content-Length: 005\r\n" END "hello",
		POST "transfer-encoding: Chunked\r\n" END "0\r\n\r\n",
		"GET /{a}|\"<>^`?{b}|%zz% HTTP/1.1\r\n" HOST END,
		"GET / HTTP/1.0\r\n" END,
	};
	struct http_answer answer;
	int fd;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fd = http_client_connect(*state);
		assert_true(http_client_say(fd, texts[i]));
		http_client_read(fd, false, &answer);
		if (answer.status != 200)
			print_error("status %u for: %s\n", answer.status,
			            texts[i]);
		assert_int_equal(answer.status, 200);
		(void)close(fd);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_two_readers_could_read_differently_is_refused),
		TEST(what_comes_behind_a_good_request_is_refused_too),
		TEST(heads_that_come_in_pieces_are_judged_alike),
		TEST(broken_chunks_never_reach_the_handler),
		TEST(odd_but_clear_requests_are_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
