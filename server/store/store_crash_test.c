/*
 * kill -9 of a process that writes with many threads: whatever it had
 * acknowledged is there afterwards.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/store/store_fixture.h"

#define ROUNDS 10
#define THREADS 16
#define ACKNOWLEDGED_MIN 300 /* before the kill, each round */
#define ACKNOWLEDGED_MAX (1U << 20)

struct writer {
	struct store *store;
	uint64_t first;
	int pipe;
};

/* A key goes into the pipe only once its write has ended well. */
static void *
write_for_ever(void *arg)
{
	const struct writer *w = arg;

	for (uint64_t key = w->first;; key++)
		if (store_fixture_add(w->store, key, key) != CODE_OK ||
		    write(w->pipe, &key, sizeof(key)) != sizeof(key))
			_exit(1);
	return NULL;
}

static void
run_child(const struct store_options *options, unsigned round, int pipe_fd)
{
	struct writer writers[THREADS];
	pthread_t threads[THREADS];
	enum store_fault fault;
	struct store *store;
	char err[256];

	if (store_open(options, &store, &fault, err, sizeof(err)) != CODE_OK)
		_exit(1);
	for (uint64_t i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){
			.store = store,
			.first = ((uint64_t)round * THREADS + i) << 32,
			.pipe = pipe_fd
		};
		if (pthread_create(&threads[i], NULL, write_for_ever,
		                   &writers[i]) != 0)
			_exit(1);
	}
	(void)pthread_join(threads[0], NULL);
	_exit(1);
}

/* Lets a child write, kills it, and returns how many keys it had told. */
static size_t
run_round(const struct store_options *options, unsigned round, uint64_t *keys)
{
	int fds[2], status;
	size_t count = 0;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		run_child(options, round, fds[1]);
	(void)close(fds[1]);
	/* Writes of eight bytes into a pipe are whole. */
	while (count < ACKNOWLEDGED_MAX &&
	       read(fds[0], &keys[count], sizeof(keys[0])) ==
	               (ssize_t)sizeof(keys[0])) {
		count++;
		if (count == ACKNOWLEDGED_MIN + 37 * (size_t)round)
			assert_int_equal(kill(pid, SIGKILL), 0);
	}
	(void)close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return count;
}

static void
a_killed_process_loses_nothing_that_it_acknowledged(void **state)
{
	struct store_fixture *f = *state;
	uint64_t *keys = calloc(ACKNOWLEDGED_MAX, sizeof(*keys));

	assert_non_null(keys);
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t count;

		store_fixture_close(f);
		count = run_round(&f->options, round, keys);
		assert_true(count >= ACKNOWLEDGED_MIN);
		store_fixture_reopen(f);
		for (size_t i = 0; i < count; i++) {
			uint64_t got = 0;

			assert_int_equal(
				store_fixture_get(f->store, keys[i], &got),
				CODE_OK);
			assert_int_equal(got, keys[i]);
		}
	}
	free(keys);
}

/* Reads and keeps the transaction open until it is killed. */
static void
read_for_ever(const struct store_options *options, int began)
{
	enum store_fault fault;
	struct store_txn txn;
	struct store *store;
	char err[256];

	if (store_open(options, &store, &fault, err, sizeof(err)) != CODE_OK)
		_exit(1);
	store_begin_read(store, &txn);
	if (write(began, "x", 1) != 1)
		_exit(1);
	for (;;)
		(void)pause();
}

static pid_t
start_reader(const struct store_options *options)
{
	int fds[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		read_for_ever(options, fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	(void)close(fds[0]);
	(void)close(fds[1]);
	return pid;
}

static off_t
size_after_changes(struct store_fixture *f, unsigned count)
{
	struct stat st;

	for (uint64_t i = 0; i < count; i++) {
		assert_int_equal(store_fixture_add(f->store, 1, i), CODE_OK);
		assert_int_equal(store_fixture_del(f->store, 1), CODE_OK);
	}
	assert_int_equal(stat(f->file, &st), 0);
	return st.st_size;
}

/* An open reader keeps every page freed since; a dead one must not. */
static void
a_killed_reader_does_not_let_the_file_grow_for_ever(void **state)
{
	struct store_fixture *f = *state;
	off_t first, second;
	pid_t pid;

	store_fixture_close(f);
	pid = start_reader(&f->options);
	/* It lives while the store is opened here: no check at open helps. */
	store_fixture_reopen(f);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	first = size_after_changes(f, 300);
	second = size_after_changes(f, 600);
	assert_true(second <= first + (off_t)8 * 4096);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, store_fixture_setup,               \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_killed_process_loses_nothing_that_it_acknowledged),
		TEST(a_killed_reader_does_not_let_the_file_grow_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
