#include "gateway/openapi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

/* The built-in profiles' description, written and read back. */
struct fixture {
	struct profile_set *set;
	struct arena arena;
	struct bytes text;
	struct json *root;
};

static void
describe(struct fixture *f)
{
	struct json_error error;

	arena_init(&f->arena, malloc(OPENAPI_ARENA_SIZE), OPENAPI_ARENA_SIZE);
	assert_non_null(f->arena.data);
	assert_int_equal(CODE_OK, openapi_write(f->set, "https://auth.example",
	                                        &f->arena, &f->text));
	assert_int_equal(CODE_OK, json_read(&f->arena, f->text.data,
	                                    f->text.len, &f->root, &error));
}

static int
setup(void **state)
{
	const struct profile_options profiles = { 0 };
	struct fixture *f = calloc(1, sizeof(*f));
	char err[256];

	if (f == NULL ||
	    profile_set_open(&profiles, &f->set, err, sizeof(err)) != CODE_OK)
		return -1;
	describe(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	profile_set_close(f->set);
	free(f->arena.data);
	free(f);
	return 0;
}

/* Follows names, which NULL ends. */
static const struct json *
at(const struct json *json, ...)
{
	const char *name;
	va_list names;

	va_start(names, json);
	while (json != NULL && (name = va_arg(names, const char *)) != NULL)
		json = json_member(json, name);
	va_end(names);
	return json;
}

static const struct json *
login(const struct fixture *f)
{
	const struct json *op =
		at(f->root, "paths", "/api/auth/login/", "post", NULL);

	assert_non_null(op);
	return op;
}

static void
every_served_route_is_described(void **state)
{
	const struct fixture *f = *state;

	for (const struct router_path *p = f->set->router.first; p;
	     p = p->next) {
		size_t count = 0, described = 0;
		const struct json *item = NULL;

		for (unsigned m = 0; m < METHOD_COUNT; m++) {
			if (p->routes[m] == NULL)
				continue;
			count++;
			if (item == NULL)
				item = at(f->root, "paths", p->routes[m]->path,
				          NULL);
		}
		assert_non_null(item);
		for (item = item->first; item != NULL; item = item->next)
			described++;
		assert_int_equal(count, described);
	}
}

static void
the_same_profiles_give_the_same_bytes(void **state)
{
	struct fixture *f = *state;
	struct fixture other = { .set = f->set };

	describe(&other);
	assert_int_equal(f->text.len, other.text.len);
	assert_memory_equal(f->text.data, other.text.data, f->text.len);
	free(other.arena.data);
}

static void
one_of_several_names_is_required(void **state)
{
	const struct json *schema = at(login(*state), "requestBody", "content",
	                               "application/json", "schema", NULL);

	assert_string_equal("password",
	                    at(schema, "required", NULL)->first->text);
	assert_non_null(at(schema, "properties", "email", NULL));
	assert_non_null(at(schema, "properties", "username", NULL));
	assert_non_null(at(at(schema, "allOf", NULL)->first, "anyOf", NULL));
	assert_string_equal(
		"254",
		at(schema, "properties", "email", "maxLength", NULL)->text);
}

static void
an_object_is_named_once(void **state)
{
	struct fixture *f = *state;

	assert_non_null(at(f->root, "components", "schemas", "user", NULL));
	assert_null(at(f->root, "components", "schemas", "user.2", NULL));
}

/* Of TypeScript's types each member has to fit both. */
static void
attributes_leave_room_for_named_lists(void **state)
{
	struct fixture *f = *state;
	const struct json *user =
		at(f->root, "components", "schemas", "user", NULL);
	const struct json *body =
		at(f->root, "paths", "/api/auth/users/", "post", "requestBody",
	           "content", "application/json", "schema", NULL);

	assert_non_null(at(user, "properties", "roles", "items", NULL));
	assert_non_null(at(user, "additionalProperties", "anyOf", NULL));
	assert_non_null(at(body, "properties", "roles", "items", NULL));
	assert_non_null(at(body, "additionalProperties", "anyOf", NULL));
	body = at(f->root, "paths", "/api/auth/register/", "post",
	          "requestBody", "content", "application/json", "schema", NULL);
	assert_non_null(at(body, "additionalProperties", "type", NULL));
}

static void
an_optional_field_may_be_null(void **state)
{
	struct fixture *f = *state;
	const struct json *type = at(f->root, "components", "schemas", "user",
	                             "properties", "avatar", "type", NULL);

	assert_int_equal(JSON_LIST, type->type);
	assert_string_equal("null", type->first->next->text);
}

static void
an_error_has_its_schema_and_example(void **state)
{
	struct fixture *f = *state;
	const struct json *schema = at(f->root, "components", "schemas",
	                               "error.CREDENTIALS_INVALID",
	                               "properties", "detail", "const", NULL);

	assert_string_equal("No active account found with the given "
	                    "credentials",
	                    schema->text);
	assert_non_null(at(login(f), "responses", "401", "content",
	                   "application/json", "examples",
	                   "CREDENTIALS_INVALID", NULL));
}

static void
only_routes_with_a_bearer_ask_for_one(void **state)
{
	struct fixture *f = *state;

	assert_null(at(login(f), "security", NULL)->first);
	assert_non_null(at(f->root, "paths", "/api/auth/users/me/", "get",
	                   "security", NULL)
	                        ->first);
}

static void
lack_of_memory_is_an_error(void **state)
{
	struct fixture *f = *state;
	static const size_t sizes[] = { 0, 64, 4096, 65536, 262144 };
	struct bytes out;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		void *memory = malloc(sizes[i] + 1);
		struct arena arena;

		arena_init(&arena, memory, sizes[i]);
		assert_int_equal(CODE_RESOURCE_EXHAUSTED,
		                 openapi_write(f->set, NULL, &arena, &out));
		free(memory);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_served_route_is_described),
		cmocka_unit_test(the_same_profiles_give_the_same_bytes),
		cmocka_unit_test(one_of_several_names_is_required),
		cmocka_unit_test(an_object_is_named_once),
		cmocka_unit_test(attributes_leave_room_for_named_lists),
		cmocka_unit_test(an_optional_field_may_be_null),
		cmocka_unit_test(an_error_has_its_schema_and_example),
		cmocka_unit_test(only_routes_with_a_bearer_ask_for_one),
		cmocka_unit_test(lack_of_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
