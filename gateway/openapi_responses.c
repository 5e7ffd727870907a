/*
 * What a route may answer, by status: its success and variants, and every
 * condition it may meet, as they look to programs and to browsers.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/document.h"
#include "gateway/openapi_part.h"

#define STATUS_MAX 600
#define FORM_MAX 3

/* What may happen to a request before its route is looked at. */
static const enum condition always[] = {
	CONDITION_FRAMING,        CONDITION_REQUEST_TIMEOUT,
	CONDITION_URI_TOO_LONG,   CONDITION_HEAD_TOO_LARGE,
	CONDITION_UNAVAILABLE,    CONDITION_INTERNAL,
	CONDITION_BODY_TOO_LARGE,
};

/* An error with an example. */
struct shown {
	const char *name;
	const struct error_rule *rule;
};

/* Everything that has one status. */
struct response {
	struct openapi *o;
	const char *profile;
	unsigned status;
	size_t schemas; /* written */
	bool has_page;
	bool has_file;                  /* of a document's */
	const struct route_answer *raw; /* bytes; NULL: none */
	/* The conditions among them; before a route is known one more form. */
	struct shown errors[(FORM_MAX + 1) * CONDITION_MAX];
	size_t error_count;
};

/* A route and what else it is to browsers. */
struct forms {
	const struct router_path *path;
	const struct route *routes[FORM_MAX];
	size_t count;
};

static const char *
reason_of(unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} reasons[] = {
		{ 200, "Success" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "Success, without a body" },
		{ 205, "Success, without a body" },
		{ 304, "What the client has is current" },
		{ 400, "Bad request" },
		{ 401, "Not authenticated" },
		{ 403, "Forbidden" },
		{ 404, "Not found" },
		{ 406, "Not acceptable" },
		{ 408, "Request timeout" },
		{ 409, "Conflict" },
		{ 413, "Body too large" },
		{ 414, "URI too long" },
		{ 415, "Unsupported media type" },
		{ 429, "Throttled; Retry-After says for how long" },
		{ 431, "Header fields too large" },
		{ 500, "The gateway or the server failed" },
		{ 503, "Unavailable; Retry-After says for how long" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return status < 400 ? "Success" : "Error";
}

static bool
is_always(unsigned condition)
{
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (always[i] == condition)
			return true;
	return false;
}

/* A rule of a form for a condition; NULL: it cannot meet it. */
static const struct error_rule *
find_rule(const struct forms *forms, size_t form, unsigned condition)
{
	const struct route *route = forms->routes[form];

	return route->may[condition] || is_always(condition)
	               ? route->errors.rules[condition]
	               : NULL;
}

static void
add_schema(struct response *r, const struct template *body)
{
	if (body->ops == NULL)
		return;
	openapi_item(r->o);
	openapi_schema(r->o, body);
	r->schemas++;
}

static void
add_answer(struct response *r, const struct route_answer *answer)
{
	if (answer->status == r->status) {
		add_schema(r, &answer->body);
		r->has_page |= answer->page != NULL ||
		               answer->document == DOCUMENT_DOCS;
		r->has_file |= answer->document == DOCUMENT_DOCS_FILE;
		if (answer->raw != NULL)
			r->raw = answer;
		if (answer->document == DOCUMENT_OPENAPI) {
			openapi_item(r->o);
			openapi_put(r->o, "{\"type\":\"object\","
			                  "\"additionalProperties\":true}");
			r->schemas++;
		}
	}
	for (size_t i = 0; i < answer->variant_count; i++)
		if (answer->variants[i].status == r->status)
			add_schema(r, &answer->variants[i].body);
}

static void
add_error(struct response *r, unsigned condition, const struct error_rule *rule)
{
	const char *name;

	if (rule == NULL || rule->status != r->status)
		return;
	r->has_page |= rule->page != NULL;
	if (rule->body.ops == NULL)
		return;
	name = openapi_error_name(r->o, r->profile, condition, rule);
	openapi_item(r->o);
	openapi_put(r->o, "{\"$ref\":\"#/components/schemas/error.");
	openapi_put(r->o, name);
	openapi_put(r->o, "\"}");
	r->schemas++;
	r->errors[r->error_count++] = (struct shown){ name, rule };
}

/* Rules that are the same in another form are one. */
static bool
is_repeated(const struct forms *forms, size_t form, unsigned condition,
            const struct error_rule *rule)
{
	for (size_t i = 0; i < form; i++) {
		const struct error_rule *other = find_rule(forms, i, condition);

		if (other != NULL && other->status == rule->status &&
		    template_equals(&other->body, &rule->body))
			return true;
	}
	return false;
}

/* Before a route is chosen its path's first answers, never with a page. */
static void
add_early(struct response *r, const struct forms *forms, unsigned condition)
{
	const struct error_rule *rule =
		profile_set_rule(r->o->set, forms->path, condition);

	for (size_t i = 0; i < forms->count; i++)
		if (template_equals(
			    &forms->routes[i]->errors.rules[condition]->body,
			    &rule->body))
			return;
	add_error(r, condition, rule);
}

static void
add_condition(struct response *r, const struct forms *forms, unsigned condition)
{
	for (size_t i = 0; i < forms->count; i++) {
		const struct error_rule *rule = find_rule(forms, i, condition);

		if (rule == NULL)
			continue;
		if (is_repeated(forms, i, condition, rule))
			r->has_page |=
				rule->page != NULL && rule->status == r->status;
		else
			add_error(r, condition, rule);
	}
}

enum rank { RANK_FIELDS, RANK_ROUTE, RANK_ALWAYS, RANK_COUNT };

static enum rank
rank_of(unsigned condition)
{
	if (condition == CONDITION_FIELDS_INVALID)
		return RANK_FIELDS;
	return is_always(condition) ? RANK_ALWAYS : RANK_ROUTE;
}

/* What a developer meets first, first: bad fields, last what any route has. */
static void
add_errors(struct response *r, const struct forms *forms)
{
	for (unsigned rank = 0; rank < RANK_COUNT; rank++) {
		for (unsigned c = 0; c < CONDITION_MAX; c++) {
			if (rank_of(c) != rank)
				continue;
			if (rank == RANK_ALWAYS)
				add_early(r, forms, c);
			add_condition(r, forms, c);
		}
	}
}

static void
write_error(struct openapi *o, const struct route *route,
            const struct shown *error)
{
	if (template_uses(&error->rule->body, TEMPLATE_FIELDS)) {
		openapi_error_example(o, error->name, error->rule,
		                      openapi_field_faults(o, route));
		return;
	}
	openapi_key(o, error->name);
	openapi_put(o, "{\"$ref\":\"#/components/examples/");
	openapi_put(o, error->name);
	openapi_put(o, "\"}");
}

static void
write_examples(const struct response *r, const struct forms *forms)
{
	struct openapi *o = r->o;

	openapi_key(o, "examples");
	openapi_put(o, "{");
	for (size_t i = 0; i < forms->count; i++)
		openapi_success_examples(o, forms->routes[i], r->status);
	for (size_t i = 0; i < r->error_count; i++)
		write_error(o, forms->routes[0], &r->errors[i]);
	openapi_put(o, "}");
}

static void
write_raw(struct openapi *o, const struct route_answer *answer)
{
	for (size_t i = 0; answer->served_types[i] != NULL; i++)
		openapi_bytes(o, answer->served_types[i]);
	openapi_bytes(o, ROUTE_TYPE_OTHER);
}

/* Whether the type is one of an earlier file's. */
static bool
is_type_known(size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(document_files[i].type,
		           document_files[index].type) == 0)
			return true;
	return false;
}

