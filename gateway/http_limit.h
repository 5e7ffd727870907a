#ifndef GATEWAY_HTTP_LIMIT_H
#define GATEWAY_HTTP_LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/code.h"

/*
 * How many connections there are, in all and from one address: an IPv4
 * address (also one mapped into IPv6) or an IPv6 /64, which is what one
 * subscriber gets. All memory is taken at open. Safe from any thread.
 */
struct http_limit;

/* Whose connection it is; made by http_limit_key. One of AF_UNSPEC, all zero,
 * is counted in all but not by its address. */
struct http_limit_key {
	uint64_t network;
	int family;
};

/*
 * http_limit_open takes limits of at least 1; per_address_max 0 means none.
 * RESOURCE_EXHAUSTED.
 */
NODISCARD enum code http_limit_open(unsigned total_max,
                                    unsigned per_address_max,
                                    struct http_limit **out);
void http_limit_close(struct http_limit *limit);

struct http_limit_key http_limit_key(const struct sockaddr *address);

/* http_limit_key_of makes one of a numeric address as text. */
struct http_limit_key http_limit_key_of(const char *address);

/* http_limit_enter counts a connection; false: one too many, not counted. */
bool http_limit_enter(struct http_limit *limit, struct http_limit_key key);

/* http_limit_leave takes back what an http_limit_enter counted. */
void http_limit_leave(struct http_limit *limit, struct http_limit_key key);

#endif
