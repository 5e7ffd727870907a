#ifndef TESTS_BENCH_HTTP_SCRIPT_H
#define TESTS_BENCH_HTTP_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/bench/http_reply.h"

#define HTTP_SCRIPT_REQUEST_MAX 8192 /* bytes */

/*
 * What the connections of a load say. `index` tells which connection it is for,
 * so that each can be somebody else. Called from one thread.
 */
struct http_script {
	void *ctx;
	/* Writes a whole request into `to` and returns its length. */
	size_t (*ask)(void *ctx, unsigned index,
	              char to[HTTP_SCRIPT_REQUEST_MAX]);
	/*
	 * Sees a 200 before the next request; false: it is not as it should
	 * be. NULL: every request is the same as the first.
	 */
	bool (*hear)(void *ctx, unsigned index, const struct http_reply *reply);
};

#endif
