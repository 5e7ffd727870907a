#include "client/channel_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "base/message_limit.h"
#include "base/test_authority.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
#define WAIT_MS 20000

#define RESPONSE_TYPE (&latchkey__v1__verify_token_request__descriptor)

static void
start(struct channel_fixture *f)
{
	test_server_start(&f->server, f->url, NULL, NULL);
	channel_fixture_open(f);
	assert_true(channel_wait(f->channel, WAIT_MS));
}

static struct channel_call *
begin(struct channel *channel)
{
	struct channel_call *call;

	assert_int_equal(channel_call_begin(channel, &call), CODE_OK);
	return call;
}

/* Sends and waits; the answer is the request, so that both are one type. */
static enum code
ask(struct channel_call *call, const char *method, const char *token)
{
	Latchkey__V1__VerifyTokenRequest request =
		LATCHKEY__V1__VERIFY_TOKEN_REQUEST__INIT;

	request.token = (char *)token;
	return channel_call_send_wait(call, method, &request.base,
	                              RESPONSE_TYPE);
}

static bool
echoes(struct channel *channel, const char *token)
{
	const Latchkey__V1__VerifyTokenRequest *response;
	struct channel_call *call;
	bool same;

	if (channel_call_begin(channel, &call) != CODE_OK)
		return false;
	same = ask(call, "t/Echo", token) == CODE_OK && call->reply != NULL &&
	       call->status != NULL;
	response = (const Latchkey__V1__VerifyTokenRequest *)call->reply;
	same = same && strcmp(response->token, token) == 0;
	channel_call_end(call);
	return same;
}

/* Ends the call before it asserts: a close would wait for it. */
static void
assert_fails(struct channel_fixture *f, const char *method, enum code code)
{
	struct channel_call *call = begin(f->channel);
	enum code told = ask(call, method, "hello");
	enum code noted = call->code;
	bool has_reply = call->reply != NULL;
	bool has_status = call->status != NULL;

	channel_call_end(call);
	assert_int_equal(told, code);
	assert_int_equal(noted, code);
	assert_false(has_reply);
	assert_true(has_status);
}

static void
carries_a_call_and_its_reply(void **state)
{
	struct channel_fixture *f = *state;

	start(f);
	assert_true(channel_is_connected(f->channel));
	for (int i = 0; i < 200; i++)
		assert_true(echoes(f->channel, "hello"));
	assert_true(echoes(f->channel, ""));
}

static void
fails_at_once_while_nobody_listens(void **state)
{
	struct channel_fixture *f = *state;

	channel_fixture_open(f);
	assert_false(channel_is_connected(f->channel));
	assert_false(channel_wait(f->channel, 1));
	/* The default timeout times a thousand: it must not wait. */
	for (int i = 0; i < 1000; i++)
		assert_fails(f, "t/Echo", CODE_UNAVAILABLE);
}

static void
connects_by_itself_once_somebody_listens(void **state)
{
	struct channel_fixture *f = *state;

	channel_fixture_open(f);
	assert_fails(f, "t/Echo", CODE_UNAVAILABLE);
	test_server_start(&f->server, f->url, NULL, NULL);
	assert_true(channel_wait(f->channel, WAIT_MS));
	assert_true(echoes(f->channel, "hello"));
}

/* Counts outcomes of calls that nobody waits for. */
struct tally {
	atomic_uint done;
	atomic_uint codes[17];
};

static void
count_and_end(struct channel_call *call, void *ctx)
{
	struct tally *tally = ctx;

	(void)atomic_fetch_add(&tally->codes[call->code], 1);
	channel_call_end(call);
	(void)atomic_fetch_add(&tally->done, 1);
}

static void
send_silent(struct channel_fixture *f, struct tally *tally, unsigned count)
{
	Latchkey__V1__VerifyTokenRequest request =
		LATCHKEY__V1__VERIFY_TOKEN_REQUEST__INIT;

	for (unsigned i = 0; i < count; i++) {
		struct channel_call *call = begin(f->channel);

		call->timeout_ms = 60000;
		call->done = count_and_end;
		call->ctx = tally;
		channel_call_send(call, "t/Silent", &request.base,
		                  RESPONSE_TYPE);
	}
}

static void
wait_done(struct tally *tally, unsigned count)
{
	while (atomic_load(&tally->done) < count)
		(void)sched_yield();
}

static void
fails_what_is_in_flight_when_the_server_dies_and_recovers(void **state)
{
	struct channel_fixture *f = *state;
	struct tally tally = { 0 };

	start(f);
	send_silent(f, &tally, CHANNEL_FIXTURE_CALLS_MAX - 1);
	assert_true(echoes(f->channel, "all were sent"));
	test_server_kill(&f->server);
	wait_done(&tally, CHANNEL_FIXTURE_CALLS_MAX - 1);
	assert_int_equal(tally.codes[CODE_UNAVAILABLE],
	                 CHANNEL_FIXTURE_CALLS_MAX - 1);
	test_server_start(&f->server, f->url, NULL, NULL);
	assert_true(channel_wait(f->channel, WAIT_MS));
	assert_true(echoes(f->channel, "again"));
}

