#include "gateway/openapi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"

#define SHOWN_SIZE ((size_t)1 << 16)
#define MEMORY_STEP ((size_t)50021) /* a prime, so as to end anywhere */
#define EXAMPLE_DIR "gateway/testdata/profiles"

#define TOKEN(head) head ".bm90IGEgc2lnbmF0dXJl"
#define ACCESS TOKEN("eyJhbGciOiJFUzI1NiJ9.eyJleGFtcGxlIjoiYWNjZXNzIn0")
#define REFRESH TOKEN("eyJhbGciOiJIUzI1NiJ9.eyJleGFtcGxlIjoicmVmcmVzaCJ9")

/* The built-in profiles' description, written and read back. */
struct fixture {
	struct profile_set *set;
	struct arena arena;
	struct bytes text;
	struct json *root;
	struct arena shown;
};

static void
describe(struct fixture *f)
{
	struct json_error error;

	/* The text of one value at a time. */
	arena_init(&f->shown, malloc(SHOWN_SIZE), SHOWN_SIZE);
	assert_non_null(f->shown.data);
	arena_init(&f->arena, malloc(OPENAPI_ARENA_SIZE), OPENAPI_ARENA_SIZE);
	assert_non_null(f->arena.data);
	assert_int_equal(CODE_OK, openapi_write(f->set, "https://auth.example",
	                                        &f->arena, &f->text));
	assert_int_equal(CODE_OK, json_read(&f->arena, f->text.data,
	                                    f->text.len, &f->root, &error));
}

/* With the profiles of a directory. */
static struct fixture *
open_fixture(const char *dir)
{
	const struct profile_options profiles = { .dir = dir };
	struct fixture *f = calloc(1, sizeof(*f));
	char err[256] = "";

	assert_non_null(f);
	if (profile_set_open(&profiles, &f->set, err, sizeof(err)) != CODE_OK)
		fail_msg("%s", err);
	describe(f);
	return f;
}

