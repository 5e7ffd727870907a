#ifndef TESTS_BENCH_BAIL_H
#define TESTS_BENCH_BAIL_H

#include <stddef.h>

/*
 * The benchmark's answer to everything that should not happen: one sentence
 * and the end. A number measured after a failure would be worse than none.
 * Nothing needs undoing: the supervisor (supervisor.h) sees to what is left.
 */
_Noreturn void bail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* bail_nng ends the run unless rv, a result of NNG, is 0. */
void bail_nng(int rv, const char *step);

/* bail_alloc returns zeroed memory for count items; never NULL. */
void *bail_alloc(size_t count, size_t size);

#endif
