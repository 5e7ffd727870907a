#ifndef TESTS_BENCH_COMMIT_COUNT_H
#define TESTS_BENCH_COMMIT_COUNT_H

#include <stdint.h>

/*
 * How often a store was committed, read from outside while its server runs:
 * LMDB numbers its transactions, and every number is one synced commit.
 */
struct commit_count;

/* commit_count_open opens the store in dir for reading. */
struct commit_count *commit_count_open(const char *dir);

/* commit_count_get returns the number of the last commit. */
uint64_t commit_count_get(struct commit_count *count);

void commit_count_close(struct commit_count *count);

#endif
