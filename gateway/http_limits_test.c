#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/http_fixture.h"

#define HOST "Host: test\r\n"
#define SOON_MS 200

static int
setup(void **state)
{
	*state = malloc(sizeof(struct http_fixture));
	http_fixture_init(*state);
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
assert_works_on(struct http_fixture *fixture)
{
	struct http_answer answer;
	int fd = http_client_connect(fixture);

	assert_true(http_client_say(fd, "GET /on HTTP/1.1\r\n" HOST "\r\n"));
	http_client_read(fd, false, &answer);
	assert_int_equal(answer.status, 200);
	(void)close(fd);
}

/* Sends text and wants it refused with our body, and the connection closed. */
static void
assert_refused(struct http_fixture *fixture, const char *text, unsigned status)
{
	struct http_answer answer;
	int fd = http_client_connect(fixture);
	char body[32];

	(void)http_client_say(fd, text);
	http_client_read(fd, false, &answer);
	(void)snprintf(body, sizeof(body), "{\"status\":%u}", status);
	assert_int_equal(answer.status, status);
	assert_string_equal(answer.body, body);
	assert_non_null(strstr(answer.head, "application/json\r\n"));
	assert_true(answer.closes);
	assert_true(http_client_is_closed(fd));
	(void)close(fd);
}

/* Sends one byte after the other until the server has something to say. */
static void
drip(int fd, char byte)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	while (poll(&poller, 1, SOON_MS / 10) == 0)
		if (!http_client_send(fd, &byte, 1))
			break;
}

static void
assert_dripped_head_ends(struct http_fixture *fixture, int fd,
                         const char *begin)
{
	if (*begin != '\0')
		assert_true(http_client_say(fd, begin));
	drip(fd, 'x');
	assert_true(http_client_is_closed(fd));
	(void)close(fd);
	assert_int_equal(http_fixture_refused(fixture), 0);
	assert_works_on(fixture);
}

static void
a_dripped_head_is_cut_off(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_answer answer;
	int fd;

	fixture->options.limits.head_timeout_ms = SOON_MS;
	http_fixture_open(fixture);
	assert_dripped_head_ends(fixture, http_client_connect(fixture), "");
	assert_dripped_head_ends(fixture, http_client_connect(fixture),
	                         "GET / HTTP/1.1\r\n" HOST "X: ");
	fd = http_client_connect(fixture);
	assert_true(http_client_say(fd, "GET / HTTP/1.1\r\n" HOST "\r\n"));
	http_client_read(fd, false, &answer);
	assert_dripped_head_ends(fixture, fd, "GET /");
}

static void
empty_lines_do_not_keep_a_connection(void **state)
{
	struct http_fixture *fixture = *state;
	int fd;

	fixture->options.limits.head_timeout_ms = SOON_MS;
	http_fixture_open(fixture);
	fd = http_client_connect(fixture);
	drip(fd, '\n');
	assert_true(http_client_is_closed(fd));
	(void)close(fd);
	assert_works_on(fixture);
}

static void
a_dripped_body_gets_408(void **state)
{
	struct http_fixture *fixture = *state;
	const char *heads[] = {
		"POST / HTTP/1.1\r\n" HOST "Content-Length: 4000\r\n\r\n",
		"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
		"FFF\r\n",
		"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
		"1;",
		"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
		"1\r\nx\r\n0\r\nX: ",
	};
	struct http_answer answer;
	int fd;

	fixture->options.limits.request_timeout_ms = SOON_MS;
	http_fixture_open(fixture);
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		fd = http_client_connect(fixture);
		assert_true(http_client_say(fd, heads[i]));
		drip(fd, 'x');
		http_client_read(fd, false, &answer);
		assert_int_equal(answer.status, 408);
		assert_string_equal(answer.body, "{\"status\":408}");
		assert_true(http_client_is_closed(fd));
		(void)close(fd);
		assert_int_equal(http_fixture_refused(fixture), i + 1);
		assert_int_equal(http_fixture_handled(fixture), i);
		assert_works_on(fixture);
	}
}

static void
an_idle_connection_is_closed(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_answer answer;
	int fd;

	fixture->options.limits.idle_timeout_ms = SOON_MS;
	http_fixture_open(fixture);
	fd = http_client_connect(fixture);
	assert_true(http_client_say(fd, "GET / HTTP/1.1\r\n" HOST "\r\n"));
	http_client_read(fd, false, &answer);
	assert_int_equal(answer.status, 200);
	assert_true(http_client_is_closed(fd));
	(void)close(fd);
	assert_works_on(fixture);
}

