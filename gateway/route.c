/* Reads and checks the rows of a profile's "routes". */
#include "gateway/route.h"

#include <string.h>
#include <strings.h>

#include "gateway/message.h"

#define TIMEOUT_MAX_MS 60000

static const char *const method_names[METHOD_COUNT] = {
	[METHOD_GET] = "GET",       [METHOD_POST] = "POST",
	[METHOD_PUT] = "PUT",       [METHOD_PATCH] = "PATCH",
	[METHOD_DELETE] = "DELETE",
};

const char *
method_name(enum method method)
{
	return method_names[method];
}

static enum code
read_method(const struct spec *row, struct route *route)
{
	const char *text = NULL;
	struct spec at = *row;
	enum code code = spec_text(row, "method", &text);

	if (code != CODE_OK)
		return code;
	if (text == NULL)
		return spec_fail(row, "needs \"method\"");
	(void)spec_find(row, "method", &at);
	for (unsigned i = 0; i < METHOD_COUNT; i++) {
		if (strcmp(method_names[i], text) == 0) {
			route->method = i;
			return CODE_OK;
		}
	}
	return spec_fail(&at, "must be GET, POST, PUT, PATCH or DELETE");
}

static enum code
read_segment(const struct spec *at, char *text, struct route_segment *out)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-._~";
	size_t len = strlen(text);

	*out = (struct route_segment){ .text = text };
	if (len > 2 && text[0] == '{' && text[len - 1] == '}') {
		text[len - 1] = '\0';
		*out = (struct route_segment){ text + 1, true };
		len -= 2;
	}
	if (len == 0 || strspn(out->text, allowed) != len)
		return spec_fail(at, "has a segment that is neither {name} nor "
		                     "of letters, digits and -._~");
	return CODE_OK;
}

static enum code
read_path(const struct spec *row, struct route *route)
{
	const char *text = NULL;
	struct spec at = *row;
	enum code code = spec_text(row, "path", &text);
	size_t parameters = 0;
	char *rest;

	if (code != CODE_OK)
		return code;
	if (text == NULL)
		return spec_fail(row, "needs \"path\"");
	(void)spec_find(row, "path", &at);
	if (text[0] != '/')
		return spec_fail(&at, "must begin with /");
	rest = arena_strdup(row->file->arena, text + 1);
	while (rest != NULL && *rest != '\0') {
		char *segment = strsep(&rest, "/");

		if (route->segment_count == ROUTE_SEGMENT_MAX)
			return spec_fail(&at, "has more than %d segments",
			                 ROUTE_SEGMENT_MAX);
		code = read_segment(&at, segment,
		                    &route->segments[route->segment_count]);
		if (code != CODE_OK)
			return code;
		parameters +=
			route->segments[route->segment_count++].is_parameter;
	}
	return parameters <= ROUTE_PARAMETER_MAX
	               ? CODE_OK
	               : spec_fail(&at, "has more than %d parameters",
	                           ROUTE_PARAMETER_MAX);
}

static enum code
read_rpc(const struct spec *row, struct route *route)
{
	struct spec at = *row;
	enum code code = spec_text(row, "rpc", &route->rpc_name);

	if (code != CODE_OK || route->rpc_name == NULL)
		return code;
	(void)spec_find(row, "rpc", &at);
	route->rpc = message_method_find(route->rpc_name);
	if (route->rpc == NULL)
		return spec_fail(&at, "there is no rpc \"%s\"",
		                 route->rpc_name);
	return CODE_OK;
}

static enum code
read_auth(const struct spec *row, struct route *route)
{
	const char *text = NULL;
	struct spec at = *row;
	enum code code = spec_text(row, "auth", &text);

	if (code != CODE_OK)
		return code;
	if (text == NULL)
		return spec_fail(row, "needs \"auth\"");
	(void)spec_find(row, "auth", &at);
	route->needs_bearer = strcmp(text, "bearer") == 0;
	if (!route->needs_bearer && strcmp(text, "none") != 0)
		return spec_fail(&at, "must be \"none\" or \"bearer\"");
	if (route->needs_bearer && route->rpc == NULL)
		return spec_fail(&at, "without an rpc nobody checks a token");
	return CODE_OK;
}

static bool
has_parameter(const struct route *route, const char *name)
{
	for (size_t i = 0; i < route->segment_count; i++)
		if (route->segments[i].is_parameter &&
		    strcmp(route->segments[i].text, name) == 0)
			return true;
	return false;
}

