/*
 * How often a channel comes back to whoever refuses it: counted at a listener
 * that accepts and closes. The least time that many tries take is no promise of
 * a scheduler's: a busy machine only makes it longer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/clock.h"
#include "client/channel_fixture.h"

#define WAIT_MS 60000
/*
 * The first eight pauses grow to the longest; of the other seven each is 1 s
 * on average. That all of them are done in this time has a chance of 1:10000.
 */
#define TRIES 16
#define TRIES_TAKE_MS 2500

static int
listen_raw(const struct channel_fixture *f)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
	               f->path);
	assert_true(fd >= 0);
	assert_int_equal(
		bind(fd, (const struct sockaddr *)&address, sizeof(address)),
		0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static void
turn_away(int listener)
{
	struct pollfd waiting = { .fd = listener, .events = POLLIN };
	int fd;

	assert_int_equal(poll(&waiting, 1, WAIT_MS), 1);
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	(void)close(fd);
}

static void
comes_back_less_and_less_often_where_it_is_turned_away(void **state)
{
	struct channel_fixture *f = *state;
	int listener = listen_raw(f);
	int64_t began_ms = clock_monotonic_ms();

	channel_fixture_open(f);
	for (int i = 0; i < TRIES; i++)
		turn_away(listener);
	assert_in_range(clock_monotonic_ms() - began_ms, TRIES_TAKE_MS,
	                INT64_MAX);
	(void)close(listener);
	(void)unlink(f->path);
	test_server_start(&f->server, f->url, NULL, NULL);
	assert_true(channel_wait(f->channel, WAIT_MS));
}

/* Refuses a connection that has been established, as latchkeyd does a user. */
static void
refuse_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	(void)event;
	(void)nng_pipe_close(pipe);
	(void)sem_post(arg);
}

static void
await(sem_t *event)
{
	struct timespec until;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &until), 0);
	until.tv_sec += WAIT_MS / 1000;
	assert_int_equal(sem_clockwait(event, CLOCK_MONOTONIC, &until), 0);
}

static void
comes_back_less_and_less_often_where_it_is_sent_off_at_once(void **state)
{
	struct channel_fixture *f = *state;
	int64_t began_ms = clock_monotonic_ms();
	nng_socket socket;
	sem_t refused;

	assert_int_equal(sem_init(&refused, 0, 0), 0);
	assert_int_equal(nng_rep0_open(&socket), 0);
	assert_int_equal(nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE,
	                                 refuse_pipe, &refused),
	                 0);
	assert_int_equal(nng_listen(socket, f->url, NULL, 0), 0);
	channel_fixture_open(f);
	for (int i = 0; i < TRIES; i++)
		await(&refused);
	assert_in_range(clock_monotonic_ms() - began_ms, TRIES_TAKE_MS,
	                INT64_MAX);
	(void)nng_close(socket);
	(void)sem_destroy(&refused);
	test_server_start(&f->server, f->url, NULL, NULL);
	assert_true(channel_wait(f->channel, WAIT_MS));
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, channel_fixture_setup,             \
	                                channel_fixture_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(comes_back_less_and_less_often_where_it_is_turned_away),
		TEST(comes_back_less_and_less_often_where_it_is_sent_off_at_once),
	};

	test_server_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
