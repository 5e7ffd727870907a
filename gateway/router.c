#include "gateway/router.h"

#include <string.h>

#include "base/encoding.h"
#include "gateway/text.h"

/* Order of two paths' segments: literals, by name, before parameters. */
static int
compare_segments(const struct route_segment *a, const struct route_segment *b)
{
	if (a->is_parameter || b->is_parameter)
		return (int)a->is_parameter - (int)b->is_parameter;
	return strcmp(a->text, b->text);
}

static int
compare_paths(const struct router_path *path, const struct route *route)
{
	if (path->segment_count != route->segment_count)
		return path->segment_count < route->segment_count ? -1 : 1;
	for (size_t i = 0; i < path->segment_count; i++) {
		int order = compare_segments(&path->segments[i],
		                             &route->segments[i]);

		if (order != 0)
			return order;
	}
	return 0;
}

static const char *
make_allow(struct arena *arena, const struct router_path *path)
{
	const char *text = "";

	for (unsigned m = 0; m < METHOD_COUNT && text != NULL; m++)
		if (path->routes[m] != NULL)
			text = arena_printf(arena, "%s%s, ", text,
			                    method_name(m));
	if (text == NULL)
		return NULL;
	return arena_printf(arena, "%s%sOPTIONS", text,
	                    path->routes[METHOD_GET] != NULL ? "HEAD, " : "");
}

/* The route's path, put in its place of the order if it is new. */
static struct router_path *
find_or_add(struct router *router, struct arena *arena,
            const struct route *route)
{
	struct router_path **link = &router->first;
	struct router_path *path;
	int order = -1;

	while (*link != NULL && (order = compare_paths(*link, route)) < 0)
		link = &(*link)->next;
	if (*link != NULL && order == 0)
		return *link;
	path = arena_alloc(arena, sizeof(*path));
	if (path == NULL)
		return NULL;
	memcpy(path->segments, route->segments, sizeof(path->segments));
	path->segment_count = route->segment_count;
	path->needs_bearer = true;
	for (size_t i = 0; i < route->segment_count; i++)
		path->has_parameters |= route->segments[i].is_parameter;
	path->next = *link;
	*link = path;
	return path;
}

enum code
router_add(struct router *router, struct arena *arena,
           const struct route *route, const struct route **other)
{
	struct router_path *path = find_or_add(router, arena, route);

	if (path == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	if (path->routes[route->method] != NULL) {
		*other = path->routes[route->method];
		return route_equals(*other, route) ? CODE_OK
		                                   : CODE_ALREADY_EXISTS;
	}
	path->routes[route->method] = route;
	router->has_limit[route->method] |= route->body_max > 0;
	path->needs_bearer &= route->needs_bearer;
	path->allow = make_allow(arena, path);
	return arena->full ? CODE_RESOURCE_EXHAUSTED : CODE_OK;
}

/*
 * Takes the path apart and decodes each segment on its own, so that %2F stays
 * within its segment. False if it cannot be any route's.
 */
static bool
split(struct arena *arena, const char *path, struct router_match *match)
{
	if (*path != '/')
		return false;
	path++;
	while (*path != '\0') {
		size_t len = strcspn(path, "/");
		struct bytes raw = { path, len }, text;

		if (len == 0 || match->segment_count == ROUTE_SEGMENT_MAX ||
		    !text_percent_decode(arena, raw, false, &text) ||
		    !utf8_is_valid(text.data, text.len))
			return false;
		match->segments[match->segment_count++] = text.data;
		path += len + (path[len] == '/');
	}
	return true;
}

static bool
fits(const struct router_path *path, const struct router_match *match)
{
	if (path->segment_count != match->segment_count)
		return false;
	for (size_t i = 0; i < match->segment_count; i++)
		if (!path->segments[i].is_parameter &&
		    strcmp(path->segments[i].text, match->segments[i]) != 0)
			return false;
	return true;
}

enum code
router_find(const struct router *router, struct arena *arena, const char *path,
            struct router_match *out)
{
	*out = (struct router_match){ 0 };
	if (!split(arena, path, out))
		return arena->full ? CODE_RESOURCE_EXHAUSTED : CODE_OK;
	out->path = router->first;
	while (out->path != NULL && !fits(out->path, out))
		out->path = out->path->next;
	return CODE_OK;
}

bool
router_method_find(const char *name, enum method *out)
{
	if (strcmp(name, "HEAD") == 0) {
		*out = METHOD_GET;
		return true;
	}
	for (unsigned i = 0; i < METHOD_COUNT; i++) {
		if (strcmp(method_name(i), name) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}
