#include "base/refusal_log.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"

#define MS_PER_LINE (1000 / REFUSAL_LOG_PER_S)

/*
 * Of the process, as the level of the log is: a refusal comes from below NNG,
 * where nothing of ours is passed down.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct refusal_limit process_limit;

bool
refusal_limit_admit(struct refusal_limit *limit, int64_t now_ms,
                    int64_t *unlogged)
{
	int64_t lines = (now_ms - limit->filled_ms) / MS_PER_LINE;

	if (limit->filled_ms == 0 ||
	    limit->granted + lines >= REFUSAL_LOG_BURST) {
		limit->granted = REFUSAL_LOG_BURST;
		limit->filled_ms = now_ms;
	} else {
		limit->granted += lines;
		limit->filled_ms += lines * MS_PER_LINE;
	}
	if (limit->granted == 0) {
		limit->unlogged++;
		return false;
	}
	limit->granted--;
	*unlogged = limit->unlogged;
	limit->unlogged = 0;
	return true;
}

void
refusal_log(const char *event, const struct log_field *fields, size_t count)
{
	struct log_field all[REFUSAL_LOG_FIELDS_MAX];
	int64_t unlogged = 0;
	bool admitted;

	assert(count < REFUSAL_LOG_FIELDS_MAX);
	(void)pthread_mutex_lock(&lock);
	admitted = refusal_limit_admit(&process_limit, clock_monotonic_ms(),
	                               &unlogged);
	(void)pthread_mutex_unlock(&lock);
	if (!admitted)
		return;
	memcpy(all, fields, count * sizeof(all[0]));
	if (unlogged > 0)
		all[count++] = LOG_N("unlogged", unlogged);
	log_event(LOG_LEVEL_WARN, event, all, count);
}

void
refusal_log_settle(void)
{
	int64_t unlogged;

	(void)pthread_mutex_lock(&lock);
	unlogged = process_limit.unlogged;
	process_limit.unlogged = 0;
	(void)pthread_mutex_unlock(&lock);
	if (unlogged > 0)
		LOG_EVENT(LOG_LEVEL_WARN, "refusals_unlogged",
		          LOG_N("count", unlogged));
}
