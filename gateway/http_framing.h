#ifndef GATEWAY_HTTP_FRAMING_H
#define GATEWAY_HTTP_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/http_server.h"

/*
 * Which request heads are served at all. Whatever two HTTP readers could
 * understand differently (request smuggling, RFC 9112, section 11.2) is
 * refused, because a proxy may stand before us.
 *
 * A head is given as libmicrohttpd leaves it: strings that lie one behind the
 * other in one buffer, each NUL in the place of a separator. Where they lie
 * tells what the strings alone do not: a bare LF, a NUL inside of a value, a
 * folded line or a second space moves the next string by a byte. All that
 * stays hidden is a NUL in the place of the CR of a line's end.
 */
#define HTTP_FIELDS_MAX 100 /* header lines; more is 431 */

struct http_field {
	const char *name;
	const char *value; /* may end in white space */
};

struct http_head {
	const char *method;
	const char *target;    /* a copy, as it came; NULL: too long */
	const char *target_at; /* where it lay in the buffer */
	size_t target_len;
	const char *version;
	size_t size; /* bytes from the method to behind the empty line */
	struct http_field fields[HTTP_FIELDS_MAX]; /* as they came */
	size_t field_count;
	bool overflow; /* there were more fields */
};

struct http_framing {
	size_t body_len; /* 0 if chunked */
	bool chunked;
	bool close; /* no second request may follow on the connection */
};

/*
 * http_framing_check returns 0 and fills *out, or the status to refuse with:
 * 400, 413 (the announced length), 414, 431.
 */
unsigned http_framing_check(const struct http_head *head,
                            const struct http_limits *limits,
                            struct http_framing *out);

#endif
