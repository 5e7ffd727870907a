#include "gateway/refresh_cookie.h"

#include "gateway/cookie.h"
#include "gateway/header_value.h"
#include "gateway/message.h"
#include "gateway/route_cookie.h"

static const char *
header(const struct exchange *x, const char *name)
{
	return x->inquiry.header(x->inquiry.ctx, name);
}

/* How it has to come; false: refuse with *condition. */
static bool
came_well(const struct translator *t, const struct exchange *x,
          unsigned *condition)
{
	const char *type = header(x, "Content-Type");

	*condition = CONDITION_MEDIA_TYPE;
	if (type == NULL || !header_value_is(type, "application/json"))
		return false;
	*condition = CONDITION_PERMISSION_DENIED;
	return x->inquiry.secure && cors_lists(t->cors, header(x, "Origin"));
}

static bool
is_in_body(const struct exchange *x)
{
	const struct field *row = x->route->cookie.row;

	for (size_t i = 0; i < row->source_count; i++)
		if (row->sources[i].origin == FIELD_BODY &&
		    json_member(x->body.object, row->sources[i].name) != NULL)
			return true;
	return false;
}

bool
refresh_cookie_take(const struct translator *t, struct exchange *x,
                    unsigned *condition)
{
	const struct route_cookie *cookie = &x->route->cookie;
	bool ambiguous = false;

	if (!cookie->is_used)
		return true;
	x->cookie_came_well = came_well(t, x, condition);
	if (cookie->row != NULL && !is_in_body(x))
		x->input.cookie =
			cookie_find(x->inquiry.arena, header(x, "Cookie"),
		                    ROUTE_COOKIE_NAME, &ambiguous);
	if (x->cookie_came_well && ambiguous) {
		*condition = CONDITION_PERMISSION_DENIED;
		return false;
	}
	return x->cookie_came_well || (cookie->set_from == NULL && !ambiguous &&
	                               x->input.cookie == NULL);
}

static bool
add(struct exchange *x, const char *value, int64_t expires_s)
{
	const char *text =
		route_cookie_write(x->inquiry.arena, value, expires_s);

	if (text != NULL)
		answer_add(&x->answer, "Set-Cookie", text);
	return text != NULL;
}

bool
refresh_cookie_give(struct exchange *x, const ProtobufCMessage *reply)
{
	const struct route_cookie *cookie = &x->route->cookie;
	int64_t expires_s = 0;
	const char *token;

	if (!x->cookie_came_well)
		return true;
	if (cookie->clears)
		return add(x, "", ROUTE_COOKIE_LONG_AGO_S);
	if (cookie->set_from == NULL ||
	    message_count(reply, cookie->set_from) == 0)
		return true;
	token = message_get(reply, cookie->set_from, 0).text;
	if (cookie->expires != NULL &&
	    message_count(reply, cookie->expires) > 0)
		expires_s = message_get(reply, cookie->expires, 0).number;
	return *token == '\0' || add(x, token, expires_s);
}

void
refresh_cookie_drop(struct exchange *x)
{
	if (x->input.cookie != NULL && x->cookie_came_well)
		(void)add(x, "", ROUTE_COOKIE_LONG_AGO_S);
}

bool
refresh_cookie_is_on(const struct exchange *x)
{
	const struct router_path *path = x->match.path;

	for (unsigned m = 0; path != NULL && m < METHOD_COUNT; m++)
		if (path->routes[m] != NULL && path->routes[m]->cookie.is_used)
			return true;
	return false;
}
