#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/http_fixture.h"

#define HOST "Host: test\r\n"

static int
setup(void **state)
{
	struct http_fixture *fixture = malloc(sizeof(*fixture));

	http_fixture_init(fixture);
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

/* Sends text on a connection of its own and wants this answer. */
static void
assert_exchange(struct http_fixture *fixture, const char *text,
                const char *body)
{
	struct http_answer answer;
	int fd = http_client_connect(fixture);

	assert_true(http_client_say(fd, text));
	http_client_read(fd, false, &answer);
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.body, body);
	(void)close(fd);
}

static void
a_get_is_handed_over_with_raw_path_and_query(void **state)
{
	assert_exchange(*state, "GET /a%2fb/ HTTP/1.1\r\n" HOST "\r\n",
	                "GET /a%2fb/? ");
	assert_exchange(*state,
	                "GET /q?a=1&b=%41+%00&c?d HTTP/1.1\r\n" HOST "\r\n",
	                "GET /q?a=1&b=%41+%00&c?d ");
	assert_exchange(*state, "GET /q? HTTP/1.1\r\n" HOST "\r\n", "GET /q? ");
	assert_exchange(*state, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n",
	                "OPTIONS *? ");
	assert_exchange(*state, "FROBNICATE /x HTTP/1.1\r\n" HOST "\r\n",
	                "FROBNICATE /x? ");
}

static void
a_body_is_handed_over_whole(void **state)
{
	struct http_answer answer;
	int fd = http_client_connect(*state);

	assert_exchange(*state,
	                "POST /p HTTP/1.1\r\n" HOST
	                "Content-Length: 5\r\n\r\nhello",
	                "POST /p? hello");
	assert_true(http_client_say(fd, "PUT /p HTTP/1.1\r\n" HOST
	                                "Content-Length: 5\r\n\r\n"));
	for (const char *c = "hallo"; *c != '\0'; c++)
		assert_true(http_client_send(fd, c, 1));
	http_client_read(fd, false, &answer);
	assert_string_equal(answer.body, "PUT /p? hallo");
	(void)close(fd);
}

static void
a_chunked_body_is_put_together_and_ends_the_connection(void **state)
{
	struct http_answer answer;
	int fd = http_client_connect(*state);

	assert_true(http_client_say(fd,
	                            "POST /p HTTP/1.1\r\n" HOST
	                            "Transfer-Encoding: chunked\r\n\r\n"
	                            "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n"
	                            "Trailer: t\r\n\r\n"
	                            "GET /smuggled HTTP/1.1\r\n" HOST "\r\n"));
	http_client_read(fd, false, &answer);
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.body, "POST /p? hello");
	assert_true(answer.closes);
	assert_true(http_client_is_closed(fd));
	(void)close(fd);
	assert_int_equal(http_fixture_handled(*state), 1);
}

static void
headers_are_found_in_any_case_and_joined_when_repeated(void **state)
{
	struct http_answer answer;
	int fd = http_client_connect(*state);

	assert_true(http_client_say(fd,
	                            "GET / HTTP/1.1\r\nhOsT: there:80 \t\r\n"
	                            "Accept: a\r\nX: y\r\naccept:  b \r\n"
	                            "Empty:\r\n\r\n"));
	http_client_read(fd, false, &answer);
	assert_non_null(strstr(answer.head, "X-Host: there:80\r\n"));
	assert_non_null(strstr(answer.head, "X-Accept: a, b\r\n"));
	assert_non_null(strstr(answer.head, "X-Peer: 127.0.0.1\r\n"));
	(void)close(fd);
}

static void
head_gets_the_headers_only(void **state)
{
	struct http_answer answer;
	int fd = http_client_connect(*state);

	assert_true(http_client_say(fd, "HEAD /h HTTP/1.1\r\n" HOST "\r\n"
	                                "GET /g HTTP/1.1\r\n" HOST "\r\n"));
	http_client_read(fd, true, &answer);
	assert_int_equal(answer.status, 200);
	assert_non_null(strstr(answer.head, "Content-Length: 9\r\n"));
	http_client_read(fd, false, &answer);
	assert_string_equal(answer.body, "GET /g? ");
	(void)close(fd);
}

static void
a_connection_serves_one_request_after_another(void **state)
{
	struct http_answer answer;
	char text[64], want[64];
	int fd = http_client_connect(*state);

	for (int i = 0; i < 50; i++) {
		(void)snprintf(text, sizeof(text),
		               "GET /%d HTTP/1.1\r\n" HOST "\r\n", i);
		(void)snprintf(want, sizeof(want), "GET /%d? ", i);
		assert_true(http_client_say(fd, text));
		http_client_read(fd, false, &answer);
		assert_string_equal(answer.body, want);
	}
	(void)close(fd);
}

