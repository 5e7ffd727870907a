#ifndef TESTS_BENCH_STAGE_H
#define TESTS_BENCH_STAGE_H

#include "tests/bench/commit_count.h"
#include "tests/bench/deployment.h"
#include "tests/bench/token_jar.h"
#include "tests/bench/token_pile.h"

/* What all rows share: the programs, the sessions, and how long to measure. */
struct stage {
	struct deployment deployment;
	struct token_jar jar;
	struct token_pile pile;
	struct commit_count *commits; /* of the deployment's store */
	const char *echo_server;      /* programs of the ceilings */
	const char *skeleton;
	const char *dir; /* empty but for the deployment; removed later */
	unsigned cores;
	unsigned in_flight_max; /* caps what rows ask for */
	unsigned rounds;
	unsigned warm_ms;   /* before each window */
	unsigned window_ms; /* of each round */
};

#endif
