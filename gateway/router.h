#ifndef GATEWAY_ROUTER_H
#define GATEWAY_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/code.h"
#include "gateway/route.h"

/*
 * Every path that is answered, with its methods. A path with and without its
 * last slash is one; a literal segment wins over a parameter, the leftmost
 * difference first. Immutable once built.
 */
struct router_path {
	struct route_segment segments[ROUTE_SEGMENT_MAX];
	size_t segment_count;
	const struct route *routes[METHOD_COUNT]; /* NULL: not there */
	const char *allow;                        /* for the Allow header */
	bool has_parameters; /* what stands in one may be a secret: logs show
	                        the route's path instead */
	bool needs_bearer;   /* by every method */
	struct router_path *next;
};

struct router {
	struct router_path *first;
	bool has_limit[METHOD_COUNT]; /* some route has its own body_max */
};

/*
 * router_add adds a route, which outlives the router. An equal one of another
 * profile is one with it; ALREADY_EXISTS and *other if that one differs.
 */
NODISCARD enum code router_add(struct router *router, struct arena *arena,
                               const struct route *route,
                               const struct route **other);

/* A request's path, taken apart and matched. */
struct router_match {
	const struct router_path *path; /* NULL: there is none */
	const char *segments[ROUTE_SEGMENT_MAX];
	size_t segment_count;
};

/*
 * router_find matches a raw path, without query. What it decodes lives in the
 * arena. RESOURCE_EXHAUSTED if that is full; a path that is not well-formed
 * matches nothing.
 */
NODISCARD enum code router_find(const struct router *router,
                                struct arena *arena, const char *path,
                                struct router_match *out);

/* router_method_find finds a method by its name, HEAD as GET. */
bool router_method_find(const char *name, enum method *out);

#endif
