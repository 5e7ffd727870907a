/*
 * What a request may hold, from the rows that fill its message: parameters of
 * path, query and headers, and the members of its body. A row with several
 * names may be given under any of them.
 */
#include <string.h>
#include <strings.h>

#include "gateway/message.h"
#include "gateway/openapi_part.h"

static bool
has_source(const struct field *field, enum field_origin origin)
{
	for (size_t i = 0; i < field->source_count; i++)
		if (field->sources[i].origin == origin)
			return true;
	return false;
}

const char *
openapi_member_name(const struct field *field)
{
	for (size_t i = 0; i < field->source_count; i++)
		if (field->sources[i].origin == FIELD_BODY)
			return field->sources[i].name;
	return NULL;
}

static bool
is_same(const struct field_source *a, const struct field_source *b)
{
	if (a->origin != b->origin || a->name == NULL || b->name == NULL)
		return false;
	return a->origin == FIELD_HEADER ? strcasecmp(a->name, b->name) == 0
	                                 : strcmp(a->name, b->name) == 0;
}

/*
 * Whether an earlier row reads the source too, or this one under an earlier
 * number: each name is there once, as the first describes it.
 */
static bool
is_repeated(const struct route *route, size_t row, size_t source)
{
	const struct field_source *this = &route->fields[row].sources[source];

	for (size_t i = 0; i <= row; i++) {
		const struct field *field = &route->fields[i];

		for (size_t s = 0; s < field->source_count; s++)
			if ((i < row || s < source) &&
			    is_same(&field->sources[s], this))
				return true;
	}
	return false;
}

/*
 * How many members of a body may hold it; 0 if it can come from elsewhere too.
 * A body that is taken as it is has no members.
 */
static size_t
count_members(const struct field *field)
{
	size_t count = 0;

	for (size_t i = 0; i < field->source_count; i++) {
		if (field->sources[i].origin == FIELD_BODY)
			count++;
		else if (field->sources[i].origin != FIELD_RAW)
			return 0;
	}
	return count;
}

static bool
is_file(const struct field *field)
{
	return field->shape == FIELD_FILE;
}

static bool
is_needed(const struct field *field)
{
	return field->required && field->if_bad != FIELD_IGNORE;
}

uint32_t
openapi_text_max(const struct field *field)
{
	uint32_t max = field->max_length;

	if (max == 0 || (field->max_bytes > 0 && field->max_bytes < max))
		max = field->max_bytes;
	return max;
}

static void
write_text(struct openapi *o, const struct field *field, bool nullable)
{
	uint32_t max = openapi_text_max(field);

	openapi_type(o, "string", nullable);
	if (field->if_bad == FIELD_IGNORE)
		return;
	if (!field->allow_blank)
		openapi_number(o, "minLength", 1);
	if (max > 0)
		openapi_number(o, "maxLength", max);
	if (strstr(field->name, "password") != NULL)
		openapi_member(o, "format", "password");
}

static void
write_scalar(struct openapi *o, const struct field *field, bool nullable)
{
	enum message_kind kind = field->target == NULL
	                                 ? MESSAGE_TEXT
	                                 : message_kind(field->target);

	if (kind == MESSAGE_BOOL) {
		openapi_type(o, "boolean", nullable);
	} else if (kind == MESSAGE_INTEGER) {
		openapi_type(o, "integer", nullable);
		if (field->if_bad == FIELD_REPORT) {
			openapi_number(o, "minimum", field->min);
			if (field->max > 0)
				openapi_number(o, "maximum", field->max);
		}
	} else {
		write_text(o, field, nullable);
	}
}

static void
write_schema(struct openapi *o, const struct field *field, bool in_body)
{
	bool nullable = in_body && (field->allow_null || field->null_as_blank);

	openapi_put(o, "{");
	if (field->shape == FIELD_LIST) {
		openapi_type(o, "array", nullable);
		openapi_put(o, ",\"items\":{\"type\":\"string\"}");
	} else if (is_file(field)) {
		openapi_type(o, "string", nullable);
		openapi_member(o, "contentMediaType",
		               "application/octet-stream");
	} else {
		write_scalar(o, field, nullable);
	}
	openapi_put(o, "}");
}

static void
begin_parameter(struct openapi *o, const char *name, const char *in,
                bool required)
{
	openapi_item(o);
	openapi_put(o, "{");
	openapi_member(o, "name", name);
	openapi_member(o, "in", in);
	openapi_key(o, "required");
	openapi_put(o, required ? "true,\"schema\":" : "false,\"schema\":");
}

