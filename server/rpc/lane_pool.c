#include "server/rpc/lane_pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"

#define RETRY_MIN_MS 50
#define RETRY_MAX_MS 10000
#define AVERAGE_WEIGHT 16 /* an item counts for one in so many */

struct lane_pool {
	pthread_mutex_t lock;
	pthread_cond_t ready; /* something waits, or the lane closes */
	lane_taker *take;
	struct lane_item *first;
	struct lane_item **last;
	unsigned waiting;
	unsigned idle; /* threads with nothing to do */
	unsigned queue_max;
	int64_t average; /* AVERAGE_WEIGHT times the ms of a run */
	bool closing;
	bool joined;
	unsigned thread_count;
	pthread_t threads[];
};

/* Waits for an item; NULL once the lane closes and none is left. */
static struct lane_item *
next_item(struct lane_pool *pool, enum lane_verdict *verdict)
{
	struct lane_item *item;

	(void)pthread_mutex_lock(&pool->lock);
	pool->idle++;
	while (pool->first == NULL && !pool->closing)
		(void)pthread_cond_wait(&pool->ready, &pool->lock);
	pool->idle--;
	item = pool->first;
	if (item != NULL) {
		pool->first = item->next;
		if (pool->first == NULL)
			pool->last = &pool->first;
		pool->waiting--;
	}
	*verdict = pool->closing ? LANE_CLOSED : LANE_RUN;
	(void)pthread_mutex_unlock(&pool->lock);
	return item;
}

static void
note_duration(struct lane_pool *pool, int64_t ms)
{
	(void)pthread_mutex_lock(&pool->lock);
	pool->average += ms - pool->average / AVERAGE_WEIGHT;
	(void)pthread_mutex_unlock(&pool->lock);
}

static void *
work(void *arg)
{
	struct lane_pool *pool = arg;
	struct lane_item *item;
	enum lane_verdict verdict;

	while ((item = next_item(pool, &verdict)) != NULL) {
		int64_t start_ms = clock_monotonic_ms();

		if (verdict == LANE_RUN && start_ms >= item->deadline_ms)
			verdict = LANE_EXPIRED;
		pool->take(item, verdict);
		if (verdict == LANE_RUN)
			note_duration(pool, clock_monotonic_ms() - start_ms);
	}
	return NULL;
}

static bool
start_threads(struct lane_pool *pool, const char *name, unsigned count)
{
	sigset_t all, before;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	while (pool->thread_count < count) {
		pthread_t *thread = &pool->threads[pool->thread_count];

		if (pthread_create(thread, NULL, work, pool) != 0)
			break;
		(void)pthread_setname_np(*thread, name);
		pool->thread_count++;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pool->thread_count == count;
}

enum code
lane_pool_open(const char *name, const struct lane_options *options,
               lane_taker *take, struct lane_pool **out)
{
	struct lane_pool *pool;

	if (options->threads == 0)
		return CODE_INVALID_ARGUMENT;
	pool = calloc(1, sizeof(*pool) +
	                         options->threads * sizeof(pool->threads[0]));
	if (pool == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	(void)pthread_mutex_init(&pool->lock, NULL);
	(void)pthread_cond_init(&pool->ready, NULL);
	pool->take = take;
	pool->last = &pool->first;
	pool->queue_max = options->queue_max;
	if (!start_threads(pool, name, options->threads)) {
		lane_pool_close(pool);
		lane_pool_free(pool);
		return CODE_RESOURCE_EXHAUSTED;
	}
	*out = pool;
	return CODE_OK;
}

/* When the queue will have been worked off, if all goes on as it did. */
static uint32_t
retry_after(const struct lane_pool *pool)
{
	int64_t ms = pool->average * pool->waiting /
	             ((int64_t)AVERAGE_WEIGHT * pool->thread_count);

	if (ms < RETRY_MIN_MS)
		return RETRY_MIN_MS;
	return ms > RETRY_MAX_MS ? RETRY_MAX_MS : (uint32_t)ms;
}

bool
lane_pool_put(struct lane_pool *pool, struct lane_item *item,
              uint32_t *retry_after_ms)
{
	bool room;

	(void)pthread_mutex_lock(&pool->lock);
	/* What an idle thread is about to take does not wait. */
	room = !pool->closing && pool->waiting < pool->queue_max + pool->idle;
	if (room) {
		item->next = NULL;
		*pool->last = item;
		pool->last = &item->next;
		pool->waiting++;
		(void)pthread_cond_signal(&pool->ready);
	} else {
		*retry_after_ms = retry_after(pool);
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return room;
}

void
lane_pool_close(struct lane_pool *pool)
{
	if (pool == NULL)
		return;
	(void)pthread_mutex_lock(&pool->lock);
	pool->closing = true;
	(void)pthread_cond_broadcast(&pool->ready);
	(void)pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; !pool->joined && i < pool->thread_count; i++)
		(void)pthread_join(pool->threads[i], NULL);
	pool->joined = true;
}

void
lane_pool_free(struct lane_pool *pool)
{
	if (pool == NULL)
		return;
	(void)pthread_cond_destroy(&pool->ready);
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool);
}