static void
pipelined_requests_are_answered_in_their_order(void **state)
{
	struct http_answer answer;
	int fd = http_client_connect(*state);

	assert_true(http_client_say(fd, "POST /1 HTTP/1.1\r\n" HOST
	                                "Content-Length: 3\r\n\r\none"
	                                "GET /2?two HTTP/1.1\r\n" HOST "\r\n"
	                                "POST /3 HTTP/1.1\r\n" HOST
	                                "Content-Length: 5\r\n\r\nthree"));
	http_client_read(fd, false, &answer);
	assert_string_equal(answer.body, "POST /1? one");
	http_client_read(fd, false, &answer);
	assert_string_equal(answer.body, "GET /2?two ");
	http_client_read(fd, false, &answer);
	assert_string_equal(answer.body, "POST /3? three");
	(void)close(fd);
}

static void
http_1_0_is_answered_and_closed(void **state)
{
	struct http_answer answer;
	int fd = http_client_connect(*state);

	assert_true(http_client_say(fd, "GET /old HTTP/1.0\r\nHost: test\r\n"
	                                "Connection: keep-alive\r\n\r\n"));
	http_client_read(fd, false, &answer);
	assert_int_equal(answer.status, 200);
	assert_true(http_client_is_closed(fd));
	(void)close(fd);
}

static void
a_client_that_asks_is_told_to_continue(void **state)
{
	struct http_answer answer;
	int fd = http_client_connect(*state);

	assert_true(http_client_say(fd, "POST /p HTTP/1.1\r\n" HOST
	                                "Expect: 100-continue\r\n"
	                                "Content-Length: 2\r\n\r\n"));
	http_client_read(fd, true, &answer);
	assert_int_equal(answer.status, 100);
	assert_true(http_client_say(fd, "ok"));
	http_client_read(fd, false, &answer);
	assert_string_equal(answer.body, "POST /p? ok");
	(void)close(fd);
}

static void
an_answer_may_come_later_from_another_thread(void **state)
{
	struct http_answer answer;
	int fd = http_client_connect(*state);

	assert_true(http_client_say(fd, "GET /held HTTP/1.1\r\n" HOST "\r\n"
	                                "GET /next HTTP/1.1\r\n" HOST "\r\n"));
	http_fixture_await(*state, 1);
	assert_int_equal(http_fixture_handled(*state), 1);
	http_fixture_release(*state, 0);
	http_client_read(fd, false, &answer);
	assert_string_equal(answer.body, "GET /held? ");
	http_client_read(fd, false, &answer);
	assert_string_equal(answer.body, "GET /next? ");
	(void)close(fd);
}

static void
a_client_may_vanish_before_its_answer(void **state)
{
	struct linger reset = { .l_onoff = 1 };
	int fd;

	for (unsigned i = 0; i < 20; i++) {
		fd = http_client_connect(*state);
		assert_true(http_client_say(fd, "GET /held HTTP/1.1\r\n" HOST
		                                "\r\n"));
		http_fixture_await(*state, i + 1);
		if (i % 2 == 0)
			(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset,
			                 sizeof(reset));
		(void)close(fd);
	}
	for (unsigned i = 20; i > 0; i--)
		http_fixture_release(*state, i - 1);
	for (int i = 0; i < 20; i++) {
		fd = http_client_connect(*state);
		assert_true(http_client_say(
			fd, "POST / HTTP/1.1\r\n" HOST
			    "Content-Length: 100\r\n\r\nhalf a bo"));
		(void)close(fd);
	}
	assert_exchange(*state, "GET /on HTTP/1.1\r\n" HOST "\r\n",
	                "GET /on? ");
}

static void
a_thousand_suspended_requests_are_answered_in_any_order(void **state)
{
	enum { COUNT = 1000 };
	static int fds[COUNT];
	static struct http_answer answer;
	char text[64];
	unsigned seed = 7;

	for (int i = 0; i < COUNT; i++) {
		fds[i] = http_client_connect(*state);
		(void)snprintf(text, sizeof(text),
		               "GET /held/%d HTTP/1.1\r\n" HOST "\r\n", i);
		assert_true(http_client_say(fds[i], text));
	}
	http_fixture_await(*state, COUNT);
	for (unsigned left = COUNT; left > 0; left--) {
		seed = seed * 1103515245 + 12345;
		http_fixture_release(*state, (seed >> 8) % left);
	}
	for (int i = 0; i < COUNT; i++) {
		http_client_read(fds[i], false, &answer);
		(void)snprintf(text, sizeof(text), "GET /held/%d? ", i);
		assert_string_equal(answer.body, text);
		(void)close(fds[i]);
	}
}

