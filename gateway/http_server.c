/*
 * The server: options, one listening socket, the loops, drain and close.
 *
 * Each loop (http_loop.c) is a thread that turns like this: it waits in its
 * own epoll set for the listening socket, an eventfd, libmicrohttpd's epoll
 * set and, edge-triggered, for each connection's first bytes; it takes what
 * other threads handed over (connections, answered requests); it ends what
 * waited too long; it lets libmicrohttpd run. libmicrohttpd never waits by
 * itself: with its own thread it stalls while connections are suspended.
 *
 * Every loop accepts and gives each connection to the loop that has fewest. A
 * connection then stays where it is, and all calls of libmicrohttpd for it,
 * resuming included, are made by that loop's thread.
 */
#include "gateway/http_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gateway/http_listener.h"
#include "gateway/http_loop.h"

static bool
limits_are_usable(const struct http_options *options)
{
	const struct http_limits *limits = &options->limits;

	return options->loops > 0 && limits->body_max > 0 &&
	       limits->head_max > 0 && limits->url_max > 0 &&
	       limits->url_max <= limits->head_max &&
	       limits->head_timeout_ms > 0 && limits->request_timeout_ms > 0 &&
	       limits->idle_timeout_ms > 0 &&
	       limits->drain_idle_timeout_ms > 0 &&
	       limits->connections_max > 0 &&
	       limits->body_max <= SIZE_MAX / 4 &&
	       limits->body_most <= SIZE_MAX / 4 &&
	       limits->head_max <= SIZE_MAX / 16 &&
	       options->arena_size >= HTTP_ARENA_MIN(*limits);
}

static enum code
fail(char *err, size_t err_size, enum code code, const char *why)
{
	(void)snprintf(err, err_size, "%s", why);
	return code;
}

static struct http_server *
make_server(const struct http_options *options)
{
	struct http_server *server = calloc(1, sizeof(*server));
	pthread_condattr_t attr;

	if (server == NULL)
		return NULL;
	server->loops = calloc(options->loops, sizeof(struct http_loop *));
	if (server->loops == NULL) {
		free(server);
		return NULL;
	}
	server->options = *options;
	server->options.address = NULL;
	server->port = options->port;
	server->listen_fd = -1;
	(void)pthread_mutex_init(&server->mutex, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&server->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	return server;
}

static enum code
start_loops(struct http_server *server)
{
	enum code code = CODE_OK;
	struct http_loop *loop;

	/* A loop sees all of the others: none may accept until all are there.
	 */
	(void)pthread_mutex_lock(&server->mutex);
	while (code == CODE_OK && server->loop_count < server->options.loops) {
		code = http_loop_open(server, &loop);
		if (code == CODE_OK)
			server->loops[server->loop_count++] = loop;
	}
	(void)pthread_mutex_unlock(&server->mutex);
	return code;
}

enum code
http_server_open(const struct http_options *options, struct http_server **out,
                 char *err, size_t err_size)
{
	struct http_server *server;
	enum code code;

	if (!limits_are_usable(options))
		return fail(err, err_size, CODE_INVALID_ARGUMENT,
		            "A limit of the HTTP server is zero, url_max is "
		            "larger than head_max, or its memory for a request "
		            "is smaller than its limits need.");
	server = make_server(options);
	if (server == NULL)
		return fail(err, err_size, CODE_RESOURCE_EXHAUSTED,
		            "No memory for the HTTP server.");
	code = http_listener_open(options->address, &server->port,
	                          &server->listen_fd, err, err_size);
	if (code != CODE_OK) {
		http_server_close(server);
		return code;
	}
	code = http_limit_open(options->limits.connections_max,
	                       options->limits.connections_per_address_max,
	                       &server->limit);
	if (code == CODE_OK && options->proxies != NULL)
		code = http_limit_open(
			options->limits.connections_max,
			options->limits.connections_per_address_max,
			&server->clients);
	if (code == CODE_OK)
		code = start_loops(server);
	if (code != CODE_OK) {
		http_server_close(server);
		return fail(err, err_size, code,
		            "No memory, descriptor or thread for the HTTP "
		            "server.");
	}
	*out = server;
	return CODE_OK;
}

uint16_t
http_server_port(const struct http_server *server)
{
	return server->port;
}

/* The server's mutex is held. */
static bool
is_accepting(const struct http_server *server)
{
	for (unsigned i = 0; i < server->loop_count; i++)
		if (server->loops[i]->accepting)
			return true;
	return false;
}

static bool
has_connections(const struct http_server *server)
{
	for (unsigned i = 0; i < server->loop_count; i++)
		if (atomic_load(&server->loops[i]->connections) > 0)
			return true;
	return false;
}

void
http_server_drain(struct http_server *server, int64_t timeout_ms)
{
	struct timespec until;
	int rc = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void)pthread_mutex_lock(&server->mutex);
	atomic_store(&server->draining, true);
	/* What the system still accepted in our name would be cut off. */
	if (server->listen_fd >= 0)
		(void)listen(server->listen_fd, 0);
	for (unsigned i = 0; i < server->loop_count; i++)
		http_loop_wake(server->loops[i]);
	while (is_accepting(server))
		(void)pthread_cond_wait(&server->changed, &server->mutex);
	if (server->listen_fd >= 0)
		(void)close(server->listen_fd);
	server->listen_fd = -1;
	while (has_connections(server) && rc == 0)
		rc = pthread_cond_timedwait(&server->changed, &server->mutex,
		                            &until);
	(void)pthread_mutex_unlock(&server->mutex);
}

void
http_server_close(struct http_server *server)
{
	if (server == NULL)
		return;
	/* A loop that accepts may still hand a connection to any other. */
	http_server_drain(server, 0);
	for (unsigned i = 0; i < server->loop_count; i++)
		http_loop_close(server->loops[i]);
	http_limit_close(server->limit);
	http_limit_close(server->clients);
	(void)pthread_cond_destroy(&server->changed);
	(void)pthread_mutex_destroy(&server->mutex);
	free(server->loops);
	free(server);
}
