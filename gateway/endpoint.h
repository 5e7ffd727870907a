#ifndef GATEWAY_ENDPOINT_H
#define GATEWAY_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

/* Where to listen, taken apart. */
struct endpoint {
	char address[46]; /* numeric IPv4, or IPv6 without brackets */
	uint16_t port;
	bool is_ipv6;
	bool is_loopback;
};

/*
 * endpoint_read reads "127.0.0.1:8000", "[::1]:8000" or "localhost:8000",
 * which is 127.0.0.1. False for anything else; *out is then undefined.
 */
bool endpoint_read(const char *text, struct endpoint *out);

#define ENDPOINT_TEXT_SIZE 56

/* endpoint_write writes it back, with another port. */
void endpoint_write(const struct endpoint *endpoint, uint16_t port,
                    char out[ENDPOINT_TEXT_SIZE]);

#endif
