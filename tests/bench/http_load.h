#ifndef TESTS_BENCH_HTTP_LOAD_H
#define TESTS_BENCH_HTTP_LOAD_H

#include <stdint.h>

#include "tests/bench/http_script.h"
#include "tests/bench/meter.h"

/*
 * HTTP/1.1 keep-alive connections to 127.0.0.1, each with one request in
 * flight: the next goes out when the answer is in. One thread, one epoll.
 */
struct http_load_options {
	uint16_t port;
	unsigned connections;
	struct http_script script; /* lent until the load is stopped */
};

/* http_load_start connects and begins to ask; anything but 200 is an error. */
struct load http_load_start(const struct http_load_options *options,
                            struct meter *meter);

#endif
