#ifndef TESTS_BENCH_TRIAL_H
#define TESTS_BENCH_TRIAL_H

#include <stdint.h>

#include "tests/bench/meter.h"
#include "tests/bench/row.h"
#include "tests/bench/stage.h"

#define TRIAL_ROUNDS_MAX 9

/* What one side of a row, the programs or the ceiling, came to. */
struct trial_side {
	row_start *start;
	struct meter meter; /* of the round in progress */
	struct histogram latencies;
	double rates[TRIAL_ROUNDS_MAX]; /* answers per second of each round */
	unsigned rounds;
	uint64_t errors;
	char first_error[METER_TEXT_SIZE];
	double server_cpu_s; /* of the deployment's programs, in the windows */
	double gateway_cpu_s;
	uint64_t commits; /* of the deployment's store, likewise */
};

/* A row beside its ceiling. Large: not for the stack. */
struct trial {
	struct trial_side subject;
	struct trial_side ceiling;
};

/*
 * trial_run measures a row and its ceiling in turns, so that whatever else the
 * machine does happens to both. The deployment serves in the row's mode.
 */
void trial_run(struct stage *stage, const struct row *row, struct trial *out);

/* trial_run_side measures one side on its own. */
void trial_run_side(struct stage *stage, row_start *start,
                    struct trial_side *out);

/* trial_side_rate returns the median of a side's rates. */
double trial_side_rate(const struct trial_side *side);

#endif
