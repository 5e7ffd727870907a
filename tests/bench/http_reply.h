#ifndef TESTS_BENCH_HTTP_REPLY_H
#define TESTS_BENCH_HTTP_REPLY_H

#include <stddef.h>

/*
 * As much of an HTTP/1.1 response (RFC 9112) as a generator needs: status and
 * body, framed by Content-Length. It reads what our own servers write and
 * refuses what it does not expect rather than guess.
 */
struct http_reply {
	unsigned status;
	const char *body; /* inside the bytes it was read from */
	size_t body_len;
};

enum http_reply_state {
	HTTP_REPLY_WHOLE,
	HTTP_REPLY_PARTIAL, /* more bytes are needed */
	HTTP_REPLY_BAD,     /* malformed, chunked, or longer than announced */
};

/* http_reply_read reads data[0..len); *out is filled in when it is whole. */
enum http_reply_state http_reply_read(const char *data, size_t len,
                                      struct http_reply *out);

#endif
