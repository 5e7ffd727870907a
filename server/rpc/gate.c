#include "server/rpc/gate.h"

#include <time.h>

#include "base/clock.h"

void
gate_init(struct gate *gate)
{
	atomic_init(&gate->shut, false);
	atomic_init(&gate->inside, 0);
	(void)pthread_mutex_init(&gate->lock, NULL);
	(void)pthread_cond_init(&gate->empty, NULL);
}

void
gate_destroy(struct gate *gate)
{
	(void)pthread_cond_destroy(&gate->empty);
	(void)pthread_mutex_destroy(&gate->lock);
}

/* Counts first and looks then, so that a drain overlooks nobody. */
bool
gate_enter(struct gate *gate)
{
	(void)atomic_fetch_add(&gate->inside, 1);
	if (!atomic_load(&gate->shut))
		return true;
	gate_leave(gate);
	return false;
}

void
gate_leave(struct gate *gate)
{
	if (atomic_fetch_sub(&gate->inside, 1) != 1 ||
	    !atomic_load(&gate->shut))
		return;
	(void)pthread_mutex_lock(&gate->lock);
	(void)pthread_cond_broadcast(&gate->empty);
	(void)pthread_mutex_unlock(&gate->lock);
}

void
gate_shut(struct gate *gate)
{
	atomic_store(&gate->shut, true);
}

bool
gate_is_shut(const struct gate *gate)
{
	return atomic_load(&gate->shut);
}

void
gate_wait(struct gate *gate, int64_t timeout_ms)
{
	int64_t until_ms = clock_monotonic_ms() + timeout_ms;
	const struct timespec until = {
		.tv_sec = until_ms / 1000,
		.tv_nsec = until_ms % 1000 * 1000000,
	};
	int rc = 0;

	(void)pthread_mutex_lock(&gate->lock);
	while (atomic_load(&gate->inside) > 0 && rc == 0)
		rc = pthread_cond_clockwait(&gate->empty, &gate->lock,
		                            CLOCK_MONOTONIC, &until);
	(void)pthread_mutex_unlock(&gate->lock);
}
