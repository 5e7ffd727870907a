#include "server/rpc/rpc_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/message_limit.h"
#include "base/test_authority.h"
#include "base/tls_config.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "server/rpc/test_peer.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
#define ERR_SIZE 256

/* What the handlers below share: the only `struct server` of this test. */
struct server {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool held;
	unsigned entered; /* calls of t/Hold that began */
	unsigned runs;    /* calls of t/Count that ran */
};

static enum code
echo(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__VerifyTokenRequest *req = in;
	Latchkey__V1__VerifyTokenResponse *resp = out;

	resp->session_id = arena_strdup(call->arena, req->token);
	resp->user_id = (uint64_t)call->listener;
	return resp->session_id == NULL ? CODE_RESOURCE_EXHAUSTED : CODE_OK;
}

/* Waits until the test releases it. */
static enum code
hold(struct rpc_call *call, const void *in, void *out)
{
	struct server *server = (struct server *)call->server;

	(void)pthread_mutex_lock(&server->lock);
	server->entered++;
	(void)pthread_cond_broadcast(&server->changed);
	while (server->held)
		(void)pthread_cond_wait(&server->changed, &server->lock);
	(void)pthread_mutex_unlock(&server->lock);
	return echo(call, in, out);
}

static enum code
count(struct rpc_call *call, const void *in, void *out)
{
	struct server *server = (struct server *)call->server;

	(void)pthread_mutex_lock(&server->lock);
	server->runs++;
	(void)pthread_mutex_unlock(&server->lock);
	return echo(call, in, out);
}

static enum code
refuse(struct rpc_call *call, struct principal *out)
{
	(void)call;
	(void)out;
	return CODE_UNAUTHENTICATED;
}

#define TYPES                                                                  \
	.in = &latchkey__v1__verify_token_request__descriptor,                 \
	.out = &latchkey__v1__verify_token_response__descriptor

#define SMALL .payload_max = 4096

/* Not sorted: the server does that. */
static const struct rpc_method methods[] = {
	{ .name = "t/Hold", .handler = hold, .lane = LANE_HASH, SMALL, TYPES },
	{ .name = "t/Echo",
	  .handler = echo,
	  .lane = LANE_INLINE,
	  SMALL,
	  TYPES },
	{ .name = "t/Count",
	  .handler = count,
	  .lane = LANE_HASH,
	  SMALL,
	  TYPES },
	{ .name = "t/Large",
	  .handler = echo,
	  .lane = LANE_HASH,
	  TYPES,
	  .payload_max = MESSAGE_LIMIT },
};

struct fixture {
	struct server server;
	struct rpc_server_options options;
	struct listener_options listeners[2];
	struct rpc_server *rpc;
	struct test_peer peer;
	char url[64];
	char dir[32];
	char err[ERR_SIZE];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)pthread_mutex_init(&f->server.lock, NULL);
	(void)pthread_cond_init(&f->server.changed, NULL);
	f->server.held = true;
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/rpc_server.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->url, sizeof(f->url), "inproc://%s", f->dir);
	f->listeners[0] = (struct listener_options){ .kind = LISTENER_LOCAL,
		                                     .url = f->url };
	f->options = (struct rpc_server_options){
		.server = &f->server,
		.methods = methods,
		.method_count = sizeof(methods) / sizeof(methods[0]),
		.authenticate = refuse,
		.lanes = { [LANE_HASH] = { .threads = 1, .queue_max = 1 } },
		.inline_contexts = 4,
		.arena_size = 16384,
		.message_max = 8192,
		.reply_max = 8192,
		.listeners = f->listeners,
		.listener_count = 1,
	};
	*state = f;
	return 0;
}

static void
start(struct fixture *f)
{
	if (rpc_server_open(&f->options, &f->rpc, f->err, sizeof(f->err)) !=
	    CODE_OK)
		fail_msg("%s", f->err);
}

static void
start_with_peer(struct fixture *f)
{
	start(f);
	test_peer_open(&f->peer, f->url, NULL);
}

static void
release(struct fixture *f)
{
	(void)pthread_mutex_lock(&f->server.lock);
	f->server.held = false;
	(void)pthread_cond_broadcast(&f->server.changed);
	(void)pthread_mutex_unlock(&f->server.lock);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	release(f);
	if (f->peer.socket.id != 0)
		test_peer_close(&f->peer);
	rpc_server_close(f->rpc);
	(void)pthread_cond_destroy(&f->server.changed);
	(void)pthread_mutex_destroy(&f->server.lock);
	(void)rmdir(f->dir);
	free(f);
	return 0;
}

