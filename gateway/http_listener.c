#include "gateway/http_listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct endpoint {
	struct sockaddr_storage address;
	socklen_t len;
};

static bool
parse_endpoint(const char *address, uint16_t port, struct endpoint *out)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, address, &four.sin_addr) == 1) {
		four.sin_port = htons(port);
		memcpy(&out->address, &four, sizeof(four));
		out->len = sizeof(four);
		return true;
	}
	if (inet_pton(AF_INET6, address, &six.sin6_addr) == 1) {
		six.sin6_port = htons(port);
		memcpy(&out->address, &six, sizeof(six));
		out->len = sizeof(six);
		return true;
	}
	return false;
}

static uint16_t
bound_port(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return 0;
	if (address.ss_family == AF_INET) {
		memcpy(&four, &address, sizeof(four));
		return ntohs(four.sin_port);
	}
	memcpy(&six, &address, sizeof(six));
	return ntohs(six.sin6_port);
}

static enum code
translate(int error, const char **why)
{
	switch (error) {
	case EADDRINUSE:
		*why = "another program has that port";
		return CODE_ALREADY_EXISTS;
	case EACCES:
		*why = "this user may not";
		return CODE_PERMISSION_DENIED;
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		*why = "this machine has no such address";
		return CODE_INVALID_ARGUMENT;
	default:
		*why = "the system has no resources left";
		return CODE_RESOURCE_EXHAUSTED;
	}
}

static bool
listen_on(int fd, const struct endpoint *endpoint)
{
	int one = 1;

	/* Lets a restarted gateway have its own port back at once. */
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ==
	               0 &&
	       bind(fd, (const struct sockaddr *)&endpoint->address,
	            endpoint->len) == 0 &&
	       listen(fd, HTTP_BACKLOG) == 0;
}

enum code
http_listener_open(const char *address, uint16_t *port, int *fd, char *err,
                   size_t err_size)
{
	struct endpoint endpoint;
	const char *why;
	enum code code;
	int sock;

	if (!parse_endpoint(address, *port, &endpoint)) {
		(void)snprintf(err, err_size,
		               "\"%s\" is not a numeric IP address.", address);
		return CODE_INVALID_ARGUMENT;
	}
	sock = socket(endpoint.address.ss_family,
	              SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (sock >= 0 && listen_on(sock, &endpoint)) {
		*port = bound_port(sock);
		*fd = sock;
		return CODE_OK;
	}
	code = translate(errno, &why);
	(void)snprintf(err, err_size, "Cannot listen on %s port %u: %s.",
	               address, *port, why);
	if (sock >= 0)
		(void)close(sock);
	return code;
}
