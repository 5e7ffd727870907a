/* Real HTTP in, a real channel out; only the server behind it is ours. */
#include "gateway/gateway.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/channel.h"
#include "gateway/http_fixture.h"
#include "gateway/test_rpc.h"

#define PATIENCE_MS 30000

struct fixture {
	struct http_fixture http;
	struct gateway *gateway;
	struct channel *channel;
	struct test_rpc rpc;
	bool has_rpc;
	char url[64];
	char dir[64];
	char err[256];
	struct http_answer answer;
};

static void
start_rpc(struct fixture *f)
{
	test_rpc_open(&f->rpc, f->url);
	f->has_rpc = true;
	assert_true(channel_wait(f->channel, PATIENCE_MS));
}

/* Everything but the server behind. */
static void
open_gateway(struct fixture *f, uint32_t rpc_timeout_ms)
{
	struct channel_options channel = { .url = f->url,
		                           .calls_max = 4,
		                           .arena_size = 65536,
		                           .message_max = 65536 };
	struct gateway_options options = {
		.profile_dir = f->dir,
		.rpc_timeout_ms = rpc_timeout_ms,
	};

	assert_int_equal(
		channel_open(&channel, &f->channel, f->err, sizeof(f->err)),
		CODE_OK);
	options.channel = f->channel;
	if (gateway_open(&options, &f->gateway, f->err, sizeof(f->err)) !=
	    CODE_OK)
		fail_msg("%s", f->err);
	http_fixture_init(&f->http);
	f->http.options.handler = gateway_handle;
	f->http.options.refuser = gateway_refuse;
	f->http.options.ctx = f->gateway;
	f->http.options.arena_size = 1 << 18;
	http_fixture_open(&f->http);
}