static void
wait_entered(struct fixture *f, unsigned entered)
{
	(void)pthread_mutex_lock(&f->server.lock);
	while (f->server.entered < entered)
		(void)pthread_cond_wait(&f->server.changed, &f->server.lock);
	(void)pthread_mutex_unlock(&f->server.lock);
}

static void
assert_status(const Latchkey__Rpc__V1__Status *status, enum code code,
              Latchkey__Rpc__V1__Reason reason)
{
	assert_non_null(status);
	assert_int_equal(status->code, code);
	assert_int_equal(status->reason, reason);
}

static void
assert_echoes(const struct test_peer *peer, enum listener_kind kind)
{
	Latchkey__V1__VerifyTokenResponse *resp;
	struct test_exchange x;

	test_exchange_begin(&x, peer, "t/Echo", "hello", 0);
	assert_status(test_exchange_end(&x), CODE_OK, REASON(UNSPECIFIED));
	assert_memory_equal(x.reply->request_id.data, "test-request-id", 16);
	resp = latchkey__v1__verify_token_response__unpack(
		NULL, x.reply->payload.len, x.reply->payload.data);
	assert_non_null(resp);
	assert_string_equal(resp->session_id, "hello");
	assert_int_equal(resp->user_id, kind);
	latchkey__v1__verify_token_response__free_unpacked(resp, NULL);
	test_exchange_free(&x);
}

static void
answers_calls(void **state)
{
	struct fixture *f = *state;

	start_with_peer(f);
	for (int i = 0; i < 100; i++)
		assert_echoes(&f->peer, LISTENER_LOCAL);
}

static void
answers_garbage_and_goes_on(void **state)
{
	static const char *const junk[] = { "x", "\x0a\x7fshort", "\x0b\x0c",
		                            "\xff\xff\xff\xff\xff" };
	struct fixture *f = *state;
	struct test_exchange x;

	start_with_peer(f);
	for (int i = 0; i < 100; i++) {
		const char *bytes = junk[i % 4];

		test_exchange_begin_bytes(&x, &f->peer, bytes, strlen(bytes));
		assert_status(test_exchange_end(&x), CODE_INVALID_ARGUMENT,
		              REASON(ENVELOPE_MALFORMED));
		test_exchange_free(&x);
	}
	assert_echoes(&f->peer, LISTENER_LOCAL);
}

static void
never_runs_a_call_past_its_deadline(void **state)
{
	struct fixture *f = *state;
	struct test_exchange held, late;
	int64_t deadline_ms;

	start_with_peer(f);
	test_exchange_begin(&held, &f->peer, "t/Hold", "held", 0);
	wait_entered(f, 1);
	test_exchange_begin(&late, &f->peer, "t/Count", "late", 1);
	/* Inline calls are answered in the meantime, and time passes. */
	deadline_ms = clock_monotonic_ms() + 20;
	while (clock_monotonic_ms() <= deadline_ms)
		assert_echoes(&f->peer, LISTENER_LOCAL);
	release(f);
	assert_status(test_exchange_end(&held), CODE_OK, REASON(UNSPECIFIED));
	assert_status(test_exchange_end(&late), CODE_DEADLINE_EXCEEDED,
	              REASON(DEADLINE_PASSED));
	assert_int_equal(f->server.runs, 0);
	test_exchange_free(&held);
	test_exchange_free(&late);
}

static void
refuses_when_the_queue_is_full_and_still_answers_inline(void **state)
{
	struct fixture *f = *state;
	struct test_exchange held, waiting, refused;

	start_with_peer(f);
	test_exchange_begin(&held, &f->peer, "t/Hold", "held", 0);
	wait_entered(f, 1);
	test_exchange_begin(&waiting, &f->peer, "t/Count", "waits", 0);
	/* One pipe carries calls in order: after this, the other waits. */
	assert_echoes(&f->peer, LISTENER_LOCAL);
	for (int i = 0; i < 20; i++) {
		test_exchange_begin(&refused, &f->peer, "t/Count", "no", 0);
		assert_status(test_exchange_end(&refused),
		              CODE_RESOURCE_EXHAUSTED, REASON(QUEUE_FULL));
		assert_true(refused.reply->status->retry_after_ms > 0);
		test_exchange_free(&refused);
		assert_echoes(&f->peer, LISTENER_LOCAL);
	}
	release(f);
	assert_status(test_exchange_end(&held), CODE_OK, REASON(UNSPECIFIED));
	assert_status(test_exchange_end(&waiting), CODE_OK,
	              REASON(UNSPECIFIED));
	assert_int_equal(f->server.runs, 1);
	test_exchange_free(&held);
	test_exchange_free(&waiting);
}

