#ifndef GATEWAY_HTTP_LOOP_H
#define GATEWAY_HTTP_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/http_deadline.h"
#include "gateway/http_limit.h"
#include "gateway/http_server.h"

/*
 * One event loop: a thread, a libmicrohttpd daemon without threads of its own
 * and an epoll set of ours around it. Everything below is touched by the
 * loop's thread alone unless it says otherwise.
 */
struct MHD_Daemon;
struct http_connection;
struct http_request;

/* What a connection waits for; each has its own list of deadlines. */
enum http_wait {
	HTTP_WAIT_NONE,    /* the handler, or the end that MHD will notice */
	HTTP_WAIT_IDLE,    /* the first byte of a second, third … request */
	HTTP_WAIT_HEAD,    /* the end of the headers */
	HTTP_WAIT_BODY,    /* the end of the body */
	HTTP_WAIT_SENDING, /* the peer to take the answer */
	HTTP_WAIT_CLOSING, /* the peer to close, MHD still has the socket */
	HTTP_WAIT_LINGER,  /* the peer to close, the socket is ours */
	HTTP_WAIT_COUNT
};

struct http_server {
	struct http_options options; /* address is not kept */
	struct http_limit *limit;
	struct http_limit *clients; /* requests through proxies; or NULL */
	int listen_fd;
	uint16_t port;
	atomic_bool draining;
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* a loop's accepting or connections */
	struct http_loop **loops;
	unsigned loop_count; /* of those that run */
};

struct http_loop {
	struct http_server *server;
	struct MHD_Daemon *daemon;
	void (*queue_response)(void); /* MHD_queue_response of the library */
	pthread_t thread;
	int epoll_fd;
	int wake_fd;
	int64_t now_ms; /* when this turn began */
	struct http_deadlines waits[HTTP_WAIT_COUNT];
	int64_t accept_again_ms;         /* 0: not paused */
	struct http_request *dispatched; /* its handler runs, no answer yet */
	struct http_connection *adding;
	unsigned awaited; /* suspended requests, handler's to answer */
	unsigned excess;  /* connections beyond the limit */
	struct http_request *spare;
	unsigned spare_count;
	uint8_t random[512];
	size_t random_len;
	bool ending;
	bool accepting;          /* written under server->mutex */
	atomic_uint connections; /* any thread */
	pthread_mutex_t mutex;   /* guards what follows */
	struct http_request *answered;
	struct http_connection *accepted;
	bool stop;
};

/* http_loop_open starts the thread. RESOURCE_EXHAUSTED. */
NODISCARD enum code http_loop_open(struct http_server *server,
                                   struct http_loop **out);

/* http_loop_close ends the thread. No request may await its answer. */
void http_loop_close(struct http_loop *loop);

/* Any thread: http_loop_wake makes the loop look at the server's state. */
void http_loop_wake(struct http_loop *loop);

/* Any thread: http_loop_post hands over a request that has its answer. */
void http_loop_post(struct http_loop *loop, struct http_request *request);

/* Any thread: http_loop_adopt hands over a connection; takes it. */
void http_loop_adopt(struct http_loop *loop,
                     struct http_connection *connection);

/* http_loop_is_current: does the caller run on the loop's thread? */
bool http_loop_is_current(const struct http_loop *loop);

#endif
