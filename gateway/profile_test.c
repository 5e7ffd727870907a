#include "gateway/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct fixture {
	char dir[64];
	struct profile_set *set;
	char err[512];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/profile_test.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	*state = f;
	return 0;
}

static void
path_of(const struct fixture *f, const char *name, char path[128])
{
	(void)snprintf(path, 128, "%s/%s", f->dir, name);
}

static int
teardown(void **state)
{
	static const char *const names[] = { "a.json", "b.json", "c.json" };
	struct fixture *f = *state;
	char path[128];

	for (size_t i = 0; i < COUNT(names); i++) {
		path_of(f, names[i], path);
		(void)unlink(path);
	}
	(void)rmdir(f->dir);
	profile_set_close(f->set);
	free(f);
	return 0;
}

static void
write_file(const struct fixture *f, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	path_of(f, name, path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static enum code
load(struct fixture *f, const char *const *names, size_t count)
{
	const struct profile_options options = { .names = names,
		                                 .name_count = count,
		                                 .dir = f->dir };

	profile_set_close(f->set);
	f->set = NULL;
	f->err[0] = '\0';
	return profile_set_open(&options, &f->set, f->err, sizeof(f->err));
}

static void
expect_loaded(struct fixture *f)
{
	if (load(f, NULL, 0) != CODE_OK)
		fail_msg("%s", f->err);
}

static const struct router_path *
find_path(struct fixture *f, const char *path)
{
	static uint8_t memory[4096];
	struct router_match match;
	struct arena arena;

	arena_init(&arena, memory, sizeof(memory));
	assert_int_equal(router_find(&f->set->router, &arena, path, &match),
	                 CODE_OK);
	return match.path;
}

static const struct route *
find_route(struct fixture *f, const char *text, enum method method)
{
	const struct router_path *path = find_path(f, text);

	return path == NULL ? NULL : path->routes[method];
}

#define ROUTE(members) "{\"profile\":\"x\",\"routes\":[{" members "}]}"
#define POST_ROUTE(members)                                                    \
	ROUTE("\"method\":\"POST\",\"path\":\"/x/\",\"auth\":\"none\""         \
	      ",\"rpc\":\"latchkey.v1.AuthService/Refresh\"" members)
#define CALL(method, rpc, members)                                             \
	ROUTE("\"method\":\"" method "\",\"path\":\"/x/\",\"auth\":"           \
	      "\"none\",\"rpc\":\"latchkey.v1." rpc "\"" members)
#define GET_AVATAR(types)                                                      \
	CALL("GET", "AccountService/GetAvatar",                                \
	     ",\"raw\":{\"bytes\":\"image\",\"type\":\"media_type\"" types     \
	     "}")
#define FIELD(members) POST_ROUTE(",\"request\":[{" members "}]")
#define TOKEN_FIELD(members)                                                   \
	FIELD("\"field\":\"refresh_token\",\"from\":[\"body.r\"]" members)
#define BODY(text) POST_ROUTE(",\"body\":" text)
#define ERRORS(members) "{\"profile\":\"x\",\"errors\":{" members "}}"

static const struct {
	const char *text;
	const char *sentence; /* after the file's path */
} mistakes[] = {
	{ "{\n \"profile\" \"x\"}", ":2:12: Expecting ':' delimiter" },
	{ "[]", ": is a list and must be an object" },
	{ "{}", ": needs \"profile\"" },
	{ "{\"profile\":1}", ": /profile: is a number and must be a string" },
	{ "{\"profile\":\"x\",\"route\":[]}",
	  ": /route: is no member known here" },
	{ "{\"profile\":\"drf\"}",
	  ": /profile: there is a profile \"drf\" already" },
	{ "{\"profile\":\"x\",\"extends\":\"y\"}",
	  ": /extends: there is no profile \"y\"" },
	{ "{\"profile\":\"x\",\"extends\":\"x\"}",
	  ": \"extends\" leads back to itself" },
	{ "{\"profile\":\"x\",\"objects\":[]}",
	  ": /objects: is a list and must be an object" },
	{ "{\"profile\":\"x\",\"routes\":{}}",
	  ": /routes: is an object and must be a list" },
	{ "{\"profile\":\"x\",\"routes\":[1]}",
	  ": /routes/0: is a number and must be an object" },
	{ ROUTE("\"a/b~c\":1"),
	  ": /routes/0/a~1b~0c: is no member known here" },
	{ ROUTE("\"path\":\"/x\""), ": /routes/0: needs \"method\"" },
	{ ROUTE("\"method\":\"HEAD\""),
	  ": /routes/0/method: must be GET, POST, PUT, PATCH or "
	  "DELETE" },
	{ ROUTE("\"method\":\"GET\""), ": /routes/0: needs \"path\"" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"x\""),
	  ": /routes/0/path: must begin with /" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"/a//b\""),
	  ": /routes/0/path: has a segment that is neither {name} nor "
	  "of letters, digits and -._~" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"/a/{}\""),
	  ": /routes/0/path: has a segment that is neither {name} nor "
	  "of letters, digits and -._~" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"/{a}/{b}/{c}/{d}/{e}\""),
	  ": /routes/0/path: has more than 4 parameters" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"/x\""),
	  ": /routes/0: needs \"auth\"" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"/"
	        "x\",\"auth\":\"basic\""),
	  ": /routes/0/auth: must be \"none\", \"bearer\", \"staff\" or "
	  "\"superuser\"" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"/x\","
	        "\"auth\":\"bearer\""),
	  ": /routes/0: without an rpc nobody checks a token" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"/x\",\"auth\":\"none\","
	        "\"rpc\":\"a/b\""),
	  ": /routes/0/rpc: there is no rpc \"a/b\"" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"/x\",\"auth\":\"none\","
	        "\"request\":[]"),
	  ": /routes/0/request: without an rpc there is no request" },
	{ FIELD("\"x\":1"),
	  ": /routes/0/request/0/x: is no member known here" },
	{ FIELD("\"from\":[\"body.r\"]"),
	  ": /routes/0/request/0: needs \"field\" or \"input\"" },
	{ FIELD("\"field\":\"token\""),
	  ": /routes/0/request/0/field: latchkey.v1.RefreshRequest has "
	  "no field \"token\"" },
	{ FIELD("\"field\":\"refresh_token\""),
	  ": /routes/0/request/0: needs \"from\" or \"value\"" },
	{ FIELD("\"field\":\"refresh_token\",\"from\":[]"),
	  ": /routes/0/request/0/from: must not be empty" },
	{ FIELD("\"field\":\"refresh_token\",\"from\":[\"cookie.r\"]"),
	  ": /routes/0/request/0/from/0: must begin with body., path., "
	  "query. or header., or be raw" },
	{ FIELD("\"field\":\"refresh_token\",\"from\":[\"path.id\"]"),
	  ": /routes/0/request/0: the path has no {id}" },
	{ TOKEN_FIELD(",\"type\":\"integer\""),
	  ": /routes/0/request/0/type: is \"integer\" and the field's "
	  "type is string" },
	{ TOKEN_FIELD(",\"trim\":\"yes\""),
	  ": /routes/0/request/0/trim: must be true or false" },
	{ TOKEN_FIELD(",\"max_length\":0"),
	  ": /routes/0/request/0/max_length: must be a whole number "
	  "from 1 to 65536" },
	{ TOKEN_FIELD(",\"max_length\":1.5"),
	  ": /routes/0/request/0/max_length: must be a whole number "
	  "from 1 to 65536" },
	{ TOKEN_FIELD(",\"max_bytes\":9"),
	  ": /routes/0/request/0: max_bytes and too_long go together" },
	{ TOKEN_FIELD(",\"max_bytes\":9,\"too_long\":\"LONG\""),
	  ": /routes/0/request/0/too_long: there is no condition "
	  "\"LONG\"" },
	{ TOKEN_FIELD(",\"max_bytes\":9,\"too_long\":\"QUEUE_FULL\""),
	  ": /routes/0: no \"errors\" say what \"QUEUE_FULL\" looks "
	  "like" },
	{ FIELD("\"field\":\"refresh_token\",\"value\":true"),
	  ": /routes/0/request/0/value: is true and must be a string" },
	{ POST_ROUTE(",\"request\":[{\"field\":\"refresh_token\","
	             "\"value\":\"a\"},{\"field\":\"refresh_token\","
	             "\"value\":\"b\"}]"),
	  ": /routes/0/request/1: fills a field again" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"/x/\",\"auth\":\"none\","
	        "\"rpc\":\"latchkey.v1.AuthService/Refresh\","
	        "\"request\":[{\"field\":\"refresh_token\",\"from\":["
	        "\"body.r\"]}]"),
	  ": /routes/0/request/0: a GET has no body" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"/x/\",\"auth\":\"none\","
	        "\"rpc\":\"latchkey.v1.AuthService/VerifyToken\","
	        "\"request\":[{\"field\":\"accepted_types\","
	        "\"value\":[\"ACCESS\"]}]"),
	  ": /routes/0/request/0/value/0: latchkey.v1.TokenType has no "
	  "value \"ACCESS\"" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"/x/\",\"auth\":\"none\","
	        "\"rpc\":\"latchkey.v1.AuthService/VerifyToken\","
	        "\"request\":[{\"field\":\"accepted_types\","
	        "\"from\":[\"query.types\"]}]"),
	  ": /routes/0/request/0: only lists of strings, or of names and "
	  "values, are filled from a request" },
	{ POST_ROUTE(",\"status\":404"),
	  ": /routes/0/status: must be a whole number from 200 to "
	  "299" },
	{ POST_ROUTE(",\"status\":205,\"body\":{}"),
	  ": /routes/0: an answer 205 has no body" },
	{ POST_ROUTE(",\"timeout_ms\":60001"),
	  ": /routes/0/timeout_ms: must be a whole number from 1 to "
	  "60000" },
	{ POST_ROUTE(",\"headers\":{\"Allow\":\"GET\"}"),
	  ": /routes/0/headers/Allow: is set by the gateway itself" },
	{ POST_ROUTE(",\"headers\":{\"a b\":\"x\"}"),
	  ": /routes/0/headers/a b: is no name of a header" },
	{ POST_ROUTE(",\"no_store\":true,"
	             "\"headers\":{\"cache-control\":\"x\"}"),
	  ": /routes/0/headers: \"no_store\" sets Cache-Control" },
	{ BODY("\"{acces}\""),
	  ": /routes/0/body: latchkey.v1.RefreshResponse has no field "
	  "\"acces\"" },
	{ BODY("{\"a\":[\"{access_token.x}\"]}"),
	  ": /routes/0/body/a/0: \"x\" follows what is no single "
	  "message" },
	{ BODY("{\"a\":\"{access_token\"}"),
	  ": /routes/0/body/a: a brace is not closed; write {{ for "
	  "one" },
	{ BODY("{\"a\":\"access_token}\"}"),
	  ": /routes/0/body/a: a brace closes nothing; write }} for "
	  "one" },
	{ BODY("{\"a\":\"{access_token|upper}\"}"),
	  ": /routes/0/body/a: there is no filter \"upper\"" },
	{ BODY("{\"a\":\"{access_token|omit}\"}"),
	  ": /routes/0/body/a: \"omit\" is for fields with presence" },
	{ BODY("{\"a\":\"x {refresh_token|omit}\"}"),
	  ": /routes/0/body/a: \"omit\" must stand alone" },
	{ BODY("[\"{refresh_token|omit}\"]"),
	  ": /routes/0/body/0: \"omit\" is for members of an object" },
	{ BODY("{\"a\":\"{access_token|time}\"}"),
	  ": /routes/0/body/a: \"time\" is for integers" },
	{ BODY("{\"a\":\"{access_expires_at|url}\"}"),
	  ": /routes/0/body/a: \"url\" is for strings" },
	{ BODY("{\"a\":{\"$object\":\"nobody\"}}"),
	  ": /routes/0/body/a/$object: there is no object \"nobody\"" },
	{ BODY("{\"a\":{\"$object\":\"user\",\"of\":\"access_token\"}"
	       "}"),
	  ": /routes/0/body/a/of: \"access_token\" is not a message" },
	{ BODY("{\"a\":{\"$each\":\"access_token\",\"item\":1}}"),
	  ": /routes/0/body/a/$each: \"access_token\" is not a list of "
	  "messages" },
	{ BODY("{\"$if\":1}"),
	  ": /routes/0/body/$if: is no member known here" },
	{ BODY("{\"a\":\"\\u0000\"}"),
	  ": /routes/0/body/a: holds a NUL or a lone surrogate" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"/"
	        "x\",\"auth\":\"bearer\","
	        "\"rpc\":\"latchkey.v1.AccountService/GetMe\","
	        "\"body\":\"{user}\""),
	  ": /routes/0/body: \"user\" is a message: use $object or "
	  "$each" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"/"
	        "x\",\"auth\":\"bearer\","
	        "\"rpc\":\"latchkey.v1.AccountService/GetMe\","
	        "\"body\":\"<{user.roles}>\""),
	  ": /routes/0/body: a list must stand alone" },
	{ POST_ROUTE(",\"accept_when\":{\"field\":\"access_token\","
	             "\"in\":[],\"otherwise\":\"internal\"}"),
	  ": /routes/0/accept_when/field: latchkey.v1.RefreshResponse has "
	  "no field \"access_token\" of the type that is needed here" },
	{ ERRORS("\"TOKEN_STALE\":{\"status\":401}"),
	  ": /errors/TOKEN_STALE: is no condition" },
	{ ERRORS("\"caller.not_found\":{\"status\":404}"),
	  ": /errors/caller.not_found: is no condition" },
	{ ERRORS("\"not_found\":{}"), ": /errors/not_found: needs \"status\"" },
	{ ERRORS("\"not_found\":{\"status\":200}"),
	  ": /errors/not_found/status: must be a whole number from 400 "
	  "to 599" },
	{ ERRORS("\"not_found\":{\"status\":404,\"body\":\"{x}\"}"),
	  ": /errors/not_found/body: there is no variable \"x\"" },
	{ ERRORS("\"not_found\":{\"status\":404,"
	         "\"body\":\"a{fields}\"}"),
	  ": /errors/not_found/body: \"fields\" must stand alone" },
	{ POST_ROUTE(",\"errors_from\":\"nobody\""),
	  ": /routes/0: there is no profile \"nobody\"" },
	{ POST_ROUTE(",\"errors\":{\"x\":{}}"),
	  ": /routes/0/errors/x: is no condition" },
	{ "{\"profile\":\"x\",\"objects\":{\"a\":{\"b\":{\"$object\":"
	  "\"a\"}}},\"routes\":[{\"method\":\"GET\",\"path\":\"/x\","
	  "\"auth\":\"none\",\"body\":{\"$object\":\"a\"}}]}",
	  ": /objects/a/b: too many objects within each other" },
	{ POST_ROUTE(",\"request\":[{\"field\":\"refresh_token\",\"input\":"
	             "\"x\",\"from\":[\"body.r\"]}]"),
	  ": /routes/0/request/0: needs \"field\" or \"input\"" },
	{ FIELD("\"field\":\"refresh_token.x\",\"from\":[\"body.r\"]"),
	  ": /routes/0/request/0/field: latchkey.v1.RefreshRequest has no "
	  "message \"refresh_token\"" },
	{ FIELD("\"field\":\"refresh_token\",\"from\":[\"raw\"]"),
	  ": /routes/0/request/0: \"raw\" is for bytes" },
	{ FIELD("\"field\":\"refresh_token\",\"from\":[\"body.*\"]"),
	  ": /routes/0/request/0: \"body.*\" alone is for lists of names "
	  "and values" },
	{ TOKEN_FIELD(",\"join\":\"/\""),
	  ": /routes/0/request/0: \"join\" is for the path" },
	{ TOKEN_FIELD(",\"if_bad\":\"never\""),
	  ": /routes/0/request/0/if_bad: there is no condition \"never\"" },
	{ TOKEN_FIELD(",\"min\":1"),
	  ": /routes/0/request/0: min, max and cap are for integers" },
	{ CALL("PUT", "AccountService/SetAvatar",
	       ",\"request\":[{\"field\":\"image\",\"from\":[\"raw\"]}]"),
	  ": /routes/0/request/0: \"raw\" needs \"raw_types\"" },
	{ CALL("PUT", "AccountService/SetAvatar",
	       ",\"request\":[{\"field\":\"image\",\"from\":[\"query.x\"]}]"),
	  ": /routes/0/request/0: bytes come from \"raw\" or the body" },
	{ CALL("PUT", "UserService/SetUserRoles",
	       ",\"request\":[{\"field\":\"roles\",\"from\":[\"header.x\"]}]"),
	  ": /routes/0/request/0: lists come from the body or the query" },
	{ CALL("PUT", "UserService/SetUserRoles",
	       ",\"request\":[{\"field\":\"roles\",\"type\":\"string\","
	       "\"from\":[\"body.x\"]}]"),
	  ": /routes/0/request/0/type: is \"string\" and the field's type "
	  "is list" },
	{ POST_ROUTE(",\"raw_types\":[\"png\"]"),
	  ": /routes/0/raw_types/0: is no media type" },
	{ POST_ROUTE(",\"body_max\":1"),
	  ": /routes/0/body_max: must be a whole number from 1024 to "
	  "16777216" },
	{ POST_ROUTE(",\"rules\":[{\"equal\":[\"a\"]}]"),
	  ": /routes/0/rules/0/equal: must name two rows" },
	{ POST_ROUTE(",\"rules\":[{\"equal\":[\"a\",\"b\"]}]"),
	  ": /routes/0/rules/0/equal/0: \"request\" has no row \"a\"" },
	{ POST_ROUTE(",\"request\":[{\"input\":\"a\",\"from\":[\"body.a\"]}],"
	             "\"rules\":[{\"equal\":[\"a\",\"a\"]}]"),
	  ": /routes/0/rules/0: needs \"message\"" },
	{ POST_ROUTE(",\"page\":\"nowhere\""),
	  ": /routes/0/page: there is no page \"nowhere\"" },
	{ POST_ROUTE(",\"page\":\"sorry\",\"body\":{}"),
	  ": /routes/0: has more than one of body, page, raw and "
	  "document" },
	{ POST_ROUTE(",\"page\":\"verify\""),
	  ": /routes/0: the page \"verify\" shows \"token\", which "
	  "\"request\" does not name" },
	{ POST_ROUTE(",\"errors\":{\"invalid\":{\"status\":400,\"page\":"
	             "\"x\"}}"),
	  ": /routes/0/errors/invalid: there is no page \"x\"" },
	{ POST_ROUTE(",\"browser\":{\"status\":201}"),
	  ": /routes/0/browser: needs \"page\"" },
	{ POST_ROUTE(",\"browser\":{\"rpc\":\"x\"}"),
	  ": /routes/0/browser/rpc: is no member known here" },
	{ POST_ROUTE(",\"confirm\":{}"), ": /routes/0/confirm: is for GET" },
	{ CALL("GET", "AuthService/Refresh", ",\"confirm\":{}"),
	  ": /routes/0/confirm: needs \"page\"" },
	{ CALL("PUT", "AccountService/SetAvatar",
	       ",\"raw_types\":[\"image/png\",\"/*\"]"),
	  ": /routes/0/raw_types/1: is no media type" },
	{ GET_AVATAR(""), ": /routes/0/raw: needs \"bytes\", \"type\" and "
	                  "\"types\"" },
	{ GET_AVATAR(",\"types\":[\"image/*\"]"),
	  ": /routes/0/raw/types/0: is no media type" },
	{ GET_AVATAR(",\"types\":[\"a/b\\r\\nX: y\"]"),
	  ": /routes/0/raw/types/0: is no media type" },
	{ GET_AVATAR(",\"types\":[\"a/1\",\"a/2\",\"a/3\",\"a/4\","
	             "\"a/5\"]"),
	  ": /routes/0/raw/types/4: is more than 4 types" },
	{ POST_ROUTE(",\"raw\":{\"bytes\":\"access_token\",\"type\":\"x\","
	             "\"types\":[]}"),
	  ": /routes/0/raw/bytes: latchkey.v1.RefreshResponse has no field "
	  "\"access_token\" of the type that is needed here" },
	{ POST_ROUTE(",\"variants\":[{\"body\":{}}]"),
	  ": /routes/0/variants/0: needs \"field\" and \"in\"" },
	{ CALL("POST", "AccountService/RegisterAccount",
	       ",\"variants\":[{\"field\":\"state\",\"in\":[\"OPEN\"]}]"),
	  ": /routes/0/variants/0/in/0: latchkey.v1.RegistrationState has no "
	  "value \"OPEN\"" },
	{ POST_ROUTE(",\"paging\":{\"page\":\"page\"}"),
	  ": /routes/0/paging: needs \"page\", \"size\" and \"total\"" },
	{ BODY("{\"a\":\"{@next}\"}"),
	  ": /routes/0/body: {@next} and {@previous} need \"paging\"" },
	{ BODY("{\"a\":\"x{@next}\"}"),
	  ": /routes/0/body/a: \"@next\" must stand alone" },
	{ BODY("{\"a\":\"{@method}\"}"),
	  ": /routes/0/body/a: there is no variable \"@method\"" },
	{ BODY("{\"$spread\":\"access_token\"}"),
	  ": /routes/0/body/$spread: \"access_token\" is not a list of "
	  "messages" },
	{ CALL("GET", "KeyService/GetJwks", ",\"body\":{\"$spread\":\"keys\"}"),
	  ": /routes/0/body/$spread: \"$spread\" is for lists of names and "
	  "values" },
	{ POST_ROUTE(",\"may\":[\"TOKEN_STALE\"]"),
	  ": /routes/0/may/0: there is no condition \"TOKEN_STALE\"" },
	{ POST_ROUTE(",\"may\":[\"unavailable\"]"),
	  ": /routes/0/may/0: follows from the rest of the row" },
	{ POST_ROUTE(",\"may\":[\"caller.TOKEN_EXPIRED\"]"),
	  ": /routes/0/may/0: without \"bearer\" there is no caller" },
	{ POST_ROUTE(",\"may\":[\"QUEUE_FULL\"]"),
	  ": /routes/0: no \"errors\" say what \"QUEUE_FULL\" looks "
	  "like" },
	{ ROUTE("\"method\":\"GET\",\"path\":\"/x\",\"auth\":\"none\","
	        "\"may\":[]"),
	  ": /routes/0/may: without an rpc nothing can fail" },
	{ ROUTE("\"method\":\"POST\",\"path\":\"/login\","
	        "\"auth\":\"none\""),
	  ": /routes/0: profile \"car-management\" has this method and "
	  "path too, and answers otherwise" },
};

