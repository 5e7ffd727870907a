/*
 * The store on a disk that fails. fdatasync, pwrite and writev are defined
 * here, in front of libc's, so that the test decides how each ends: LMDB calls
 * these for its pages and its meta page.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/store/store_fixture.h"

/* Smaller writes are LMDB's meta page, not a page of data. */
#define PAGE_SIZE 4096

/* What happens to the disk; 0 is nothing. A test's own global state: the
 * functions that read it have no parameter to pass it by. */
static struct {
	atomic_int sync_error;
	atomic_int write_error;
	atomic_int meta_error;
	atomic_bool gate; /* a sync waits until the test lets it go on */
	sem_t entered;
	sem_t leave;
} disk;

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc's
 * headers use reserved names. */

int
fdatasync(int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");

	if (atomic_load(&disk.gate)) {
		(void)sem_post(&disk.entered);
		while (sem_wait(&disk.leave) != 0)
			continue;
	}
	if (atomic_load(&disk.sync_error) != 0) {
		errno = atomic_load(&disk.sync_error);
		return -1;
	}
	return real(fd);
}

ssize_t
pwrite(int fd, const void *buf, size_t size, off_t at)
{
	ssize_t (*real)(int, const void *, size_t, off_t) =
		(ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT,
	                                                            "pwrite");
	atomic_int *error =
		size < PAGE_SIZE ? &disk.meta_error : &disk.write_error;

	if (atomic_load(error) != 0) {
		errno = atomic_load(error);
		return -1;
	}
	return real(fd, buf, size, at);
}

