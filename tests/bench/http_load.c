#include "tests/bench/http_load.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bail.h"
#include "tests/bench/http_socket.h"

#define EVENTS_MAX 64
#define ANSWER_TIMEOUT_MS 20000

struct connection {
	int fd; /* -1: it failed */
	unsigned index;
	uint64_t asked_ns;
	size_t out_len;
	size_t in_len;
	char out[HTTP_SCRIPT_REQUEST_MAX];
	char in[HTTP_SOCKET_REPLY_MAX];
};

struct http_load {
	struct http_script script;
	struct meter *meter;
	struct connection *connections;
	unsigned count;
	unsigned open; /* connections that still ask or await an answer */
	int epoll_fd;
	int stop_fd; /* an eventfd: readable once the load is to stop */
	bool stopping;
	pthread_t thread;
};

static void
leave(struct http_load *load, struct connection *connection)
{
	(void)close(connection->fd);
	connection->fd = -1;
	load->open--;
}

static void
ask(struct http_load *load, struct connection *connection)
{
	size_t len = connection->out_len;

	connection->in_len = 0;
	connection->asked_ns = meter_now_ns();
	/* One small request on a connection with nothing in flight: it fits. */
	if (send(connection->fd, connection->out, len, MSG_NOSIGNAL) ==
	    (ssize_t)len)
		return;
	meter_fail(load->meter, "send: %s", strerror(errno));
	leave(load, connection);
}

static void
write_request(struct http_load *load, struct connection *connection)
{
	connection->out_len = load->script.ask(
		load->script.ctx, connection->index, connection->out);
}

/* Goes on after a whole reply; false: the connection is of no more use. */
static bool
take_reply(struct http_load *load, struct connection *connection,
           const struct http_reply *reply)
{
	const struct http_script *script = &load->script;

	if (reply->status != 200) {
		meter_fail(load->meter, "status %u: %.*s", reply->status,
		           (int)(reply->body_len < 160 ? reply->body_len : 160),
		           reply->body);
		return false;
	}
	meter_count(load->meter, connection->asked_ns);
	if (script->hear == NULL)
		return true;
	if (!script->hear(script->ctx, connection->index, reply)) {
		meter_fail(load->meter, "unexpected: %.*s",
		           (int)(reply->body_len < 160 ? reply->body_len : 160),
		           reply->body);
		return false;
	}
	write_request(load, connection);
	return true;
}

static void
receive(struct http_load *load, struct connection *connection)
{
	struct http_reply reply = { 0 };
	enum http_reply_state state;
	ssize_t got =
		recv(connection->fd, connection->in + connection->in_len,
	             sizeof(connection->in) - connection->in_len, MSG_DONTWAIT);

	if (got == -1 && errno == EAGAIN)
		return;
	if (got <= 0) {
		meter_fail(load->meter, "the connection was closed");
		leave(load, connection);
		return;
	}
	connection->in_len += (size_t)got;
	state = http_reply_read(connection->in, connection->in_len, &reply);
	if (state == HTTP_REPLY_PARTIAL)
		return;
	if (state == HTTP_REPLY_BAD) {
		meter_fail(load->meter, "a malformed answer");
		leave(load, connection);
	} else if (!take_reply(load, connection, &reply) || load->stopping) {
		leave(load, connection);
	} else {
		ask(load, connection);
	}
}

/* Asked to stop, every connection leaves with the answer it still awaits. */
static void *
run(void *arg)
{
	struct http_load *load = arg;
	struct epoll_event events[EVENTS_MAX];

	for (unsigned i = 0; i < load->count; i++)
		ask(load, &load->connections[i]);
	while (load->open > 0) {
		int count = epoll_wait(load->epoll_fd, events, EVENTS_MAX,
		                       ANSWER_TIMEOUT_MS);

		if (count == 0)
			meter_fail(load->meter, "no answer");
		if (count == 0 || (count == -1 && errno != EINTR))
			return NULL;
		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr == NULL)
				load->stopping = true;
			else
				receive(load, events[i].data.ptr);
		}
	}
	return NULL;
}

static void
stop(void *self)
{
	struct http_load *load = self;

	if (eventfd_write(load->stop_fd, 1) != 0)
		bail("eventfd: %s", strerror(errno));
	(void)pthread_join(load->thread, NULL);
	for (unsigned i = 0; i < load->count; i++) {
		if (load->connections[i].fd != -1)
			(void)close(load->connections[i].fd);
	}
	(void)close(load->epoll_fd);
	(void)close(load->stop_fd);
	free(load->connections);
	free(load);
}

static void
watch(struct http_load *load, int fd, void *tag, uint32_t how)
{
	struct epoll_event event = { .events = how, .data.ptr = tag };

	if (fd == -1 ||
	    epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		bail("cannot connect: %s", strerror(errno));
}

struct load
http_load_start(const struct http_load_options *options, struct meter *meter)
{
	struct http_load *load = bail_alloc(1, sizeof(*load));

	load->script = options->script;
	load->meter = meter;
	load->count = options->connections;
	load->open = load->count;
	load->connections = bail_alloc(load->count, sizeof(*load->connections));
	load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	load->stop_fd = eventfd(0, EFD_CLOEXEC);
	/* Edge-triggered: one event is enough for a flag that stays up. */
	watch(load, load->stop_fd, NULL, EPOLLIN | EPOLLET);
	for (unsigned i = 0; i < load->count; i++) {
		struct connection *connection = &load->connections[i];

		connection->index = i;
		connection->fd = http_socket_open(options->port);
		watch(load, connection->fd, connection, EPOLLIN);
		write_request(load, connection);
	}
	if (pthread_create(&load->thread, NULL, run, load) != 0)
		bail("cannot start a thread");
	return (struct load){ load, stop };
}
