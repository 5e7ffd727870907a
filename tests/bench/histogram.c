#include "tests/bench/histogram.h"

/* Values below HISTOGRAM_SUB_COUNT have a bucket each. */
static unsigned
bucket_of(uint64_t value)
{
	unsigned top, shift;

	if (value < HISTOGRAM_SUB_COUNT)
		return (unsigned)value;
	top = 63U - (unsigned)__builtin_clzll(value);
	shift = top - HISTOGRAM_SUB_BITS;
	return (shift + 1) * HISTOGRAM_SUB_COUNT +
	       (unsigned)((value >> shift) - HISTOGRAM_SUB_COUNT);
}

static uint64_t
upper_edge(unsigned bucket)
{
	unsigned shift;
	uint64_t first;

	if (bucket < HISTOGRAM_SUB_COUNT)
		return bucket;
	shift = bucket / HISTOGRAM_SUB_COUNT - 1;
	first = (uint64_t)(HISTOGRAM_SUB_COUNT + bucket % HISTOGRAM_SUB_COUNT)
	        << shift;
	return first + ((UINT64_C(1) << shift) - 1);
}

static uint64_t
bucket_get(struct histogram *histogram, unsigned bucket)
{
	return atomic_load_explicit(&histogram->buckets[bucket],
	                            memory_order_relaxed);
}

void
histogram_reset(struct histogram *histogram)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKET_COUNT; i++)
		atomic_store_explicit(&histogram->buckets[i], 0,
		                      memory_order_relaxed);
}

void
histogram_add(struct histogram *histogram, uint64_t value)
{
	atomic_fetch_add_explicit(&histogram->buckets[bucket_of(value)], 1,
	                          memory_order_relaxed);
}

void
histogram_merge(struct histogram *histogram, struct histogram *from)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKET_COUNT; i++)
		atomic_fetch_add_explicit(&histogram->buckets[i],
		                          bucket_get(from, i),
		                          memory_order_relaxed);
}

uint64_t
histogram_count(struct histogram *histogram)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKET_COUNT; i++)
		count += bucket_get(histogram, i);
	return count;
}

uint64_t
histogram_quantile(struct histogram *histogram, unsigned per_mille)
{
	uint64_t count = histogram_count(histogram);
	uint64_t rank = (count * per_mille + 999) / 1000;
	uint64_t seen = 0;

	if (count == 0)
		return 0;
	for (unsigned i = 0; i < HISTOGRAM_BUCKET_COUNT; i++) {
		seen += bucket_get(histogram, i);
		if (seen >= rank)
			return upper_edge(i);
	}
	return UINT64_MAX;
}