static void
names_file_and_place_of_every_mistake(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(mistakes); i++) {
		char expected[512];

		write_file(f, "a.json", mistakes[i].text);
		if (load(f, NULL, 0) != CODE_INVALID_ARGUMENT)
			fail_msg("%s: accepted", mistakes[i].text);
		(void)snprintf(expected, sizeof(expected), "%s/a.json%s",
		               f->dir, mistakes[i].sentence);
		assert_string_equal(f->err, expected);
		assert_null(f->set);
	}
}

static const struct {
	enum method method;
	const char *path;
} contract[] = {
	{ METHOD_POST, "/api/auth/login/" },
	{ METHOD_POST, "/api/auth/login/refresh/" },
	{ METHOD_POST, "/api/auth/token/refresh/" },
	{ METHOD_POST, "/api/token/refresh/" },
	{ METHOD_POST, "/token/refresh/" },
	{ METHOD_POST, "/api/auth/token/verify/" },
	{ METHOD_POST, "/api/token/verify/" },
	{ METHOD_POST, "/api/token/" },
	{ METHOD_POST, "/api/token/blacklist/" },
	{ METHOD_POST, "/api/auth/logout/" },
	{ METHOD_GET, "/api/auth/users/me/" },
	{ METHOD_GET, "/api/auth/profile/" },
	{ METHOD_POST, "/login/" },
	{ METHOD_POST, "/account/login/" },
	{ METHOD_POST, "/refresh-token/" },
	{ METHOD_POST, "/account/refresh-token/" },
	{ METHOD_GET, "/.well-known/jwks.json" },
	{ METHOD_GET, "/healthz" },
	{ METHOD_GET, "/readyz" },
	{ METHOD_POST, "/api/auth/register/" },
	{ METHOD_GET, "/api/auth/verify-email/" },
	{ METHOD_POST, "/api/auth/verify-email/" },
	{ METHOD_POST, "/api/auth/verify-email/resend/" },
	{ METHOD_PATCH, "/api/auth/users/me/" },
	{ METHOD_PUT, "/api/auth/users/me/" },
	{ METHOD_PATCH, "/api/auth/profile/" },
	{ METHOD_PUT, "/api/auth/profile/" },
	{ METHOD_PUT, "/api/auth/users/me/avatar/" },
	{ METHOD_DELETE, "/api/auth/users/me/avatar/" },
	{ METHOD_GET, "/media/avatars/2026/01/02/x.png" },
	{ METHOD_POST, "/api/auth/password/change/" },
	{ METHOD_POST, "/api/auth/password-reset/" },
	{ METHOD_GET, "/api/auth/password-reset-confirm/MQ/t/" },
	{ METHOD_PATCH, "/api/auth/password-reset-confirm/MQ/t/" },
	{ METHOD_POST, "/api/auth/password-reset-confirm/MQ/t/" },
	{ METHOD_GET, "/api/auth/users/" },
	{ METHOD_POST, "/api/auth/users/" },
	{ METHOD_GET, "/api/auth/users/7/" },
	{ METHOD_PATCH, "/api/auth/users/7/" },
	{ METHOD_DELETE, "/api/auth/users/7/" },
	{ METHOD_POST, "/api/auth/users/7/activate/" },
	{ METHOD_POST, "/api/auth/users/7/deactivate/" },
	{ METHOD_PUT, "/api/auth/users/7/roles/" },
	{ METHOD_GET, "/api/auth/roles/" },
	{ METHOD_POST, "/api/auth/roles/" },
	{ METHOD_GET, "/api/auth/roles/Admin/" },
	{ METHOD_PATCH, "/api/auth/roles/Admin/" },
	{ METHOD_DELETE, "/api/auth/roles/Admin/" },
	{ METHOD_GET, "/api/auth/sessions/" },
	{ METHOD_DELETE, "/api/auth/sessions/0a/" },
	{ METHOD_POST, "/api/auth/sessions/revoke-others/" },
	{ METHOD_POST, "/sign-up/" },
	{ METHOD_POST, "/account/sign-up/" },
};