static int
setup(void **state)
{
	*state = open_fixture(EXAMPLE_DIR);
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	profile_set_close(f->set);
	free(f->arena.data);
	free(f->shown.data);
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
	free(other.shown.data);
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

/* Shows a value as text, until the next. */
static const char *
show(struct fixture *f, const struct json *value)
{
	struct json_out out;

	assert_non_null(value);
	arena_reset(&f->shown);
	json_out_init(&out, &f->shown);
	json_out_value(&out, value);
	assert_int_equal(CODE_OK, json_out_end(&out));
	return out.data;
}

static const struct json *
operation(const struct fixture *f, const char *path, const char *method)
{
	const struct json *op = at(f->root, "paths", path, method, NULL);

	assert_non_null(op);
	return op;
}

static const char *
success(struct fixture *f, const struct json *op, const char *status,
        const char *name)
{
	return show(f, at(op, "responses", status, "content",
	                  "application/json", "examples", name, "value", NULL));
}

static const char *
request(struct fixture *f, const struct json *op, const char *type)
{
	return show(f, at(op, "requestBody", "content", type, "example", NULL));
}

static void
a_success_has_an_example_as_the_gateway_writes_it(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(
		"{\"refresh\":\"" REFRESH "\",\"access\":\"" ACCESS "\","
		"\"user\":{\"id\":7,\"email\":\"ada@example.com\","
		"\"first_name\":\"Ada\",\"last_name\":\"Lovelace\","
		"\"full_name\":\"Ada Lovelace\","
		"\"avatar\":\"https://auth.example/media/avatars/2026/01/02/"
		"fedcba9876543210fedcba9876543210.webp\","
		"\"is_staff\":false,\"is_superuser\":false,"
		"\"roles\":[\"editor\"],\"username\":\"ada\","
		"\"is_active\":true,\"email_verified\":true,"
		"\"date_joined\":\"2026-01-02T03:04:05.678901Z\","
		"\"last_login\":\"2026-01-09T08:00:00.123456Z\","
		"\"phone_number\":\"+44 20 7946 0018\"}}",
		success(f, login(f), "200", "success"));
}

/* What the route says of an empty request, or else of wrong types. */
static void
bad_fields_are_those_of_the_route(void **state)
{
	static const struct {
		const char *path, *method, *text;
	} cases[] = {
		{ "/api/auth/login/", "post",
		  "{\"email\":[\"This field is required.\"],"
		  "\"password\":[\"This field is required.\"]}" },
		{ "/api/auth/users/me/avatar/", "put",
		  "{\"avatar\":[\"No file was submitted.\"]}" },
		{ "/api/auth/users/{id}/roles/", "put",
		  "{\"roles\":[\"This field is required.\"]}" },
		{ "/api/auth/roles/{name}/", "patch",
		  "{\"description\":[\"Not a valid string.\"],"
		  "\"permissions\":[\"Expected a list of items but got type "
		  "\\\"str\\\".\"]}" },
		{ "/api/auth/users/", "get",
		  "{\"search\":[\"Null characters are not allowed.\"],"
		  "\"role\":[\"Null characters are not allowed.\"]}" },
		{ "/login/", "post",
		  "{\"status\":false,\"message\":{\"username_or_email\":["
		  "\"This field is required.\"],"
		  "\"password\":[\"This field is required.\"]}}" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct json *content =
			at(operation(f, cases[i].path, cases[i].method),
		           "responses", "400", "content", "application/json",
		           "examples", NULL);
		const struct json *first = content->first;

		/* Not how HTTP itself can be broken. */
		assert_non_null(strstr(first->key, "fields_invalid"));
		assert_string_equal(cases[i].text,
		                    show(f, at(first, "value", NULL)));
	}
}

static void
what_may_be_left_out_is_there_and_is_not(void **state)
{
	struct fixture *f = *state;
	const struct json *op =
		operation(f, "/api/auth/token/refresh/", "post");

	assert_string_equal("{\"access\":\"" ACCESS "\",\"refresh\":\"" REFRESH
	                    "\"}",
	                    success(f, op, "200", "success"));
	assert_string_equal("{\"access\":\"" ACCESS "\"}",
	                    success(f, op, "200", "without_refresh_token"));
	/* The keys' members are of the keys, not of the reply. */
	op = operation(f, "/.well-known/jwks.json", "get");
	assert_null(at(op, "responses", "200", "content", "application/json",
	               "examples", NULL)
	                    ->first->next);
}

static void
each_variant_has_an_example(void **state)
{
	struct fixture *f = *state;
	const struct json *op = operation(f, "/shops/{shop}/account", "post");

	assert_string_equal("{\"token\":\"" ACCESS "\",\"renew_with\":"
	                    "\"" REFRESH "\"}",
	                    success(f, op, "201", "success"));
	assert_string_equal("{\"check_your_mail\":\"ada@example.com\"}",
	                    success(f, op, "202", "REGISTRATION_STATE_VERIFY"));
}

static void
a_page_of_a_list_has_one_item_and_a_next_page(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(
		"{\"people\":[{\"id\":\"7\",\"mail\":\"ada@example.com\","
		"\"phone_number\":\"+44 20 7946 0018\"}],"
		"\"more\":\"https://auth.example/people?p=2\"}",
		success(f, operation(f, "/people", "get"), "200", "success"));
}

static void
a_request_has_an_example_under_the_first_names(void **state)
{
	struct fixture *f = *state;
	const struct json *op = operation(f, "/shops/{shop}/account", "post");

	assert_string_equal("{\"email\":\"ada@example.com\","
	                    "\"password\":\"use-your-own-words-1815\"}",
	                    request(f, login(f), "application/json"));
	/* What has to be equal is. */
	assert_string_equal(
		"{\"mail\":\"ada@example.com\","
		"\"secret\":\"use-your-own-words-1815\","
		"\"secret_again\":\"use-your-own-words-1815\"}",
		request(f, op, "application/x-www-form-urlencoded"));
	/* A picture is no text. */
	op = operation(f, "/api/auth/users/me/", "patch");
	assert_string_equal("{\"first_name\":\"Ada\","
	                    "\"last_name\":\"Lovelace\"}",
	                    request(f, op, "multipart/form-data"));
	op = operation(f, "/api/auth/users/me/avatar/", "put");
	assert_null(at(op, "requestBody", "content", "multipart/form-data",
	               "example", NULL));
	/* The cookie brings the token. */
	op = operation(f, "/api/auth/cookie/refresh/", "post");
	assert_string_equal("{}", request(f, op, "application/json"));
}

/* Names of the members of an object, "a b c". */
static const char *
members(struct fixture *f, const struct json *object)
{
	const char *names = "";

	assert_non_null(object);
	arena_reset(&f->shown);
	for (const struct json *v = object->first; v != NULL; v = v->next) {
		names = arena_printf(&f->shown, "%s%s%s", names,
		                     *names == '\0' ? "" : " ", v->key);
		assert_non_null(names);
	}
	return names;
}

static void
pictures_have_their_types(void **state)
{
	struct fixture *f = *state;
	const struct json *content =
		at(operation(f, "/api/auth/users/me/avatar/", "put"),
	           "requestBody", "content", NULL);

	assert_string_equal(
		"multipart/form-data image/* application/octet-stream",
		members(f, content));
	assert_string_equal("{\"schema\":{\"type\":\"string\"}}",
	                    show(f, at(content, "image/*", NULL)));
	content = at(operation(f, "/media/avatars/{year}/{month}/{day}/{file}",
	                       "get"),
	             "responses", "200", "content", NULL);
	assert_string_equal("image/png image/jpeg image/webp "
	                    "application/octet-stream",
	                    members(f, content));
	assert_string_equal("{\"schema\":{\"type\":\"string\","
	                    "\"contentMediaType\":\"image/png\"}}",
	                    show(f, at(content, "image/png", NULL)));
}

static const struct json *
header(const struct fixture *f, const char *path, const char *status,
       const char *name)
{
	return at(operation(f, path, "post"), "responses", status, "headers",
	          name, NULL);
}

static void
the_refresh_cookie_is_a_scheme_that_a_body_can_stand_for(void **state)
{
	struct fixture *f = *state;
	const char *name = "__Secure-latchkey-refresh";
	const struct json *op =
		operation(f, "/api/auth/cookie/refresh/", "post");

	assert_string_equal("[{\"refreshCookie\":[]},{}]",
	                    show(f, at(op, "security", NULL)));
	assert_string_equal(name, at(f->root, "components", "securitySchemes",
	                             "refreshCookie", "name", NULL)
	                                  ->text);
	/* A form of another site sends no JSON. */
	assert_string_equal("application/json",
	                    members(f, at(op, "requestBody", "content", NULL)));
	op = at(op, "parameters", NULL)->first;
	assert_string_equal("Origin", at(op, "name", NULL)->text);
	assert_null(op->next);
	op = operation(f, "/api/auth/cookie/login/", "post");
	assert_string_equal("[]", show(f, at(op, "security", NULL)));
	op = operation(f, "/api/auth/cookie/logout/", "post");
	assert_string_equal("application/json "
	                    "application/x-www-form-urlencoded "
	                    "multipart/form-data",
	                    members(f, at(op, "requestBody", "content", NULL)));
	/* Other profiles have nothing of it. */
	assert_null(at(login(f), "parameters", NULL)->first);
}

static void
answers_that_set_or_end_the_cookie_say_how(void **state)
{
	struct fixture *f = *state;
	static const char name[] = "Set-Cookie";

	assert_string_equal(
		"__Secure-latchkey-refresh=" REFRESH "; Path=/api/auth/; "
		"Expires=Fri, 16 Jan 2026 08:00:00 GMT; HttpOnly; Secure; "
		"SameSite=Lax",
		at(header(f, "/api/auth/cookie/login/", "200", name), "example",
	           NULL)
			->text);
	assert_string_equal(
		"__Secure-latchkey-refresh=; Path=/api/auth/; "
		"Expires=Thu, 01 Jan 1970 00:00:01 GMT; HttpOnly; Secure; "
		"SameSite=Lax",
		at(header(f, "/api/auth/cookie/logout/", "205", name),
	           "example", NULL)
			->text);
	assert_null(header(f, "/api/auth/login/", "200", name));
	assert_null(header(f, "/api/auth/cookie/login/", "401", name));
}

static void
headers_that_the_gateway_reads_are_parameters(void **state)
{
	static const struct {
		const char *path, *name;
	} cases[] = {
		{ "/openapi.json", "If-None-Match" },
		{ "/api/auth/verify-email/", "Sec-Fetch-Mode" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct json *last = at(operation(f, cases[i].path, "get"),
		                             "parameters", NULL)
		                                  ->first;

		while (last->next != NULL)
			last = last->next;
		assert_string_equal(cases[i].name,
		                    at(last, "name", NULL)->text);
		assert_string_equal("header", at(last, "in", NULL)->text);
	}
}

static void
files_have_their_names_and_types(void **state)
{
	struct fixture *f = *state;
	const struct json *op = operation(f, "/docs/{file}", "get");
	const struct json *names =
		at(at(op, "parameters", NULL)->first, "schema", "enum", NULL);

	assert_string_equal("[\"swagger-ui-bundle.js\",\"swagger-ui.css\","
	                    "\"favicon-32x32.png\",\"docs.css\","
	                    "\"start.js\"]",
	                    show(f, names));
	assert_string_equal(
		"text/javascript text/css image/png",
		members(f, at(op, "responses", "200", "content", NULL)));
}

/* The description of this profile and those that ship. */
static struct fixture *
open_profile(const char *text)
{
	char dir[] = "/tmp/openapi_test.XXXXXX", path[64];
	struct fixture *f;
	FILE *file;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/odd.json", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(0, fclose(file));
	f = open_fixture(dir);
	assert_int_equal(0, unlink(path));
	assert_int_equal(0, rmdir(dir));
	return f;
}

static void
a_description_keeps_to_limits_choices_and_headers_of_a_route(void **state)
{
	struct fixture *f = open_profile(
		"{\"profile\":\"odd\",\"routes\":[{\"method\":\"POST\","
		"\"path\":\"/odd/{size}\","
		"\"rpc\":\"latchkey.v1.AccountService/RegisterAccount\","
		"\"auth\":\"none\",\"request\":["
		"{\"field\":\"email\",\"from\":[\"body.e\"],"
		"\"max_length\":4},{\"field\":\"name\","
		"\"from\":[\"header.sec-fetch-mode\"],\"required\":false}],"
		"\"browser\":{\"page\":\"sorry\"},"
		"\"body\":{\"is\":\"{state}\"},\"variants\":[{"
		"\"field\":\"state\",\"in\":[\"REGISTRATION_STATE_VERIFY\"],"
		"\"body\":{\"is\":\"{state}\"}}]},"
		"{\"method\":\"GET\",\"path\":\"/many/{page}\","
		"\"rpc\":\"latchkey.v1.UserService/ListUsers\","
		"\"auth\":\"none\",\"request\":[{\"field\":\"page\","
		"\"from\":[\"path.page\"],\"min\":20,\"max\":30}]}]}");
	const struct json *op = operation(f, "/odd/{size}", "post");

	(void)state;
	assert_string_equal("{\"is\":\"REGISTRATION_STATE_OPEN\"}",
	                    success(f, op, "200", "success"));
	assert_string_equal("{\"is\":\"REGISTRATION_STATE_VERIFY\"}",
	                    success(f, op, "200", "REGISTRATION_STATE_VERIFY"));
	assert_string_equal("{\"e\":\"ada@\"}",
	                    request(f, op, "application/json"));
	/* What nothing reads has no sample. */
	op = at(op, "parameters", NULL)->first;
	assert_string_equal("\"example\"", show(f, at(op, "example", NULL)));
	/* What a row reads is described once. */
	op = op->next;
	assert_string_equal("sec-fetch-mode", at(op, "name", NULL)->text);
	assert_null(op->next);
	op = at(operation(f, "/many/{page}", "get"), "parameters", NULL)->first;
	assert_string_equal("20", show(f, at(op, "example", NULL)));
	(void)teardown((void **)&f);
}

/* As an address that is the user's name as well: JSON has a name once. */
static void
what_two_rows_read_is_described_once(void **state)
{
	struct fixture *f = open_profile(
		"{\"profile\":\"odd\",\"routes\":[{\"method\":\"POST\","
		"\"path\":\"/odd\","
		"\"rpc\":\"latchkey.v1.AccountService/RegisterAccount\","
		"\"auth\":\"none\",\"request\":["
		"{\"field\":\"email\",\"from\":[\"body.mail\"],"
		"\"max_length\":9},"
		"{\"field\":\"username\",\"from\":[\"body.mail\"]},"
		"{\"field\":\"password\",\"from\":[\"query.word\"]},"
		"{\"field\":\"name\",\"from\":[\"query.word\"]},"
		"{\"field\":\"first_name\",\"from\":[\"header.X-Name\"]},"
		"{\"field\":\"last_name\",\"from\":[\"header.x-name\"]}],"
		"\"body\":{\"is\":\"{state}\"}}]}");
	const struct json *op = operation(f, "/odd", "post"), *parameter;
	const struct json *schema = at(op, "requestBody", "content",
	                               "application/json", "schema", NULL);

	(void)state;
	assert_string_equal("{\"mail\":{\"type\":\"string\","
	                    "\"minLength\":1,\"maxLength\":9}}",
	                    show(f, at(schema, "properties", NULL)));
	assert_string_equal("[\"mail\"]",
	                    show(f, at(schema, "required", NULL)));
	assert_string_equal("{\"mail\":\"ada@examp\"}",
	                    request(f, op, "application/json"));
	parameter = at(op, "parameters", NULL)->first;
	assert_string_equal("word", at(parameter, "name", NULL)->text);
	parameter = parameter->next;
	assert_string_equal("X-Name", at(parameter, "name", NULL)->text);
	assert_null(parameter->next);
	(void)teardown((void **)&f);
}

static void
a_parameter_has_an_example_if_it_must_be_given(void **state)
{
	struct fixture *f = *state;
	const struct json *op =
		operation(f, "/api/auth/sessions/{id}/", "delete");
	const struct json *parameter = at(op, "parameters", NULL)->first;

	assert_string_equal("\"0123456789abcdef0123456789abcdef\"",
	                    show(f, at(parameter, "example", NULL)));
	op = operation(f, "/api/auth/users/{id}/", "get");
	parameter = at(op, "parameters", NULL)->first;
	assert_string_equal("7", show(f, at(parameter, "example", NULL)));
	op = operation(f, "/api/auth/users/", "get");
	parameter = at(op, "parameters", NULL)->first;
	assert_null(at(parameter, "example", NULL));
}

/* Wherever it ends: the arena grows until it is enough. */
static void
lack_of_memory_is_an_error(void **state)
{
	struct fixture *f = *state;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	struct bytes out;

	for (size_t size = 0; code != CODE_OK; size += MEMORY_STEP) {
		void *memory = malloc(size + 1);
		struct arena arena;

		assert_non_null(memory);
		assert_true(size < OPENAPI_ARENA_SIZE);
		arena_init(&arena, memory, size);
		code = openapi_write(f->set, NULL, &arena, &out);
		if (code != CODE_OK)
			assert_int_equal(CODE_RESOURCE_EXHAUSTED, code);
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
		cmocka_unit_test(
			a_success_has_an_example_as_the_gateway_writes_it),
		cmocka_unit_test(bad_fields_are_those_of_the_route),
		cmocka_unit_test(what_may_be_left_out_is_there_and_is_not),
		cmocka_unit_test(each_variant_has_an_example),
		cmocka_unit_test(a_page_of_a_list_has_one_item_and_a_next_page),
		cmocka_unit_test(
			a_request_has_an_example_under_the_first_names),
		cmocka_unit_test(pictures_have_their_types),
		cmocka_unit_test(files_have_their_names_and_types),
		cmocka_unit_test(
			the_refresh_cookie_is_a_scheme_that_a_body_can_stand_for),
		cmocka_unit_test(answers_that_set_or_end_the_cookie_say_how),
		cmocka_unit_test(headers_that_the_gateway_reads_are_parameters),
		cmocka_unit_test(
			a_description_keeps_to_limits_choices_and_headers_of_a_route),
		cmocka_unit_test(what_two_rows_read_is_described_once),
		cmocka_unit_test(
			a_parameter_has_an_example_if_it_must_be_given),
		cmocka_unit_test(lack_of_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
