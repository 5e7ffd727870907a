#ifndef TESTS_BENCH_ROW_H
#define TESTS_BENCH_ROW_H

#include "tests/bench/http_scripts.h"
#include "tests/bench/rpc_scripts.h"
#include "tests/bench/stage.h"

struct row;

/* Starts a load for a row, over the deployment's hop and in its mode. */
typedef struct load row_start(struct stage *stage, const struct row *row,
                              struct meter *meter);

/* What a row is compared with: the same work by the libraries alone. */
struct ceiling {
	const char *name;
	row_start *start;
};

/* Something that is measured, once over each kind of hop. */
struct row {
	const char *name;
	enum deployment_mode mode;
	unsigned in_flight;
	/* One of the two says what is asked: over HTTP, or by direct RPC. */
	struct http_script (*http)(struct token_jar *jar);
	struct rpc_script (*rpc)(struct stage *stage);
	const struct ceiling *ceiling;
	bool writes; /* commits are worth a look */
};

/* row_list returns every row, in the order in which they are measured. */
const struct row *row_list(size_t *count);

/* row_in_flight returns how many calls a row keeps in flight on this stage. */
unsigned row_in_flight(const struct stage *stage, const struct row *row);

/* row_start_subject starts the load on the programs themselves. */
row_start row_start_subject;

#endif
