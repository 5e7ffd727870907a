#ifndef GATEWAY_INQUIRY_H
#define GATEWAY_INQUIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"

/*
 * A request as the translation sees it: http_request without its connection,
 * so that everything between HTTP and RPC is a function of values. All of it
 * lives as long as the arena.
 */
struct inquiry {
	struct arena *arena;
	const char *method;
	const char *path;          /* raw, undecoded */
	const char *query;         /* raw, without '?' */
	const char *peer;          /* the client's numeric address */
	bool secure;               /* the client speaks HTTPS */
	const uint8_t *request_id; /* 16 bytes */
	struct bytes body;
	/* header returns a header's value, NULL if absent; any case. */
	const char *(*header)(const void *ctx, const char *name);
	const void *ctx;
};

#endif
