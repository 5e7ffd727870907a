#include "tests/bench/meter.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

void
meter_reset(struct meter *meter)
{
	histogram_reset(&meter->latencies);
	atomic_store(&meter->errors, 0);
	atomic_store(&meter->on, false);
	meter->first_error[0] = '\0';
}

uint64_t
meter_now_ns(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) +
	       (uint64_t)now.tv_nsec;
}

void
meter_count(struct meter *meter, uint64_t asked_ns)
{
	if (atomic_load_explicit(&meter->on, memory_order_relaxed))
		histogram_add(&meter->latencies, meter_now_ns() - asked_ns);
}

void
meter_fail(struct meter *meter, const char *fmt, ...)
{
	va_list args;

	/* Only the first writes the text; it is read when the load is over. */
	if (atomic_fetch_add(&meter->errors, 1) != 0)
		return;
	va_start(args, fmt);
	(void)vsnprintf(meter->first_error, sizeof(meter->first_error), fmt,
	                args);
	va_end(args);
}