/* Whether its first bytes come with it, later or never. */
static void
a_new_connection_has_the_time_for_a_head(void **state)
{
	static const char *const beginnings[] = { "", "G", "GET / HT" };
	struct http_fixture *fixture = *state;
	int fds[3];

	fixture->options.limits.head_timeout_ms = SOON_MS;
	fixture->options.limits.idle_timeout_ms = INT64_C(1) << 40;
	http_fixture_open(fixture);
	for (size_t i = 0; i < 3; i++) {
		fds[i] = http_client_connect(fixture);
		assert_true(http_client_say(fds[i], beginnings[i]));
	}
	for (size_t i = 0; i < 3; i++) {
		assert_true(http_client_is_closed(fds[i]));
		(void)close(fds[i]);
	}
	assert_works_on(fixture);
}

static void *
drain(void *arg)
{
	http_server_drain(arg, INT64_C(1) << 40);
	return NULL;
}

/* Begins a drain that one connection holds up, and waits until it has. */
static pthread_t
begin_drain(struct http_fixture *fixture)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, drain, fixture->server),
	                 0);
	while (!http_client_is_refused(fixture))
		(void)sched_yield();
	return thread;
}

/* On an idle connection, and on one that has said nothing yet. */
static void
a_request_on_its_way_when_a_drain_begins_is_answered(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_answer answer;
	pthread_t drainer;
	int fds[2];

	fixture->options.limits.drain_idle_timeout_ms = INT64_C(1) << 40;
	http_fixture_open(fixture);
	fds[0] = http_client_connect(fixture);
	assert_true(http_client_say(fds[0], "GET / HTTP/1.1\r\n" HOST "\r\n"));
	http_client_read(fds[0], false, &answer);
	assert_false(answer.closes);
	fds[1] = http_client_connect(fixture);
	drainer = begin_drain(fixture);
	for (size_t i = 0; i < 2; i++) {
		assert_true(http_client_say(fds[i],
		                            "GET / HTTP/1.1\r\n" HOST "\r\n"));
		http_client_read(fds[i], false, &answer);
		assert_int_equal(answer.status, 200);
		assert_true(answer.closes);
		assert_true(http_client_is_closed(fds[i]));
		(void)close(fds[i]);
	}
	assert_int_equal(pthread_join(drainer, NULL), 0);
}

/* However long they might have waited else. */
static void
a_drain_does_not_wait_for_who_asks_for_nothing(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_answer answer;
	int idle, fresh;

	fixture->options.limits.idle_timeout_ms = INT64_C(1) << 40;
	fixture->options.limits.head_timeout_ms = INT64_C(1) << 40;
	http_fixture_open(fixture);
	idle = http_client_connect(fixture);
	assert_true(http_client_say(idle, "GET / HTTP/1.1\r\n" HOST "\r\n"));
	http_client_read(idle, false, &answer);
	fresh = http_client_connect(fixture);
	http_server_drain(fixture->server, INT64_C(1) << 40);
	assert_true(http_client_is_closed(idle));
	assert_true(http_client_is_closed(fresh));
	(void)close(idle);
	(void)close(fresh);
}

static void
a_request_in_the_handler_has_no_deadline_of_ours(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_answer answer;
	int fd, idle;

	fixture->options.limits.idle_timeout_ms = SOON_MS;
	fixture->options.limits.head_timeout_ms = SOON_MS;
	fixture->options.limits.request_timeout_ms = SOON_MS;
	http_fixture_open(fixture);
	fd = http_client_connect(fixture);
	assert_true(http_client_say(fd, "GET /held HTTP/1.1\r\n" HOST "\r\n"));
	http_fixture_await(fixture, 1);
	idle = http_client_connect(fixture);
	assert_true(http_client_is_closed(idle));
	http_fixture_release(fixture, 0);
	http_client_read(fd, false, &answer);
	assert_int_equal(answer.status, 200);
	(void)close(fd);
	(void)close(idle);
}

static void
a_client_that_does_not_read_is_cut_off(void **state)
{
	struct http_fixture *fixture = *state;
	int small = 4096;
	int fd;

	fixture->options.limits.request_timeout_ms = SOON_MS;
	http_fixture_open(fixture);
	fd = http_client_connect(fixture);
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)),
		0);
	assert_true(http_client_say(fd, "GET /big HTTP/1.1\r\n" HOST "\r\n"));
	http_fixture_await_handled(fixture, 1);
	/* Ends when no connection is left, long before the client reads. */
	http_server_drain(fixture->server, INT64_C(1) << 40);
	(void)close(fd);
}

