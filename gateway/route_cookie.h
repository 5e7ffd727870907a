#ifndef GATEWAY_ROUTE_COOKIE_H
#define GATEWAY_ROUTE_COOKIE_H

#include "gateway/route.h"

/*
 * What a row of a profile with "refresh_cookie" does with the cookie
 * (docs/cookies.md), which follows from the fields "refresh_token" of its
 * RPC: a reply that has one sets the cookie, a request takes it where its body
 * has none, and a row that takes it and never sets it clears it.
 */
#define ROUTE_COOKIE_PATH "/api/auth/"
/* Browsers take a name with this prefix from HTTPS and with Secure only. */
#define ROUTE_COOKIE_NAME "__Secure-latchkey-refresh"
#define ROUTE_COOKIE_LONG_AGO_S 1 /* since the Unix epoch */

/* route_cookie_compile looks at a row that is compiled otherwise. */
NODISCARD enum code route_cookie_compile(const struct spec *row,
                                         struct route *route);

/*
 * route_cookie_write writes a Set-Cookie value with the token, which ends with
 * it or, if that is long ago, at once. NULL when the arena is full, or if no
 * cookie can hold the token.
 */
const char *route_cookie_write(struct arena *arena, const char *token,
                               int64_t expires_s);

#endif
