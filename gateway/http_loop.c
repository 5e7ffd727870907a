#include "gateway/http_loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "gateway/http_connection.h"
#include "gateway/http_exchange.h"
#include "gateway/http_request.h"

#define EVENTS_MAX 256
#define ROUNDS_MAX 4 /* of libmicrohttpd, before others get their turn */

/* What other threads have handed over, and whether to end. */
struct inbox {
	struct http_request *answered;
	struct http_connection *accepted;
	bool stop;
};

static bool
watch(struct http_loop *loop, int fd, uint32_t events, void *what)
{
	struct epoll_event event = { .events = events, .data.ptr = what };

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int
daemon_fd(const struct http_loop *loop)
{
	return MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD)
	        ->epoll_fd;
}

static struct inbox
take_inbox(struct http_loop *loop)
{
	struct inbox inbox;

	(void)pthread_mutex_lock(&loop->mutex);
	inbox.answered = loop->answered;
	inbox.accepted = loop->accepted;
	inbox.stop = loop->stop;
	loop->answered = NULL;
	loop->accepted = NULL;
	(void)pthread_mutex_unlock(&loop->mutex);
	return inbox;
}

/* false once the loop is to end. */
static bool
empty_inbox(struct http_loop *loop)
{
	struct inbox inbox = take_inbox(loop);
	struct http_connection *connection;
	struct http_request *request;

	while ((request = inbox.answered) != NULL) {
		inbox.answered = request->next;
		request->next = NULL;
		http_exchange_resume(request);
	}
	while ((connection = inbox.accepted) != NULL) {
		inbox.accepted = connection->next;
		connection->next = NULL;
		http_connection_start(connection);
	}
	return !inbox.stop;
}

static void
run_daemon(struct http_loop *loop)
{
	MHD_UNSIGNED_LONG_LONG timeout;
	int rounds = 0;

	do
		(void)MHD_run(loop->daemon);
	while (++rounds < ROUNDS_MAX &&
	       MHD_get_timeout(loop->daemon, &timeout) == MHD_YES &&
	       timeout == 0);
}

static void
expire(struct http_loop *loop)
{
	for (int wait = 0; wait < HTTP_WAIT_COUNT; wait++) {
		struct http_deadlines *list = &loop->waits[wait];

		while (list->first != NULL &&
		       list->first->at_ms <= loop->now_ms)
			http_connection_expire(list->first->owner);
	}
	if (loop->accept_again_ms > 0 && loop->accept_again_ms <= loop->now_ms)
		http_connection_accept(loop);
}

static int
wait_ms(struct http_loop *loop)
{
	MHD_UNSIGNED_LONG_LONG timeout;
	int64_t first = INT64_MAX;

	if (MHD_get_timeout(loop->daemon, &timeout) == MHD_YES && timeout == 0)
		return 0;
	for (int wait = 0; wait < HTTP_WAIT_COUNT; wait++)
		if (loop->waits[wait].first != NULL &&
		    loop->waits[wait].first->at_ms < first)
			first = loop->waits[wait].first->at_ms;
	if (loop->accept_again_ms > 0 && loop->accept_again_ms < first)
		first = loop->accept_again_ms;
	if (first == INT64_MAX)
		return -1;
	first -= clock_monotonic_ms();
	if (first < 0)
		return 0;
	return first < INT_MAX ? (int)first + 1 : INT_MAX;
}

/*
 * Draining: nobody new comes in. Who asks for nothing has to go, but not in
 * the moment in which a request of his may be on its way.
 */
static void
stop_accepting(struct http_loop *loop)
{
	struct http_server *server = loop->server;

	http_connection_accept_last(loop);
	if (loop->accept_again_ms == 0)
		(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL,
		                server->listen_fd, NULL);
	loop->accept_again_ms = 0;
	http_connection_hurry(loop, HTTP_WAIT_IDLE);
	http_connection_hurry(loop, HTTP_WAIT_HEAD);
	(void)pthread_mutex_lock(&server->mutex);
	loop->accepting = false;
	(void)pthread_cond_broadcast(&server->changed);
	(void)pthread_mutex_unlock(&server->mutex);
}