struct releaser {
	struct http_fixture *fixture;
	unsigned count;
};

static void *
release_all(void *arg)
{
	struct releaser *releaser = arg;

	for (unsigned i = 0; i < releaser->count; i++) {
		http_fixture_await(releaser->fixture, 1);
		http_fixture_release(releaser->fixture, 0);
	}
	return NULL;
}

static void
answers_race_with_the_handler_s_return(void **state)
{
	enum { COUNT = 2000 };
	struct releaser releaser = { *state, COUNT };
	static struct http_answer answer;
	pthread_t thread;
	int fd = http_client_connect(*state);

	assert_int_equal(pthread_create(&thread, NULL, release_all, &releaser),
	                 0);
	for (int i = 0; i < COUNT; i++) {
		assert_true(http_client_say(fd, "GET /held HTTP/1.1\r\n" HOST
		                                "\r\n"));
		http_client_read(fd, false, &answer);
		assert_int_equal(answer.status, 200);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(fd);
}

static void
a_header_with_a_line_end_is_not_sent(void **state)
{
	struct http_answer answer;
	int fd = http_client_connect(*state);

	assert_true(
		http_client_say(fd, "GET /inject HTTP/1.1\r\n" HOST "\r\n"));
	http_client_read(fd, false, &answer);
	assert_int_equal(answer.status, 500);
	assert_int_equal(answer.body_len, 0);
	assert_null(strstr(answer.head, "Evil"));
	assert_null(strstr(answer.head, "Set-Cookie"));
	assert_true(http_client_is_closed(fd));
	(void)close(fd);
}

/* Runs the exchange with standard error in a file; returns what it holds. */
static char *
log_of(struct http_fixture *fixture, const char *request)
{
	static char log[4096];
	struct http_answer answer;
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);
	int fd = http_client_connect(fixture);
	char rest[1024];
	size_t len;

	assert_non_null(file);
	log_set_level(LOG_LEVEL_INFO);
	(void)dup2(fileno(file), STDERR_FILENO);
	(void)http_client_say(fd, request);
	http_client_read(fd, false, &answer);
	if (answer.closes)
		while (recv(fd, rest, sizeof(rest), 0) > 0)
			continue;
	(void)dup2(before, STDERR_FILENO);
	(void)close(before);
	(void)close(fd);
	assert_int_not_equal(answer.status, 0);
	rewind(file);
	len = fread(log, 1, sizeof(log) - 1, file);
	log[len] = '\0';
	(void)fclose(file);
	return log;
}

static void
the_access_log_has_one_line_without_the_query(void **state)
{
	char *log = log_of(*state,
	                   "GET /a%20b?token=hush HTTP/1.1\r\n" HOST "\r\n");

	assert_non_null(strstr(log, "event=request method=GET path=/a%20b "
	                            "status=200 ms="));
	assert_non_null(strstr(log, " bytes=22 peer=127.0.0.1 request_id="));
	assert_null(strstr(log, "hush"));
	assert_ptr_equal(strchr(log, '\n'), log + strlen(log) - 1);
}

static void
the_access_log_shows_a_pattern_for_a_secret_path(void **state)
{
	char *log = log_of(*state, "GET /secret/hush HTTP/1.1\r\n" HOST "\r\n");

	assert_non_null(strstr(log, "path=/secret/{token} "
	                            "route=/secret/{token}/ status=204 "
	                            "condition=LINK_USED ms="));
	assert_null(strstr(log, "hush"));
}

static void
the_access_log_knows_what_libmicrohttpd_cannot_parse(void **state)
{
	struct http_fixture *fixture = *state;
	char *log = log_of(fixture, "GET / HTTP/1.1\r\n" HOST
	                            "Content-Length: x\r\n\r\n");

	assert_non_null(strstr(log, "event=request status=400 ms="));
	assert_int_equal(http_fixture_refused(fixture), 1);
}

static void
request_ids_differ(void **state)
{
	char *log = log_of(*state, "GET / HTTP/1.1\r\n" HOST "\r\n");
	char first[33], second[33];

	(void)snprintf(first, sizeof(first), "%s",
	               strstr(log, "request_id=") + 11);
	log = log_of(*state, "GET / HTTP/1.1\r\n" HOST "\r\n");
	(void)snprintf(second, sizeof(second), "%s",
	               strstr(log, "request_id=") + 11);
	assert_int_equal(strspn(first, "0123456789abcdef"), 32);
	assert_string_not_equal(first, second);
}

