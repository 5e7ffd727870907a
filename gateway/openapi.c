#include "gateway/openapi.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "gateway/media_type.h"
#include "gateway/openapi_part.h"
#include "gateway/route_cookie.h"

void
openapi_put(struct openapi *o, const char *text)
{
	json_out_raw(&o->out, text, strlen(text));
}

void
openapi_item(struct openapi *o)
{
	char last;

	if (o->out.failed || o->out.len == 0)
		return;
	last = o->out.data[o->out.len - 1];
	if (last != '{' && last != '[')
		openapi_put(o, ",");
}

void
openapi_key(struct openapi *o, const char *name)
{
	openapi_item(o);
	json_out_string(&o->out, name, strlen(name));
	openapi_put(o, ":");
}

void
openapi_member(struct openapi *o, const char *name, const char *text)
{
	openapi_key(o, name);
	json_out_string(&o->out, text, strlen(text));
}

void
openapi_number(struct openapi *o, const char *name, uint64_t number)
{
	openapi_key(o, name);
	json_out_uint(&o->out, number);
}

void
openapi_type(struct openapi *o, const char *type, bool nullable)
{
	openapi_key(o, "type");
	openapi_put(o, nullable ? "[\"" : "\"");
	openapi_put(o, type);
	openapi_put(o, nullable ? "\",\"null\"]" : "\"");
}

void
openapi_others(struct openapi *o, bool with_lists)
{
	openapi_key(o, "additionalProperties");
	if (with_lists)
		openapi_put(o, "{\"anyOf\":[{\"type\":\"array\",\"items\":"
		               "{\"type\":\"string\"}},");
	openapi_put(o, "{\"type\":[\"string\",\"integer\",\"boolean\","
	               "\"null\"]}");
	if (with_lists)
		openapi_put(o, "]}");
}

void
openapi_bytes(struct openapi *o, const char *type)
{
	openapi_key(o, type);
	openapi_put(o, "{\"schema\":{\"type\":\"string\"");
	if (!media_type_is_range(type))
		openapi_member(o, "contentMediaType", type);
	openapi_put(o, "}}");
}

static const char any_of[] = "{\"anyOf\":[";

size_t
openapi_any_begin(struct openapi *o)
{
	size_t begin = o->out.len;

	openapi_put(o, any_of);
	return begin;
}

void
openapi_any_end(struct openapi *o, size_t begin, size_t count)
{
	size_t skip = sizeof(any_of) - 1;

	if (count != 1) {
		openapi_put(o, "]}");
		return;
	}
	if (o->out.failed)
		return;
	memmove(o->out.data + begin, o->out.data + begin + skip,
	        o->out.len - begin - skip);
	o->out.len -= skip;
}

static void
write_info(struct openapi *o)
{
	openapi_member(o, "openapi", OPENAPI_VERSION);
	openapi_put(o, ",\"info\":{\"title\":\"Latchkey\",\"version\":"
	               "\"" LATCHKEY_VERSION "\",\"description\":"
	               "\"Accounts, passwords, roles and JSON Web Tokens. "
	               "Every path also works without its last slash.\"}");
	openapi_put(o, ",\"servers\":[{");
	openapi_member(o, "url", o->public_base == NULL ? "/" : o->public_base);
	openapi_put(o, "}],\"tags\":[");
	for (size_t i = 0; i < o->set->count; i++) {
		const struct profile *profile = &o->set->profiles[i];

		if (!profile->is_served)
			continue;
		openapi_item(o);
		openapi_put(o, "{");
		openapi_member(o, "name", profile->name);
		openapi_member(o, "description",
		               profile->summary == NULL ? profile->name
		                                        : profile->summary);
		openapi_put(o, "}");
	}
	openapi_put(o, "]");
}

/* "post_api_auth_login": one for each route, and the same for ever. */
static void
write_operation_id(struct openapi *o, const struct router_path *path,
                   const struct route *route)
{
	char id[1024];
	size_t len;

	len = (size_t)snprintf(id, sizeof(id), "%s",
	                       method_name(route->method));
	for (size_t i = 0; i < len; i++)
		id[i] |= 0x20;
	for (size_t i = 0; i < path->segment_count && len < sizeof(id); i++)
		len += (size_t)snprintf(id + len, sizeof(id) - len, "_%s",
		                        path->segments[i].text);
	for (char *c = id; *c != '\0'; c++)
		if (strchr("-.~", *c) != NULL)
			*c = '_';
	openapi_member(o, "operationId", id);
}