/* Of the types what stands before their parameters. */
static void
write_file_types(struct openapi *o)
{
	for (size_t i = 0; i < DOCUMENT_FILE_COUNT; i++) {
		const char *type = document_files[i].type;
		char bare[64];

		(void)snprintf(bare, sizeof(bare), "%.*s",
		               (int)strcspn(type, ";"), type);
		if (!is_type_known(i))
			openapi_bytes(o, bare);
	}
}

/* The content is known once all that has the status has been looked at. */
static void
write_content(struct openapi *o, const struct forms *forms, unsigned status)
{
	struct response r = { .o = o,
		              .profile = forms->routes[0]->profile,
		              .status = status };
	size_t before, begin;

	openapi_key(o, "content");
	openapi_put(o, "{");
	before = o->out.len;
	openapi_put(o, "\"application/json\":{\"schema\":");
	begin = openapi_any_begin(o);
	for (size_t i = 0; i < forms->count; i++)
		add_answer(&r, &forms->routes[i]->answer);
	add_errors(&r, forms);
	openapi_any_end(o, begin, r.schemas);
	if (r.schemas == 0 && !o->out.failed) {
		o->out.len = before;
	} else {
		write_examples(&r, forms);
		openapi_put(o, "}");
	}
	if (r.has_page) {
		openapi_key(o, "text/html");
		openapi_put(o, "{\"schema\":{\"type\":\"string\"}}");
	}
	if (r.has_file)
		write_file_types(o);
	if (r.raw != NULL)
		write_raw(o, r.raw);
	openapi_put(o, "}");
}

static void
mark_answer(bool met[STATUS_MAX], const struct route_answer *answer)
{
	met[answer->status] = true;
	for (size_t i = 0; i < answer->variant_count; i++)
		met[answer->variants[i].status] = true;
	if (answer->raw != NULL || answer->document != DOCUMENT_NONE)
		met[304] = true;
}

static void
mark_all(bool met[STATUS_MAX], const struct openapi *o,
         const struct forms *forms)
{
	for (size_t i = 0; i < forms->count; i++) {
		mark_answer(met, &forms->routes[i]->answer);
		for (unsigned c = 0; c < CONDITION_MAX; c++) {
			const struct error_rule *rule = find_rule(forms, i, c);

			if (rule != NULL)
				met[rule->status] = true;
		}
	}
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		met[profile_set_rule(o->set, forms->path, always[i])->status] =
			true;
}

static void
add_form(struct forms *forms, const struct route *route)
{
	if (route != NULL)
		forms->routes[forms->count++] = route;
}

void
openapi_responses(struct openapi *o, const struct router_path *path,
                  const struct route *route)
{
	struct forms forms = { .path = path };
	bool met[STATUS_MAX] = { false };

	add_form(&forms, route);
	add_form(&forms, route->browser);
	add_form(&forms, route->confirm);
	mark_all(met, o, &forms);
	openapi_key(o, "responses");
	openapi_put(o, "{");
	for (unsigned status = 200; status < STATUS_MAX; status++) {
		char text[12];

		if (!met[status])
			continue;
		(void)snprintf(text, sizeof(text), "%u", status);
		openapi_key(o, text);
		openapi_put(o, "{");
		openapi_member(o, "description", reason_of(status));
		openapi_answer_headers(o, route, status);
		if (status != 204 && status != 205 && status != 304)
			write_content(o, &forms, status);
		openapi_put(o, "}");
	}
	openapi_put(o, "}");
}