static void
loads_what_ships_with_every_route_of_the_contract(void **state)
{
	struct fixture *f = *state;

	expect_loaded(f);
	for (size_t i = 0; i < COUNT(contract); i++)
		if (find_route(f, contract[i].path, contract[i].method) == NULL)
			fail_msg("%s is missing", contract[i].path);
}

static void
serves_only_the_profiles_it_is_told_to(void **state)
{
	static const char *const names[] = { "nextauth", "operations" };
	static const char *const unknown[] = { "nextauth", "nobody" };
	struct fixture *f = *state;

	assert_int_equal(load(f, names, 2), CODE_OK);
	assert_non_null(find_route(f, "/api/token/refresh", METHOD_POST));
	assert_non_null(find_route(f, "/healthz", METHOD_GET));
	assert_null(find_route(f, "/api/token", METHOD_POST));
	assert_int_equal(load(f, unknown, 2), CODE_INVALID_ARGUMENT);
	assert_string_equal(f->err, "nobody: no profile has this name");
}

#define OWN_ROUTE(status)                                                      \
	"\"routes\":[{\"method\":\"POST\",\"path\":\"/v1/{tenant}/in/\","      \
	"\"auth\":\"none\",\"rpc\":\"latchkey.v1.AuthService/Authenticate\","  \
	"\"request\":[{\"field\":\"identifier\",\"from\":[\"path.tenant\"]}]," \
	"\"status\":" status ",\"body\":{\"token\":\"{access_token}\"}}]"