/* More than a stopped server's socket takes: most of it is still ours. */
static void
fails_what_was_not_sent_yet_when_the_server_dies(void **state)
{
	Latchkey__V1__VerifyTokenRequest request =
		LATCHKEY__V1__VERIFY_TOKEN_REQUEST__INIT;
	struct channel_fixture *f = *state;
	struct tally tally = { 0 };
	char token[MESSAGE_LIMIT - 512];

	start(f);
	test_server_stop(&f->server);
	memset(token, 'x', sizeof(token));
	token[sizeof(token) - 1] = '\0';
	request.token = token;
	for (unsigned i = 0; i < CHANNEL_FIXTURE_CALLS_MAX; i++) {
		struct channel_call *call = begin(f->channel);

		call->timeout_ms = 60000;
		call->done = count_and_end;
		call->ctx = &tally;
		channel_call_send(call, "t/Silent", &request.base,
		                  RESPONSE_TYPE);
	}
	test_server_kill(&f->server);
	wait_done(&tally, CHANNEL_FIXTURE_CALLS_MAX);
	assert_int_equal(tally.codes[CODE_UNAVAILABLE],
	                 CHANNEL_FIXTURE_CALLS_MAX);
}

static void
gives_up_at_the_deadline_and_discards_the_late_reply(void **state)
{
	struct channel_fixture *f = *state;
	struct channel_call *call;

	start(f);
	test_server_stop(&f->server);
	for (int i = 0; i < 5; i++) {
		call = begin(f->channel);
		call->timeout_ms = 5;
		assert_int_equal(ask(call, "t/Echo", "late"),
		                 CODE_DEADLINE_EXCEEDED);
		channel_call_end(call);
	}
	test_server_continue(&f->server);
	for (int i = 0; i < 100; i++)
		assert_true(echoes(f->channel, "in time"));
}

static void
keeps_each_deadline_whatever_the_others(void **state)
{
	struct channel_fixture *f = *state;
	struct tally tally = { 0 };
	struct channel_call *call;

	start(f);
	send_silent(f, &tally, 10);
	call = begin(f->channel);
	call->timeout_ms = 5;
	assert_int_equal(ask(call, "t/Silent", ""), CODE_DEADLINE_EXCEEDED);
	channel_call_end(call);
	assert_int_equal(tally.done, 0);
	channel_close(f->channel);
	f->channel = NULL;
	assert_int_equal(tally.codes[CODE_UNAVAILABLE], 10);
}

static void
begins_no_more_calls_than_it_may(void **state)
{
	struct channel_call *calls[CHANNEL_FIXTURE_CALLS_MAX], *more;
	struct channel_fixture *f = *state;

	channel_fixture_open(f);
	for (size_t i = 0; i < CHANNEL_FIXTURE_CALLS_MAX; i++) {
		calls[i] = begin(f->channel);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(calls[i]->request_id,
			                        calls[j]->request_id, 16);
	}
	assert_int_equal(channel_call_begin(f->channel, &more),
	                 CODE_RESOURCE_EXHAUSTED);
	channel_call_end(calls[0]);
	calls[0] = begin(f->channel);
	for (size_t i = 0; i < CHANNEL_FIXTURE_CALLS_MAX; i++)
		channel_call_end(calls[i]);
}

static void
passes_on_what_the_server_says(void **state)
{
	struct channel_fixture *f = *state;
	struct channel_call *call;

	start(f);
	call = begin(f->channel);
	assert_int_equal(ask(call, "t/Fail", ""), CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(call->status->reason, REASON(QUEUE_FULL));
	assert_int_equal(call->status->retry_after_ms, 1234);
	assert_int_equal(call->status->n_violations, 1);
	assert_string_equal(call->status->violations[0]->field, "token");
	channel_call_end(call);
	call = begin(f->channel);
	assert_int_equal(ask(call, "t/Strange", ""), CODE_INTERNAL);
	assert_int_equal(call->status->code, 77);
	channel_call_end(call);
}

static void
takes_no_reply_that_is_wrong_in_any_way(void **state)
{
	static const char *const methods[] = { "t/OtherId", "t/NoStatus",
		                               "t/Garbage", "t/Payload" };
	struct channel_fixture *f = *state;

	start(f);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		assert_fails(f, methods[i], CODE_INTERNAL);
		assert_true(echoes(f->channel, "goes on"));
	}
}

