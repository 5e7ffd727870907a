#ifndef TESTS_BENCH_RELAY_H
#define TESTS_BENCH_RELAY_H

#include <nng/nng.h>

#include "gateway/http_server.h"

/*
 * The least a gateway can do with a request: send its access token and body as
 * one NNG message, as bare bytes, and answer with the bytes that come back.
 */
struct relay;
struct hop;

/* relay_open connects; `count` requests may be on their way at a time. */
struct relay *relay_open(const struct hop *hop, size_t count);

/* For http_options, with the relay as their ctx. */
http_handler relay_handle;
http_refuser relay_refuse;

#endif
