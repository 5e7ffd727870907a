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

/* route_cookie_compile looks at a row that is compiled otherwise. */
NODISCARD enum code route_cookie_compile(const struct spec *row,
                                         struct route *route);

#endif
