#include "gateway/body.h"

#include <string.h>
#include <strings.h>

#include "gateway/condition.h"
#include "gateway/form.h"
#include "gateway/header_value.h"
#include "gateway/python_type.h"

static void
refuse(struct body *body, enum condition condition, const char *what)
{
	body->condition = condition;
	body->what = what;
}

static enum code
read_json(const struct inquiry *inquiry, struct body *out)
{
	struct json *value = NULL;
	enum code code = json_read(inquiry->arena, inquiry->body.data,
	                           inquiry->body.len, &value, &out->at);

	if (code == CODE_INVALID_ARGUMENT) {
		refuse(out, CONDITION_JSON_MALFORMED, out->at.what);
		return CODE_OK;
	}
	if (code != CODE_OK)
		return code;
	if (value->type == JSON_OBJECT) {
		out->object = value;
	} else if (value->type == JSON_NULL) {
		refuse(out, CONDITION_BODY_NULL, NULL);
	} else {
		refuse(out, CONDITION_BODY_NOT_OBJECT, NULL);
		out->got = python_type(value);
	}
	return CODE_OK;
}

static enum code
read_form(const struct inquiry *inquiry, const char *type, struct body *out)
{
	struct json *object = NULL;
	const char *what = "the boundary is missing";
	const char *boundary;
	enum code code = CODE_INVALID_ARGUMENT;

	if (!header_value_is(type, "multipart/form-data"))
		code = form_read(inquiry->arena, inquiry->body, &object, &what);
	else if (header_value_parameter(inquiry->arena, type, "boundary",
	                                &boundary))
		code = form_read_multipart(inquiry->arena, inquiry->body,
		                           boundary, &object, &what);
	if (code == CODE_INVALID_ARGUMENT) {
		refuse(out, CONDITION_FORM_MALFORMED, what);
		return CODE_OK;
	}
	out->object = object;
	return code;
}

/* "image/png" is itself; "image/" with a star everything below image. */
static bool
is_raw(const char *const *types, const char *type)
{
	for (; *types != NULL; types++) {
		size_t len = strlen(*types);

		if ((*types)[len - 1] == '*'
		            ? strncasecmp(*types, type, len - 1) == 0
		            : header_value_is(type, *types))
			return true;
	}
	return false;
}

enum code
body_read(const struct inquiry *inquiry, const char *const *raw_types,
          struct body *out)
{
	static const struct json empty = { .type = JSON_OBJECT };
	const char *type = inquiry->header(inquiry->ctx, "Content-Type");

	*out = (struct body){ 0 };
	if (inquiry->body.len == 0) {
		out->object = &empty;
		return CODE_OK;
	}
	if (type != NULL && is_raw(raw_types, type)) {
		out->object = &empty;
		out->raw = inquiry->body;
		return CODE_OK;
	}
	if (type != NULL && header_value_is(type, "application/json"))
		return read_json(inquiry, out);
	if (type != NULL &&
	    (header_value_is(type, "application/x-www-form-urlencoded") ||
	     header_value_is(type, "multipart/form-data")))
		return read_form(inquiry, type, out);
	refuse(out, CONDITION_MEDIA_TYPE, NULL);
	return CODE_OK;
}