/* The row that reads a parameter of the path; NULL: it is not looked at. */
static const struct field *
find_path_row(const struct route *route, const char *name)
{
	for (size_t i = 0; i < route->field_count; i++) {
		const struct field *field = &route->fields[i];

		for (size_t s = 0; s < field->source_count; s++)
			if (field->sources[s].origin == FIELD_PATH &&
			    strcmp(field->sources[s].name, name) == 0)
				return field;
	}
	return NULL;
}

/* The last parameter of a route to the files of /docs/. */
static bool
names_file(const struct route *route, size_t segment)
{
	for (size_t i = segment + 1; i < route->segment_count; i++)
		if (route->segments[i].is_parameter)
			return false;
	return route->answer.document == DOCUMENT_DOCS_FILE;
}

/* What a parameter may be that names a file, and the end of it. */
static void
write_file_names(struct openapi *o)
{
	openapi_put(o, "{\"type\":\"string\",\"enum\":[");
	for (size_t i = 0; i < DOCUMENT_FILE_COUNT; i++) {
		const char *name = document_files[i].name;

		openapi_item(o);
		json_out_string(&o->out, name, strlen(name));
	}
	openapi_put(o, "]}");
	openapi_member(o, "example", document_files[0].name);
	openapi_put(o, "}");
}

/* Named as in the path's first route, which names the path. */
static void
write_path_parameters(struct openapi *o, const struct router_path *path,
                      const struct route *route)
{
	for (size_t i = 0; i < route->segment_count; i++) {
		const struct field *field;

		if (!route->segments[i].is_parameter)
			continue;
		field = find_path_row(route, route->segments[i].text);
		begin_parameter(o, path->segments[i].text, "path", true);
		if (names_file(route, i)) {
			write_file_names(o);
			continue;
		}
		if (field == NULL || field->join != NULL)
			openapi_put(o, "{\"type\":\"string\"}");
		else
			write_schema(o, field, false);
		openapi_parameter_example(o, route, field,
		                          route->segments[i].text);
		openapi_put(o, "}");
	}
}

/* Of those that may be left out none has an example: a page to try would
 * send it. */
static void
write_other_parameters(struct openapi *o, const struct route *route, size_t row)
{
	const struct field *field = &route->fields[row];

	for (size_t i = 0; i < field->source_count; i++) {
		const char *name = field->sources[i].name;
		enum field_origin origin = field->sources[i].origin;
		bool required = is_needed(field) && field->source_count == 1;

		if ((origin != FIELD_QUERY && origin != FIELD_HEADER) ||
		    is_repeated(route, row, i))
			continue;
		begin_parameter(o, name,
		                origin == FIELD_QUERY ? "query" : "header",
		                required);
		write_schema(o, field, false);
		if (required)
			openapi_parameter_example(o, route, field, name);
		openapi_put(o, "}");
	}
}

static bool
is_shown(const struct field *field, bool with_files)
{
	return has_source(field, FIELD_BODY) && (with_files || !is_file(field));
}

static void
write_properties(struct openapi *o, const struct route *route, bool with_files)
{
	openapi_key(o, "properties");
	openapi_put(o, "{");
	for (size_t i = 0; i < route->field_count; i++) {
		const struct field *field = &route->fields[i];

		if (!is_shown(field, with_files))
			continue;
		for (size_t s = 0; s < field->source_count; s++) {
			if (field->sources[s].origin != FIELD_BODY ||
			    is_repeated(route, i, s))
				continue;
			openapi_key(o, field->sources[s].name);
			write_schema(o, field, true);
		}
	}
	openapi_put(o, "}");
}

static bool
needs_member(const struct field *field, bool with_files)
{
	return is_shown(field, with_files) && is_needed(field) &&
	       count_members(field) == 1;
}

/* Whether an earlier row needs the same member. */
static bool
is_listed(const struct route *route, size_t row, bool with_files)
{
	const char *name = openapi_member_name(&route->fields[row]);

	for (size_t i = 0; i < row; i++)
		if (needs_member(&route->fields[i], with_files) &&
		    strcmp(openapi_member_name(&route->fields[i]), name) == 0)
			return true;
	return false;
}