ssize_t
writev(int fd, const struct iovec *iov, int count)
{
	ssize_t (*real)(int, const struct iovec *, int) =
		(ssize_t(*)(int, const struct iovec *, int))dlsym(RTLD_NEXT,
	                                                          "writev");

	if (atomic_load(&disk.write_error) != 0) {
		errno = atomic_load(&disk.write_error);
		return -1;
	}
	return real(fd, iov, count);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

struct writer {
	pthread_t thread;
	struct store *store;
	uint64_t key;
	atomic_bool done;
	enum code code;
	enum store_fault fault;
};

static void *
write_one(void *arg)
{
	struct writer *w = arg;
	struct store_txn txn;
	uint64_t be;

	store_begin_write(w->store, &txn);
	store_add(&txn, STORE_SESSION, store_fixture_key(w->key, &be),
	          (struct bytes){ &w->key, sizeof(w->key) });
	w->code = store_end(&txn);
	w->fault = txn.fault;
	atomic_store(&w->done, true);
	return NULL;
}

static void
start(struct writer *w, struct store *store, uint64_t key)
{
	w->store = store;
	w->key = key;
	atomic_init(&w->done, false);
	assert_int_equal(pthread_create(&w->thread, NULL, write_one, w), 0);
}

static void
finish(struct writer *w)
{
	assert_int_equal(pthread_join(w->thread, NULL), 0);
}

static void
await(sem_t *sem)
{
	while (sem_wait(sem) != 0)
		continue;
}

static void
open_gate(void)
{
	atomic_store(&disk.gate, false);
	(void)sem_post(&disk.leave);
}

static bool
is_there(struct store *store, uint64_t key)
{
	uint64_t got;

	return store_fixture_get(store, key, &got) == CODE_OK;
}

static void
a_write_ends_only_after_its_sync_and_is_not_seen_before(void **state)
{
	struct store_fixture *f = *state;
	struct writer w = { 0 };

	atomic_store(&disk.gate, true);
	start(&w, f->store, 1);
	await(&disk.entered);
	assert_false(atomic_load(&w.done));
	assert_false(is_there(f->store, 1));
	open_gate();
	finish(&w);
	assert_int_equal(w.code, CODE_OK);
	assert_true(is_there(f->store, 1));
}

#define MANY 64

static void
writes_that_come_during_a_sync_share_the_next(void **state)
{
	struct store_fixture *f = *state;
	struct store_stats before, after;
	struct writer w[MANY] = { 0 };

	store_stats_get(f->store, &before);
	atomic_store(&disk.gate, true);
	start(&w[0], f->store, 1);
	await(&disk.entered);
	for (unsigned i = 1; i < MANY; i++)
		start(&w[i], f->store, 1 + i);
	open_gate();
	for (unsigned i = 0; i < MANY; i++) {
		finish(&w[i]);
		assert_int_equal(w[i].code, CODE_OK);
	}
	store_stats_get(f->store, &after);
	assert_int_equal(after.writes - before.writes, MANY);
	/* Two in the best case; a slow thread may come late. */
	assert_true(after.commits - before.commits <= MANY / 4);
}

static void
a_group_takes_no_more_than_it_may(void **state)
{
	struct store_fixture *f = *state;
	struct store_stats before, after;
	struct writer w[MANY] = { 0 };

	f->options.group_max = 4;
	store_fixture_reopen(f);
	store_stats_get(f->store, &before);
	for (unsigned i = 0; i < MANY; i++)
		start(&w[i], f->store, 1 + i);
	for (unsigned i = 0; i < MANY; i++) {
		finish(&w[i]);
		assert_int_equal(w[i].code, CODE_OK);
	}
	store_stats_get(f->store, &after);
	assert_true(after.commits - before.commits >= MANY / 4);
}

/* Lets a group of writers fail, looks around, and lets the next succeed. */
static void
fail_group(struct store_fixture *f, atomic_int *which, int error,
           const struct writer *expected)
{
	struct writer w[8] = { 0 };

	assert_int_equal(store_fixture_add(f->store, 100, 1), CODE_OK);
	atomic_store(which, error);
	for (unsigned i = 0; i < 8; i++)
		start(&w[i], f->store, 1 + i);
	for (unsigned i = 0; i < 8; i++) {
		finish(&w[i]);
		assert_int_equal(w[i].code, expected->code);
		assert_int_equal(w[i].fault, expected->fault);
		assert_false(is_there(f->store, 1 + i));
	}
	assert_int_equal(store_write_fault(f->store), expected->fault);
	assert_true(is_there(f->store, 100));
	atomic_store(which, 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(store_fixture_add(f->store, 1 + i, 1),
		                 CODE_OK);
	assert_int_equal(store_write_fault(f->store), STORE_FAULT_NONE);
	/* Opening looks at every page. */
	store_fixture_reopen(f);
	for (unsigned i = 0; i < 8; i++)
		assert_true(is_there(f->store, 1 + i));
}

static void
a_failed_sync_fails_its_group_and_the_next_goes_on(void **state)
{
	struct writer expected = { .code = CODE_INTERNAL,
		                   .fault = STORE_FAULT_OTHER };

	fail_group(*state, &disk.sync_error, EIO, &expected);
}

static void
a_full_disk_fails_its_group_and_writes_go_on_with_room(void **state)
{
	static const int errors[] = { ENOSPC, EDQUOT, EFBIG };
	struct writer expected = { .code = CODE_RESOURCE_EXHAUSTED,
		                   .fault = STORE_FAULT_DISK_FULL };
	struct store_fixture *f = *state;

	for (size_t i = 0; i < 3; i++) {
		fail_group(f, &disk.write_error, errors[i], &expected);
		for (uint64_t key = 1; key <= 8; key++)
			assert_int_equal(store_fixture_del(f->store, key),
			                 CODE_OK);
		assert_int_equal(store_fixture_del(f->store, 100), CODE_OK);
	}
}

static void
a_disk_that_fills_during_the_sync_is_a_full_disk_too(void **state)
{
	struct writer expected = { .code = CODE_RESOURCE_EXHAUSTED,
		                   .fault = STORE_FAULT_DISK_FULL };

	fail_group(*state, &disk.sync_error, ENOSPC, &expected);
}

/* LMDB itself gives up then; a restart finds the state before or after. */
static void
a_meta_page_that_cannot_be_written_refuses_all_until_reopened(void **state)
{
	struct store_fixture *f = *state;
	uint64_t got;

	assert_int_equal(store_fixture_add(f->store, 1, 1), CODE_OK);
	atomic_store(&disk.meta_error, EIO);
	assert_int_not_equal(store_fixture_add(f->store, 2, 2), CODE_OK);
	atomic_store(&disk.meta_error, 0);
	assert_int_equal(store_fixture_add(f->store, 3, 3), CODE_DATA_LOSS);
	assert_int_equal(store_write_fault(f->store), STORE_FAULT_DAMAGED);
	assert_int_equal(store_fixture_get(f->store, 1, &got), CODE_DATA_LOSS);
	store_fixture_reopen(f);
	assert_true(is_there(f->store, 1));
	assert_false(is_there(f->store, 3));
	assert_int_equal(store_fixture_add(f->store, 3, 3), CODE_OK);
}

/* A real limit of the system, met in the middle of a write. */
static void
a_file_size_limit_is_a_full_disk(void **state)
{
	static const uint8_t value[3000];
	struct store_fixture *f = *state;
	struct rlimit before, limit;
	struct store_txn txn = { 0 };
	struct stat st;
	uint64_t be, n = 0;

	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(stat(f->file, &st), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)st.st_size + 200000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	do {
		store_begin_write(f->store, &txn);
		for (int i = 0; i < 9; i++)
			store_add(&txn, STORE_SESSION,
			          store_fixture_key(n++, &be),
			          (struct bytes){ value, sizeof(value) });
	} while (store_end(&txn) == CODE_OK);
	assert_int_equal(txn.code, CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(txn.fault, STORE_FAULT_DISK_FULL);
	assert_int_equal(store_write_fault(f->store), STORE_FAULT_DISK_FULL);
	store_begin_read(f->store, &txn);
	assert_int_equal(
		store_get(&txn, STORE_SESSION, store_fixture_key(0, &be)).len,
		sizeof(value));
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(store_fixture_add(f->store, 1000000, 1), CODE_OK);
	assert_int_equal(store_write_fault(f->store), STORE_FAULT_NONE);
	store_fixture_reopen(f);
}

static int
setup(void **state)
{
	(void)sem_init(&disk.entered, 0, 0);
	(void)sem_init(&disk.leave, 0, 0);
	return store_fixture_setup(state);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, setup, store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_write_ends_only_after_its_sync_and_is_not_seen_before),
		TEST(writes_that_come_during_a_sync_share_the_next),
		TEST(a_group_takes_no_more_than_it_may),
		TEST(a_failed_sync_fails_its_group_and_the_next_goes_on),
		TEST(a_full_disk_fails_its_group_and_writes_go_on_with_room),
		TEST(a_disk_that_fills_during_the_sync_is_a_full_disk_too),
		TEST(a_meta_page_that_cannot_be_written_refuses_all_until_reopened),
		TEST(a_file_size_limit_is_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
