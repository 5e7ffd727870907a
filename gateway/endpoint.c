#include "gateway/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool
read_port(const char *text, uint16_t *out)
{
	unsigned port = 0;
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 5 || text[len] != '\0')
		return false;
	for (; *text != '\0'; text++)
		port = port * 10 + (unsigned)(*text - '0');
	*out = (uint16_t)port;
	return port <= UINT16_MAX;
}

static bool
read_address(struct endpoint *endpoint)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (endpoint->is_ipv6) {
		endpoint->is_loopback =
			inet_pton(AF_INET6, endpoint->address, &v6) == 1 &&
			IN6_IS_ADDR_LOOPBACK(&v6);
		return inet_pton(AF_INET6, endpoint->address, &v6) == 1;
	}
	if (strcmp(endpoint->address, "localhost") == 0)
		(void)snprintf(endpoint->address, sizeof(endpoint->address),
		               "127.0.0.1");
	if (inet_pton(AF_INET, endpoint->address, &v4) != 1)
		return false;
	endpoint->is_loopback = ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
	return true;
}

bool
endpoint_read(const char *text, struct endpoint *out)
{
	const char *colon = strrchr(text, ':');
	const char *from = text, *to = colon;

	*out = (struct endpoint){ .is_ipv6 = *text == '[' };
	if (colon == NULL || !read_port(colon + 1, &out->port))
		return false;
	if (out->is_ipv6) {
		if (colon - text < 2 || colon[-1] != ']')
			return false;
		from++;
		to--;
	}
	if (to <= from || (size_t)(to - from) >= sizeof(out->address))
		return false;
	memcpy(out->address, from, (size_t)(to - from));
	return read_address(out);
}

void
endpoint_write(const struct endpoint *endpoint, uint16_t port,
               char out[ENDPOINT_TEXT_SIZE])
{
	(void)snprintf(out, ENDPOINT_TEXT_SIZE,
	               endpoint->is_ipv6 ? "[%s]:%u" : "%s:%u",
	               endpoint->address, (unsigned)port);
}
