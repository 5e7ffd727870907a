#ifndef GATEWAY_COOKIE_H
#define GATEWAY_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/*
 * Cookies as text (RFC 6265bis): the Cookie header of requests and the
 * Set-Cookie header of answers.
 */

/*
 * cookie_find returns the value of the cookie of this name, in the arena: NULL
 * without one, or with a full arena. Two of one name are none that could be
 * trusted: *ambiguous, and NULL.
 */
const char *cookie_find(struct arena *arena, const char *header,
                        const char *name, bool *ambiguous);

/* What a cookie is set to; all texts are well-formed but the value. */
struct cookie {
	const char *name;
	const char *value;
	const char *path;
	int64_t expires_s; /* since the Unix epoch; 0: with the browser; in
	                      the past: at once */
};

/*
 * cookie_write writes a Set-Cookie value that is HttpOnly, Secure and
 * SameSite=Lax. NULL when the arena is full, or when the value has bytes that
 * a cookie cannot have.
 */
const char *cookie_write(struct arena *arena, const struct cookie *cookie);

#endif