static void
a_port_that_is_taken_is_refused_with_a_sentence(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_options options = fixture->options;
	struct http_server *server = NULL;
	char err[256] = "";

	options.port = fixture->port;
	assert_int_equal(http_server_open(&options, &server, err, sizeof(err)),
	                 CODE_ALREADY_EXISTS);
	assert_null(server);
	assert_non_null(strstr(err, "another program has that port"));
	options.address = "localhost";
	assert_int_equal(http_server_open(&options, &server, err, sizeof(err)),
	                 CODE_INVALID_ARGUMENT);
	options.address = "192.0.2.1";
	assert_int_equal(http_server_open(&options, &server, err, sizeof(err)),
	                 CODE_INVALID_ARGUMENT);
	options.address = "127.0.0.1";
	options.arena_size = 4096;
	assert_int_equal(http_server_open(&options, &server, err, sizeof(err)),
	                 CODE_INVALID_ARGUMENT);
}

struct drainer {
	pthread_t thread;
	struct http_fixture *fixture;
};

static void *
drain(void *arg)
{
	struct drainer *drainer = arg;

	http_server_drain(drainer->fixture->server, 30000);
	return NULL;
}

static void
drain_lets_what_is_in_progress_end_and_nothing_begin(void **state)
{
	struct drainer drainer = { .fixture = *state };
	struct http_answer answer;
	int held = http_client_connect(*state);
	int idle = http_client_connect(*state);

	assert_true(http_client_say(idle, "GET / HTTP/1.1\r\n" HOST "\r\n"));
	http_client_read(idle, false, &answer);
	assert_false(answer.closes);
	assert_true(
		http_client_say(held, "GET /held HTTP/1.1\r\n" HOST "\r\n"));
	http_fixture_await(*state, 1);
	assert_int_equal(pthread_create(&drainer.thread, NULL, drain, &drainer),
	                 0);
	assert_true(http_client_is_closed(idle));
	http_fixture_release(*state, 0);
	http_client_read(held, false, &answer);
	assert_int_equal(answer.status, 200);
	assert_true(answer.closes);
	(void)close(held);
	(void)close(idle);
	assert_int_equal(pthread_join(drainer.thread, NULL), 0);
}

static void
drain_gives_up_when_its_time_is_over(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_answer answer;
	int fd = http_client_connect(fixture);

	assert_true(http_client_say(fd, "GET /held HTTP/1.1\r\n" HOST "\r\n"));
	http_fixture_await(fixture, 1);
	http_server_drain(fixture->server, 10);
	http_fixture_release(fixture, 0);
	http_client_read(fd, false, &answer);
	assert_int_equal(answer.status, 200);
	(void)close(fd);
}

static void
a_freed_port_can_be_had_at_once(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_options options = fixture->options;
	struct http_server *server;
	char err[256];

	assert_exchange(fixture, "GET / HTTP/1.1\r\n" HOST "\r\n", "GET /? ");
	options.port = fixture->port;
	http_server_drain(fixture->server, 30000);
	assert_int_equal(http_server_open(&options, &server, err, sizeof(err)),
	                 CODE_OK);
	assert_int_equal(http_server_port(server), options.port);
	http_server_close(server);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_get_is_handed_over_with_raw_path_and_query),
		TEST(a_body_is_handed_over_whole),
		TEST(a_chunked_body_is_put_together_and_ends_the_connection),
		TEST(headers_are_found_in_any_case_and_joined_when_repeated),
		TEST(head_gets_the_headers_only),
		TEST(a_connection_serves_one_request_after_another),
		TEST(pipelined_requests_are_answered_in_their_order),
		TEST(http_1_0_is_answered_and_closed),
		TEST(a_client_that_asks_is_told_to_continue),
		TEST(an_answer_may_come_later_from_another_thread),
		TEST(a_client_may_vanish_before_its_answer),
		TEST(a_thousand_suspended_requests_are_answered_in_any_order),
		TEST(answers_race_with_the_handler_s_return),
		TEST(a_header_with_a_line_end_is_not_sent),
		TEST(the_access_log_has_one_line_without_the_query),
		TEST(the_access_log_shows_a_pattern_for_a_secret_path),
		TEST(the_access_log_knows_what_libmicrohttpd_cannot_parse),
		TEST(request_ids_differ),
		TEST(a_port_that_is_taken_is_refused_with_a_sentence),
		TEST(drain_lets_what_is_in_progress_end_and_nothing_begin),
		TEST(drain_gives_up_when_its_time_is_over),
		TEST(a_freed_port_can_be_had_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
