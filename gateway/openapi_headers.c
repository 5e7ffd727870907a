/*
 * Headers that follow from what a route is: those of a request that change how
 * it is answered, and those of an answer that tell what to do next. What every
 * request and every answer has is not listed with each (docs/rest.md).
 */
#include <stdlib.h>
#include <strings.h>

#include "gateway/openapi_part.h"
#include "gateway/route_cookie.h"
#include "gateway/sample.h"

/* A row of the profile that reads the same header describes it. */
static bool
is_read(const struct route *route, const char *name)
{
	for (size_t i = 0; i < route->field_count; i++) {
		const struct field *field = &route->fields[i];

		for (size_t s = 0; s < field->source_count; s++)
			if (field->sources[s].origin == FIELD_HEADER &&
			    strcasecmp(field->sources[s].name, name) == 0)
				return true;
	}
	return false;
}

static void
write_parameter(struct openapi *o, const struct route *route, const char *name,
                const char *description)
{
	if (is_read(route, name))
		return;
	openapi_item(o);
	openapi_put(o, "{");
	openapi_member(o, "name", name);
	openapi_member(o, "in", "header");
	openapi_member(o, "description", description);
	openapi_put(o, ",\"required\":false,\"schema\":{\"type\":\"string\"}}");
}

static bool
has_etag(const struct route *route)
{
	return route->answer.raw != NULL ||
	       route->answer.document != DOCUMENT_NONE;
}

/* None is required: browsers set them, and let no script do so. */
void
openapi_header_parameters(struct openapi *o, const struct route *route)
{
	if (route->cookie.is_used)
		write_parameter(o, route, "Origin",
		                "Set by the browser. Where the cookie is set "
		                "or used it must be an origin that the "
		                "gateway lists, or the answer is 403.");
	if (route->browser != NULL || route->confirm != NULL)
		write_parameter(o, route, "Sec-Fetch-Mode",
		                "Set by the browser. With cors, as from a "
		                "script, the answer is no page.");
	if (has_etag(route))
		write_parameter(o, route, "If-None-Match",
		                "The ETag of what the client has: 304 if it "
		                "is current.");
}

static void
begin_header(struct openapi *o, const char *name, const char *description)
{
	openapi_key(o, name);
	openapi_put(o, "{");
	openapi_member(o, "description", description);
}

static void
write_set_cookie(struct openapi *o, const struct route_cookie *cookie)
{
	const char *expires = sample_find("", "refresh_expires_at");
	const char *text = route_cookie_write(
		o->out.arena,
		cookie->clears ? "" : sample_find("", "refresh_token"),
		cookie->clears ? ROUTE_COOKIE_LONG_AGO_S
			       : strtoll(expires, NULL, 10));

	if (text == NULL) {
		o->out.failed = true;
		return;
	}
	begin_header(o, "Set-Cookie",
	             cookie->clears ? "Ends the cookie of the refresh token."
	                            : "The refresh token, if there is a new "
	                              "one.");
	openapi_put(o, ",\"schema\":{\"type\":\"string\"}");
	openapi_member(o, "example", text);
	openapi_put(o, "}");
}

void
openapi_answer_headers(struct openapi *o, const struct route *route,
                       unsigned status)
{
	const struct route_cookie *cookie = &route->cookie;
	bool is_success = status == route->answer.status;
	size_t before = o->out.len, empty;

	openapi_key(o, "headers");
	openapi_put(o, "{");
	empty = o->out.len;
	if (is_success && (cookie->set_from != NULL || cookie->clears))
		write_set_cookie(o, cookie);
	if (has_etag(route) && (is_success || status == 304)) {
		begin_header(o, "ETag", "Tells this version from others.");
		openapi_put(o, ",\"required\":true,"
		               "\"schema\":{\"type\":\"string\"}}");
	}
	if (status == 401) {
		begin_header(o, "WWW-Authenticate", "RFC 6750, section 3.");
		openapi_put(o, ",\"required\":true,\"schema\":{"
		               "\"type\":\"string\",\"const\":"
		               "\"Bearer realm=\\\"api\\\"\"}}");
	}
	if (status == 429 || status == 503) {
		begin_header(o, "Retry-After", "Seconds.");
		openapi_put(o, ",\"required\":true,\"schema\":{\"type\":"
		               "\"integer\",\"minimum\":1},\"example\":30}");
	}
	if (o->out.len == empty && !o->out.failed)
		o->out.len = before;
	else
		openapi_put(o, "}");
}
