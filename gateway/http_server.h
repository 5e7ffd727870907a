#ifndef GATEWAY_HTTP_SERVER_H
#define GATEWAY_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/code.h"
#include "gateway/http.h"

/*
 * HTTP/1.1 (RFC 9110, RFC 9112) around libmicrohttpd: one event loop per
 * thread, limits of our own, strict framing.
 */
struct http_server;
struct http_tls;
struct proxy_list;

struct http_limits {
	size_t body_max;         /* bytes; more is 413 */
	size_t body_most;        /* bytes; the most that body_limit may allow;
	                            0: it may not change body_max */
	size_t head_max;         /* bytes of request line and headers; 431 */
	size_t url_max;          /* bytes; 414 */
	int64_t head_timeout_ms; /* from the connection, later from the first
	                            byte, to the end of headers */
	int64_t request_timeout_ms;    /* from the first byte to the end of the
	                                  body */
	int64_t idle_timeout_ms;       /* between requests */
	int64_t drain_idle_timeout_ms; /* during a drain, for a request that
	                                  may be on its way */
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

#endif