/* "GET /aaa… HTTP/1.1", with a header that makes the head so long. */
static char *
long_request(size_t url_len, size_t head_len)
{
	const char *rest = " HTTP/1.1\r\n" HOST "X: ";
	char *text = malloc(url_len + head_len + 64);
	char *at = stpcpy(text, "GET /");
	size_t fixed = strlen("GET ") + url_len + strlen(rest) + 4;

	memset(at, 'a', url_len - 1);
	at = stpcpy(at + url_len - 1, rest);
	if (head_len > fixed) {
		memset(at, 'b', head_len - fixed);
		at += head_len - fixed;
	}
	(void)stpcpy(at, "\r\n\r\n");
	return text;
}

static void
assert_long_request(struct http_fixture *fixture, size_t url_len,
                    size_t head_len, unsigned status)
{
	char *text = long_request(url_len, head_len);
	struct http_answer answer;
	int fd = http_client_connect(fixture);

	(void)http_client_say(fd, text);
	http_client_read(fd, false, &answer);
	assert_int_equal(answer.status, status);
	(void)close(fd);
	if (status != 200)
		assert_refused(fixture, text, status);
	free(text);
}

static void
heads_and_urls_have_a_longest(void **state)
{
	struct http_fixture *fixture = *state;

	http_fixture_open(fixture);
	assert_long_request(fixture, 1024, 0, 200);
	assert_long_request(fixture, 1025, 0, 414);
	assert_long_request(fixture, 8000, 0, 414);
	assert_long_request(fixture, 10, 4096, 200);
	assert_long_request(fixture, 10, 4097, 431);
	assert_long_request(fixture, 10, 12000, 431);
	assert_works_on(fixture);
}

static void
a_head_beyond_all_memory_is_refused(void **state)
{
	struct http_fixture *fixture = *state;
	char *texts[] = { long_request(100000, 0), long_request(10, 100000) };
	struct http_answer answer;
	int fd;

	http_fixture_open(fixture);
	for (int i = 0; i < 2; i++) {
		fd = http_client_connect(fixture);
		(void)http_client_say(fd, texts[i]);
		http_client_read(fd, false, &answer);
		assert_true(answer.status == 0 || answer.status == 414 ||
		            answer.status == 431);
		(void)close(fd);
		free(texts[i]);
	}
	assert_int_equal(http_fixture_handled(fixture), 0);
	assert_works_on(fixture);
}

static void
a_query_of_many_parameters_is_no_trouble(void **state)
{
	struct http_fixture *fixture = *state;
	char text[1200] = "GET /q?";
	struct http_answer answer;
	char *at = text + strlen(text);
	int fd;

	http_fixture_open(fixture);
	memset(at, '&', 1000);
	(void)stpcpy(at + 1000, " HTTP/1.1\r\n" HOST "\r\n");
	fd = http_client_connect(fixture);
	assert_true(http_client_say(fd, text));
	http_client_read(fd, false, &answer);
	assert_int_equal(answer.status, 200);
	assert_int_equal(answer.body_len, strlen("GET /q? ") + 1000);
	(void)close(fd);
}

static void
too_many_header_lines_are_refused(void **state)
{
	struct http_fixture *fixture = *state;
	char text[4000] = "GET / HTTP/1.1\r\n" HOST;
	char *at = text + strlen(text);

	http_fixture_open(fixture);
	for (int i = 0; i < 100; i++)
		at = stpcpy(at, "X: y\r\n");
	(void)stpcpy(at, "\r\n");
	assert_refused(fixture, text, 431);
}

static void
a_body_that_is_announced_too_large_is_refused_unread(void **state)
{
	struct http_fixture *fixture = *state;

	http_fixture_open(fixture);
	assert_refused(
		fixture,
		"POST / HTTP/1.1\r\n" HOST "Content-Length: 4097\r\n\r\n", 413);
	assert_refused(fixture,
	               "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
	               "Content-Length: 999999999999999999\r\n\r\n",
	               413);
	assert_int_equal(http_fixture_handled(fixture), 0);
}

static size_t
allow_more_for_pictures(void *ctx, const char *method, const char *path)
{
	(void)ctx;
	return strcmp(method, "PUT") == 0 && strcmp(path, "/picture?x=1") == 0
	               ? 9000
	               : 0;
}

