/*
 * What a route says of bad fields: not made up, but found by what fills real
 * requests, of an empty one, and where that is good, of one in which every
 * member is of a wrong type.
 */
#include <string.h>

#include "gateway/message.h"
#include "gateway/openapi_part.h"
#include "gateway/sample.h"
#include "gateway/violation.h"

static const char *
no_header(const void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return NULL;
}

/* Those of the path are there in every request. */
static size_t
take_parameters(const struct route *route,
                struct field_parameter parameters[ROUTE_PARAMETER_MAX])
{
	const char *message = route->rpc->input->short_name;
	size_t count = 0;

	for (size_t i = 0; i < route->segment_count; i++) {
		const char *name = route->segments[i].text, *value;

		if (!route->segments[i].is_parameter)
			continue;
		value = sample_find(message, name);
		parameters[count++] = (struct field_parameter){
			.name = name,
			.value = value == NULL ? "example" : value,
		};
	}
	return count;
}

/* A list for a string, and the like; in a query, where all is text, a NUL. */
static struct json
wrong_value(const struct field *field, const struct field_source *source)
{
	static char nothing[1];
	bool is_text = source->origin == FIELD_QUERY ||
	               field->shape == FIELD_LIST || field->shape == FIELD_FILE;

	return (struct json){
		.type = is_text ? JSON_STRING : JSON_LIST,
		.has_nul = source->origin == FIELD_QUERY,
		.key = (char *)(uintptr_t)source->name,
		.key_len = strlen(source->name),
		.text = nothing,
	};
}

/*
 * An object with a wrong value for each row that comes from there, under its
 * first name; NULL: there is no memory.
 */
static const struct json *
make_wrong(struct arena *arena, const struct route *route,
           enum field_origin origin)
{
	struct json *object = arena_alloc(arena, sizeof(*object));
	struct json **link = object == NULL ? NULL : &object->first;

	for (size_t i = 0; link != NULL && i < route->field_count; i++) {
		const struct field *field = &route->fields[i];

		if (field->source_count == 0 ||
		    field->sources[0].origin != origin ||
		    field->if_bad != FIELD_REPORT)
			continue;
		*link = arena_alloc(arena, sizeof(**link));
		if (*link == NULL)
			return NULL;
		**link = wrong_value(field, &field->sources[0]);
		link = &(*link)->next;
	}
	if (object != NULL)
		object->type = JSON_OBJECT;
	return object;
}

/* False: there is no memory. */
static bool
fill(struct openapi *o, const struct route *route, const struct json *body,
     const struct json *query, struct violations *out)
{
	struct field_parameter parameters[ROUTE_PARAMETER_MAX];
	const struct inquiry inquiry = { .arena = o->out.arena,
		                         .header = no_header };
	const struct field_input input = {
		.inquiry = &inquiry,
		.body = body,
		.query = query,
		.parameters = parameters,
		.parameter_count = take_parameters(route, parameters),
	};
	struct field_outcome outcome = { 0 };
	ProtobufCMessage *message =
		message_new(o->out.arena, route->rpc->input);
	bool done = body != NULL && query != NULL && message != NULL &&
	            field_fill(route->fields, route->field_count, &input,
	                       message, &outcome) == CODE_OK;

	*out = outcome.violations;
	return done;
}

const char *
openapi_field_faults(struct openapi *o, const struct route *route)
{
	static const struct json empty = { .type = JSON_OBJECT };
	struct arena *arena = o->out.arena;
	struct violations faults;
	const char *text = NULL;
	bool done;

	if (route->rpc == NULL)
		return "{}";
	done = fill(o, route, &empty, &empty, &faults);
	if (done && faults.first == NULL)
		done = fill(o, route, make_wrong(arena, route, FIELD_BODY),
		            make_wrong(arena, route, FIELD_QUERY), &faults);
	if (!done || violations_write(&faults, &text) != CODE_OK)
		o->out.failed = true;
	return text;
}