static void
write_profile(const struct fixture *f)
{
	static const char text[] =
		"{\"profile\":\"acme\",\"errors\":{\"CREDENTIALS_INVALID\":{"
		"\"status\":422,\"body\":{\"error\":\"no\"}},\"fields_invalid\""
		":{\"status\":422,\"body\":{\"errors\":\"{fields}\"}}},"
		"\"routes\":[{\"method\":\"PUT\",\"path\":\"/acme/{who}/key\","
		"\"auth\":\"none\",\"rpc\":"
		"\"latchkey.v1.AuthService/Authenticate\",\"request\":["
		"{\"field\":\"identifier\",\"from\":[\"path.who\"]},"
		"{\"field\":\"password\",\"from\":[\"header.X-Secret\"],"
		"\"report_as\":\"secret\"}],\"status\":201,"
		"\"headers\":{\"X-Who\":\"<{user.email}>\"},"
		"\"body\":{\"key\":\"{access_token}\",\"for\":"
		"\"{user.id|text}\"}}]}";
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/acme.json", f->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int
setup(void **state)
{
	static unsigned count;
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->url, sizeof(f->url), "inproc://gateway_test.%u",
	               count++);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/gateway_test.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	write_profile(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	char path[128];

	http_fixture_close(&f->http);
	channel_close(f->channel);
	gateway_close(f->gateway);
	if (f->has_rpc)
		test_rpc_close(&f->rpc);
	(void)snprintf(path, sizeof(path), "%s/acme.json", f->dir);
	(void)unlink(path);
	(void)rmdir(f->dir);
	free(f);
	return 0;
}

static void
exchange(struct fixture *f, const char *request)
{
	int fd = http_client_connect(&f->http);

	assert_true(http_client_say(fd, request));
	http_client_read(fd, strncmp(request, "HEAD", 4) == 0, &f->answer);
	(void)close(fd);
}

static void
log_in(struct fixture *f, const char *password)
{
	char body[128], request[512];

	(void)snprintf(body, sizeof(body),
	               "{\"email\":\"ada\",\"password\":\"%s\"}", password);
	(void)snprintf(request, sizeof(request),
	               "POST /api/auth/login/ HTTP/1.1\r\nHost: x\r\n"
	               "User-Agent: test\r\nContent-Type: application/json\r\n"
	               "Content-Length: %zu\r\n\r\n%s",
	               strlen(body), body);
	exchange(f, request);
}

static bool
has_header(const struct fixture *f, const char *line)
{
	return strcasestr(f->answer.head, line) != NULL;
}

static void
logs_in_from_http_to_rpc_and_back(void **state)
{
	struct fixture *f = *state;
	const char *id;

	open_gateway(f, 0);
	start_rpc(f);
	log_in(f, "p");
	assert_int_equal(f->answer.status, 200);
	assert_true(has_header(f, "\r\nContent-Type: application/json\r\n"));
	assert_true(has_header(f, "\r\nCache-Control: no-store\r\n"));
	assert_non_null(strstr(f->answer.body,
	                       "{\"refresh\":\"r.r.r\",\"access\":\"a.a.a\","
	                       "\"user\":{\"id\":7,\"email\":\"ada\","
	                       "\"first_name\":\"test\","
	                       "\"last_name\":\"127.0.0.1\",\"full_name\":"));
	id = strcasestr(f->answer.head, "X-Request-Id: ");
	assert_non_null(id);
	assert_memory_equal(id + strlen("X-Request-Id: "),
	                    strstr(f->answer.body, "full_name\":\"") +
	                            strlen("full_name\":\""),
	                    32);
	log_in(f, "wrong");
	assert_int_equal(f->answer.status, 401);
	assert_true(has_header(
		f, "\r\nWWW-Authenticate: Bearer realm=\"api\"\r\n"));
}

static void
answers_503_while_the_server_is_away_and_recovers(void **state)
{
	struct fixture *f = *state;

	open_gateway(f, 0);
	log_in(f, "p");
	assert_int_equal(f->answer.status, 503);
	assert_true(has_header(f, "\r\nRetry-After: 1\r\n"));
	assert_string_equal(f->answer.body,
	                    "{\"detail\":\"Service unavailable.\"}");
	start_rpc(f);
	log_in(f, "p");
	assert_int_equal(f->answer.status, 200);
}

static void
answers_503_when_the_server_does_not_answer_in_time(void **state)
{
	struct fixture *f = *state;

	open_gateway(f, 50);
	start_rpc(f);
	log_in(f, "silent");
	assert_int_equal(f->answer.status, 503);
	assert_true(has_header(f, "\r\nRetry-After: 1\r\n"));
}

static void
answers_without_a_server_what_needs_none(void **state)
{
	struct fixture *f = *state;

	open_gateway(f, 0);
	exchange(f, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(f->answer.status, 200);
	assert_string_equal(f->answer.body, "{\"status\":\"ok\"}");
	exchange(f, "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(f->answer.status, 200);
	assert_true(has_header(f, "\r\nAllow: GET, HEAD, OPTIONS\r\n"));
	exchange(f, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(f->answer.status, 503);
	exchange(f, "GET /nope HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(f->answer.status, 404);
}

static void
refuses_in_json_what_http_refuses(void **state)
{
	struct fixture *f = *state;

	open_gateway(f, 0);
	exchange(f, "POST /api/token/ HTTP/1.1\r\nHost: x\r\n"
	            "Content-Length: 99999\r\n\r\n");
	assert_int_equal(f->answer.status, 413);
	assert_string_equal(f->answer.body,
	                    "{\"detail\":\"Request body too large.\"}");
	assert_true(has_header(f, "\r\nX-Frame-Options: DENY\r\n"));
	assert_true(has_header(f, "\r\nAllow: POST, OPTIONS\r\n"));
	assert_true(f->answer.closes);
}

static void
gives_routes_the_body_limit_that_they_name(void **state)
{
	static const struct {
		const char *method, *path;
		size_t limit;
	} cases[] = {
		{ "PUT", "/api/auth/users/me/avatar/", 270336 },
		{ "PUT", "/api/auth/users/me/%61vatar?x=y", 270336 },
		{ "PATCH", "/api/auth/profile", 270336 },
		{ "POST", "/api/auth/users/me/avatar/", 0 },
		{ "PUT", "/api/auth/users/7/roles/", 0 },
		{ "PUT", "/nowhere", 0 },
		{ "PUT", "*", 0 },
		{ "BREW", "/api/auth/profile", 0 },
	};
	struct fixture *f = *state;

	open_gateway(f, 0);
	assert_int_equal(gateway_body_most(f->gateway), 270336);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(gateway_body_limit(f->gateway, cases[i].method,
		                                    cases[i].path),
		                 cases[i].limit);
}

static void
serves_a_profile_that_its_operator_wrote(void **state)
{
	struct fixture *f = *state;

	open_gateway(f, 0);
	start_rpc(f);
	exchange(f, "PUT /acme/ad%61/key HTTP/1.1\r\nHost: x\r\n"
	            "X-Secret: p\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(f->answer.status, 201);
	assert_string_equal(f->answer.body,
	                    "{\"key\":\"a.a.a\",\"for\":\"7\"}");
	assert_true(has_header(f, "\r\nX-Who: <ada>\r\n"));
	exchange(f, "PUT /acme/ada/key HTTP/1.1\r\nHost: x\r\n"
	            "X-Secret: wrong\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(f->answer.status, 422);
	assert_string_equal(f->answer.body, "{\"error\":\"no\"}");
	exchange(f, "PUT /acme/ada/key/ HTTP/1.1\r\nHost: x\r\n"
	            "Content-Length: 0\r\n\r\n");
	assert_int_equal(f->answer.status, 422);
	assert_string_equal(
		f->answer.body,
		"{\"errors\":{\"secret\":[\"This field is required.\"]}}");
}

/* A header is one line: what would make two of it is refused, not sent. */
static void
never_lets_a_value_break_out_of_its_header(void **state)
{
	struct fixture *f = *state;

	open_gateway(f, 0);
	start_rpc(f);
	exchange(f, "PUT /acme/a%0d%0aX-Evil:1/key HTTP/1.1\r\nHost: x\r\n"
	            "X-Secret: p\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(f->answer.status, 500);
	assert_false(has_header(f, "Evil"));
}

static void
refuses_to_open_with_bad_options(void **state)
{
	static const char *const star[] = { "*" };
	const struct {
		struct gateway_options options;
		const char *sentence;
	} cases[] = {
		{ { .public_base = "auth.example" },
		  "gateway: the public base must begin with http:// or "
		  "https://" },
		{ { .rpc_timeout_ms = 60001 },
		  "gateway: the RPC timeout is at most 60000 ms" },
		{ { .cors = { .origins = star, .origin_count = 1 } },
		  "cors: \"*\" is no origin; set allow_all instead" },
		{ { .profiles = star, .profile_count = 1 },
		  "*: no profile has this name" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(gateway_open(&cases[i].options, &f->gateway,
		                              f->err, sizeof(f->err)),
		                 CODE_INVALID_ARGUMENT);
		assert_string_equal(f->err, cases[i].sentence);
	}
	open_gateway(f, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(logs_in_from_http_to_rpc_and_back),
		TEST(answers_503_while_the_server_is_away_and_recovers),
		TEST(answers_503_when_the_server_does_not_answer_in_time),
		TEST(answers_without_a_server_what_needs_none),
		TEST(refuses_in_json_what_http_refuses),
		TEST(gives_routes_the_body_limit_that_they_name),
		TEST(serves_a_profile_that_its_operator_wrote),
		TEST(never_lets_a_value_break_out_of_its_header),
		TEST(refuses_to_open_with_bad_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
