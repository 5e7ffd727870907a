#include "gateway/route_request.h"

#include <string.h>

#include "gateway/message.h"

#define TIMEOUT_MAX_MS 60000
#define BODY_MIN 1024
#define BODY_MAX (16U << 20)

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
		bool is_body = source->origin == FIELD_BODY ||
		               source->origin == FIELD_RAW ||
		               source->origin == FIELD_REST;

		if (source->origin == FIELD_PATH &&
		    !has_parameter(route, source->name))
			return spec_fail(at, "the path has no {%s}",
			                 source->name);
		if (is_body && route->method == METHOD_GET)
			return spec_fail(at, "a GET has no body");
		if (source->origin == FIELD_RAW && route->raw_types[0] == NULL)
			return spec_fail(at, "\"raw\" needs \"raw_types\"");
		route->needs_body |= is_body;
		route->needs_query |= source->origin == FIELD_QUERY;
	}
	return CODE_OK;
}

static enum code
read_field(const struct spec *at, struct route *route)
{
	struct field *field = &route->fields[route->field_count];
	enum code code;

	if (route->field_count == FIELD_MAX)
		return spec_fail(at, "is more than %d fields", FIELD_MAX);
	code = field_compile(at, route->rpc->input, field);
	for (size_t i = 0; code == CODE_OK && i < route->field_count; i++)
		if (strcmp(route->fields[i].name, field->name) == 0)
			return spec_fail(at, "fills a field again");
	if (code == CODE_OK)
		code = check_sources(at, field, route);
	route->field_count++;
	return code;
}

static enum code
read_fields(const struct spec *row, struct route *route)
{
	struct spec list;
	size_t index = 0;
	enum code code;

	if (!spec_find(row, "request", &list))
		return CODE_OK;
	if (route->rpc == NULL)
		return spec_fail(&list, "without an rpc there is no request");
	code = spec_check_type(&list, JSON_LIST);
	route->fields =
		arena_alloc(row->file->arena, FIELD_MAX * sizeof(struct field));
	if (route->fields == NULL)
		return spec_fail(&list, "not enough memory");
	for (const struct json *v = list.value->first; v && code == CODE_OK;
	     v = v->next) {
		struct spec at = spec_child(&list, v, index++);

		code = read_field(&at, route);
	}
	return code;
}

/* A row by its name, of those that are strings. */
static enum code
find_row(const struct spec *at, const struct route *route, size_t *out)
{
	const char *name = NULL;
	enum code code = spec_value_text(at, &name);

	if (code != CODE_OK)
		return code;
	for (size_t i = 0; i < route->field_count; i++) {
		const struct field *field = &route->fields[i];

		if (strcmp(field->name, name) != 0)
			continue;
		*out = i;
		if (field->shape == FIELD_SCALAR &&
		    (field->target == NULL ||
		     message_kind(field->target) == MESSAGE_TEXT))
			return CODE_OK;
		return spec_fail(at, "\"%s\" is no string of the request",
		                 name);
	}
	return spec_fail(at, "\"request\" has no row \"%s\"", name);
}

/* {"equal": [A, B], "message": TEXT, "report_as": NAME} */
static enum code
read_rule(const struct spec *at, struct route *route)
{
	static const char *const known[] = { "equal", "message", "report_as",
		                             NULL };
	struct route_rule *rule = &route->rules[route->rule_count++];
	struct spec pair, a, b;
	enum code code = spec_check_members(at, known);

	if (code != CODE_OK)
		return code;
	if (!spec_find(at, "equal", &pair))
		return spec_fail(at, "needs \"equal\"");
	code = spec_check_type(&pair, JSON_LIST);
	if (code != CODE_OK)
		return code;
	if (pair.value->first == NULL || pair.value->first->next == NULL ||
	    pair.value->first->next->next != NULL)
		return spec_fail(&pair, "must name two rows");
	a = spec_child(&pair, pair.value->first, 0);
	b = spec_child(&pair, pair.value->first->next, 1);
	rule->report_as = "non_field_errors";
	code = find_row(&a, route, &rule->a);
	if (code == CODE_OK)
		code = find_row(&b, route, &rule->b);
	if (code == CODE_OK)
		code = spec_text(at, "report_as", &rule->report_as);
	if (code == CODE_OK)
		code = spec_text(at, "message", &rule->message);
	if (code == CODE_OK && rule->message == NULL)
		return spec_fail(at, "needs \"message\"");
	return code;
}

static enum code
read_rules(const struct spec *row, struct route *route)
{
	struct spec list;
	enum code code;

	if (!spec_find(row, "rules", &list))
		return CODE_OK;
	code = spec_check_type(&list, JSON_LIST);
	for (const struct json *v = list.value->first; v && code == CODE_OK;
	     v = v->next) {
		struct spec at = spec_child(&list, v, route->rule_count);

		if (route->rule_count == ROUTE_RULE_MAX)
			return spec_fail(&at, "is more than %d rules",
			                 ROUTE_RULE_MAX);
		code = read_rule(&at, route);
	}
	return code;
}

static enum code
read_raw_types(const struct spec *row, struct route *route)
{
	struct spec list;

	return spec_find(row, "raw_types", &list)
	               ? media_type_read_list(&list, true, route->raw_types)
	               : CODE_OK;
}

/* AIP-163's name for "tell me what is wrong and do nothing". */
static void
find_validate_only(struct route *route)
{
	const ProtobufCFieldDescriptor *field;

	if (!route->all_errors || route->rpc == NULL)
		return;
	field = protobuf_c_message_descriptor_get_field_by_name(
		route->rpc->input, "validate_only");
	if (field != NULL && message_kind(field) == MESSAGE_BOOL)
		route->validate_only = field;
}

enum code
route_request_compile(const struct spec *row, struct route *route)
{
	enum code code = read_rpc(row, route);

	if (code == CODE_OK && route->needs_bearer && route->rpc == NULL)
		return spec_fail(row, "without an rpc nobody checks a token");
	if (code == CODE_OK)
		code = read_raw_types(row, route);
	if (code == CODE_OK)
		code = read_fields(row, route);
	if (code == CODE_OK)
		code = read_rules(row, route);
	if (code == CODE_OK)
		code = spec_bool(row, "all_errors", &route->all_errors);
	find_validate_only(route);
	if (code == CODE_OK)
		code = spec_uint(row, "timeout_ms", 1, TIMEOUT_MAX_MS,
		                 &route->timeout_ms);
	if (code == CODE_OK)
		code = spec_uint(row, "body_max", BODY_MIN, BODY_MAX,
		                 &route->body_max);
	return code;
}
