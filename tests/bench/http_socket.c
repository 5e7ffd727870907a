#include "tests/bench/http_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/bench/bail.h"

#define REPLY_TIMEOUT_S 20

int
http_socket_open(uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval timeout = { .tv_sec = REPLY_TIMEOUT_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
	               sizeof(timeout)) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Sends a request and reads until the reply is whole. */
static bool
exchange(int fd, const char *request, size_t request_len,
         char data[HTTP_SOCKET_REPLY_MAX], struct http_reply *reply)
{
	enum http_reply_state state = HTTP_REPLY_PARTIAL;
	size_t len = 0;

	if (send(fd, request, request_len, MSG_NOSIGNAL) !=
	    (ssize_t)request_len)
		return false;
	while (state == HTTP_REPLY_PARTIAL) {
		ssize_t got =
			recv(fd, data + len, HTTP_SOCKET_REPLY_MAX - len, 0);

		if (got <= 0)
			return false;
		len += (size_t)got;
		state = http_reply_read(data, len, reply);
	}
	return state == HTTP_REPLY_WHOLE;
}

size_t
http_socket_exchange(uint16_t port, const struct http_script *script,
                     unsigned index, char *body, size_t size)
{
	char request[HTTP_SCRIPT_REQUEST_MAX], data[HTTP_SOCKET_REPLY_MAX];
	size_t request_len = script->ask(script->ctx, index, request);
	int fd = http_socket_open(port);
	struct http_reply reply = { 0 };

	if (fd == -1)
		bail("nobody listens on port %u", port);
	if (!exchange(fd, request, request_len, data, &reply))
		bail("port %u does not answer to %.40s", port, request);
	(void)close(fd);
	if (reply.status != 200 || reply.body_len > size)
		bail("%.40s... is answered with %u %.*s", request, reply.status,
		     (int)reply.body_len, reply.body);
	if (script->hear != NULL && !script->hear(script->ctx, index, &reply))
		bail("%.40s... is not answered as it should be: %.*s", request,
		     (int)reply.body_len, reply.body);
	memcpy(body, reply.body, reply.body_len);
	return reply.body_len;
}

unsigned
http_socket_status(uint16_t port, const char *path)
{
	char request[256], data[HTTP_SOCKET_REPLY_MAX];
	int len = snprintf(request, sizeof(request),
	                   "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
	int fd = http_socket_open(port);
	struct http_reply reply = { 0 };

	if (fd == -1)
		return 0;
	if (len < 0 || (size_t)len >= sizeof(request) ||
	    !exchange(fd, request, (size_t)len, data, &reply))
		reply.status = 0;
	(void)close(fd);
	return reply.status;
}
