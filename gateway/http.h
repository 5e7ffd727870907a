#ifndef GATEWAY_HTTP_H
#define GATEWAY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"

/*
 * A request and its answer, as a handler of http_server.h sees them. Handed
 * over once it is whole, its connection stays suspended until http_respond.
 */
struct http_request;

struct arena *http_arena(struct http_request *request);
const char *http_method(const struct http_request *request);
/* http_path returns the raw path, undecoded, without the query. */
const char *http_path(const struct http_request *request);
/* http_query returns the raw query without '?', "" if none. */
const char *http_query(const struct http_request *request);
/* http_header returns a header's value, NULL if absent; any case. */
const char *http_header(const struct http_request *request, const char *name);
struct bytes http_body(const struct http_request *request);
/* http_peer returns the client's numeric address: the connection's peer, or
 * whom a trusted proxy names. */
const char *http_peer(const struct http_request *request);
/* http_is_secure tells whether the client speaks HTTPS, to us or a proxy. */
bool http_is_secure(const struct http_request *request);
/* http_request_id returns 16 random bytes made for this request. */
const uint8_t *http_request_id(const struct http_request *request);
/* http_received_ms returns when its first byte came, monotonic. */
int64_t http_received_ms(const struct http_request *request);

struct http_header_line {
	const char *name;
	const char *value;
};

/* Everything in it is copied by http_respond. */
struct http_response {
	unsigned status;
	struct bytes body;
	const struct http_header_line *headers;
	size_t header_count;
	bool close;                /* close the connection after this answer */
	const char *log_path;      /* what the access log shows as the path, for
	                              paths that hold a secret; NULL: the path */
	const char *log_route;     /* likewise what answered; NULL: nothing */
	const char *log_condition; /* likewise which error; NULL: none */
};

/*
 * http_respond answers and gives the request up: it, its arena and everything
 * in it are wiped and gone when this returns or soon after. HEAD gets the
 * headers only. Content-Length, Connection and Date are http's own and are not
 * to be among the headers; a header whose value is NULL or "" is left out,
 * one that cannot be sent (CR, LF) turns the answer into an empty 500. Writes
 * the access log line (no query string).
 */
void http_respond(struct http_request *request,
                  const struct http_response *response);

#endif
