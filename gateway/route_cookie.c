#include "gateway/route_cookie.h"

#include <string.h>

#include "gateway/cookie.h"
#include "gateway/message.h"

#define FIELD_NAME "refresh_token"

/* The row that fills it from the body; the cookie is looked for after that. */
static enum code
take(const struct spec *row, struct route *route)
{
	for (size_t i = 0; i < route->field_count; i++) {
		struct field *field = &route->fields[i];

		if (strcmp(field->name, FIELD_NAME) != 0)
			continue;
		for (size_t s = 0; s < field->source_count; s++)
			if (field->sources[s].origin != FIELD_BODY)
				return spec_fail(row, "takes the refresh token "
				                      "from elsewhere than "
				                      "body and cookie");
		if (field->source_count == 0 ||
		    field->source_count == FIELD_SOURCE_MAX)
			return spec_fail(row, "has no room for the cookie "
			                      "among the sources of "
			                      "\"" FIELD_NAME "\"");
		field->sources[field->source_count++] =
			(struct field_source){ FIELD_COOKIE, field->report_as };
		route->cookie.row = field;
	}
	return CODE_OK;
}

/* Nothing that a script may read or a cache may keep has it. */
static enum code
check(const struct spec *row, const struct route *route)
{
	if (strncmp(route->path, ROUTE_COOKIE_PATH,
	            strlen(ROUTE_COOKIE_PATH)) != 0)
		return spec_fail(row, "with a refresh cookie, its path must "
		                      "begin with " ROUTE_COOKIE_PATH);
	if (route->browser != NULL || route->confirm != NULL)
		return spec_fail(row, "is a page, which has no refresh cookie");
	if (route->method == METHOD_GET)
		return spec_fail(row, "is a GET, which has no refresh cookie");
	if (route->cookie.set_from == NULL)
		return CODE_OK;
	if (!route->answer.no_store)
		return spec_fail(row, "sets a refresh cookie and needs "
		                      "\"no_store\"");
	if (strstr(route->text, "{" FIELD_NAME) != NULL)
		return spec_fail(row, "shows the refresh token in its answer "
		                      "beside the cookie");
	return CODE_OK;
}

enum code
route_cookie_compile(const struct spec *row, struct route *route)
{
	struct route_cookie *cookie = &route->cookie;
	const ProtobufCMessageDescriptor *reply;
	enum code code;

	if (route->rpc == NULL)
		return CODE_OK;
	code = take(row, route);
	if (code != CODE_OK)
		return code;
	reply = route->rpc->output;
	cookie->set_from = protobuf_c_message_descriptor_get_field_by_name(
		reply, FIELD_NAME);
	cookie->expires = protobuf_c_message_descriptor_get_field_by_name(
		reply, "refresh_expires_at");
	cookie->is_used = cookie->set_from != NULL || cookie->row != NULL;
	cookie->clears = cookie->row != NULL && cookie->set_from == NULL;
	if (!cookie->is_used)
		return CODE_OK;
	route->may[CONDITION_PERMISSION_DENIED] = true;
	route->may[CONDITION_MEDIA_TYPE] = true;
	return check(row, route);
}

const char *
route_cookie_write(struct arena *arena, const char *token, int64_t expires_s)
{
	const struct cookie cookie = { .name = ROUTE_COOKIE_NAME,
		                       .value = token,
		                       .path = ROUTE_COOKIE_PATH,
		                       .expires_s = expires_s };

	return cookie_write(arena, &cookie);
}