static void
takes_equal_rows_of_two_profiles_for_one(void **state)
{
	struct fixture *f = *state;

	write_file(f, "a.json", "{\"profile\":\"a\"," OWN_ROUTE("201") "}");
	write_file(
		f, "b.json",
		"{\"profile\":\"b\",\"extends\":\"a\"," OWN_ROUTE("201") "}");
	expect_loaded(f);
	assert_int_equal(find_route(f, "/v1/x/in", METHOD_POST)->answer.status,
	                 201);
}

static void
refuses_rows_that_differ_even_by_their_errors(void **state)
{
	static const char *const only_b[] = { "b" };
	static const char *const others[] = {
		"{\"profile\":\"b\"," OWN_ROUTE("202") "}",
		"{\"profile\":\"b\",\"errors\":{\"invalid\":{\"status\":422}}"
		"," OWN_ROUTE("201") "}",
	};
	struct fixture *f = *state;

	write_file(f, "a.json", "{\"profile\":\"a\"," OWN_ROUTE("201") "}");
	for (size_t i = 0; i < COUNT(others); i++) {
		write_file(f, "b.json", others[i]);
		assert_int_equal(load(f, NULL, 0), CODE_INVALID_ARGUMENT);
		assert_non_null(strstr(f->err,
		                       "/b.json: /routes/0: profile \"a\" has "
		                       "this method and path too"));
		/* Switched off, it is in nobody's way. */
		assert_int_equal(load(f, only_b, 1), CODE_OK);
	}
}

