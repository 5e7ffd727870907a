#include "gateway/http_fixture.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/log.h"

#define PATIENCE_S 30
#define BIG (16 << 20)

static void
echo(struct http_request *request)
{
	const struct http_header_line headers[] = {
		{ "Content-Type", "text/plain" },
		{ "X-Host", http_header(request, "host") },
		{ "X-Accept", http_header(request, "ACCEPT") },
		{ "X-Peer", http_peer(request) },
	};
	struct bytes body = http_body(request);
	char *text = arena_printf(
		http_arena(request), "%s %s?%s %.*s", http_method(request),
		http_path(request), http_query(request), (int)body.len,
		body.data != NULL ? (const char *)body.data : "");

	assert(text != NULL);
	http_respond(request, &(struct http_response){
				      .status = 200,
				      .body = { text, strlen(text) },
				      .headers = headers,
				      .header_count = 4,
			      });
}

static void
answer_big(struct http_request *request)
{
	char *text = calloc(1, BIG);

	assert(text != NULL);
	http_respond(request, &(struct http_response){
				      .status = 200,
				      .body = { text, BIG },
			      });
	free(text);
}

static void
answer_injected(struct http_request *request)
{
	const struct http_header_line header = { "X-Evil",
		                                 "a\r\nSet-Cookie: b" };

	http_respond(request, &(struct http_response){
				      .status = 200,
				      .body = { "c", 1 },
				      .headers = &header,
				      .header_count = 1,
			      });
}

static void
answer_secretly(struct http_request *request)
{
	http_respond(request, &(struct http_response){
				      .status = 204,
				      .close = true,
				      .log_path = "/secret/{token}",
				      .log_route = "/secret/{token}/",
				      .log_condition = "LINK_USED",
			      });
}

static void
handle(void *ctx, struct http_request *request)
{
	struct http_fixture *fixture = ctx;
	bool hold = strncmp(http_path(request), "/held", 5) == 0;

	(void)pthread_mutex_lock(&fixture->mutex);
	fixture->handled++;
	if (hold) {
		assert(fixture->held_count < HTTP_FIXTURE_HELD_MAX);
		fixture->held[fixture->held_count++] = request;
	}
	(void)pthread_cond_broadcast(&fixture->changed);
	(void)pthread_mutex_unlock(&fixture->mutex);
	if (hold)
		return;
	if (strcmp(http_path(request), "/big") == 0)
		answer_big(request);
	else if (strcmp(http_path(request), "/inject") == 0)
		answer_injected(request);
	else if (strncmp(http_path(request), "/secret/", 8) == 0)
		answer_secretly(request);
	else
		echo(request);
}

static void
refuse(void *ctx, struct http_request *request, unsigned status)
{
	const struct http_header_line header = { "Content-Type",
		                                 "application/json" };
	struct http_fixture *fixture = ctx;
	char *text =
		arena_printf(http_arena(request), "{\"status\":%u}", status);

	assert(text != NULL);
	(void)pthread_mutex_lock(&fixture->mutex);
	fixture->refused++;
	fixture->status = status;
	(void)pthread_mutex_unlock(&fixture->mutex);
	http_respond(request, &(struct http_response){
				      .status = status,
				      .body = { text, strlen(text) },
				      .headers = &header,
				      .header_count = 1,
			      });
}

void
http_fixture_init(struct http_fixture *fixture)
{
	*fixture = (struct http_fixture){
		.options = {
			.address = "127.0.0.1",
			.loops = 2,
			.limits = {
				.body_max = 4096,
				.head_max = 4096,
				.url_max = 1024,
				.head_timeout_ms = 30000,
				.request_timeout_ms = 30000,
				.idle_timeout_ms = 30000,
				.drain_idle_timeout_ms = 10,
				.connections_max = 4096,
			},
			.arena_size = 65536,
			.handler = handle,
			.refuser = refuse,
			.ctx = fixture,
		},
	};
	(void)pthread_mutex_init(&fixture->mutex, NULL);
	(void)pthread_cond_init(&fixture->changed, NULL);
}

void
http_fixture_open(struct http_fixture *fixture)
{
	char err[256] = "";
	enum code code;

	log_set_level(LOG_LEVEL_WARN);
	code = http_server_open(&fixture->options, &fixture->server, err,
	                        sizeof(err));

	if (code != CODE_OK) {
		(void)fprintf(stderr, "%s\n", err);
		abort();
	}
	fixture->port = http_server_port(fixture->server);
}