/* Sends a body of so many bytes, announced or in one chunk. */
static unsigned
put(struct http_fixture *fixture, const char *path, size_t len, bool chunked)
{
	char *text = calloc(1, len + 256);
	struct http_answer answer;
	size_t head;
	int fd;

	assert_non_null(text);
	head = (size_t)sprintf(text,
	                       chunked ? "PUT %s HTTP/1.1\r\n" HOST
	                                 "Transfer-Encoding: "
	                                 "chunked\r\n\r\n%zx\r\n"
	                               : "PUT %s HTTP/1.1\r\n" HOST
	                                 "Content-Length: %zu\r\n\r\n",
	                       path, len);
	memset(text + head, 'x', len);
	if (chunked)
		memcpy(text + head + len, "\r\n0\r\n\r\n", 8);
	fd = http_client_connect(fixture);
	(void)http_client_say(fd, text);
	http_client_read(fd, false, &answer);
	(void)close(fd);
	free(text);
	return answer.status;
}

static void
a_path_can_have_a_body_limit_of_its_own(void **state)
{
	struct http_fixture *fixture = *state;

	fixture->options.limits.body_most = 9000;
	fixture->options.body_limit = allow_more_for_pictures;
	fixture->options.arena_size = HTTP_ARENA_MIN(fixture->options.limits);
	http_fixture_open(fixture);
	assert_int_equal(put(fixture, "/picture?x=1", 9000, false), 200);
	assert_int_equal(put(fixture, "/picture?x=1", 9001, false), 413);
	assert_int_equal(put(fixture, "/picture?x=1", 9000, true), 200);
	assert_int_equal(put(fixture, "/picture?x=1", 9001, true), 413);
	assert_int_equal(put(fixture, "/picture", 4097, false), 413);
	assert_int_equal(put(fixture, "/picture", 4097, true), 413);
	assert_int_equal(put(fixture, "/picture", 4096, false), 200);
}

static void
a_chunked_body_that_grows_too_large_is_refused(void **state)
{
	struct http_fixture *fixture = *state;
	char *text = malloc(8192);
	char *at = stpcpy(text, "POST / HTTP/1.1\r\n" HOST
	                        "Transfer-Encoding: chunked\r\n\r\n"
	                        "1000\r\n");

	http_fixture_open(fixture);
	memset(at, 'x', 4096);
	(void)stpcpy(at + 4096, "\r\n1\r\nx\r\n0\r\n\r\n");
	assert_refused(fixture, text, 413);
	assert_int_equal(http_fixture_handled(fixture), 0);
	assert_works_on(fixture);
	free(text);
}

/* A connection that is closed with bytes unread is reset, and some clients
 * then lose what they were sent. */
static void
a_refusal_can_be_read_after_sending_on(void **state)
{
	struct http_fixture *fixture = *state;
	size_t len = 1000000;
	char *text = malloc(len + 1);
	char *at = stpcpy(text, "POST / HTTP/1.1\r\n" HOST
	                        "Content-Length: 999000\r\n\r\n");
	struct http_answer answer;
	int fd;

	http_fixture_open(fixture);
	memset(at, 'x', (size_t)(text + len - at));
	text[len] = '\0';
	for (int i = 0; i < 20; i++) {
		fd = http_client_connect(fixture);
		assert_true(http_client_say(fd, text));
		http_client_read(fd, false, &answer);
		assert_int_equal(answer.status, 413);
		assert_int_equal(recv(fd, &answer, 1, 0), 0);
		(void)close(fd);
	}
	free(text);
}

static unsigned
count_refused(int *fds, unsigned count)
{
	struct http_answer answer;
	unsigned refused = 0;

	for (unsigned i = 0; i < count; i++) {
		(void)http_client_say(fds[i], "GET / HTTP/1.1\r\n" HOST "\r\n");
		http_client_read(fds[i], false, &answer);
		if (answer.status == 503) {
			assert_string_equal(answer.body, "{\"status\":503}");
			assert_true(http_client_is_closed(fds[i]));
			refused++;
		} else {
			assert_int_equal(answer.status, 200);
		}
	}
	return refused;
}

