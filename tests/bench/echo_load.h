#ifndef TESTS_BENCH_ECHO_LOAD_H
#define TESTS_BENCH_ECHO_LOAD_H

#include <stddef.h>

#include "tests/bench/hop.h"
#include "tests/bench/meter.h"

/* Calls of a fixed size to an echo_server, by bare NNG contexts. */
struct echo_load_options {
	struct hop hop;
	unsigned calls;      /* in flight */
	size_t request_size; /* bytes */
	size_t reply_size;   /* bytes; another size is an error */
};

/* echo_load_start connects and begins to call. */
struct load echo_load_start(const struct echo_load_options *options,
                            struct meter *meter);

#endif
