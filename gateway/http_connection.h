#ifndef GATEWAY_HTTP_CONNECTION_H
#define GATEWAY_HTTP_CONNECTION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "gateway/http_loop.h"

/*
 * A client's connection from accept to close. libmicrohttpd owns the socket
 * in between; the deadlines, the limits and the last second, in which what
 * the client still sends is thrown away so that it can read a refusal, are
 * ours. Belongs to one loop's thread.
 */
struct MHD_Connection;

struct http_connection {
	struct http_loop *loop;
	struct http_connection *next; /* among the adopted */
	struct MHD_Connection *mhd;
	int fd;
	enum http_wait wait;
	struct http_deadline deadline;
	struct http_limit_key key;
	bool is_proxy;      /* its word about the client counts */
	bool counted;       /* by the limit */
	bool is_fresh;      /* no byte came that we know of */
	bool linger;        /* we close it: let the client read first */
	size_t discarded;   /* bytes, while it lingers */
	int64_t started_ms; /* the first byte of this request */
	struct http_request *request; /* NULL between requests */
	socklen_t address_len;
	struct sockaddr_storage address;
	char peer[INET6_ADDRSTRLEN];
};

/* http_connection_tls returns what the connection's server is given. */
struct http_tls *http_connection_tls(struct MHD_Connection *mhd);

/* http_connection_accept accepts what waits, a few at a time. */
void http_connection_accept(struct http_loop *loop);

/*
 * http_connection_accept_last accepts all that the system has accepted: they
 * were told that somebody listens, and may have sent a request.
 */
void http_connection_accept_last(struct http_loop *loop);

/* http_connection_hurry makes the deadlines of a wait those of a drain. */
void http_connection_hurry(struct http_loop *loop, enum http_wait wait);

/* http_connection_start serves an accepted connection or refuses it: 503. */
void http_connection_start(struct http_connection *connection);

/* http_connection_wait sets what it waits for and, but for NONE, how long. */
void http_connection_wait(struct http_connection *connection,
                          enum http_wait wait);

/* http_connection_readable: bytes, or the end, have come. */
void http_connection_readable(struct http_connection *connection);

/* http_connection_expire ends what waited too long. */
void http_connection_expire(struct http_connection *connection);

/* http_connection_shut makes libmicrohttpd close it. */
void http_connection_shut(struct http_connection *connection);

/* http_connection_discard closes a socket of ours and frees all. */
void http_connection_discard(struct http_connection *connection);

/* http_connection_closed: libmicrohttpd is about to close the socket. */
void http_connection_closed(struct http_connection *connection);

#endif