/* A place becomes free some time after its client has closed. */
static void
await_place(struct http_fixture *fixture)
{
	struct http_answer answer;
	int fd;

	do {
		fd = http_client_connect(fixture);
		(void)http_client_say(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
		http_client_read(fd, false, &answer);
		(void)close(fd);
	} while (answer.status == 503);
	assert_int_equal(answer.status, 200);
}

static void
connections_beyond_the_limit_get_503(void **state)
{
	struct http_fixture *fixture = *state;
	int fds[20];

	fixture->options.limits.connections_max = 8;
	http_fixture_open(fixture);
	for (int i = 0; i < 20; i++)
		fds[i] = http_client_connect(fixture);
	assert_int_equal(count_refused(fds, 20), 12);
	for (int i = 0; i < 20; i++)
		(void)close(fds[i]);
	await_place(fixture);
}

static void
connections_from_one_address_have_a_limit(void **state)
{
	struct http_fixture *fixture = *state;
	int fds[20];

	fixture->options.limits.connections_per_address_max = 3;
	http_fixture_open(fixture);
	for (int i = 0; i < 20; i++)
		fds[i] = http_client_connect(fixture);
	assert_int_equal(count_refused(fds, 20), 17);
	for (int i = 0; i < 20; i++)
		(void)close(fds[i]);
	await_place(fixture);
}

static void
a_flood_is_survived(void **state)
{
	enum { COUNT = 600 };
	struct http_fixture *fixture = *state;
	static int fds[COUNT];

	fixture->options.limits.connections_max = 8;
	http_fixture_open(fixture);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < COUNT; i++)
			fds[i] = http_client_connect(fixture);
		for (int i = 0; i < COUNT; i++)
			(void)close(fds[i]);
	}
	await_place(fixture);
}

/* The sockets of both sides are this process's: it may have no more. */
static void
running_out_of_descriptors_is_survived(void **state)
{
	enum { COUNT = 20 };
	struct http_fixture *fixture = *state;
	struct rlimit before, none;
	struct http_answer answer;
	int fds[COUNT], fd;

	http_fixture_open(fixture);
	for (int i = 0; i < COUNT; i++)
		fds[i] = http_client_socket();
	fd = dup(fds[0]);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)fd;
	(void)close(fd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < COUNT; i++) {
		http_client_reach(fixture, fds[i]);
		assert_true(http_client_say(fds[i],
		                            "GET / HTTP/1.1\r\n" HOST "\r\n"));
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; i < COUNT; i++) {
		http_client_read(fds[i], false, &answer);
		assert_int_equal(answer.status, 200);
		(void)close(fds[i]);
	}
}

static void
the_longest_head_and_body_fit_the_smallest_arena(void **state)
{
	struct http_fixture *fixture = *state;
	char *text = malloc(10000);
	char *at = stpcpy(text, "POST / HTTP/1.1\r\n" HOST
	                        "Content-Length: 4096\r\n");
	struct http_answer answer;
	int fd;

	fixture->options.arena_size =
		HTTP_ARENA_MIN(fixture->options.limits) + 4200;
	http_fixture_open(fixture);
	for (int i = 0; i < 98; i++)
		at = stpcpy(at, "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n");
	at = stpcpy(at, "\r\n");
	assert_true(at - text > 3800 && at - text <= 4096);
	memset(at, 'b', 4096);
	at[4096] = '\0';
	fd = http_client_connect(fixture);
	assert_true(http_client_say(fd, text));
	http_client_read(fd, false, &answer);
	assert_int_equal(answer.status, 200);
	assert_int_equal(answer.body_len, strlen("POST /? ") + 4096);
	(void)close(fd);
	free(text);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_dripped_head_is_cut_off),
		TEST(empty_lines_do_not_keep_a_connection),
		TEST(a_dripped_body_gets_408),
		TEST(an_idle_connection_is_closed),
		TEST(a_new_connection_has_the_time_for_a_head),
		TEST(a_request_on_its_way_when_a_drain_begins_is_answered),
		TEST(a_drain_does_not_wait_for_who_asks_for_nothing),
		TEST(a_request_in_the_handler_has_no_deadline_of_ours),
		TEST(a_client_that_does_not_read_is_cut_off),
		TEST(heads_and_urls_have_a_longest),
		TEST(a_head_beyond_all_memory_is_refused),
		TEST(a_query_of_many_parameters_is_no_trouble),
		TEST(too_many_header_lines_are_refused),
		TEST(a_body_that_is_announced_too_large_is_refused_unread),
		TEST(a_path_can_have_a_body_limit_of_its_own),
		TEST(a_chunked_body_that_grows_too_large_is_refused),
		TEST(a_refusal_can_be_read_after_sending_on),
		TEST(connections_beyond_the_limit_get_503),
		TEST(connections_from_one_address_have_a_limit),
		TEST(a_flood_is_survived),
		TEST(running_out_of_descriptors_is_survived),
		TEST(the_longest_head_and_body_fit_the_smallest_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
