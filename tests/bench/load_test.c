/*
 * The generators and the processes of the ceilings, together: what the numbers
 * of the benchmark rest on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/bench/argon2_ceiling.h"
#include "tests/bench/child.h"
#include "tests/bench/echo_load.h"
#include "tests/bench/http_load.h"
#include "tests/bench/http_socket.h"
#include "tests/bench/lmdb_ceiling.h"

#define BODY "{\"pad\":\"0123456789\"}"
#define REPLY_SIZE 300
#define CALLS 8

struct place {
	char dir[32];
	char url[64];
	struct child echo_server;
	struct meter meter;
};

static const char *const no_env[] = { NULL };

static unsigned
start(struct child *child, const char *const *argv)
{
	char port[16];

	child_start(child, &(struct child_options){ argv, no_env, NULL });
	assert_true(child_expect(child, "ready ", port, sizeof(port)));
	return (unsigned)strtoul(port, NULL, 10);
}

static int
open_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	const char *argv[] = { getenv("ECHO_SERVER"), "300", "16", NULL, NULL };

	assert_non_null(place);
	(void)strcpy(place->dir, "/tmp/load-XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	(void)snprintf(place->url, sizeof(place->url), "ipc://%s/echo",
	               place->dir);
	argv[3] = place->url;
	(void)start(&place->echo_server, argv);
	meter_reset(&place->meter);
	*state = place;
	return 0;
}

static int
close_place(void **state)
{
	struct place *place = *state;

	child_stop(&place->echo_server);
	(void)unlink(place->url + strlen("ipc://"));
	assert_int_equal(rmdir(place->dir), 0);
	free(place);
	return 0;
}

/* Waits until something was counted, or failed. */
static void
await(struct meter *meter, uint64_t answers)
{
	const struct timespec moment = { 0, 1000000 };

	while (histogram_count(&meter->latencies) < answers &&
	       atomic_load(&meter->errors) == 0)
		(void)nanosleep(&moment, NULL);
}

static struct load
call_echo(struct place *place, size_t reply_size)
{
	struct echo_load_options options = {
		.hop = { .url = place->url },
		.calls = CALLS,
		.request_size = 10,
		.reply_size = reply_size,
	};

	return echo_load_start(&options, &place->meter);
}

static void
echoes_are_counted_only_while_the_meter_is_on(void **state)
{
	struct place *place = *state;
	struct meter *meter = &place->meter;
	struct load load = call_echo(place, REPLY_SIZE);

	assert_int_equal(histogram_count(&meter->latencies), 0);
	atomic_store(&meter->on, true);
	await(meter, 100);
	load.stop(load.self);
	assert_true(histogram_count(&meter->latencies) >= 100);
	assert_int_equal(atomic_load(&meter->errors), 0);
	assert_true(histogram_quantile(&meter->latencies, 500) > 0);
}

static void
an_echo_of_another_length_is_an_error(void **state)
{
	struct place *place = *state;
	struct load load = call_echo(place, REPLY_SIZE + 1);

	await(&place->meter, 1);
	load.stop(load.self);
	assert_true(atomic_load(&place->meter.errors) > 0);
	assert_string_equal(place->meter.first_error, "an echo of 300 bytes");
}

static size_t
ask(void *ctx, unsigned index, char to[HTTP_SCRIPT_REQUEST_MAX])
{
	(void)ctx;
	return (size_t)snprintf(to, HTTP_SCRIPT_REQUEST_MAX,
	                        "POST /%u HTTP/1.1\r\n"
	                        "Host: 127.0.0.1\r\n"
	                        "Content-Length: %zu\r\n"
	                        "\r\n" BODY,
	                        index, strlen(BODY));
}

static bool
hear(void *ctx, unsigned index, const struct http_reply *reply)
{
	unsigned *heard = ctx;

	heard[index]++;
	return reply->body_len == REPLY_SIZE && reply->body[0] == 'x';
}

static void
a_skeleton_answers_every_connection_with_the_echo(void **state)
{
	struct place *place = *state;
	const char *argv[] = { getenv("SKELETON"), "2", place->url, NULL };
	struct child skeleton;
	unsigned heard[CALLS] = { 0 };
	struct http_load_options options = {
		.connections = CALLS,
		.script = { heard, ask, hear },
	};
	struct load load;

	options.port = (uint16_t)start(&skeleton, argv);
	load = http_load_start(&options, &place->meter);
	atomic_store(&place->meter.on, true);
	await(&place->meter, 100);
	load.stop(load.self);
	assert_string_equal(place->meter.first_error, "");
	for (unsigned i = 0; i < CALLS; i++)
		assert_true(heard[i] > 0);
	child_stop(&skeleton);
}

static void
what_is_not_answered_as_expected_is_an_error(void **state)
{
	struct place *place = *state;
	const char *argv[] = { getenv("SKELETON"), "1", place->url, NULL };
	struct child skeleton;
	struct http_load_options options = {
		.connections = CALLS,
		.script = { NULL, ask, NULL },
	};
	struct load load;

	options.port = (uint16_t)start(&skeleton, argv);
	load = http_load_start(&options, &place->meter);
	child_stop(&skeleton);
	await(&place->meter, UINT64_MAX);
	load.stop(load.self);
	assert_int_equal(atomic_load(&place->meter.errors), CALLS);
}

static void
a_child_that_ends_is_not_ready(void **state)
{
	const char *argv[] = { getenv("ECHO_SERVER"), "what", "ever", NULL };
	struct child child;
	char rest[8];

	(void)state;
	child_start(&child, &(struct child_options){ argv, no_env, NULL });
	assert_false(child_expect(&child, "ready ", rest, sizeof(rest)));
	assert_false(child_is_alive(&child, 0));
	child_discard(&child);
}

static void
argon2id_is_counted(void **state)
{
	struct place *place = *state;
	struct load load;

	atomic_store(&place->meter.on, true);
	load = argon2_ceiling_start(2, &place->meter);
	await(&place->meter, 2);
	load.stop(load.self);
	assert_string_equal(place->meter.first_error, "");
}

static void
commits_are_counted_and_leave_nothing(void **state)
{
	static const enum lmdb_writes kinds[] = { LMDB_ROTATION, LMDB_LOGIN };
	struct place *place = *state;

	for (unsigned i = 0; i < 2; i++) {
		struct lmdb_ceiling_options options = {
			.dir = place->dir,
			.writes = kinds[i],
			.per_commit = 4,
		};
		struct load load;

		meter_reset(&place->meter);
		atomic_store(&place->meter.on, true);
		load = lmdb_ceiling_start(&options, &place->meter);
		await(&place->meter, 40);
		load.stop(load.self);
		assert_string_equal(place->meter.first_error, "");
	}
}

#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, open_place, close_place)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(echoes_are_counted_only_while_the_meter_is_on),
		CASE(an_echo_of_another_length_is_an_error),
		CASE(a_skeleton_answers_every_connection_with_the_echo),
		CASE(what_is_not_answered_as_expected_is_an_error),
		CASE(a_child_that_ends_is_not_ready),
		CASE(argon2id_is_counted),
		CASE(commits_are_counted_and_leave_nothing),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
