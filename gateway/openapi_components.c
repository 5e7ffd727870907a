/*
 * The named schemas: how each condition is answered, with an example, and the
 * objects of the profiles.
 */
#include <string.h>

#include "gateway/openapi_part.h"

static bool
is_same(const struct error_rule *a, const struct error_rule *b)
{
	return a != NULL && b != NULL && a->status == b->status &&
	       template_equals(&a->body, &b->body);
}

static bool
is_error_name_free(const struct openapi *o, const char *name)
{
	for (const struct openapi_error *e = o->errors; e; e = e->next)
		if (e->name != NULL && strcmp(e->name, name) == 0)
			return false;
	return true;
}

static const char *
choose_error_name(const struct openapi *o, const char *profile,
                  unsigned condition, const struct error_rule *rule)
{
	char plain[CONDITION_NAME_SIZE];
	const char *name;

	(void)condition_write(condition, plain);
	if (is_same(o->set->errors->rules[condition], rule))
		return arena_strdup(o->out.arena, plain);
	name = arena_printf(o->out.arena, "%s.%s", plain, profile);
	for (unsigned n = 2; name != NULL && !is_error_name_free(o, name); n++)
		name = arena_printf(o->out.arena, "%s.%s.%u", plain, profile,
		                    n);
	return name;
}

const char *
openapi_error_name(struct openapi *o, const char *profile, unsigned condition,
                   const struct error_rule *rule)
{
	struct openapi_error **link = &o->errors;
	const char *name;

	for (; *link != NULL; link = &(*link)->next)
		if ((*link)->condition == condition &&
		    is_same((*link)->rule, rule))
			return (*link)->name;
	name = choose_error_name(o, profile, condition, rule);
	if (name != NULL)
		*link = arena_alloc(o->out.arena, sizeof(**link));
	if (*link == NULL) {
		o->out.failed = true;
		return "";
	}
	**link = (struct openapi_error){ .name = name,
		                         .condition = condition,
		                         .rule = rule };
	return name;
}

void
openapi_error_example(struct openapi *o, const char *name,
                      const struct error_rule *rule, const char *faults)
{
	const struct template_source source = {
		.variables = {
			[TEMPLATE_METHOD] = "GET",
			[TEMPLATE_MEDIA_TYPE] = "text/plain",
			[TEMPLATE_WHAT] = "Expecting value",
			[TEMPLATE_GOT] = "list",
			[TEMPLATE_LINE] = "1",
			[TEMPLATE_COLUMN] = "2",
			[TEMPLATE_RETRY_AFTER] = "30",
			[TEMPLATE_RETRY_WORDS] = "30 seconds",
			[TEMPLATE_FIELDS] = faults,
		},
	};

	openapi_key(o, name);
	openapi_put(o, "{\"value\":");
	template_write(&rule->body, &source, &o->out);
	openapi_put(o, "}");
}

static void
write_errors(struct openapi *o)
{
	for (struct openapi_error *e = o->errors; e != NULL; e = e->next) {
		openapi_item(o);
		openapi_put(o, "\"error.");
		openapi_put(o, e->name);
		openapi_put(o, "\":");
		openapi_schema(o, &e->rule->body);
	}
}

void
openapi_components(struct openapi *o)
{
	openapi_key(o, "schemas");
	openapi_put(o, "{");
	write_errors(o);
	/* Objects may hold objects: the list grows while it is written. */
	for (struct openapi_object *i = o->objects; i != NULL; i = i->next) {
		const struct template t = { .json = i->json,
			                    .message = i->message,
			                    .objects = i->objects };

		openapi_key(o, i->name);
		openapi_schema(o, &t);
	}
	openapi_put(o, "}");
	openapi_key(o, "examples");
	openapi_put(o, "{");
	/* What says which fields are bad is shown with each route. */
	for (struct openapi_error *e = o->errors; e != NULL; e = e->next)
		if (!template_uses(&e->rule->body, TEMPLATE_FIELDS))
			openapi_error_example(o, e->name, e->rule, NULL);
	openapi_put(o, "}");
}