static void
inherits_objects_and_errors_along_the_chain(void **state)
{
	struct fixture *f = *state;
	const struct route *route;

	write_file(f, "c.json",
	           "{\"profile\":\"c\",\"objects\":{\"o\":{\"a\":1}},"
	           "\"errors\":{\"invalid\":{\"status\":422}}}");
	write_file(f, "a.json",
	           "{\"profile\":\"a\",\"extends\":\"c\","
	           "\"routes\":[{\"method\":\"GET\",\"path\":\"/own\","
	           "\"auth\":\"none\",\"body\":{\"$object\":\"o\"},"
	           "\"errors\":{\"not_found\":{\"status\":410}}},"
	           "{\"method\":\"GET\",\"path\":\"/plain\","
	           "\"auth\":\"none\",\"errors_from\":\"drf\"}]}");
	expect_loaded(f);
	route = find_route(f, "/own", METHOD_GET);
	assert_int_equal(route->errors.rules[CONDITION_INVALID]->status, 422);
	assert_int_equal(route->errors.rules[CONDITION_NOT_FOUND]->status, 410);
	assert_int_equal(route->errors.rules[CONDITION_INTERNAL]->status, 500);
	route = find_route(f, "/plain", METHOD_GET);
	assert_int_equal(route->errors.rules[CONDITION_INVALID]->status, 400);
}

