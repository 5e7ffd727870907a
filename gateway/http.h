#ifndef GATEWAY_HTTP_H
#define GATEWAY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"

/*
 * HTTP/1.1 (RFC 9110, RFC 9112) around libmicrohttpd: one event loop per
 * thread, limits of our own, strict framing. A request is handed over once it
 * is whole; its connection stays suspended until http_respond.
 */
struct http_server;
struct http_request;
struct http_tls;
struct proxy_list;

struct http_limits {
	size_t body_max;         /* bytes; more is 413 */
	size_t body_most;        /* bytes; the most that body_limit may allow;
	                            0: it may not change body_max */
	size_t head_max;         /* bytes of request line and headers; 431 */
	size_t url_max;          /* bytes; 414 */
	int64_t head_timeout_ms; /* from the first byte to the end of headers */
	int64_t request_timeout_ms; /* from the first byte to the end of the
	                               body */
	int64_t idle_timeout_ms;    /* between requests */
	unsigned connections_max;
	unsigned connections_per_address_max; /* IPv6: per /64; 0: no limit.
	                                         Of a proxy: requests
	                                         of one client */
};

/* HTTP_ARENA_MIN is what http itself may need of a request's arena. */
#define HTTP_ARENA_MIN(limits)                                                 \
	(((limits).body_most > (limits).body_max ? (limits).body_most          \
	                                         : (limits).body_max) +        \
	 2 * (limits).head_max + 8192)

/*
 * The handler gets every whole request exactly once and answers it exactly
 * once with http_respond, now or later, from any thread. It runs on an event
 * loop and must not block.
 */
typedef void http_handler(void *ctx, struct http_request *request);

/*
 * What http itself has to refuse: the refuser gives body and headers by
 * http_respond, which it calls before it returns; http closes the connection
 * after it. status: 400 (framing), 408, 413, 414, 431, 503 (too many
 * connections). Of the request, method, path and query are "" and headers are
 * absent unless its head was read, which it was for 408 and for a 413 in the
 * midst of a body.
 */
typedef void http_refuser(void *ctx, struct http_request *request,
                          unsigned status);

/*
 * http_body_limit returns how many bytes of body a request may have, up to
 * limits.body_most; 0: limits.body_max. It is asked when the head is there, on
 * an event loop, and sees of the request method and raw path only.
 */
typedef size_t http_body_limit(void *ctx, const char *method, const char *path);

struct http_options {
	const char *address; /* numeric IPv4 or IPv6 */
	uint16_t port;       /* 0: any; see http_server_port */
	unsigned loops;      /* threads */
	struct http_limits limits;
	size_t arena_size; /* bytes a request may use, its head and body
	                      included; at least HTTP_ARENA_MIN */
	http_handler *handler;
	http_refuser *refuser;
	http_body_limit *body_limit; /* NULL: body_max for all */
	struct http_tls *tls;        /* lent; NULL: plain HTTP */
	bool secure; /* requests come by HTTPS, unless a proxy says
	                otherwise */
	const struct proxy_list *proxies; /* lent; whose word about the client
	                                     counts; NULL: nobody's */
	bool forwarded; /* what they send: Forwarded; false: X-Forwarded-For
	                   and X-Forwarded-Proto */
	void *ctx;
};

/*
 * http_server_open listens and serves. ALREADY_EXISTS: the port is taken,
 * also by another gateway. INVALID_ARGUMENT: no such address, a limit of 0, an
 * arena that is too small. PERMISSION_DENIED, RESOURCE_EXHAUSTED. err gets one
 * sentence.
 */
NODISCARD enum code http_server_open(const struct http_options *options,
                                     struct http_server **out, char *err,
                                     size_t err_size);
uint16_t http_server_port(const struct http_server *server);

/*
 * http_server_drain stops accepting, answers what is in progress with
 * `Connection: close`, and returns when it is done or after timeout_ms.
 */
void http_server_drain(struct http_server *server, int64_t timeout_ms);

/* http_server_close accepts NULL. No request may await its http_respond. */
void http_server_close(struct http_server *server);

/* A parameter of the query or a header; the bytes live with the request. */
struct http_pair {
	const char *name;
	struct bytes value; /* NUL follows; may hold NULs itself when decoded */
};

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
