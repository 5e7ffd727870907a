#ifndef GATEWAY_HTTP_REQUEST_H
#define GATEWAY_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "gateway/http.h"
#include "gateway/http_connection.h"
#include "gateway/http_framing.h"
#include "gateway/http_loop.h"

/*
 * A request with its memory in one block: this, then the arena. The loop owns
 * it; between the call of the handler and http_respond the handler may use it
 * from any thread, and the loop leaves it alone.
 */
struct MHD_Response;

struct http_request {
	struct http_loop *loop;
	struct http_connection *connection;
	struct http_request *next; /* among the answered or the spare */
	struct arena arena;
	uint8_t id[16];
	char client[INET6_ADDRSTRLEN]; /* the peer, or whom a proxy names */
	bool secure;
	bool client_counted; /* by the server's clients */
	struct http_limit_key client_key;
	int64_t received_ms;
	const char *method; /* "" until the head is read, like the next two */
	const char *path;
	const char *query;
	struct http_header_line *headers;
	size_t header_count;
	char *body;
	size_t body_len;
	size_t body_size;
	size_t body_max; /* of this request */

	char *target;          /* path and query; NULL if too long */
	const char *target_at; /* in libmicrohttpd's memory, for its place */
	size_t target_len;
	bool head_read;
	bool whole;    /* given to the handler or refused */
	bool close;    /* no request may follow this one */
	bool direct;   /* http_respond writes to the socket itself */
	bool answered; /* http_respond was called */
	unsigned status;
	struct MHD_Response *response; /* until the end: http_reply_release */
};

/* http_request_open makes an empty request; NULL if there is no memory. */
struct http_request *http_request_open(struct http_connection *connection);

/* http_request_close wipes it and gives it back to its loop. */
void http_request_close(struct http_request *request);

/*
 * http_request_read_head copies the head and divides the target, which must
 * not be NULL; false when there is no memory for it.
 */
bool http_request_read_head(struct http_request *request,
                            const struct http_head *head);

/*
 * http_request_find_client takes a trusted proxy's word for who the client is;
 * false: that client has too many requests in progress.
 */
bool http_request_find_client(struct http_request *request);

/* http_request_free_spare frees what the loop keeps for later requests. */
void http_request_free_spare(struct http_loop *loop);

#endif