static void
bounds_requests_and_what_replies_may_use(void **state)
{
	struct channel_fixture *f = *state;
	struct channel_call *call;
	char token[MESSAGE_LIMIT + 1];

	f->options.arena_size = 4096;
	start(f);
	memset(token, 'x', sizeof(token));
	token[MESSAGE_LIMIT] = '\0';
	call = begin(f->channel);
	assert_int_equal(ask(call, "t/Echo", token), CODE_INVALID_ARGUMENT);
	assert_int_equal(call->status->reason, REASON(MESSAGE_TOO_LARGE));
	channel_call_end(call);
	token[4000] = '\0';
	call = begin(f->channel);
	assert_int_equal(ask(call, "t/Echo", token), CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(call->status->reason, REASON(RESPONSE_TOO_LARGE));
	channel_call_end(call);
	token[100] = '\0';
	assert_true(echoes(f->channel, token));
}

#define THREADS 8
#define CALLS_PER_THREAD 125

static void *
ask_many(void *channel)
{
	char token[32];
	size_t good = 0;

	for (int i = 0; i < CALLS_PER_THREAD; i++) {
		(void)snprintf(token, sizeof(token), "%p %d", (void *)token, i);
		good += echoes(channel, token);
	}
	return (void *)good;
}

static void
ask_from_threads(struct channel *channel)
{
	pthread_t threads[THREADS];
	void *good;

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, ask_many, channel),
			0);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &good), 0);
		assert_int_equal((size_t)good, CALLS_PER_THREAD);
	}
}

static void
serves_many_threads_at_once(void **state)
{
	struct channel_fixture *f = *state;

	start(f);
	ask_from_threads(f->channel);
}

static void
speaks_tls_with_certificates_on_both_sides(void **state)
{
	struct test_authority authority;
	struct test_identity server, client;
	struct channel_fixture *f = *state;

	test_authority_make(&authority);
	test_authority_issue(&authority, "latchkeyd", CERTIFICATE_SERVER,
	                     &server);
	test_authority_issue(&authority, "gateway", CERTIFICATE_CLIENT,
	                     &client);
	test_server_start(&f->server, "tls+tcp://127.0.0.1:0", &server,
	                  &authority);
	(void)snprintf(f->url, sizeof(f->url), "tls+tcp://127.0.0.1:%u",
	               f->server.port);
	f->options.server_name = "latchkeyd";
	f->options.ca_path = authority.cert_path;
	f->options.cert_path = client.cert_path;
	f->options.key_path = client.key_path;
	channel_fixture_open(f);
	assert_true(channel_wait(f->channel, WAIT_MS));
	ask_from_threads(f->channel);
	test_authority_remove(&authority);
}

static void
says_what_is_wrong_with_its_options(void **state)
{
	struct channel_fixture *f = *state;
	struct channel *channel;

	f->options.url = "tcp://127.0.0.1:1";
	assert_int_equal(
		channel_open(&f->options, &channel, f->err, sizeof(f->err)),
		CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, "tcp://127.0.0.1:1"));
	f->options.url = "tls+tcp://127.0.0.1:1";
	assert_int_equal(
		channel_open(&f->options, &channel, f->err, sizeof(f->err)),
		CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, "name"));
	f->options.server_name = "latchkeyd";
	f->options.ca_path = "/nowhere/ca.pem";
	f->options.cert_path = "/nowhere/cert.pem";
	f->options.key_path = "/nowhere/key.pem";
	assert_int_equal(
		channel_open(&f->options, &channel, f->err, sizeof(f->err)),
		CODE_NOT_FOUND);
	assert_non_null(strstr(f->err, "/nowhere/ca.pem"));
	f->options.url = f->url;
	f->options.calls_max = 0;
	assert_int_equal(
		channel_open(&f->options, &channel, f->err, sizeof(f->err)),
		CODE_INVALID_ARGUMENT);
	channel_close(NULL);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, channel_fixture_setup,             \
	                                channel_fixture_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(carries_a_call_and_its_reply),
		TEST(fails_at_once_while_nobody_listens),
		TEST(connects_by_itself_once_somebody_listens),
		TEST(fails_what_is_in_flight_when_the_server_dies_and_recovers),
		TEST(fails_what_was_not_sent_yet_when_the_server_dies),
		TEST(gives_up_at_the_deadline_and_discards_the_late_reply),
		TEST(keeps_each_deadline_whatever_the_others),
		TEST(begins_no_more_calls_than_it_may),
		TEST(passes_on_what_the_server_says),
		TEST(takes_no_reply_that_is_wrong_in_any_way),
		TEST(bounds_requests_and_what_replies_may_use),
		TEST(serves_many_threads_at_once),
		TEST(speaks_tls_with_certificates_on_both_sides),
		TEST(says_what_is_wrong_with_its_options),
	};

	test_server_main(argc, argv);
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
