#ifndef TESTS_BENCH_HISTOGRAM_H
#define TESTS_BENCH_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * Counts of latencies in fixed buckets, 32 to each power of two: a quantile is
 * at most one part in 32 above the truth, whatever the range. Any thread may
 * add at any time.
 */
#define HISTOGRAM_SUB_BITS 5
#define HISTOGRAM_SUB_COUNT (1U << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_BUCKET_COUNT                                                 \
	((64 - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUB_COUNT)

struct histogram {
	_Atomic uint64_t buckets[HISTOGRAM_BUCKET_COUNT];
};

/* histogram_reset forgets everything. */
void histogram_reset(struct histogram *histogram);

/* histogram_add counts one value. */
void histogram_add(struct histogram *histogram, uint64_t value);

/* histogram_merge adds what `from` counted. */
void histogram_merge(struct histogram *histogram, struct histogram *from);

/* histogram_count returns how many values were added. */
uint64_t histogram_count(struct histogram *histogram);

/*
 * histogram_quantile returns the upper edge of the bucket that holds the value
 * at `per_mille` (1 to 1000) of all, 0 if there is none.
 */
uint64_t histogram_quantile(struct histogram *histogram, unsigned per_mille);

#endif