static void
prefers_literal_segments_and_logs_no_parameters(void **state)
{
	struct fixture *f = *state;

	write_file(f, "a.json",
	           "{\"profile\":\"a\",\"routes\":["
	           "{\"method\":\"GET\",\"path\":\"/u/{id}\",\"auth\":\"none\","
	           "\"status\":201},"
	           "{\"method\":\"GET\",\"path\":\"/u/me\",\"auth\":\"none\","
	           "\"status\":202},"
	           "{\"method\":\"GET\",\"path\":\"/{a}/me/x\","
	           "\"auth\":\"none\",\"status\":203},"
	           "{\"method\":\"GET\",\"path\":\"/u/{b}/x\","
	           "\"auth\":\"none\",\"status\":204},"
	           "{\"method\":\"PUT\",\"path\":\"/\","
	           "\"auth\":\"none\",\"status\":205}]}");
	expect_loaded(f);
	assert_int_equal(find_route(f, "/u/7", METHOD_GET)->answer.status, 201);
	assert_int_equal(find_route(f, "/u/me/", METHOD_GET)->answer.status,
	                 202);
	assert_int_equal(find_route(f, "/v/me/x", METHOD_GET)->answer.status,
	                 203);
	assert_int_equal(find_route(f, "/u/me/x", METHOD_GET)->answer.status,
	                 204);
	assert_int_equal(find_route(f, "/", METHOD_PUT)->answer.status, 205);
	assert_null(find_route(f, "/u", METHOD_GET));
	assert_null(find_route(f, "/u/7/8", METHOD_GET));
	assert_null(find_route(f, "//", METHOD_GET));
	assert_true(find_path(f, "/u/secret")->has_parameters);
	assert_true(find_path(f, "/u/secret/x/")->has_parameters);
	assert_false(find_path(f, "/u/me")->has_parameters);
	assert_string_equal(find_route(f, "/u/7/", METHOD_GET)->path,
	                    "/u/{id}");
}

