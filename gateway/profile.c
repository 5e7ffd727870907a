#include "gateway/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/profile_file.h"
#include "gateway/profiles/builtin.h"

/* Enough for every profile at its largest; only what is used is touched. */
#define MEMORY ((size_t)64 << 20)

/* Everything the steps of loading share. */
struct loader {
	struct profile_set *set;
	const struct profile_options *options;
	char *err;
	size_t err_size;
};

static enum code
fail(struct loader *l, enum code code, const char *name, const char *what)
{
	(void)snprintf(l->err, l->err_size, "%s: %s", name, what);
	return code;
}

static struct profile *
find(struct profile_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->profiles[i].name, name) == 0)
			return &set->profiles[i];
	return NULL;
}

/* Reads a file's JSON and name. */
static enum code
add_profile(struct loader *l, const struct profile_file *file)
{
	static const char *const known[] = { "profile",        "extends",
		                             "summary",        "objects",
		                             "errors",         "routes",
		                             "refresh_cookie", NULL };
	struct profile_set *set = l->set;
	struct profile *profile = &set->profiles[set->count];
	struct json_error error;
	struct json *root;
	struct spec name_at;
	enum code code;

	if (set->count == PROFILE_MAX)
		return fail(l, CODE_INVALID_ARGUMENT, file->name,
		            "is one profile too many");
	profile->file = (struct spec_file){ .name = file->name,
		                            .arena = &set->arena,
		                            .err = l->err,
		                            .err_size = l->err_size };
	code = json_read(&set->arena, file->text, file->len, &root, &error);
	if (code == CODE_INVALID_ARGUMENT) {
		(void)snprintf(l->err, l->err_size, "%s:%zu:%zu: %s",
		               file->name, error.line, error.column,
		               error.what);
		return code;
	}
	if (code != CODE_OK)
		return fail(l, code, file->name, "not enough memory");
	profile->root = (struct spec){ .file = &profile->file, .value = root };
	code = spec_check_members(&profile->root, known);
	if (code == CODE_OK && !spec_find(&profile->root, "profile", &name_at))
		return spec_fail(&profile->root, "needs \"profile\"");
	if (code == CODE_OK)
		code = spec_value_text(&name_at, &profile->name);
	if (code == CODE_OK)
		code = spec_text(&profile->root, "summary", &profile->summary);
	if (code == CODE_OK)
		code = spec_bool(&profile->root, "refresh_cookie",
		                 &profile->refresh_cookie);
	if (code == CODE_OK && find(set, profile->name) != NULL)
		return spec_fail(&name_at, "there is a profile \"%s\" already",
		                 profile->name);
	set->count++;
	return code;
}

static enum code
add_directory(struct loader *l)
{
	struct arena *arena = &l->set->arena;
	struct profile_listing listing = { .size = PROFILE_MAX,
		                           .err = l->err,
		                           .err_size = l->err_size };
	enum code code;

	listing.files =
		arena_alloc(arena, PROFILE_MAX * sizeof(*listing.files));
	if (listing.files == NULL)
		return fail(l, CODE_RESOURCE_EXHAUSTED, "profiles",
		            "not enough memory");
	code = profile_file_list(arena, l->options->dir, &listing);
	for (size_t i = 0; i < listing.count && code == CODE_OK; i++)
		code = add_profile(l, &listing.files[i]);
	return code;
}

static enum code
add_all(struct loader *l)
{
	enum code code = CODE_OK;

	for (size_t i = 0; i < builtin_profiles_count && code == CODE_OK; i++) {
		const struct profile_file file = {
			.name = builtin_profiles[i].name,
			.text = (const char *)builtin_profiles[i].data,
			.len = builtin_profiles[i].len,
		};

		code = add_profile(l, &file);
	}
	if (code == CODE_OK && l->options->dir != NULL)
		code = add_directory(l);
	return code;
}

/* Which profile this one falls back to. */
static enum code
link_base(struct profile_set *set, struct profile *profile)
{
	const char *name = PROFILE_BASE;
	struct spec at = profile->root;
	enum code code = spec_text(&profile->root, "extends", &name);

	if (code != CODE_OK)
		return code;
	if (strcmp(profile->name, PROFILE_BASE) == 0) {
		profile->base = NULL;
		return CODE_OK;
	}
	(void)spec_find(&profile->root, "extends", &at);
	profile->base = find(set, name);
	if (profile->base == NULL)
		return spec_fail(&at, "there is no profile \"%s\"", name);
	return CODE_OK;
}

/* Once the base is ready: the objects and errors, over the base's. */
static enum code
make_ready(struct profile *profile, const struct page_set *pages)
{
	const struct error_scope scope = { &profile->objects, pages };
	char name[CONDITION_NAME_SIZE];
	enum condition missing;
	struct spec errors;
	enum code code = CODE_OK;

	if (profile->base != NULL) {
		profile->errors = profile->base->errors;
		profile->objects.base = &profile->base->objects;
	}
	if (spec_find(&profile->root, "objects", &profile->objects_at)) {
		profile->objects.members = &profile->objects_at;
		code = spec_check_type(&profile->objects_at, JSON_OBJECT);
	}
	if (code == CODE_OK && spec_find(&profile->root, "errors", &errors))
		code = error_table_compile(&errors, &scope, &profile->errors);
	if (code == CODE_OK && error_table_missing(&profile->errors, &missing))
		return spec_fail(&profile->root, "\"errors\" lack \"%s\"",
		                 condition_write(missing, name));
	profile->is_ready = code == CODE_OK;
	return code;
}

