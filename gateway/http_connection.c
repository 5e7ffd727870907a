#include "gateway/http_connection.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/http_exchange.h"
#include "gateway/http_listener.h"
#include "gateway/http_request.h"
#include "gateway/proxy_list.h"

#define ACCEPTS_MAX 32        /* in one turn of the loop */
#define ACCEPT_PAUSE_MS 100   /* when descriptors or memory have run out */
#define LINGER_MS 1000        /* for the peer to read our last answer */
#define EXCESS_MAX 64         /* refusals a loop still writes at a time */
#define DISCARD_MAX (1 << 20) /* bytes a peer may still send meanwhile */

struct http_tls *
http_connection_tls(struct MHD_Connection *mhd)
{
	const struct http_connection *connection =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
			->socket_context;

	return connection->loop->server->options.tls;
}

static int64_t
deadline_of(const struct http_connection *connection, enum http_wait wait)
{
	const struct http_limits *limits =
		&connection->loop->server->options.limits;
	bool draining = atomic_load(&connection->loop->server->draining);
	int64_t now = connection->loop->now_ms;

	switch (wait) {
	case HTTP_WAIT_IDLE:
		return now + (draining ? limits->drain_idle_timeout_ms
		                       : limits->idle_timeout_ms);
	case HTTP_WAIT_HEAD:
		return connection->started_ms +
		       (draining && connection->is_fresh
		                ? limits->drain_idle_timeout_ms
		                : limits->head_timeout_ms);
	case HTTP_WAIT_BODY:
		return connection->started_ms + limits->request_timeout_ms;
	case HTTP_WAIT_SENDING:
		return now + limits->request_timeout_ms;
	default:
		return now + LINGER_MS;
	}
}

void
http_connection_wait(struct http_connection *connection, enum http_wait wait)
{
	struct http_loop *loop = connection->loop;

	if (connection->wait != HTTP_WAIT_NONE)
		http_deadlines_del(&loop->waits[connection->wait],
		                   &connection->deadline);
	connection->wait = wait;
	if (wait == HTTP_WAIT_NONE)
		return;
	connection->deadline.at_ms = deadline_of(connection, wait);
	http_deadlines_add(&loop->waits[wait], &connection->deadline);
}

void
http_connection_shut(struct http_connection *connection)
{
	http_connection_wait(connection, HTTP_WAIT_NONE);
	(void)shutdown(connection->fd, SHUT_RDWR);
}

static bool
watch(struct http_connection *connection)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET,
		                     .data.ptr = connection };

	return epoll_ctl(connection->loop->epoll_fd, EPOLL_CTL_ADD,
	                 connection->fd, &event) == 0;
}

/* The descriptor is closed or not ours; nobody knows the connection now. */
static void
forget(struct http_connection *connection)
{
	struct http_loop *loop = connection->loop;
	struct http_server *server = loop->server;

	http_connection_wait(connection, HTTP_WAIT_NONE);
	if (connection->counted)
		http_limit_leave(server->limit, connection->key);
	else
		loop->excess--;
	free(connection);
	(void)atomic_fetch_sub(&loop->connections, 1);
	if (!atomic_load(&server->draining))
		return;
	(void)pthread_mutex_lock(&server->mutex);
	(void)pthread_cond_broadcast(&server->changed);
	(void)pthread_mutex_unlock(&server->mutex);
}

void
http_connection_discard(struct http_connection *connection)
{
	(void)close(connection->fd);
	forget(connection);
}

/* Without this the answer is lost: a close with bytes unread is a reset. */
static void
linger(struct http_connection *connection)
{
	(void)shutdown(connection->fd, SHUT_WR);
	if (watch(connection))
		http_connection_wait(connection, HTTP_WAIT_LINGER);
	else
		http_connection_discard(connection);
}

static void
discard_input(struct http_connection *connection)
{
	char bytes[16384];
	ssize_t len;

	do {
		len = recv(connection->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		connection->discarded += len > 0 ? (size_t)len : 0;
	} while (len > 0 && connection->discarded < DISCARD_MAX);
	if (len >= 0 || errno != EAGAIN)
		http_connection_discard(connection);
	explicit_bzero(bytes, sizeof(bytes));
}

void
http_connection_readable(struct http_connection *connection)
{
	if (connection->wait == HTTP_WAIT_LINGER) {
		discard_input(connection); /* it may be gone */
		return;
	}
	/* A new connection's deadline stays that of the accept. */
	if (connection->wait == HTTP_WAIT_IDLE || connection->is_fresh)
		connection->started_ms = connection->loop->now_ms;
	if (connection->wait == HTTP_WAIT_IDLE)
		http_connection_wait(connection, HTTP_WAIT_HEAD);
	connection->is_fresh = false;
}

void
http_connection_expire(struct http_connection *connection)
{
	if (connection->wait == HTTP_WAIT_LINGER)
		http_connection_discard(connection);
	else if (connection->wait == HTTP_WAIT_BODY)
		http_exchange_refuse_now(connection->request, 408);
	else
		http_connection_shut(connection);
}

static void
refuse_excess(struct http_connection *connection)
{
	struct http_request *request = NULL;

	connection->counted = false;
	/* Before a handshake nothing can be said over TLS. */
	if (++connection->loop->excess <= EXCESS_MAX &&
	    connection->loop->server->options.tls == NULL)
		request = http_request_open(connection);
	if (request == NULL) {
		http_connection_discard(connection);
		return;
	}
	http_exchange_refuse_now(request, 503);
	http_request_close(request);
	linger(connection);
}

void
http_connection_start(struct http_connection *connection)
{
	struct http_loop *loop = connection->loop;
	int one = 1;

	connection->counted =
		http_limit_enter(loop->server->limit, connection->key);
	if (!connection->counted) {
		refuse_excess(connection);
		return;
	}
	(void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one,
	                 sizeof(one));
	loop->adding = connection;
	if (MHD_add_connection(loop->daemon, connection->fd,
	                       (const struct sockaddr *)&connection->address,
	                       connection->address_len) != MHD_YES) {
		/* It closed the socket, and may have told us so already. */
		if (loop->adding == connection)
			forget(connection);
		loop->adding = NULL;
		return;
	}
	loop->adding = NULL;
	connection->started_ms = loop->now_ms;
	connection->is_fresh = true;
	/* Not idle: its first bytes, over TLS a handshake, may be read before
	 * an event tells of them, and a stranger may be as slow as he likes to
	 * send none. */
	if (!watch(connection))
		http_connection_shut(connection);
	else
		http_connection_wait(connection, HTTP_WAIT_HEAD);
}

void
http_connection_closed(struct http_connection *connection)
{
	struct http_loop *loop = connection->loop;
	int fd = -1;

	if (loop->adding == connection)
		loop->adding = NULL;
	/* One of which libmicrohttpd never learnt. */
	if (connection->request != NULL)
		http_request_close(connection->request);
	connection->request = NULL;
	/* Fails when it is closed before it was watched. */
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, connection->fd, NULL);
	if (connection->linger && !loop->ending)
		fd = fcntl(connection->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		forget(connection);
		return;
	}
	connection->fd = fd;
	linger(connection);
}