static void
knows_what_a_route_can_meet(void **state)
{
	static const struct {
		const char *condition;
		bool login, users, page;
	} cases[] = {
		{ "not_acceptable", true, true, false },
		{ "json_malformed", true, false, false },
		{ "fields_invalid", true, true, false },
		{ "CREDENTIALS_INVALID", true, false, false },
		{ "THROTTLED", true, false, false },
		{ "caller.TOKEN_EXPIRED", false, true, false },
		{ "credentials_missing", false, true, false },
		{ "PAGE_INVALID", false, true, false },
		{ "permission_denied", false, true, false },
		{ "LINK_INVALID", false, false, true },
		{ "LINK_USED", false, false, true },
		{ "unavailable", true, true, true },
		{ "framing", false, false, false },
	};
	struct fixture *f = *state;
	const struct route *login, *users, *page;

	expect_loaded(f);
	login = find_route(f, "/api/auth/login/", METHOD_POST);
	users = find_route(f, "/api/auth/users/", METHOD_GET);
	page = find_route(f, "/api/auth/password-reset-confirm/a/b/",
	                  METHOD_GET);
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned condition;

		assert_true(condition_find(cases[i].condition, &condition));
		if (login->may[condition] != cases[i].login ||
		    users->may[condition] != cases[i].users ||
		    page->may[condition] != cases[i].page)
			fail_msg("%s", cases[i].condition);
	}
}