/* Bases first; what is left when nothing moves any more is a circle. */
static enum code
make_all_ready(struct profile_set *set)
{
	bool moved = true;

	while (moved) {
		moved = false;
		for (size_t i = 0; i < set->count; i++) {
			struct profile *p = &set->profiles[i];
			enum code code;

			if (p->is_ready ||
			    (p->base != NULL && !p->base->is_ready))
				continue;
			code = make_ready(p, &set->pages);
			if (code != CODE_OK)
				return code;
			moved = true;
		}
	}
	for (size_t i = 0; i < set->count; i++)
		if (!set->profiles[i].is_ready)
			return spec_fail(&set->profiles[i].root,
			                 "\"extends\" leads back to itself");
	return CODE_OK;
}

static const struct error_table *
find_errors(void *ctx, const char *name)
{
	const struct profile *profile = find(ctx, name);

	return profile == NULL ? NULL : &profile->errors;
}

static enum code
add_route(struct profile_set *set, struct profile *profile,
          const struct spec *at)
{
	struct route_scope scope = { .profile = profile->name,
		                     .refresh_cookie = profile->refresh_cookie,
		                     .objects = &profile->objects,
		                     .pages = &set->pages,
		                     .errors = &profile->errors,
		                     .find_errors = find_errors,
		                     .ctx = set };
	struct route *route = arena_alloc(&set->arena, sizeof(*route));
	const struct route *other = NULL;
	enum code code;

	if (route == NULL)
		return spec_fail(at, "not enough memory");
	code = route_compile(at, &scope, route);
	if (code != CODE_OK || !profile->is_served)
		return code;
	set->has_cookie |= route->cookie.is_used;
	if (route->body_max > set->body_max)
		set->body_max = route->body_max;
	code = router_add(&set->router, &set->arena, route, &other);
	if (code == CODE_ALREADY_EXISTS)
		return spec_fail(at,
		                 "profile \"%s\" has this method and path "
		                 "too, and answers otherwise",
		                 other->profile);
	return code == CODE_OK ? code : spec_fail(at, "not enough memory");
}

static enum code
add_routes(struct profile_set *set, struct profile *profile)
{
	struct spec routes;
	size_t index = 0;
	enum code code;

	if (!spec_find(&profile->root, "routes", &routes))
		return CODE_OK;
	code = spec_check_type(&routes, JSON_LIST);
	for (const struct json *v = routes.value->first; v && code == CODE_OK;
	     v = v->next) {
		struct spec at = spec_child(&routes, v, index++);

		code = add_route(set, profile, &at);
	}
	return code;
}

static enum code
choose_served(struct loader *l)
{
	for (size_t i = 0; i < l->options->name_count; i++) {
		struct profile *p = find(l->set, l->options->names[i]);

		if (p == NULL)
			return fail(l, CODE_INVALID_ARGUMENT,
			            l->options->names[i],
			            "no profile has this name");
		p->is_served = true;
	}
	for (size_t i = 0; i < l->set->count; i++)
		l->set->profiles[i].is_served |= l->options->name_count == 0;
	return CODE_OK;
}

static enum code
load(struct loader *l)
{
	struct profile_set *set = l->set;
	enum code code =
		page_set_load(&set->arena, &set->pages, l->err, l->err_size);

	if (code == CODE_OK)
		code = add_all(l);

	if (code == CODE_OK)
		code = choose_served(l);
	for (size_t i = 0; i < set->count && code == CODE_OK; i++)
		code = link_base(set, &set->profiles[i]);
	if (code == CODE_OK)
		code = make_all_ready(set);
	for (size_t i = 0; i < set->count && code == CODE_OK; i++)
		code = add_routes(set, &set->profiles[i]);
	if (code == CODE_OK)
		set->errors = &find(set, PROFILE_BASE)->errors;
	return code;
}

enum code
profile_set_open(const struct profile_options *options,
                 struct profile_set **out, char *err, size_t err_size)
{
	struct profile_set *set = calloc(1, sizeof(*set));
	struct loader l = {
		.set = set, .options = options, .err = err, .err_size = err_size
	};
	void *memory = malloc(MEMORY);
	enum code code;

	if (set == NULL || memory == NULL) {
		free(set);
		free(memory);
		return fail(&l, CODE_RESOURCE_EXHAUSTED, "profiles",
		            "not enough memory");
	}
	arena_init(&set->arena, memory, MEMORY);
	code = load(&l);
	if (code != CODE_OK) {
		profile_set_close(set);
		return code;
	}
	*out = set;
	return CODE_OK;
}

void
profile_set_close(struct profile_set *set)
{
	if (set == NULL)
		return;
	free(set->arena.data);
	free(set);
}

const struct error_rule *
profile_set_rule(const struct profile_set *set, const struct router_path *path,
                 unsigned condition)
{
	for (unsigned m = 0; path != NULL && m < METHOD_COUNT; m++) {
		const struct route *route = path->routes[m];

		if (route != NULL &&
		    route->errors.rules[condition]->page == NULL)
			return route->errors.rules[condition];
	}
	return set->errors->rules[condition];
}