/* What only the route knows about a field's sources. */
static enum code
check_sources(const struct spec *at, const struct field *field,
              struct route *route)
{
	for (size_t i = 0; i < field->source_count; i++) {
		const struct field_source *source = &field->sources[i];

		if (source->origin == FIELD_PATH &&
		    !has_parameter(route, source->name))
			return spec_fail(at, "the path has no {%s}",
			                 source->name);
		if (source->origin == FIELD_BODY && route->method == METHOD_GET)
			return spec_fail(at, "a GET has no body");
		route->needs_body |= source->origin == FIELD_BODY;
		route->needs_query |= source->origin == FIELD_QUERY;
	}
	return CODE_OK;
}

static enum code
read_fields(const struct spec *row, struct route *route)
{
	struct spec list;
	enum code code = CODE_OK;

	if (!spec_find(row, "request", &list))
		return CODE_OK;
	if (route->rpc == NULL)
		return spec_fail(&list, "without an rpc there is no request");
	code = spec_check_type(&list, JSON_LIST);
	route->fields = arena_alloc(row->file->arena,
	                            ROUTE_FIELD_MAX * sizeof(struct field));
	if (route->fields == NULL)
		return spec_fail(&list, "not enough memory");
	for (const struct json *v = list.value->first; v && code == CODE_OK;
	     v = v->next) {
		struct spec at = spec_child(&list, v, route->field_count);
		struct field *field = &route->fields[route->field_count];

		if (route->field_count == ROUTE_FIELD_MAX)
			return spec_fail(&at, "is more than %d fields",
			                 ROUTE_FIELD_MAX);
		code = field_compile(&at, route->rpc->input, field);
		for (size_t i = 0; code == CODE_OK && i < route->field_count;
		     i++)
			if (route->fields[i].target == field->target)
				code = spec_fail(&at, "fills a field again");
		if (code == CODE_OK)
			code = check_sources(&at, field, route);
		route->field_count++;
	}
	return code;
}

static enum code
read_accepted(const struct spec *gate_at, const struct spec *list,
              struct route_gate *gate)
{
	const ProtobufCEnumDescriptor *type = gate->field->descriptor;
	enum code code = spec_check_type(list, JSON_LIST);

	for (const struct json *v = list->value->first; v && code == CODE_OK;
	     v = v->next) {
		struct spec at = spec_child(list, v, gate->count);
		const ProtobufCEnumValue *value = NULL;
		const char *name = "";

		if (gate->count == ROUTE_ACCEPT_MAX)
			return spec_fail(&at, "is more than %d values",
			                 ROUTE_ACCEPT_MAX);
		code = spec_value_text(&at, &name);
		if (code == CODE_OK)
			value = protobuf_c_enum_descriptor_get_value_by_name(
				type, name);
		if (code == CODE_OK && value == NULL)
			return spec_fail(&at, "%s has no value \"%s\"",
			                 type->name, name);
		if (value != NULL)
			gate->numbers[gate->count++] = value->value;
	}
	return code == CODE_OK && gate->count == 0
	               ? spec_fail(gate_at, "\"in\" must not be empty")
	               : code;
}

/* {"field": ENUM FIELD, "in": [NAMES], "otherwise": CONDITION} */
static enum code
read_gate(const struct spec *row, struct route *route)
{
	static const char *const known[] = { "field", "in", "otherwise", NULL };
	struct route_gate *gate = &route->gate;
	const char *field = "", *otherwise = "";
	struct spec at, list;
	enum code code;

	if (!spec_find(row, "accept_when", &at))
		return CODE_OK;
	code = spec_check_members(&at, known);
	if (code == CODE_OK)
		code = spec_text(&at, "field", &field);
	if (code == CODE_OK)
		code = spec_text(&at, "otherwise", &otherwise);
	if (code != CODE_OK)
		return code;
	if (route->rpc == NULL)
		return spec_fail(&at, "without an rpc there is no reply");
	gate->field = protobuf_c_message_descriptor_get_field_by_name(
		route->rpc->output, field);
	if (gate->field == NULL || message_kind(gate->field) != MESSAGE_ENUM ||
	    gate->field->label == PROTOBUF_C_LABEL_REPEATED)
		return spec_fail(&at, "%s has no enum field \"%s\"",
		                 route->rpc->output->name, field);
	if (!condition_find(otherwise, &gate->otherwise) ||
	    gate->otherwise >= CONDITION_OWN_COUNT)
		return spec_fail(&at, "\"otherwise\" must be a condition of "
		                      "the gateway's own");
	if (!spec_find(&at, "in", &list))
		return spec_fail(&at, "needs \"in\"");
	return read_accepted(&at, &list, gate);
}