static void *
drain(void *rpc)
{
	/* Far beyond what any test may take: it must not come to that. */
	rpc_server_drain(rpc, 3600000);
	return NULL;
}

static void
finishes_what_runs_and_takes_nothing_new_when_it_drains(void **state)
{
	struct fixture *f = *state;
	struct test_exchange held, refused;
	pthread_t thread;

	start_with_peer(f);
	test_exchange_begin(&held, &f->peer, "t/Hold", "held", 0);
	wait_entered(f, 1);
	assert_false(rpc_server_is_draining(f->rpc));
	assert_int_equal(pthread_create(&thread, NULL, drain, f->rpc), 0);
	while (!rpc_server_is_draining(f->rpc))
		(void)sched_yield();
	test_exchange_begin(&refused, &f->peer, "t/Echo", "new", 0);
	assert_status(test_exchange_end(&refused), CODE_UNAVAILABLE,
	              REASON(SHUTTING_DOWN));
	release(f);
	(void)pthread_join(thread, NULL);
	assert_status(test_exchange_end(&held), CODE_OK, REASON(UNSPECIFIED));
	test_exchange_free(&held);
	test_exchange_free(&refused);
}

static void
stops_draining_when_the_time_is_up(void **state)
{
	struct fixture *f = *state;
	struct test_exchange held;

	start_with_peer(f);
	test_exchange_begin(&held, &f->peer, "t/Hold", "held", 0);
	wait_entered(f, 1);
	rpc_server_drain(f->rpc, 1);
	release(f);
	assert_status(test_exchange_end(&held), CODE_OK, REASON(UNSPECIFIED));
	test_exchange_free(&held);
}

static void
closes_with_calls_in_its_queues(void **state)
{
	struct fixture *f = *state;
	struct test_exchange held, waiting;

	start_with_peer(f);
	test_exchange_begin(&held, &f->peer, "t/Hold", "held", 0);
	wait_entered(f, 1);
	test_exchange_begin(&waiting, &f->peer, "t/Count", "waits", 0);
	assert_echoes(&f->peer, LISTENER_LOCAL);
	release(f);
	rpc_server_close(f->rpc);
	f->rpc = NULL;
	(void)test_exchange_end(&held);
	(void)test_exchange_end(&waiting);
	test_exchange_free(&held);
	test_exchange_free(&waiting);
}

static void
bounds_the_reply_too(void **state)
{
	struct fixture *f = *state;
	struct test_exchange x;
	char token[400];

	f->options.reply_max = 300;
	start_with_peer(f);
	memset(token, 'x', sizeof(token) - 1);
	token[sizeof(token) - 1] = '\0';
	token[250] = '\0';
	test_exchange_begin(&x, &f->peer, "t/Echo", token, 0);
	assert_status(test_exchange_end(&x), CODE_OK, REASON(UNSPECIFIED));
	test_exchange_free(&x);
	token[250] = 'x';
	test_exchange_begin(&x, &f->peer, "t/Echo", token, 0);
	assert_status(test_exchange_end(&x), CODE_RESOURCE_EXHAUSTED,
	              REASON(RESPONSE_TOO_LARGE));
	test_exchange_free(&x);
}

static void
carries_large_calls_and_answers(void **state)
{
	static char token[256 * 1024 + 1];
	struct fixture *f = *state;
	struct test_exchange x;

	f->options.message_max = MESSAGE_LIMIT;
	f->options.reply_max = REPLY_LIMIT;
	f->options.arena_size = MESSAGE_ARENA_SIZE;
	(void)snprintf(f->url, sizeof(f->url), "ipc://%s/s", f->dir);
	start_with_peer(f);
	memset(token, 'x', sizeof(token) - 1);
	for (int i = 0; i < 100; i++) {
		test_exchange_begin(&x, &f->peer, "t/Large", token, 0);
		assert_status(test_exchange_end(&x), CODE_OK,
		              REASON(UNSPECIFIED));
		assert_true(x.reply->payload.len > sizeof(token) - 1);
		test_exchange_free(&x);
		assert_echoes(&f->peer, LISTENER_LOCAL);
	}
	/* Of the small methods no large call. */
	test_exchange_begin(&x, &f->peer, "t/Echo", token, 0);
	assert_status(test_exchange_end(&x), CODE_INVALID_ARGUMENT,
	              REASON(MESSAGE_TOO_LARGE));
	test_exchange_free(&x);
}

