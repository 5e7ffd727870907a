#include "server/rpc/lane_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/clock.h"

/* What has been taken, and a latch that holds the thread that takes. */
struct witness {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned started;
	unsigned verdicts[3];
	bool held;
	char order[16];
	unsigned order_len;
};

struct job {
	struct lane_item item;
	struct witness *witness;
	bool holds;
	char name;
};

static void
witness_init(struct witness *w)
{
	*w = (struct witness){ .held = true };
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->changed, NULL);
}

static void
take(struct lane_item *item, enum lane_verdict verdict)
{
	struct job *job = (struct job *)item;
	struct witness *w = job->witness;

	(void)pthread_mutex_lock(&w->lock);
	w->started++;
	w->verdicts[verdict]++;
	w->order[w->order_len++] = job->name;
	(void)pthread_cond_broadcast(&w->changed);
	while (job->holds && w->held)
		(void)pthread_cond_wait(&w->changed, &w->lock);
	(void)pthread_mutex_unlock(&w->lock);
}

static void
wait_started(struct witness *w, unsigned count)
{
	(void)pthread_mutex_lock(&w->lock);
	while (w->started < count)
		(void)pthread_cond_wait(&w->changed, &w->lock);
	(void)pthread_mutex_unlock(&w->lock);
}

static void
release(struct witness *w)
{
	(void)pthread_mutex_lock(&w->lock);
	w->held = false;
	(void)pthread_cond_broadcast(&w->changed);
	(void)pthread_mutex_unlock(&w->lock);
}

static struct job
make_job(struct witness *w, char name, bool holds)
{
	return (struct job){ .item.deadline_ms = INT64_MAX,
		             .witness = w,
		             .holds = holds,
		             .name = name };
}

static struct lane_pool *
open_pool(unsigned threads, unsigned queue_max)
{
	const struct lane_options options = { threads, queue_max };
	struct lane_pool *pool;

	assert_int_equal(lane_pool_open("test", &options, take, &pool),
	                 CODE_OK);
	return pool;
}

static void
close_pool(struct lane_pool *pool)
{
	lane_pool_close(pool);
	lane_pool_free(pool);
}

static void
never_runs_what_waited_past_its_deadline(void **state)
{
	struct lane_pool *pool = open_pool(1, 2);
	struct witness w;
	struct job blocker, late, good;
	uint32_t retry_ms;

	(void)state;
	witness_init(&w);
	blocker = make_job(&w, 'a', true);
	late = make_job(&w, 'b', false);
	good = make_job(&w, 'c', false);
	late.item.deadline_ms = clock_monotonic_ms() + 1;
	assert_true(lane_pool_put(pool, &blocker.item, &retry_ms));
	wait_started(&w, 1);
	assert_true(lane_pool_put(pool, &late.item, &retry_ms));
	assert_true(lane_pool_put(pool, &good.item, &retry_ms));
	while (clock_monotonic_ms() < late.item.deadline_ms)
		; /* the very condition that is tested */
	release(&w);
	wait_started(&w, 3);
	close_pool(pool);
	assert_int_equal(w.verdicts[LANE_RUN], 2);
	assert_int_equal(w.verdicts[LANE_EXPIRED], 1);
}

static void
serves_in_the_order_of_arrival(void **state)
{
	struct lane_pool *pool = open_pool(1, 3);
	struct witness w;
	struct job jobs[4];
	uint32_t retry_ms;

	(void)state;
	witness_init(&w);
	for (size_t i = 0; i < 4; i++) {
		jobs[i] = make_job(&w, (char)('a' + i), i == 0);
		assert_true(lane_pool_put(pool, &jobs[i].item, &retry_ms));
		if (i == 0)
			wait_started(&w, 1);
	}
	release(&w);
	wait_started(&w, 4);
	close_pool(pool);
	assert_memory_equal(w.order, "abcd", 4);
}

static void
refuses_what_finds_the_queue_full(void **state)
{
	struct lane_pool *pool = open_pool(1, 1);
	struct witness w;
	struct job jobs[3];
	uint32_t retry_ms = 0;

	(void)state;
	witness_init(&w);
	for (size_t i = 0; i < 3; i++)
		jobs[i] = make_job(&w, (char)('a' + i), i == 0);
	assert_true(lane_pool_put(pool, &jobs[0].item, &retry_ms));
	wait_started(&w, 1);
	assert_true(lane_pool_put(pool, &jobs[1].item, &retry_ms));
	assert_false(lane_pool_put(pool, &jobs[2].item, &retry_ms));
	assert_true(retry_ms > 0);
	release(&w);
	wait_started(&w, 2);
	close_pool(pool);
	assert_int_equal(w.started, 2);
}

static void
refuses_everything_once_closed(void **state)
{
	struct lane_pool *pool = open_pool(1, 2);
	struct witness w;
	struct job job;
	uint32_t retry_ms;

	(void)state;
	witness_init(&w);
	job = make_job(&w, 'a', false);
	lane_pool_close(pool);
	assert_false(lane_pool_put(pool, &job.item, &retry_ms));
	close_pool(pool);
	assert_int_equal(w.started, 0);
}

static void *
close_on_thread(void *pool)
{
	lane_pool_close(pool);
	return NULL;
}

static void
takes_everything_out_before_it_is_closed(void **state)
{
	struct lane_pool *pool = open_pool(1, 2);
	struct witness w;
	struct job jobs[3];
	pthread_t closer;
	uint32_t retry_ms;

	(void)state;
	witness_init(&w);
	for (size_t i = 0; i < 3; i++) {
		jobs[i] = make_job(&w, (char)('a' + i), i == 0);
		assert_true(lane_pool_put(pool, &jobs[i].item, &retry_ms));
		if (i == 0)
			wait_started(&w, 1);
	}
	assert_int_equal(pthread_create(&closer, NULL, close_on_thread, pool),
	                 0);
	release(&w);
	(void)pthread_join(closer, NULL);
	lane_pool_free(pool);
	assert_int_equal(w.started, 3);
	assert_int_equal(w.verdicts[LANE_RUN] + w.verdicts[LANE_CLOSED], 3);
}

static void
wants_at_least_one_thread(void **state)
{
	const struct lane_options options = { 0, 1 };
	struct lane_pool *pool;

	(void)state;
	assert_int_equal(lane_pool_open("test", &options, take, &pool),
	                 CODE_INVALID_ARGUMENT);
	lane_pool_close(NULL);
	lane_pool_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_runs_what_waited_past_its_deadline),
		cmocka_unit_test(serves_in_the_order_of_arrival),
		cmocka_unit_test(refuses_what_finds_the_queue_full),
		cmocka_unit_test(refuses_everything_once_closed),
		cmocka_unit_test(takes_everything_out_before_it_is_closed),
		cmocka_unit_test(wants_at_least_one_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