static enum code
read_answer(const struct spec *row, const struct route_scope *scope,
            struct route *route)
{
	static const ProtobufCMessageDescriptor nothing = {
		.name = "an answer without an rpc",
	};
	const struct template_scope inside = {
		.message = route->rpc == NULL ? &nothing : route->rpc->output,
		.objects = scope->objects,
	};
	struct spec body, headers;
	uint32_t status = 200;
	enum code code = spec_uint(row, "status", 200, 299, &status);

	route->status = status;
	if (code == CODE_OK)
		code = spec_bool(row, "no_store", &route->no_store);
	if (code == CODE_OK && spec_find(row, "headers", &headers))
		code = header_rules_compile(&headers, &inside, route->headers,
		                            &route->header_count);
	for (size_t i = 0; code == CODE_OK && i < route->header_count; i++)
		if (route->no_store &&
		    strcasecmp(route->headers[i].name, "Cache-Control") == 0)
			return spec_fail(&headers,
			                 "\"no_store\" sets Cache-Control");
	if (code != CODE_OK || !spec_find(row, "body", &body))
		return code;
	if (status == 204 || status == 205)
		return spec_fail(&body, "an answer %u has no body", status);
	return template_compile(&body, &inside, &route->body);
}

static enum code
read_errors(const struct spec *row, const struct route_scope *scope,
            struct route *route)
{
	struct spec errors;

	route->errors = *scope->errors;
	if (!spec_find(row, "errors", &errors))
		return CODE_OK;
	return error_table_compile(&errors, scope->objects, &route->errors);
}

/* Every rule that a row names must be there when it is needed. */
static enum code
check_conditions(const struct spec *row, const struct route *route)
{
	for (size_t i = 0; i < route->field_count; i++) {
		const struct field *field = &route->fields[i];

		if (field->max_bytes > 0 &&
		    route->errors.rules[field->too_long] == NULL)
			return spec_fail(row,
			                 "no \"errors\" say what "
			                 "\"too_long\" of %s looks like",
			                 field->target->name);
	}
	return CODE_OK;
}

enum code
route_compile(const struct spec *at, const struct route_scope *scope,
              struct route *out)
{
	static const char *const known[] = {
		"summary", "method",      "path",       "rpc",
		"auth",    "request",     "timeout_ms", "accept_when",
		"status",  "headers",     "body",       "no_store",
		"errors",  "errors_from", NULL
	};
	const char *summary = NULL;
	struct json_out text;
	enum code code = spec_check_members(at, known);

	*out = (struct route){ .profile = scope->profile };
	if (code == CODE_OK)
		code = spec_text(at, "summary", &summary);
	if (code == CODE_OK)
		code = read_method(at, out);
	if (code == CODE_OK)
		code = read_path(at, out);
	if (code == CODE_OK)
		code = read_rpc(at, out);
	if (code == CODE_OK)
		code = read_auth(at, out);
	if (code == CODE_OK)
		code = read_fields(at, out);
	if (code == CODE_OK)
		code = spec_uint(at, "timeout_ms", 1, TIMEOUT_MAX_MS,
		                 &out->timeout_ms);
	if (code == CODE_OK)
		code = read_gate(at, out);
	if (code == CODE_OK)
		code = read_answer(at, scope, out);
	if (code == CODE_OK)
		code = read_errors(at, scope, out);
	if (code == CODE_OK)
		code = check_conditions(at, out);
	if (code != CODE_OK)
		return code;
	json_out_init(&text, at->file->arena);
	json_out_value(&text, at->value);
	if (json_out_end(&text) != CODE_OK)
		return spec_fail(at, "not enough memory");
	out->text = text.data;
	return CODE_OK;
}

bool
route_equals(const struct route *a, const struct route *b)
{
	return strcmp(a->text, b->text) == 0 &&
	       template_equals(&a->body, &b->body) &&
	       error_table_equals(&a->errors, &b->errors);
}