/* Text without the scope of IPv6, an IPv4 address always in its own form. */
static void
print_peer(struct http_connection *connection)
{
	const void *address = &connection->address;
	struct sockaddr_in6 six;
	struct sockaddr_in four;
	const char *text = NULL;

	if (connection->address.ss_family == AF_INET) {
		memcpy(&four, address, sizeof(four));
		text = inet_ntop(AF_INET, &four.sin_addr, connection->peer,
		                 sizeof(connection->peer));
	} else if (connection->address.ss_family == AF_INET6) {
		memcpy(&six, address, sizeof(six));
		text = IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)
		               ? inet_ntop(AF_INET, &six.sin6_addr.s6_addr32[3],
		                           connection->peer,
		                           sizeof(connection->peer))
		               : inet_ntop(AF_INET6, &six.sin6_addr,
		                           connection->peer,
		                           sizeof(connection->peer));
	}
	if (text == NULL)
		connection->peer[0] = '\0';
}

static struct http_loop *
emptiest_loop(const struct http_server *server)
{
	struct http_loop *best = server->loops[0];

	for (unsigned i = 1; i < server->loop_count; i++)
		if (atomic_load(&server->loops[i]->connections) <
		    atomic_load(&best->connections))
			best = server->loops[i];
	return best;
}

static void
place(struct http_loop *loop, struct http_connection *connection)
{
	struct http_loop *target = emptiest_loop(loop->server);

	connection->loop = target;
	connection->deadline.owner = connection;
	connection->key =
		http_limit_key((const struct sockaddr *)&connection->address);
	print_peer(connection);
	connection->is_proxy =
		proxy_list_has(loop->server->options.proxies, connection->peer);
	if (connection->is_proxy)
		connection->key = (struct http_limit_key){ 0 };
	(void)atomic_fetch_add(&target->connections, 1);
	if (target == loop)
		http_connection_start(connection);
	else
		http_loop_adopt(target, connection);
}

/* The socket stays readable, so a loop that cannot accept would spin. */
static void
pause_accepting(struct http_loop *loop, int error)
{
	LOG_EVENT(LOG_LEVEL_WARN, "accept_failed",
	          LOG_T("error", strerrordesc_np(error)));
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->server->listen_fd,
	              NULL) == 0)
		loop->accept_again_ms = loop->now_ms + ACCEPT_PAUSE_MS;
}

static bool
resume_accepting(struct http_loop *loop)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE,
		                     .data.ptr = loop->server };

	loop->accept_again_ms = 0;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->server->listen_fd,
	              &event) == 0)
		return true;
	loop->accept_again_ms = loop->now_ms + ACCEPT_PAUSE_MS;
	return false;
}

/* false when there is none to accept now. */
static bool
accept_one(struct http_loop *loop)
{
	struct http_connection *connection = calloc(1, sizeof(*connection));
	int error;

	if (connection == NULL) {
		pause_accepting(loop, ENOMEM);
		return false;
	}
	connection->address_len = sizeof(connection->address);
	connection->fd =
		accept4(loop->server->listen_fd,
	                (struct sockaddr *)&connection->address,
	                &connection->address_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (connection->fd >= 0) {
		place(loop, connection);
		return true;
	}
	error = errno;
	free(connection);
	if (error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM)
		pause_accepting(loop, error);
	return error == EINTR || error == ECONNABORTED;
}

void
http_connection_accept_last(struct http_loop *loop)
{
	int accepted = 0;

	if (loop->accept_again_ms == 0)
		while (accepted < HTTP_BACKLOG && accept_one(loop))
			accepted++;
}

/* Whom a drain finds waiting for a first byte has no more than a moment. */
void
http_connection_hurry(struct http_loop *loop, enum http_wait wait)
{
	struct http_deadline *deadline = loop->waits[wait].first;

	while (deadline != NULL) {
		struct http_connection *connection = deadline->owner;

		deadline = deadline->next;
		if (connection->deadline.at_ms > deadline_of(connection, wait))
			http_connection_wait(connection, wait);
	}
}

void
http_connection_accept(struct http_loop *loop)
{
	int accepted = 0;

	if (loop->accept_again_ms > 0 && !resume_accepting(loop))
		return;
	while (accepted < ACCEPTS_MAX && accept_one(loop))
		accepted++;
}