/* A token in the body stands for the cookie. */
static void
write_security(struct openapi *o, const struct route *route)
{
	const char *bearer = route->needs_bearer ? "\"bearer\":[]" : "";
	bool takes_cookie = route->cookie.row != NULL;

	openapi_put(o, ",\"security\":[");
	if (takes_cookie) {
		o->has_cookie = true;
		openapi_put(o, "{\"refreshCookie\":[]");
		openapi_put(o, route->needs_bearer ? "," : "");
		openapi_put(o, bearer);
		openapi_put(o, "},");
	}
	if (takes_cookie || route->needs_bearer) {
		openapi_put(o, "{");
		openapi_put(o, bearer);
		openapi_put(o, "}");
	}
	openapi_put(o, "]");
}

static void
write_schemes(struct openapi *o)
{
	openapi_key(o, "securitySchemes");
	openapi_put(o, "{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\","
	               "\"bearerFormat\":\"JWT\"}");
	if (o->has_cookie) {
		openapi_put(o, ",\"refreshCookie\":{\"type\":\"apiKey\","
		               "\"in\":\"cookie\"");
		openapi_member(o, "name", ROUTE_COOKIE_NAME);
		openapi_member(o, "description",
		               "The refresh token, set by a login. Taken "
		               "only with HTTPS, application/json and an "
		               "Origin that the gateway lists; a token in "
		               "the body goes before it.");
		openapi_put(o, "}");
	}
	openapi_put(o, "}");
}

static void
write_operation(struct openapi *o, const struct router_path *path,
                const struct route *route)
{
	openapi_member(o, "summary",
	               route->summary == NULL ? route->path : route->summary);
	write_operation_id(o, path, route);
	openapi_key(o, "tags");
	openapi_put(o, "[");
	json_out_string(&o->out, route->profile, strlen(route->profile));
	openapi_put(o, "]");
	write_security(o, route);
	openapi_request(o, path, route);
	openapi_responses(o, path, route);
}

static void
write_path(struct openapi *o, const struct router_path *path)
{
	const struct route *first = NULL;

	for (unsigned m = 0; m < METHOD_COUNT && first == NULL; m++)
		first = path->routes[m];
	openapi_key(o, first->path);
	openapi_put(o, "{");
	for (unsigned m = 0; m < METHOD_COUNT; m++) {
		static const char *const names[METHOD_COUNT] = {
			[METHOD_GET] = "get",       [METHOD_POST] = "post",
			[METHOD_PUT] = "put",       [METHOD_PATCH] = "patch",
			[METHOD_DELETE] = "delete",
		};

		if (path->routes[m] == NULL)
			continue;
		openapi_key(o, names[m]);
		openapi_put(o, "{");
		write_operation(o, path, path->routes[m]);
		openapi_put(o, "}");
	}
	openapi_put(o, "}");
	/* What another method gets; no operation has it. */
	(void)openapi_error_name(
		o, first->profile, CONDITION_METHOD_NOT_ALLOWED,
		profile_set_rule(o->set, path, CONDITION_METHOD_NOT_ALLOWED));
}

enum code
openapi_write(const struct profile_set *set, const char *public_base,
              struct arena *arena, struct bytes *out)
{
	struct openapi o = { .set = set, .public_base = public_base };
	enum code code;

	json_out_init(&o.out, arena);
	openapi_put(&o, "{");
	write_info(&o);
	openapi_key(&o, "paths");
	openapi_put(&o, "{");
	for (const struct router_path *p = set->router.first; p; p = p->next)
		write_path(&o, p);
	openapi_put(&o, "}");
	(void)openapi_error_name(&o, PROFILE_BASE, CONDITION_NOT_FOUND,
	                         set->errors->rules[CONDITION_NOT_FOUND]);
	openapi_key(&o, "components");
	openapi_put(&o, "{");
	write_schemes(&o);
	openapi_components(&o);
	openapi_put(&o, "}}");
	code = json_out_end(&o.out);
	if (code == CODE_OK)
		*out = (struct bytes){ o.out.data, o.out.len };
	return code;
}
