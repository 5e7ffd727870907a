#include "gateway/proxy_list.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BITS 128
#define MAPPED_BITS 96 /* of ::ffff:0.0.0.0/96, where IPv4 lies */

/* IPv4 as it is mapped into IPv6. */
struct network {
	unsigned char bytes[16];
	unsigned bits;
};

struct proxy_list {
	size_t count;
	struct network networks[];
};

static bool
read_address(const char *text, struct network *out)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	out->bits = BITS;
	if (inet_pton(AF_INET6, text, out->bytes) == 1)
		return true;
	memcpy(out->bytes, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, out->bytes + sizeof(mapped)) == 1;
}

/* Do the first bits of both agree? */
static bool
agree(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned whole = bits / 8;
	unsigned char mask = (unsigned char)(0xff00U >> (bits % 8));

	return memcmp(a, b, whole) == 0 &&
	       (mask == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

static bool
read_bits(const char *text, unsigned most, unsigned *out)
{
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 3 || text[len] != '\0')
		return false;
	*out = (unsigned)strtoul(text, NULL, 10);
	return *out > 0 && *out <= most;
}

static bool
read_network(const char *text, struct network *out)
{
	const unsigned char zero[16] = { 0 };
	struct network rest;
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	bool is_ipv4 = strchr(text, ':') == NULL;
	unsigned bits;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (!read_address(address, out))
		return false;
	if (slash == NULL)
		return true;
	if (!read_bits(slash + 1, is_ipv4 ? BITS - MAPPED_BITS : BITS, &bits))
		return false;
	out->bits = is_ipv4 ? bits + MAPPED_BITS : bits;
	/* What stands behind the length would be ignored, and was meant. */
	rest = *out;
	for (unsigned i = 0; i < out->bits; i++)
		rest.bytes[i / 8] &= (unsigned char)~(0x80U >> (i % 8));
	return memcmp(rest.bytes, zero, sizeof(zero)) == 0;
}

enum code
proxy_list_open(const char *const *networks, size_t count,
                struct proxy_list **out, char *err, size_t err_size)
{
	struct proxy_list *list =
		calloc(1, sizeof(*list) + count * sizeof(list->networks[0]));

	if (list == NULL) {
		(void)snprintf(err, err_size, "out of memory");
		return CODE_RESOURCE_EXHAUSTED;
	}
	for (; list->count < count; list->count++) {
		const char *text = networks[list->count];

		if (read_network(text, &list->networks[list->count]))
			continue;
		(void)snprintf(err, err_size,
		               "\"%.60s\" is neither a numeric address nor a "
		               "network such as 10.0.0.0/8",
		               text);
		free(list);
		return CODE_INVALID_ARGUMENT;
	}
	*out = list;
	return CODE_OK;
}

void
proxy_list_close(struct proxy_list *list)
{
	free(list);
}

bool
proxy_list_has(const struct proxy_list *list, const char *address)
{
	struct network one;

	if (list == NULL || !read_address(address, &one))
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (agree(one.bytes, list->networks[i].bytes,
		          list->networks[i].bits))
			return true;
	return false;
}