static void
says_what_is_wrong_with_the_directory(void **state)
{
	struct fixture *f = *state;
	const struct profile_options options = { .dir = "/tmp/no/such/dir" };
	char path[128];
	FILE *file;

	assert_int_equal(
		profile_set_open(&options, &f->set, f->err, sizeof(f->err)),
		CODE_NOT_FOUND);
	assert_string_equal(f->err,
	                    "/tmp/no/such/dir: No such file or directory");
	path_of(f, "a.json", path);
	file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i <= 256 * 1024; i++)
		assert_int_equal(fputc(' ', file), ' ');
	assert_int_equal(fclose(file), 0);
	assert_int_equal(load(f, NULL, 0), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, "/a.json: is not a regular file of up "
	                               "to 256 KiB"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_file_and_place_of_every_mistake),
		TEST(loads_what_ships_with_every_route_of_the_contract),
		TEST(serves_only_the_profiles_it_is_told_to),
		TEST(takes_equal_rows_of_two_profiles_for_one),
		TEST(refuses_rows_that_differ_even_by_their_errors),
		TEST(inherits_objects_and_errors_along_the_chain),
		TEST(prefers_literal_segments_and_logs_no_parameters),
		TEST(knows_what_a_route_can_meet),
		TEST(says_what_is_wrong_with_the_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
