#ifndef GATEWAY_FORWARDED_H
#define GATEWAY_FORWARDED_H

#include <netinet/in.h>
#include <stdbool.h>

#include "gateway/proxy_list.h"

/*
 * Who the client behind trusted proxies is. Each proxy adds on the right what
 * it saw, so the list is read from the right for as long as a trusted proxy
 * says it; what stands further left is whatever the client made up. One kind
 * of header is read, never both: a proxy that adds to the one passes the
 * client's own other on.
 */
#define FORWARDED_HOPS_MAX 32 /* read at most */

struct forwarded_lines {
	bool is_standard;      /* Forwarded (RFC 7239), or else X-Forwarded-* */
	const char *forwarded; /* values of the headers; NULL: absent */
	const char *x_for;
	const char *x_proto;
};

enum forwarded_scheme {
	FORWARDED_UNKNOWN,
	FORWARDED_HTTP,
	FORWARDED_HTTPS,
};

struct forwarded {
	char client[INET6_ADDRSTRLEN]; /* numeric */
	enum forwarded_scheme scheme;  /* how the client came */
};

/*
 * forwarded_read looks behind peer, a trusted proxy's numeric address: the
 * client is the first from the right that is no trusted proxy. Where the list
 * ends, or an entry is no address ("unknown", "_hidden", malformed), it is the
 * last address before.
 */
void forwarded_read(const struct forwarded_lines *lines,
                    const struct proxy_list *proxies, const char *peer,
                    struct forwarded *out);

#endif