void
http_fixture_close(struct http_fixture *fixture)
{
	while (fixture->held_count > 0)
		http_fixture_release(fixture, 0);
	http_server_close(fixture->server);
	(void)pthread_cond_destroy(&fixture->changed);
	(void)pthread_mutex_destroy(&fixture->mutex);
}

static void
await(struct http_fixture *fixture, const unsigned *value, unsigned count)
{
	(void)pthread_mutex_lock(&fixture->mutex);
	while (*value < count)
		(void)pthread_cond_wait(&fixture->changed, &fixture->mutex);
	(void)pthread_mutex_unlock(&fixture->mutex);
}

void
http_fixture_await(struct http_fixture *fixture, unsigned count)
{
	await(fixture, &fixture->held_count, count);
}

void
http_fixture_await_handled(struct http_fixture *fixture, unsigned count)
{
	await(fixture, &fixture->handled, count);
}

void
http_fixture_release(struct http_fixture *fixture, unsigned index)
{
	struct http_request *request;

	(void)pthread_mutex_lock(&fixture->mutex);
	assert(index < fixture->held_count);
	request = fixture->held[index];
	fixture->held[index] = fixture->held[--fixture->held_count];
	(void)pthread_mutex_unlock(&fixture->mutex);
	echo(request);
}

static unsigned
read_guarded(struct http_fixture *fixture, const unsigned *value)
{
	unsigned copy;

	(void)pthread_mutex_lock(&fixture->mutex);
	copy = *value;
	(void)pthread_mutex_unlock(&fixture->mutex);
	return copy;
}

unsigned
http_fixture_handled(struct http_fixture *fixture)
{
	return read_guarded(fixture, &fixture->handled);
}

unsigned
http_fixture_refused(struct http_fixture *fixture)
{
	return read_guarded(fixture, &fixture->refused);
}

int
http_client_socket(void)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	                    sizeof(patience));

	assert(fd >= 0 && rc == 0);
	(void)rc;
	return fd;
}

static int
try_to_reach(const struct http_fixture *fixture, int fd)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(fixture->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return connect(fd, (struct sockaddr *)&address, sizeof(address));
}

void
http_client_reach(const struct http_fixture *fixture, int fd)
{
	int rc = try_to_reach(fixture, fd);

	assert(rc == 0);
	(void)rc;
}

bool
http_client_is_refused(const struct http_fixture *fixture)
{
	int fd = http_client_socket();
	int rc = try_to_reach(fixture, fd);

	(void)close(fd);
	return rc != 0;
}

int
http_client_connect(const struct http_fixture *fixture)
{
	int fd = http_client_socket();

	http_client_reach(fixture, fd);
	return fd;
}

bool
http_client_send(int fd, const void *data, size_t len)
{
	const char *at = data;
	ssize_t sent;

	while (len > 0) {
		sent = send(fd, at, len, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		at += sent;
		len -= (size_t)sent;
	}
	return true;
}

bool
http_client_say(int fd, const char *text)
{
	return http_client_send(fd, text, strlen(text));
}

/* A byte at a time, so that what follows stays in the socket. */
static bool
read_head(int fd, struct http_answer *out)
{
	size_t len = 0;

	while (len + 1 < sizeof(out->head) &&
	       recv(fd, out->head + len, 1, 0) == 1) {
		out->head[++len] = '\0';
		if (len >= 4 && strcmp(out->head + len - 4, "\r\n\r\n") == 0)
			return true;
	}
	return false;
}

void
http_client_read(int fd, bool no_body, struct http_answer *out)
{
	const char *length;
	size_t body_len;
	ssize_t got;

	memset(out, 0, sizeof(*out));
	if (!read_head(fd, out))
		return;
	out->status = (unsigned)strtoul(out->head + 9, NULL, 10);
	out->closes = strcasestr(out->head, "\r\nConnection: close") != NULL;
	length = strcasestr(out->head, "\r\nContent-Length: ");
	body_len = length != NULL ? strtoul(length + 18, NULL, 10) : 0;
	assert(body_len < sizeof(out->body));
	while (!no_body && out->body_len < body_len) {
		got = recv(fd, out->body + out->body_len,
		           body_len - out->body_len, 0);
		assert(got > 0);
		out->body_len += (size_t)got;
	}
}

bool
http_client_is_closed(int fd)
{
	char byte;
	ssize_t got = recv(fd, &byte, 1, 0);

	return got == 0 || (got < 0 && errno == ECONNRESET);
}