static void
take_events(struct http_loop *loop)
{
	struct epoll_event events[EVENTS_MAX];
	bool accepts = false;
	int count =
		epoll_wait(loop->epoll_fd, events, EVENTS_MAX, wait_ms(loop));

	assert(count >= 0 || errno == EINTR);
	loop->now_ms = clock_monotonic_ms();
	for (int i = 0; i < count; i++) {
		void *what = events[i].data.ptr;

		if (what == loop->server)
			accepts = true;
		else if (what != loop)
			http_connection_readable(what);
	}
	if (accepts && loop->accepting)
		http_connection_accept(loop);
}

static void
end(struct http_loop *loop)
{
	struct http_deadlines *lingering = &loop->waits[HTTP_WAIT_LINGER];

	run_daemon(loop);
	/* libmicrohttpd aborts when it is stopped with suspended ones. */
	assert(loop->awaited == 0);
	MHD_stop_daemon(loop->daemon);
	while (lingering->first != NULL)
		http_connection_discard(lingering->first->owner);
	http_request_free_spare(loop);
}

static void *
run(void *arg)
{
	struct http_loop *loop = arg;

	/* http_server_open holds it until all loops are there. */
	(void)pthread_mutex_lock(&loop->server->mutex);
	(void)pthread_mutex_unlock(&loop->server->mutex);
	while (!loop->ending) {
		take_events(loop);
		if (loop->accepting && atomic_load(&loop->server->draining))
			stop_accepting(loop);
		loop->ending = !empty_inbox(loop);
		expire(loop);
		/* After the inbox: nothing else tells it who was resumed. */
		run_daemon(loop);
	}
	end(loop);
	return NULL;
}

static bool
start_thread(struct http_loop *loop)
{
	sigset_t all, before;
	int rc;

	/* Signals are for the thread that waits for them. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&loop->thread, NULL, run, loop);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0;
}

static void
free_loop(struct http_loop *loop)
{
	if (loop->epoll_fd >= 0)
		(void)close(loop->epoll_fd);
	if (loop->wake_fd >= 0)
		(void)close(loop->wake_fd);
	(void)pthread_mutex_destroy(&loop->mutex);
	free(loop);
}

enum code
http_loop_open(struct http_server *server, struct http_loop **out)
{
	struct http_loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	loop->server = server;
	loop->accepting = true;
	(void)pthread_mutex_init(&loop->mutex, NULL);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	loop->daemon = http_exchange_daemon(loop);
	/* Edge-triggered, the eventfd never has to be read. */
	if (loop->epoll_fd < 0 || loop->wake_fd < 0 || loop->daemon == NULL ||
	    !watch(loop, loop->wake_fd, EPOLLIN | EPOLLET, loop) ||
	    !watch(loop, daemon_fd(loop), EPOLLIN, loop) ||
	    !watch(loop, server->listen_fd, EPOLLIN | EPOLLEXCLUSIVE, server) ||
	    !start_thread(loop)) {
		if (loop->daemon != NULL)
			MHD_stop_daemon(loop->daemon);
		free_loop(loop);
		return CODE_RESOURCE_EXHAUSTED;
	}
	*out = loop;
	return CODE_OK;
}

void
http_loop_close(struct http_loop *loop)
{
	(void)pthread_mutex_lock(&loop->mutex);
	loop->stop = true;
	http_loop_wake(loop);
	(void)pthread_mutex_unlock(&loop->mutex);
	(void)pthread_join(loop->thread, NULL);
	free_loop(loop);
}

void
http_loop_wake(struct http_loop *loop)
{
	int rc = eventfd_write(loop->wake_fd, 1);

	assert(rc == 0);
	(void)rc;
}

/*
 * Both wake the loop with the mutex held: once the loop has what was handed
 * over it may be gone before the caller is back.
 */
void
http_loop_post(struct http_loop *loop, struct http_request *request)
{
	(void)pthread_mutex_lock(&loop->mutex);
	if (loop->answered == NULL)
		http_loop_wake(loop);
	request->next = loop->answered;
	loop->answered = request;
	(void)pthread_mutex_unlock(&loop->mutex);
}

void
http_loop_adopt(struct http_loop *loop, struct http_connection *connection)
{
	(void)pthread_mutex_lock(&loop->mutex);
	http_loop_wake(loop);
	connection->next = loop->accepted;
	loop->accepted = connection;
	(void)pthread_mutex_unlock(&loop->mutex);
}

bool
http_loop_is_current(const struct http_loop *loop)
{
	return pthread_equal(pthread_self(), loop->thread) != 0;
}
