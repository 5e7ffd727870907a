#ifndef TESTS_BENCH_METER_H
#define TESTS_BENCH_METER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/histogram.h"

/*
 * What a load reports to, from any of its threads: answers, counted only while
 * the meter is on, and errors, counted always, because even the warm-up of a
 * measurement has to be right.
 */
#define METER_TEXT_SIZE 256

struct meter {
	struct histogram latencies; /* nanoseconds */
	_Atomic uint64_t errors;
	_Atomic bool on;
	char first_error[METER_TEXT_SIZE]; /* "" without one */
};

/* meter_reset forgets everything and switches off; no load may be running. */
void meter_reset(struct meter *meter);

/* meter_now_ns returns nanoseconds of a clock that never jumps. */
uint64_t meter_now_ns(void);

/* meter_count counts one answer to what was asked at `asked_ns`. */
void meter_count(struct meter *meter, uint64_t asked_ns);

/* meter_fail counts an error and keeps the text of the first. */
void meter_fail(struct meter *meter, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A load in progress: whoever started it stops it, once. */
struct load {
	void *self;
	/* Waits for the answers that are still due and frees everything. */
	void (*stop)(void *self);
};

#endif