/* Rows with one name, which lies in the body. */
static void
write_required(struct openapi *o, const struct route *route, bool with_files)
{
	bool is_first = true;

	for (size_t i = 0; i < route->field_count; i++) {
		const struct field *field = &route->fields[i];
		const char *name = openapi_member_name(field);

		if (!needs_member(field, with_files) ||
		    is_listed(route, i, with_files))
			continue;
		if (is_first) {
			openapi_key(o, "required");
			openapi_put(o, "[");
		}
		is_first = false;
		openapi_item(o);
		json_out_string(&o->out, name, strlen(name));
	}
	openapi_put(o, is_first ? "" : "]");
}

/* {"anyOf":[{"required":["email"]},...]} */
static void
write_choice(struct openapi *o, const struct field *field)
{
	size_t begin;

	openapi_item(o);
	begin = openapi_any_begin(o);
	for (size_t i = 0; i < field->source_count; i++) {
		const char *name = field->sources[i].name;

		if (field->sources[i].origin != FIELD_BODY)
			continue;
		openapi_item(o);
		openapi_put(o, "{\"required\":[");
		json_out_string(&o->out, name, strlen(name));
		openapi_put(o, "]}");
	}
	openapi_any_end(o, begin, count_members(field));
}

/* Rows with several names, all in the body, of which one is needed. */
static void
write_choices(struct openapi *o, const struct route *route, bool with_files)
{
	bool is_first = true;

	for (size_t i = 0; i < route->field_count; i++) {
		const struct field *field = &route->fields[i];

		if (!is_shown(field, with_files) || !is_needed(field) ||
		    count_members(field) < 2)
			continue;
		if (is_first) {
			openapi_key(o, "allOf");
			openapi_put(o, "[");
		}
		is_first = false;
		write_choice(o, field);
	}
	openapi_put(o, is_first ? "" : "]");
}

/* Whether some row needs bytes, which JSON and plain forms cannot hold. */
static bool
needs_file(const struct route *route)
{
	for (size_t i = 0; i < route->field_count; i++)
		if (is_file(&route->fields[i]) && is_needed(&route->fields[i]))
			return true;
	return false;
}

static void
write_body(struct openapi *o, const struct route *route, bool with_files)
{
	bool is_open = false, has_list = false;

	for (size_t i = 0; i < route->field_count; i++) {
		is_open |= route->fields[i].shape == FIELD_MEMBERS;
		has_list |= route->fields[i].shape == FIELD_LIST;
	}
	openapi_put(o, "{\"schema\":{\"type\":\"object\"");
	write_properties(o, route, with_files);
	write_required(o, route, with_files);
	write_choices(o, route, with_files);
	if (is_open)
		openapi_others(o, has_list);
	openapi_put(o, "}");
	if (!needs_file(route))
		openapi_body_example(o, route);
	openapi_put(o, "}");
}

static bool
needs_body(const struct route *route)
{
	for (size_t i = 0; i < route->field_count; i++) {
		const struct field *field = &route->fields[i];

		if (is_needed(field) &&
		    (is_file(field) || count_members(field) > 0))
			return true;
	}
	return false;
}

/* Whether a form may hold something that the route looks at. */
static bool
takes_form(const struct route *route)
{
	for (size_t i = 0; i < route->field_count; i++)
		if (has_source(&route->fields[i], FIELD_BODY) ||
		    has_source(&route->fields[i], FIELD_REST))
			return true;
	return false;
}

static void
write_request_body(struct openapi *o, const struct route *route)
{
	openapi_key(o, "requestBody");
	openapi_put(o, needs_body(route) ? "{\"required\":true,\"content\":{"
	                                 : "{\"content\":{");
	if (!needs_file(route)) {
		openapi_key(o, "application/json");
		write_body(o, route, false);
	}
	/* What sets the cookie must not come from a form of another site. */
	if (!needs_file(route) && route->cookie.set_from == NULL) {
		openapi_key(o, "application/x-www-form-urlencoded");
		write_body(o, route, false);
	}
	if (takes_form(route) && route->cookie.set_from == NULL) {
		openapi_key(o, "multipart/form-data");
		write_body(o, route, true);
	}
	for (size_t i = 0; route->raw_types[i] != NULL; i++)
		openapi_bytes(o, route->raw_types[i]);
	openapi_put(o, "}}");
}

void
openapi_request(struct openapi *o, const struct router_path *path,
                const struct route *route)
{
	openapi_key(o, "parameters");
	openapi_put(o, "[");
	write_path_parameters(o, path, route);
	for (size_t i = 0; i < route->field_count; i++)
		write_other_parameters(o, route, i);
	openapi_header_parameters(o, route);
	openapi_put(o, "]");
	if (route->needs_body)
		write_request_body(o, route);
}
