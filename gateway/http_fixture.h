#ifndef GATEWAY_HTTP_FIXTURE_H
#define GATEWAY_HTTP_FIXTURE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/http_server.h"

/*
 * A real server on 127.0.0.1 for tests, and a client that sends bytes as they
 * are. Its handler answers "METHOD path?query body" at once; requests for a
 * path that begins with "/held" it keeps until they are released; "/big" is
 * more than the kernel buffers; "/inject" has a CR LF in a header's value;
 * "/secret/…" is logged as a pattern, and closed with 204. Its refuser answers
 * {"status":N}.
 */
#define HTTP_FIXTURE_HELD_MAX 2048

struct http_fixture {
	struct http_options options;
	struct http_server *server;
	uint16_t port;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t changed;
	unsigned handled; /* calls of the handler */
	unsigned refused; /* calls of the refuser */
	unsigned status;  /* the last refusal's */
	struct http_request *held[HTTP_FIXTURE_HELD_MAX];
	unsigned held_count;
};

/* http_fixture_init sets options that suit a test; change them, then open. */
void http_fixture_init(struct http_fixture *fixture);
void http_fixture_open(struct http_fixture *fixture);
/* http_fixture_close releases what is held, then closes the server. */
void http_fixture_close(struct http_fixture *fixture);

/* http_fixture_await waits until so many requests are held. */
void http_fixture_await(struct http_fixture *fixture, unsigned count);
/* http_fixture_await_handled waits for so many calls of the handler. */
void http_fixture_await_handled(struct http_fixture *fixture, unsigned count);
/* http_fixture_release answers one of the held, from the caller's thread. */
void http_fixture_release(struct http_fixture *fixture, unsigned index);
unsigned http_fixture_handled(struct http_fixture *fixture);
unsigned http_fixture_refused(struct http_fixture *fixture);

/* http_client_socket returns a blocking socket that gives up after 30 s. */
int http_client_socket(void);
void http_client_reach(const struct http_fixture *fixture, int fd);
/* http_client_is_refused: does nobody listen any more? */
bool http_client_is_refused(const struct http_fixture *fixture);
/* http_client_connect does both. */
int http_client_connect(const struct http_fixture *fixture);
/* http_client_send sends all; false when the peer has closed. */
bool http_client_send(int fd, const void *data, size_t len);
bool http_client_say(int fd, const char *text);

struct http_answer {
	unsigned status; /* 0: closed before an answer */
	char head[8192];
	char body[16384];
	size_t body_len;
	bool closes; /* it says "Connection: close" */
};

/* http_client_read reads one answer; no_body: it was to a HEAD request. */
void http_client_read(int fd, bool no_body, struct http_answer *out);
/* http_client_is_closed waits for the end, which it wants without bytes. */
bool http_client_is_closed(int fd);

#endif
