#ifndef GATEWAY_ROUTE_REQUEST_H
#define GATEWAY_ROUTE_REQUEST_H

#include "gateway/route.h"

/*
 * The first half of a row, private to route*.c: which RPC is called and how
 * its request is filled; and the conditions that the whole row can meet.
 */

/* route_request_compile reads rpc, request, rules and the body's bounds; path,
 * method and auth are there. */
NODISCARD enum code route_request_compile(const struct spec *row,
                                          struct route *route);

/*
 * route_may_compile marks what the row can meet: what follows from its other
 * members, and the "may" of what the server can answer. errors are there.
 */
NODISCARD enum code route_may_compile(const struct spec *row,
                                      struct route *route);

#endif