static void
survives_every_shortage_of_memory(void **state)
{
	struct fixture *f = *state;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	struct test_exchange x;
	size_t size;

	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 64) {
		assert_true(size < 16384);
		f->options.arena_size = size;
		start_with_peer(f);
		test_exchange_begin(&x, &f->peer, "t/Echo", "hello", 0);
		code = (enum code)test_exchange_end(&x)->code;
		if (code != CODE_OK)
			assert_status(x.reply->status, CODE_RESOURCE_EXHAUSTED,
			              REASON(MEMORY_EXHAUSTED));
		test_exchange_free(&x);
		test_peer_close(&f->peer);
		rpc_server_close(f->rpc);
		f->rpc = NULL;
	}
	f->peer.socket.id = 0;
	assert_int_equal(code, CODE_OK);
}

static void
serves_ipc_with_a_socket_for_owner_and_group_only(void **state)
{
	struct fixture *f = *state;
	char path[48];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/s", f->dir);
	(void)snprintf(f->url, sizeof(f->url), "ipc://%s", path);
	start_with_peer(f);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_echoes(&f->peer, LISTENER_LOCAL);
}

static void
refuses_to_listen_in_clear(void **state)
{
	static const char *const urls[] = { "tcp://127.0.0.1:0", "ws://x",
		                            "latchkey", "" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		f->listeners[0].url = urls[i];
		assert_int_equal(
			rpc_server_open(&f->options, &f->rpc, f->err, ERR_SIZE),
			CODE_INVALID_ARGUMENT);
		assert_ptr_equal(strstr(f->err, urls[i]), f->err);
	}
}

static void
names_the_url_that_cannot_be_listened_on(void **state)
{
	struct fixture *f = *state;
	struct rpc_server *second;

	start(f);
	assert_int_equal(
		rpc_server_open(&f->options, &second, f->err, ERR_SIZE),
		CODE_UNAVAILABLE);
	assert_non_null(strstr(f->err, f->url));
}

/* Two authorities, as in life: one for gateways, one for services. */
struct tls_fixture {
	struct fixture *base;
	struct test_authority authority;
	struct test_authority services;
	struct test_identity server;
	struct test_identity gateway;
	struct test_identity service;
};

static void
tls_make(struct tls_fixture *t, struct fixture *f)
{
	*t = (struct tls_fixture){ .base = f };
	test_authority_make(&t->authority);
	test_authority_make(&t->services);
	test_authority_issue(&t->authority, "latchkeyd", CERTIFICATE_SERVER,
	                     &t->server);
	test_authority_issue(&t->authority, "gateway", CERTIFICATE_CLIENT,
	                     &t->gateway);
	test_authority_issue(&t->services, "billing", CERTIFICATE_CLIENT,
	                     &t->service);
	f->listeners[0] = (struct listener_options){
		.kind = LISTENER_FRONT,
		.url = "tls+tcp://127.0.0.1:0",
		.cert_path = t->server.cert_path,
		.key_path = t->server.key_path,
		.ca_path = t->authority.cert_path,
	};
	f->listeners[1] = f->listeners[0];
	f->listeners[1].kind = LISTENER_SERVICE;
	f->listeners[1].ca_path = t->services.cert_path;
	f->options.listener_count = 2;
}

static void
tls_remove(struct tls_fixture *t)
{
	test_authority_remove(&t->authority);
	test_authority_remove(&t->services);
}

static void
tls_connect_to(const struct tls_fixture *t, const char *server_name,
               size_t listener, const struct test_identity *who,
               struct test_peer *out)
{
	const struct tls_config_files files = {
		.cert_path = who->cert_path,
		.key_path = who->key_path,
		.ca_path = t->authority.cert_path,
		.server_name = server_name,
	};
	nng_tls_config *config;
	char err[ERR_SIZE], url[64];

	if (tls_config_load(&files, &config, err, sizeof(err)) != CODE_OK)
		fail_msg("%s", err);
	(void)snprintf(url, sizeof(url), "tls+tcp://127.0.0.1:%u",
	               rpc_server_port(t->base->rpc, listener));
	test_peer_open(out, url, config);
	nng_tls_config_free(config);
}

static void
tls_connect(const struct tls_fixture *t, size_t listener,
            const struct test_identity *who, struct test_peer *out)
{
	tls_connect_to(t, "latchkeyd", listener, who, out);
}

static void
tells_by_which_listener_a_call_came(void **state)
{
	struct fixture *f = *state;
	struct test_peer gateway, service;
	struct tls_fixture t;

	tls_make(&t, f);
	start(f);
	tls_connect(&t, 0, &t.gateway, &gateway);
	tls_connect(&t, 1, &t.service, &service);
	assert_echoes(&gateway, LISTENER_FRONT);
	assert_echoes(&service, LISTENER_SERVICE);
	test_peer_close(&gateway);
	test_peer_close(&service);
	tls_remove(&t);
}

static void
names_the_file_that_is_at_fault(void **state)
{
	struct fixture *f = *state;
	struct tls_fixture t;

	tls_make(&t, f);
	f->listeners[1].ca_path = "/nowhere/ca.pem";
	assert_int_equal(
		rpc_server_open(&f->options, &f->rpc, f->err, ERR_SIZE),
		CODE_NOT_FOUND);
	assert_non_null(strstr(f->err, "/nowhere/ca.pem"));
	f->listeners[1].ca_path = t.services.cert_path;
	f->listeners[1].key_path = t.gateway.key_path;
	assert_int_equal(
		rpc_server_open(&f->options, &f->rpc, f->err, ERR_SIZE),
		CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, t.server.cert_path));
	assert_int_equal(chmod(t.server.key_path, 0644), 0);
	assert_int_equal(
		rpc_server_open(&f->options, &f->rpc, f->err, ERR_SIZE),
		CODE_PERMISSION_DENIED);
	assert_non_null(strstr(f->err, t.server.key_path));
	tls_remove(&t);
}

static void
keeps_its_certificates_when_new_ones_cannot_be_read(void **state)
{
	struct fixture *f = *state;
	struct test_peer gateway;
	struct tls_fixture t;

	tls_make(&t, f);
	start(f);
	assert_int_equal(unlink(t.server.cert_path), 0);
	assert_int_equal(rpc_server_reload(f->rpc, f->err, ERR_SIZE),
	                 CODE_NOT_FOUND);
	assert_non_null(strstr(f->err, t.server.cert_path));
	tls_connect(&t, 0, &t.gateway, &gateway);
	assert_echoes(&gateway, LISTENER_FRONT);
	test_peer_close(&gateway);
	tls_remove(&t);
}

/* NNG has one connection prepared with the old one; the dialer tries again. */
static void
shows_a_reloaded_certificate_to_new_connections(void **state)
{
	struct fixture *f = *state;
	struct test_peer before, after;
	struct test_identity renewed;
	struct tls_fixture t;

	tls_make(&t, f);
	test_authority_issue(&t.authority, "renewed", CERTIFICATE_SERVER,
	                     &renewed);
	start(f);
	tls_connect(&t, 0, &t.gateway, &before);
	assert_echoes(&before, LISTENER_FRONT);
	assert_int_equal(rename(renewed.cert_path, t.server.cert_path), 0);
	assert_int_equal(rename(renewed.key_path, t.server.key_path), 0);
	assert_int_equal(rpc_server_reload(f->rpc, f->err, ERR_SIZE), CODE_OK);
	tls_connect_to(&t, "renewed", 0, &t.gateway, &after);
	assert_echoes(&after, LISTENER_FRONT);
	assert_echoes(&before, LISTENER_FRONT);
	test_peer_close(&before);
	test_peer_close(&after);
	tls_remove(&t);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_calls),
		TEST(answers_garbage_and_goes_on),
		TEST(never_runs_a_call_past_its_deadline),
		TEST(refuses_when_the_queue_is_full_and_still_answers_inline),
		TEST(finishes_what_runs_and_takes_nothing_new_when_it_drains),
		TEST(stops_draining_when_the_time_is_up),
		TEST(closes_with_calls_in_its_queues),
		TEST(bounds_the_reply_too),
		TEST(carries_large_calls_and_answers),
		TEST(survives_every_shortage_of_memory),
		TEST(serves_ipc_with_a_socket_for_owner_and_group_only),
		TEST(refuses_to_listen_in_clear),
		TEST(names_the_url_that_cannot_be_listened_on),
		TEST(tells_by_which_listener_a_call_came),
		TEST(names_the_file_that_is_at_fault),
		TEST(shows_a_reloaded_certificate_to_new_connections),
		TEST(keeps_its_certificates_when_new_ones_cannot_be_read),
	};

	log_set_level(LOG_LEVEL_WARN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
