#include "gateway/translate_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/latchkey/v1/account_service.pb-c.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "proto/latchkey/v1/health_service.pb-c.h"
#include "proto/latchkey/v1/key_service.pb-c.h"

#define JSON "Content-Type: application/json"
#define BEARER "Authorization: Bearer a.b.c"
#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
#define REQUEST LATCHKEY__RPC__V1__SUBJECT__SUBJECT_REQUEST
#define CALLER LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* What a request without a call is answered with. */
struct expected {
	struct translate_case request;
	unsigned status;
	const char *body;
	const char *allow; /* NULL: not looked at */
};

static void
expect_answers(struct translate_fixture *f, const struct expected *cases,
               size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct expected *c = &cases[i];

		translate_fixture_refused(f, &c->request);
		if (f->exchange->answer.status != c->status)
			fail_msg("%s %s: %u and not %u", c->request.line,
			         c->request.body, f->exchange->answer.status,
			         c->status);
		assert_string_equal(translate_fixture_body(f), c->body);
		if (c->allow != NULL)
			assert_string_equal(
				translate_fixture_header(f, "Allow"), c->allow);
	}
}

static void
expect_login(struct translate_fixture *f, const struct translate_case *request,
             const char *identifier, const char *password)
{
	const Latchkey__V1__AuthenticateRequest *message =
		translate_fixture_call(f, request,
	                               "latchkey.v1.AuthService/Authenticate");

	assert_string_equal(message->identifier, identifier);
	assert_string_equal(message->password, password);
}

static void
takes_a_login_from_every_kind_of_body(void **state)
{
	static const char json[] =
		"{\"username\": \"alice\", \"password\": \"S3cret-pass!\"}";
	static const char parts[] =
		"--B\r\nContent-Disposition: form-data; name=\"username\"\r\n"
		"\r\nalice\r\n"
		"--B\r\nContent-Disposition: form-data; name=\"password\"\r\n"
		"\r\nS3cret-pass!\r\n--B--\r\n";
	static const struct translate_case cases[] = {
		{ "POST /api/token/", JSON, json },
		{ "POST /api/token",
		  "content-type: Application/JSON ;"
		  "charset=utf-8",
		  json },
		{ "POST /api/t%6fken/", JSON, json },
		{ "POST /api/token/?format=xml", JSON, json },
		{ "POST /api/token/",
		  "Content-Type: application/x-www-form-urlencoded",
		  "username=al%69ce&password=S3cret-pass%21" },
		{ "POST /api/token/",
		  "Content-Type: multipart/form-data; boundary=B", parts },
		{ "POST /api/token/", JSON "\nAuthorization: Bearer junk",
		  json },
		{ "POST /api/token/", JSON,
		  "{\"username\":\" alice\\t\",\"password\":\"\\u2003"
		  "S3cret-pass! \"}" },
		{ "POST /api/token/", JSON,
		  "{\"username\":\"bob\",\"username\":\"alice\","
		  "\"password\":\"S3cret-pass!\",\"more\":{}}" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct translate_fixture *f = *state;

		expect_login(f, &cases[i], "alice", "S3cret-pass!");
		assert_null(f->exchange->access_token);
	}
}

static void
takes_the_first_identifier_that_is_present(void **state)
{
	static const struct translate_case cases[] = {
		{ "POST /api/auth/login/", JSON,
		  "{\"password\":1.50,\"username\":\"b\",\"email\":\"a\"}" },
		{ "POST /api/auth/login/", JSON,
		  "{\"password\":1.50,\"username_or_email\":\"a\"}" },
		{ "POST /login/", JSON,
		  "{\"username_or_email\":\"a\",\"password\":\"1.50\"}" },
		{ "POST /account/login", JSON,
		  "{\"username_or_email\":\"a\",\"password\":\"1.50\"}" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect_login(*state, &cases[i], "a", "1.50");
}

static const struct expected bad_fields[] = {
	{ { "POST /api/token/", JSON, "{}" },
	  400,
	  "{\"username\":[\"This field is required.\"],"
	  "\"password\":[\"This field is required.\"]}",
	  "POST, OPTIONS" },
	{ { "POST /api/token/", NULL, NULL },
	  400,
	  "{\"username\":[\"This field is required.\"],"
	  "\"password\":[\"This field is required.\"]}",
	  NULL },
	{ { "POST /api/auth/login/", JSON, "{}" },
	  400,
	  "{\"email\":[\"This field is required.\"],"
	  "\"password\":[\"This field is required.\"]}",
	  NULL },
	{ { "POST /api/token/", JSON, "{\"username\":\"alice\"}" },
	  400,
	  "{\"password\":[\"This field is required.\"]}",
	  NULL },
	{ { "POST /api/token/", JSON,
	    "{\"username\":\"\",\"password\":\"  \"}" },
	  400,
	  "{\"username\":[\"This field may not be blank.\"],"
	  "\"password\":[\"This field may not be blank.\"]}",
	  NULL },
	{ { "POST /api/token/", JSON, "{\"username\":null,\"password\":null}" },
	  400,
	  "{\"username\":[\"This field may not be null.\"],"
	  "\"password\":[\"This field may not be null.\"]}",
	  NULL },
	{ { "POST /api/token/", JSON,
	    "{\"username\":\"a\\u0000b\",\"password\":true}" },
	  400,
	  "{\"username\":[\"Null characters are not allowed.\"],"
	  "\"password\":[\"Not a valid string.\"]}",
	  NULL },
	{ { "POST /api/token/", JSON,
	    "{\"username\":\"\\ud800\",\"password\":[\"x\"]}" },
	  400,
	  "{\"username\":[\"Surrogate characters are not allowed: "
	  "U+D800.\"],\"password\":[\"Not a valid string.\"]}",
	  NULL },
	{ { "POST /login/", JSON, "{}" },
	  400,
	  "{\"status\":false,\"message\":{\"username_or_email\":["
	  "\"This field is required.\"],\"password\":["
	  "\"This field is required.\"]}}",
	  "POST, OPTIONS" },
	{ { "POST /refresh-token/", JSON, "{}" },
	  400,
	  "{\"refresh\":[\"This field is required.\"]}",
	  "POST, OPTIONS" },
	{ { "POST /api/auth/token/verify/", JSON, "{}" },
	  400,
	  "{\"token\":[\"This field is required.\"]}",
	  NULL },
};

static void
names_every_bad_field_at_once_and_in_order(void **state)
{

	expect_answers(*state, bad_fields, COUNT(bad_fields));
}

static void
refuses_bodies_that_are_no_object(void **state)
{
	static const struct {
		const char *body, *got;
	} bodies[] = { { "[1]", "list" },  { "\"x\"", "str" },
		       { "12", "int" },    { "1.0", "float" },
		       { "true", "bool" }, { "-1e3", "float" } };
	static const struct expected cases[] = {
		{ { "POST /api/token/", JSON, "null" },
		  400,
		  "{\"non_field_errors\":[\"No data provided\"]}",
		  NULL },
		{ { "POST /login/", JSON, "null" },
		  400,
		  "{\"status\":false,\"message\":{\"non_field_errors\":["
		  "\"No data provided\"]}}",
		  NULL },
	};
	struct translate_fixture *f = *state;

	for (size_t i = 0; i < COUNT(bodies); i++) {
		char body[128];
		const struct expected c = { { "POST /api/token/", JSON,
			                      bodies[i].body },
			                    400,
			                    body,
			                    NULL };

		(void)snprintf(body, sizeof(body),
		               "{\"non_field_errors\":[\"Invalid data. "
		               "Expected a dictionary, but got %s.\"]}",
		               bodies[i].got);
		expect_answers(f, &c, 1);
	}
	expect_answers(f, cases, COUNT(cases));
}

static void
refuses_bodies_it_cannot_read(void **state)
{
	static const struct expected cases[] = {
		{ { "POST /api/token/", JSON, "{'a':1}" },
		  400,
		  "{\"detail\":\"JSON parse error - Expecting property name: "
		  "line 1 column 2\"}",
		  NULL },
		{ { "POST /login/", JSON, "{" },
		  400,
		  "{\"detail\":\"JSON parse error - Expecting property name: "
		  "line 1 column 2\"}",
		  NULL },
		{ { "POST /api/token/", "Content-Type: application/xml",
		    "<a/>" },
		  415,
		  "{\"detail\":\"Unsupported media type \\\"application/xml\\\""
		  " in request.\"}",
		  NULL },
		{ { "POST /api/token/",
		    "Content-Type: application/vnd.api+json", "{}" },
		  415,
		  "{\"detail\":\"Unsupported media type "
		  "\\\"application/vnd.api+json\\\" in request.\"}",
		  NULL },
		{ { "POST /api/token/", "Content-Type: a\xff", "{}" },
		  415,
		  "{\"detail\":\"Unsupported media type \\\"\\\" in "
		  "request.\"}",
		  NULL },
		{ { "POST /api/token/", NULL, "{}" },
		  415,
		  "{\"detail\":\"Unsupported media type \\\"\\\" in "
		  "request.\"}",
		  NULL },
		{ { "POST /api/token/", "Content-Type: multipart/form-data",
		    "x" },
		  400,
		  "{\"detail\":\"Form parse error - the boundary is "
		  "missing\"}",
		  NULL },
		{ { "POST /api/token/",
		    "Content-Type: application/x-www-form-urlencoded",
		    "username=%zz" },
		  400,
		  "{\"detail\":\"Form parse error - a % is not followed by "
		  "two digits\"}",
		  NULL },
	};

	expect_answers(*state, cases, COUNT(cases));
}

#define MISSING "{\"detail\":\"Authentication credentials were not provided.\"}"
#define UNACCEPTABLE                                                           \
	"{\"detail\":\"Could not satisfy the request Accept header.\"}"
#define NOT_FOUND "{\"detail\":\"Not found.\"}"

static const struct expected order[] = {
	{ { "GET /nope/", "Accept: text/html", NULL },
	  404,
	  NOT_FOUND,
	  "OPTIONS" },
	{ { "OPTIONS /nope/", NULL, NULL }, 404, NOT_FOUND, "OPTIONS" },
	{ { "GET /api//token/", NULL, NULL }, 404, NOT_FOUND, NULL },
	{ { "GET /api/token/%00", NULL, NULL }, 404, NOT_FOUND, NULL },
	{ { "GET /api%2ftoken/", NULL, NULL }, 404, NOT_FOUND, NULL },
	{ { "GET /api/token/%zz", NULL, NULL }, 404, NOT_FOUND, NULL },
	{ { "GET *", NULL, NULL }, 404, NOT_FOUND, NULL },
	{ { "DELETE /api/auth/users/me/", "Accept: text/html", NULL },
	  406,
	  UNACCEPTABLE,
	  "GET, PUT, PATCH, HEAD, OPTIONS" },
	{ { "DELETE /api/auth/users/me/", NULL, NULL },
	  401,
	  MISSING,
	  "GET, PUT, PATCH, HEAD, OPTIONS" },
	{ { "GET /api/auth/users/me/", NULL, NULL }, 401, MISSING, NULL },
	{ { "GET /api/auth/profile", "Authorization:", NULL },
	  401,
	  MISSING,
	  NULL },
	{ { "GET /api/auth/profile/", "Authorization: bearer a.b.c", NULL },
	  401,
	  MISSING,
	  NULL },
	{ { "GET /api/auth/profile/", "Authorization: Token abc", NULL },
	  401,
	  MISSING,
	  NULL },
	{ { "DELETE /api/auth/users/me/", BEARER, NULL },
	  405,
	  "{\"detail\":\"Method \\\"DELETE\\\" not allowed.\"}",
	  "GET, PUT, PATCH, HEAD, OPTIONS" },
	{ { "GET /api/token/", NULL, NULL },
	  405,
	  "{\"detail\":\"Method \\\"GET\\\" not allowed.\"}",
	  "POST, OPTIONS" },
	{ { "HEAD /api/token/", NULL, NULL },
	  405,
	  "{\"detail\":\"Method \\\"HEAD\\\" not allowed.\"}",
	  "POST, OPTIONS" },
	{ { "FOO /api/token/", NULL, NULL },
	  405,
	  "{\"detail\":\"Method \\\"FOO\\\" not allowed.\"}",
	  NULL },
	{ { "PUT /login/", NULL, NULL },
	  405,
	  "{\"detail\":\"Method \\\"PUT\\\" not allowed.\"}",
	  NULL },
};

static void
looks_at_path_accept_credentials_and_method_in_this_order(void **state)
{

	expect_answers(*state, order, COUNT(order));
}

static void
reads_the_authorization_header_as_simplejwt_does(void **state)
{
	static const char two_parts[] =
		"{\"detail\":\"Authorization header must contain two "
		"space-delimited values\",\"code\":"
		"\"bad_authorization_header\"}";
	static const char no_token[] =
		"{\"detail\":\"Given token not valid for any token type\","
		"\"code\":\"token_not_valid\",\"messages\":[{\"token_class\":"
		"\"AccessToken\",\"token_type\":\"access\",\"message\":"
		"\"Token is invalid\"}]}";
	static const struct expected cases[] = {
		{ { "GET /api/auth/users/me/", "Authorization: Bearer", NULL },
		  401,
		  two_parts,
		  NULL },
		{ { "GET /api/auth/users/me/", "Authorization: Bearer a b",
		    NULL },
		  401,
		  two_parts,
		  NULL },
		{ { "GET /api/auth/users/me/", "Authorization: Bearer \xc3\xa9",
		    NULL },
		  401,
		  no_token,
		  NULL },
	};
	static const struct translate_case good = {
		"HEAD /api/auth/users/me/", "Authorization:  Bearer  a.b.c ",
		NULL
	};
	struct translate_fixture *f = *state;
	char header[5000] = "Authorization: Bearer ";
	const struct expected too_long = {
		{ "GET /api/auth/users/me/", header, NULL }, 401, no_token, NULL
	};

	expect_answers(f, cases, COUNT(cases));
	memset(header + strlen(header), 'a', 4097);
	expect_answers(f, &too_long, 1);
	(void)translate_fixture_call(f, &good,
	                             "latchkey.v1.AccountService/GetMe");
	assert_string_equal(f->exchange->access_token, "a.b.c");
}

static void
negotiates_json_only(void **state)
{
	static const struct {
		const char *accept;
		bool good;
	} cases[] = {
		{ "*/*", true },
		{ "application/json", true },
		{ "Application/JSON; indent=4", true },
		{ "application/*;q=0.1", true },
		{ "text/html, */*;q=0.8", true },
		{ "", true },
		{ "text/html,application/xml;q=0.9", false },
		{ "application/json;q=0", false },
		{ "application/json; q=0.000", false },
		{ "application/jsonp", false },
		{ "text/html; a=application/json", false },
		{ ",,,", false },
	};
	struct translate_fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		char headers[128];
		const struct translate_case request = { "GET /healthz", headers,
			                                NULL };

		(void)snprintf(headers, sizeof(headers), "Accept: %s",
		               cases[i].accept);
		assert_false(
			translate_fixture_send(f, &request, FIXTURE_MEMORY));
		assert_int_equal(f->exchange->answer.status,
		                 cases[i].good ? 200 : 406);
	}
}

static void
puts_the_standard_headers_on_every_answer(void **state)
{
	static const struct translate_case cases[] = {
		{ "GET /healthz", NULL, NULL },
		{ "GET /nope", NULL, NULL },
		{ "OPTIONS /api/token/", NULL, NULL },
		{ "POST /api/token/", JSON, "{" },
		{ "GET /api/auth/users/me/", NULL, NULL },
		{ "OPTIONS /nope", "Access-Control-Request-Method: GET", NULL },
	};
	struct translate_fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *challenge;

		assert_false(
			translate_fixture_send(f, &cases[i], FIXTURE_MEMORY));
		assert_string_equal(translate_fixture_header(f, "Vary"),
		                    "Accept, origin");
		assert_string_equal(translate_fixture_header(f, "X-Request-Id"),
		                    "010000000000000000000000000000fe");
		assert_string_equal(
			translate_fixture_header(f, "X-Content-Type-Options"),
			"nosniff");
		assert_string_equal(
			translate_fixture_header(f, "Referrer-Policy"),
			"same-origin");
		assert_string_equal(
			translate_fixture_header(f, "X-Frame-Options"), "DENY");
		assert_non_null(translate_fixture_header(f, "Allow"));
		assert_int_equal(translate_fixture_header(f, "Content-Type") !=
		                         NULL,
		                 f->exchange->answer.body.len > 0);
		challenge = translate_fixture_header(f, "WWW-Authenticate");
		if (f->exchange->answer.status == 401)
			assert_string_equal(challenge, "Bearer realm=\"api\"");
		else
			assert_null(challenge);
	}
}

static void
answers_preflights_on_any_path_and_options_empty(void **state)
{
	static const struct translate_case preflights[] = {
		{ "OPTIONS /api/token/",
		  "Origin: " FIXTURE_ORIGIN
		  "\nAccess-Control-Request-Method: POST",
		  NULL },
		{ "OPTIONS /nope/",
		  "Origin: " FIXTURE_ORIGIN
		  "\nAccess-Control-Request-Method: POST",
		  NULL },
		{ "OPTIONS /api/auth/users/me/",
		  "Origin: http://evil.test\n"
		  "Access-Control-Request-Method: GET",
		  NULL },
	};
	static const struct expected plain[] = {
		{ { "OPTIONS /api/token/", "Origin: " FIXTURE_ORIGIN, NULL },
		  200,
		  "",
		  "POST, OPTIONS" },
		{ { "OPTIONS /api/auth/users/me/", "Accept: text/html", NULL },
		  200,
		  "",
		  "GET, PUT, PATCH, HEAD, OPTIONS" },
	};
	struct translate_fixture *f = *state;

	for (size_t i = 0; i < COUNT(preflights); i++) {
		const char *age;

		assert_false(translate_fixture_send(f, &preflights[i],
		                                    FIXTURE_MEMORY));
		assert_int_equal(f->exchange->answer.status, 200);
		assert_int_equal(f->exchange->answer.body.len, 0);
		age = translate_fixture_header(f, "Access-Control-Max-Age");
		if (i < 2)
			assert_string_equal(age, "86400");
		else
			assert_null(age);
	}
	expect_answers(f, plain, COUNT(plain));
	assert_null(translate_fixture_header(f, "Access-Control-Max-Age"));
}

static void
lets_allowed_origins_read_errors_too(void **state)
{
	static const struct translate_case allowed = {
		"GET /api/auth/users/me/", "Origin: " FIXTURE_ORIGIN, NULL
	};
	static const struct translate_case evil = { "GET /api/auth/users/me/",
		                                    "Origin: http://evil.test",
		                                    NULL };
	struct translate_fixture *f = *state;

	assert_false(translate_fixture_send(f, &allowed, FIXTURE_MEMORY));
	assert_string_equal(
		translate_fixture_header(f, "Access-Control-Allow-Origin"),
		FIXTURE_ORIGIN);
	assert_string_equal(
		translate_fixture_header(f, "Access-Control-Expose-Headers"),
		"X-Request-Id, Retry-After");
	assert_false(translate_fixture_send(f, &evil, FIXTURE_MEMORY));
	assert_null(translate_fixture_header(f, "Access-Control-Allow-Origin"));
}

static Latchkey__V1__User
make_user(void)
{
	static char *roles[] = { "admin", "editor" };
	Latchkey__V1__User user = LATCHKEY__V1__USER__INIT;

	user.id = 7;
	user.email = "admin@gmail.com";
	user.first_name = "Ada";
	user.last_name = "L\"ovelace";
	user.full_name = "Ada L\"ovelace";
	user.name = "Ada L\"ovelace";
	user.is_staff = true;
	user.n_roles = 2;
	user.roles = roles;
	user.is_active = true;
	user.joined_at_us = 1767323045678901;
	return user;
}

#define USER_JSON                                                              \
	"{\"id\":7,\"email\":\"admin@gmail.com\",\"first_name\":\"Ada\","      \
	"\"last_name\":\"L\\\"ovelace\",\"full_name\":\"Ada L\\\"ovelace\","   \
	"\"avatar\":null,\"is_staff\":true,\"is_superuser\":false,"            \
	"\"roles\":[\"admin\",\"editor\"],\"username\":null,"                  \
	"\"is_active\":true,\"email_verified\":false,"                         \
	"\"date_joined\":\"2026-01-02T03:04:05.678901Z\","                     \
	"\"last_login\":null}"

static void
answers_a_login_as_each_document_says(void **state)
{
	static const struct {
		struct translate_case request;
		const char *body;
	} cases[] = {
		{ { "POST /api/auth/login/", JSON,
		    "{\"email\":\"e\",\"password\":\"p\"}" },
		  "{\"refresh\":\"r.r.r\",\"access\":\"a.a.a\","
		  "\"user\":" USER_JSON "}" },
		{ { "POST /api/token/", JSON,
		    "{\"username\":\"e\",\"password\":\"p\"}" },
		  "{\"refresh\":\"r.r.r\",\"access\":\"a.a.a\"}" },
		{ { "POST /login/", JSON,
		    "{\"username_or_email\":\"e\",\"password\":\"p\"}" },
		  "{\"status\":true,\"message\":\"User logged in "
		  "successfully.\",\"name\":\"Ada L\\\"ovelace\",\"username\":"
		  "null,\"email\":\"admin@gmail.com\",\"access_token\":"
		  "\"a.a.a\",\"refresh_token\":\"r.r.r\"}" },
	};
	struct translate_fixture *f = *state;
	Latchkey__V1__User user = make_user();
	Latchkey__V1__AuthenticateResponse reply =
		LATCHKEY__V1__AUTHENTICATE_RESPONSE__INIT;

	reply.access_token = "a.a.a";
	reply.refresh_token = "r.r.r";
	reply.user = &user;
	for (size_t i = 0; i < COUNT(cases); i++) {
		expect_login(f, &cases[i].request, "e", "p");
		translate_fixture_reply(f, &reply);
		assert_int_equal(f->exchange->answer.status, 200);
		assert_string_equal(translate_fixture_body(f), cases[i].body);
		assert_string_equal(
			translate_fixture_header(f, "Cache-Control"),
			"no-store");
	}
}

static void
answers_users_me_with_avatar_username_and_last_login(void **state)
{
	static const struct translate_case request = {
		"GET /api/auth/users/me/", BEARER, NULL
	};
	struct translate_fixture *f = *state;
	Latchkey__V1__User user = make_user();
	Latchkey__V1__GetMeResponse reply = LATCHKEY__V1__GET_ME_RESPONSE__INIT;
	const char *body;

	user.avatar_presence_case = LATCHKEY__V1__USER__AVATAR_PRESENCE_AVATAR;
	user.avatar = "/media/avatars/2026/01/02/x.png";
	user.username_presence_case =
		LATCHKEY__V1__USER__USERNAME_PRESENCE_USERNAME;
	user.username = "ada";
	user.last_login_presence_case =
		LATCHKEY__V1__USER__LAST_LOGIN_PRESENCE_LAST_LOGIN_AT_US;
	user.last_login_at_us = 1;
	reply.user = &user;
	(void)translate_fixture_call(f, &request,
	                             "latchkey.v1.AccountService/GetMe");
	translate_fixture_reply(f, &reply);
	body = translate_fixture_body(f);
	assert_non_null(strstr(body, "\"avatar\":\"https://auth.example/media/"
	                             "avatars/2026/01/02/x.png\""));
	assert_non_null(strstr(body, "\"username\":\"ada\""));
	assert_non_null(strstr(
		body, "\"last_login\":\"1970-01-01T00:00:00.000001Z\"}"));
}

static void
answers_a_refresh_with_and_without_rotation(void **state)
{
	static const char *const paths[] = {
		"POST /api/auth/token/refresh/", "POST /api/auth/login/refresh",
		"POST /api/token/refresh/",      "POST /token/refresh/",
		"POST /refresh-token/",          "POST /account/refresh-token/",
	};
	struct translate_fixture *f = *state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		const struct translate_case request = {
			paths[i], JSON, "{\"refresh\":\"r.r.r\"}"
		};
		Latchkey__V1__RefreshResponse reply =
			LATCHKEY__V1__REFRESH_RESPONSE__INIT;
		const Latchkey__V1__RefreshRequest *message =
			translate_fixture_call(
				f, &request, "latchkey.v1.AuthService/Refresh");

		assert_string_equal(message->refresh_token, "r.r.r");
		reply.access_token = "a.a.a";
		translate_fixture_reply(f, &reply);
		assert_string_equal(translate_fixture_body(f),
		                    "{\"access\":\"a.a.a\"}");
		reply.refresh_token_presence_case =
			LATCHKEY__V1__REFRESH_RESPONSE__REFRESH_TOKEN_PRESENCE_REFRESH_TOKEN;
		reply.refresh_token = "n.n.n";
		translate_fixture_reply(f, &reply);
		assert_string_equal(
			translate_fixture_body(f),
			"{\"access\":\"a.a.a\",\"refresh\":\"n.n.n\"}");
	}
}

static void
verifies_access_and_refresh_tokens(void **state)
{
	static const struct translate_case request = {
		"POST /api/token/verify/", JSON, "{\"token\":\"t\"}"
	};
	struct translate_fixture *f = *state;
	Latchkey__V1__VerifyTokenResponse reply =
		LATCHKEY__V1__VERIFY_TOKEN_RESPONSE__INIT;
	const Latchkey__V1__VerifyTokenRequest *message =
		translate_fixture_call(f, &request,
	                               "latchkey.v1.AuthService/VerifyToken");

	assert_int_equal(message->n_accepted_types, 2);
	assert_int_equal(message->accepted_types[0],
	                 LATCHKEY__V1__TOKEN_TYPE__TOKEN_TYPE_ACCESS);
	assert_int_equal(message->accepted_types[1],
	                 LATCHKEY__V1__TOKEN_TYPE__TOKEN_TYPE_REFRESH);
	translate_fixture_reply(f, &reply);
	assert_string_equal(translate_fixture_body(f), "{}");
	assert_null(translate_fixture_header(f, "Cache-Control"));
}

static void
logs_out_empty_and_blacklists_strictly(void **state)
{
	static const struct translate_case logout = { "POST /api/auth/logout/",
		                                      JSON,
		                                      "{\"refresh\":\"t\"}" };
	static const struct translate_case blacklist = {
		"POST /api/token/blacklist/", JSON, "{\"refresh\":\"t\"}"
	};
	struct translate_fixture *f = *state;
	Latchkey__V1__LogoutResponse reply =
		LATCHKEY__V1__LOGOUT_RESPONSE__INIT;
	const Latchkey__V1__LogoutRequest *message;

	message = translate_fixture_call(f, &logout,
	                                 "latchkey.v1.AuthService/Logout");
	assert_false(message->strict);
	translate_fixture_reply(f, &reply);
	assert_int_equal(f->exchange->answer.status, 205);
	assert_int_equal(f->exchange->answer.body.len, 0);
	assert_null(translate_fixture_header(f, "Content-Type"));
	message = translate_fixture_call(f, &blacklist,
	                                 "latchkey.v1.AuthService/Logout");
	assert_true(message->strict);
	translate_fixture_reply(f, &reply);
	assert_int_equal(f->exchange->answer.status, 200);
	assert_string_equal(translate_fixture_body(f), "{}");
}

static void
publishes_keys_with_the_time_they_may_be_cached(void **state)
{
	static const struct translate_case request = {
		"GET /.well-known/jwks.json", NULL, NULL
	};
	struct translate_fixture *f = *state;
	Latchkey__V1__JsonWebKey ec = LATCHKEY__V1__JSON_WEB_KEY__INIT;
	Latchkey__V1__JsonWebKey rsa = LATCHKEY__V1__JSON_WEB_KEY__INIT;
	Latchkey__V1__JsonWebKey *keys[] = { &ec, &rsa };
	Latchkey__V1__GetJwksResponse reply =
		LATCHKEY__V1__GET_JWKS_RESPONSE__INIT;

	ec.kty = "EC";
	ec.crv_presence_case = LATCHKEY__V1__JSON_WEB_KEY__CRV_PRESENCE_CRV;
	ec.crv = "P-256";
	rsa.kty = "RSA";
	rsa.e_presence_case = LATCHKEY__V1__JSON_WEB_KEY__E_PRESENCE_E;
	rsa.e = "AQAB";
	reply.max_age_s = 300;
	(void)translate_fixture_call(f, &request,
	                             "latchkey.v1.KeyService/GetJwks");
	translate_fixture_reply(f, &reply);
	assert_string_equal(translate_fixture_body(f), "{\"keys\":[]}");
	assert_string_equal(translate_fixture_header(f, "Cache-Control"),
	                    "public, max-age=300");
	reply.keys = keys;
	reply.n_keys = 2;
	translate_fixture_reply(f, &reply);
	assert_string_equal(
		translate_fixture_body(f),
		"{\"keys\":[{\"kty\":\"EC\",\"use\":\"\",\"kid\":\"\",\"alg\":"
		"\"\",\"crv\":\"P-256\"},{\"kty\":\"RSA\",\"use\":\"\",\"kid\":"
		"\"\",\"alg\":\"\",\"e\":\"AQAB\"}]}");
}

static void
is_ready_only_while_the_server_can_work(void **state)
{
	static const struct translate_case request = { "GET /readyz", NULL,
		                                       NULL };
	struct translate_fixture *f = *state;

	for (unsigned status = 0; status < 5; status++) {
		Latchkey__V1__CheckResponse reply =
			LATCHKEY__V1__CHECK_RESPONSE__INIT;

		(void)translate_fixture_call(f, &request,
		                             "latchkey.v1.HealthService/Check");
		assert_in_range(f->exchange->route->timeout_ms, 1, 5000);
		reply.status = status;
		translate_fixture_reply(f, &reply);
		if (status == 1 || status == 2) {
			assert_int_equal(f->exchange->answer.status, 200);
			continue;
		}
		assert_int_equal(f->exchange->answer.status, 503);
		assert_string_equal(translate_fixture_header(f, "Retry-After"),
		                    "1");
	}
	translate_fixture_refuse(f, CODE_UNAVAILABLE, REASON(UNSPECIFIED), 0);
	assert_int_equal(f->exchange->answer.status, 503);
}

#define TOKEN_JSON(text)                                                       \
	"{\"detail\":\"" text "\",\"code\":\"token_not_valid\"}"
#define CALLER_JSON(text)                                                      \
	"{\"detail\":\"Given token not valid for any token type\","            \
	"\"code\":\"token_not_valid\",\"messages\":[{\"token_class\":"         \
	"\"AccessToken\",\"token_type\":\"access\",\"message\":\"" text        \
	"\"}]}"
#define NO_ACCOUNT                                                             \
	"{\"detail\":\"No active account found for the given token.\"}"
#define AWAY "{\"detail\":\"Service unavailable.\"}"
#define BROKEN "{\"detail\":\"A server error occurred.\"}"

static const struct {
	enum code code;
	Latchkey__Rpc__V1__Reason reason;
	Latchkey__Rpc__V1__Subject subject;
	unsigned status;
	const char *body;
} refusals[] = {
	{ CODE_UNAUTHENTICATED, REASON(CREDENTIALS_INVALID), REQUEST, 401,
	  "{\"detail\":\"No active account found with the given "
	  "credentials\"}" },
	{ CODE_UNAUTHENTICATED, REASON(TOKEN_INVALID), REQUEST, 401,
	  TOKEN_JSON("Token is invalid") },
	{ CODE_UNAUTHENTICATED, REASON(TOKEN_EXPIRED), REQUEST, 401,
	  TOKEN_JSON("Token is expired") },
	{ CODE_UNAUTHENTICATED, REASON(TOKEN_WRONG_TYPE), REQUEST, 401,
	  TOKEN_JSON("Token has wrong type") },
	{ CODE_UNAUTHENTICATED, REASON(TOKEN_NO_TYPE), REQUEST, 401,
	  TOKEN_JSON("Token has no type") },
	{ CODE_UNAUTHENTICATED, REASON(TOKEN_NO_ID), REQUEST, 401,
	  TOKEN_JSON("Token has no id") },
	{ CODE_UNAUTHENTICATED, REASON(TOKEN_NO_EXPIRY), REQUEST, 401,
	  TOKEN_JSON("Token has no 'exp' claim") },
	{ CODE_UNAUTHENTICATED, REASON(TOKEN_REVOKED), REQUEST, 401,
	  TOKEN_JSON("Token is blacklisted") },
	{ CODE_UNAUTHENTICATED, REASON(USER_GONE), REQUEST, 401, NO_ACCOUNT },
	{ CODE_UNAUTHENTICATED, REASON(USER_INACTIVE), REQUEST, 401,
	  NO_ACCOUNT },
	{ CODE_UNAUTHENTICATED, REASON(TOKEN_INVALID), CALLER, 401,
	  CALLER_JSON("Token is invalid") },
	{ CODE_UNAUTHENTICATED, REASON(TOKEN_EXPIRED), CALLER, 401,
	  CALLER_JSON("Token is expired") },
	{ CODE_UNAUTHENTICATED, REASON(TOKEN_WRONG_TYPE), CALLER, 401,
	  CALLER_JSON("Token has wrong type") },
	{ CODE_UNAUTHENTICATED, REASON(TOKEN_REVOKED), CALLER, 401,
	  CALLER_JSON("Token is blacklisted") },
	{ CODE_UNAUTHENTICATED, REASON(TOKEN_NO_USER_ID), CALLER, 401,
	  TOKEN_JSON("Token contained no recognizable user "
	             "identification") },
	{ CODE_UNAUTHENTICATED, REASON(USER_GONE), CALLER, 401,
	  "{\"detail\":\"User not found\",\"code\":"
	  "\"user_not_found\"}" },
	{ CODE_UNAUTHENTICATED, REASON(USER_INACTIVE), CALLER, 401,
	  "{\"detail\":\"User is inactive\",\"code\":"
	  "\"user_inactive\"}" },
	{ CODE_UNAUTHENTICATED, REASON(TOKEN_MISSING), CALLER, 401,
	  "{\"detail\":\"Authentication credentials were not "
	  "provided.\"}" },
	{ CODE_PERMISSION_DENIED, REASON(ROLE_MISSING), CALLER, 403,
	  "{\"detail\":\"You do not have permission to perform this "
	  "action.\"}" },
	{ CODE_NOT_FOUND, REASON(UNSPECIFIED), REQUEST, 404,
	  "{\"detail\":\"Not found.\"}" },
	{ CODE_UNAVAILABLE, REASON(UNSPECIFIED), 0, 503, AWAY },
	{ CODE_UNAVAILABLE, REASON(SHUTTING_DOWN), 0, 503, AWAY },
	{ CODE_DEADLINE_EXCEEDED, REASON(DEADLINE_PASSED), 0, 503, AWAY },
	{ CODE_RESOURCE_EXHAUSTED, REASON(QUEUE_FULL), 0, 503, AWAY },
	{ CODE_RESOURCE_EXHAUSTED, REASON(STORE_FULL), 0, 503, AWAY },
	{ CODE_RESOURCE_EXHAUSTED, REASON(DISK_FULL), 0, 503, AWAY },
	{ CODE_DATA_LOSS, REASON(STORE_DAMAGED), 0, 500, BROKEN },
	{ CODE_INTERNAL, REASON(STORE_FAILED), 0, 500, BROKEN },
	{ CODE_UNIMPLEMENTED, REASON(METHOD_UNKNOWN), 0, 500, BROKEN },
	{ CODE_INVALID_ARGUMENT, REASON(PAYLOAD_MALFORMED), 0, 500, BROKEN },
	{ CODE_INVALID_ARGUMENT, 9999, 0, 400,
	  "{\"detail\":\"Invalid request.\"}" },
};

static void
answers_every_refusal_of_the_server_in_its_own_words(void **state)
{
	static const struct translate_case refresh = {
		"POST /api/token/refresh/", JSON, "{\"refresh\":\"t\"}"
	};
	struct translate_fixture *f = *state;

	(void)translate_fixture_call(f, &refresh,
	                             "latchkey.v1.AuthService/Refresh");
	for (size_t i = 0; i < COUNT(refusals); i++) {
		translate_fixture_refuse(f, refusals[i].code,
		                         refusals[i].reason,
		                         refusals[i].subject);
		assert_int_equal(f->exchange->answer.status,
		                 refusals[i].status);
		assert_string_equal(translate_fixture_body(f),
		                    refusals[i].body);
		assert_int_equal(
			translate_fixture_header(f, "WWW-Authenticate") != NULL,
			refusals[i].status == 401);
		assert_int_equal(translate_fixture_header(f, "Retry-After") !=
		                         NULL,
		                 refusals[i].status == 503);
	}
}

static void
refuses_credentials_in_each_profiles_shape(void **state)
{
	static const struct translate_case request = {
		"POST /login/", JSON,
		"{\"username_or_email\":\"a\",\"password\":\"b\"}"
	};
	struct translate_fixture *f = *state;

	(void)translate_fixture_call(f, &request,
	                             "latchkey.v1.AuthService/Authenticate");
	translate_fixture_refuse(f, CODE_UNAUTHENTICATED,
	                         REASON(CREDENTIALS_INVALID), REQUEST);
	assert_int_equal(f->exchange->answer.status, 401);
	assert_string_equal(
		translate_fixture_body(f),
		"{\"status\":false,\"message\":\"Invalid credential.\"}");
	assert_string_equal(translate_fixture_header(f, "WWW-Authenticate"),
	                    "Bearer realm=\"api\"");
}

static void
refuses_what_is_longer_than_any_account_or_token(void **state)
{
	struct translate_fixture *f = *state;
	char body[5000];
	const struct expected login = {
		{ "POST /api/token/", JSON, body },
		401,
		"{\"detail\":\"No active account found with the given "
		"credentials\"}",
		NULL
	};
	const struct expected refresh = { { "POST /token/refresh/", JSON,
		                            body },
		                          401,
		                          TOKEN_JSON("Token is invalid"),
		                          NULL };

	(void)snprintf(body, sizeof(body),
	               "{\"username\":\"%0255d\",\"password\":\"x\"}", 0);
	expect_answers(f, &login, 1);
	(void)snprintf(body, sizeof(body),
	               "{\"username\":\"x\",\"password\":\"%01025d\"}", 0);
	expect_answers(f, &login, 1);
	(void)snprintf(body, sizeof(body), "{\"refresh\":\"%04097d\"}", 0);
	expect_answers(f, &refresh, 1);
}

static void
names_the_servers_violations_as_the_client_did(void **state)
{
	static const struct translate_case request = {
		"POST /api/auth/login/", JSON,
		"{\"username\":\"a\",\"password\":\"b\"}"
	};
	struct translate_fixture *f = *state;
	Latchkey__Rpc__V1__Status status = LATCHKEY__RPC__V1__STATUS__INIT;
	Latchkey__Rpc__V1__FieldViolation v[4];
	Latchkey__Rpc__V1__FieldViolation *list[4];

	for (size_t i = 0; i < 4; i++) {
		latchkey__rpc__v1__field_violation__init(&v[i]);
		list[i] = &v[i];
	}
	v[0].field = "identifier";
	v[0].message = "One \"sentence\".";
	v[1].field = "password";
	v[1].code = "required";
	v[1].message = "password is required";
	v[2].field = "password";
	v[2].message = "Another.";
	v[3].field = "elsewhere";
	v[3].message = "Third.";
	status.reason = REASON(FIELD_INVALID);
	status.violations = list;
	status.n_violations = 4;
	(void)translate_fixture_call(f, &request,
	                             "latchkey.v1.AuthService/Authenticate");
	translate_reply(&f->translator, f->exchange, CODE_INVALID_ARGUMENT,
	                &status, NULL);
	assert_int_equal(f->exchange->answer.status, 400);
	assert_string_equal(
		translate_fixture_body(f),
		"{\"username\":[\"One \\\"sentence\\\".\"],\"password\":["
		"\"This field is required.\",\"Another.\"],"
		"\"non_field_errors\":[\"Third.\"]}");
}

static void
rounds_the_time_to_wait_up_to_whole_seconds(void **state)
{
	static const struct {
		uint32_t ms;
		const char *seconds;
	} cases[] = { { 0, "1" },
		      { 1, "1" },
		      { 1000, "1" },
		      { 1001, "2" },
		      { UINT32_MAX, "4294968" } };
	static const struct translate_case request = { "POST /token/refresh",
		                                       JSON,
		                                       "{\"refresh\":\"t\"}" };
	struct translate_fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		Latchkey__Rpc__V1__Status status =
			LATCHKEY__RPC__V1__STATUS__INIT;

		status.reason = REASON(QUEUE_FULL);
		status.retry_after_ms = cases[i].ms;
		(void)translate_fixture_call(f, &request,
		                             "latchkey.v1.AuthService/Refresh");
		translate_reply(&f->translator, f->exchange,
		                CODE_RESOURCE_EXHAUSTED, &status, NULL);
		assert_string_equal(translate_fixture_header(f, "Retry-After"),
		                    cases[i].seconds);
	}
}

static void
answers_what_http_refuses_in_json(void **state)
{
	static const struct {
		unsigned status;
		const char *body;
	} cases[] = {
		{ 400, "{\"detail\":\"Bad request.\"}" },
		{ 408, "{\"detail\":\"Request timed out.\"}" },
		{ 413, "{\"detail\":\"Request body too large.\"}" },
		{ 414, "{\"detail\":\"Request URI too long.\"}" },
		{ 431, "{\"detail\":\"Request header fields too large.\"}" },
		{ 503, AWAY },
	};
	struct translate_fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		static const struct translate_case request = {
			"GET /api/token/", NULL, NULL
		};

		(void)translate_fixture_send(f, &request, FIXTURE_MEMORY);
		translate_refusal(&f->translator, f->exchange, cases[i].status);
		assert_int_equal(f->exchange->answer.status, cases[i].status);
		assert_string_equal(translate_fixture_body(f), cases[i].body);
		assert_string_equal(translate_fixture_header(f, "Allow"),
		                    "POST, OPTIONS");
	}
	assert_string_equal(translate_fixture_header(f, "Retry-After"), "1");
}

static void
tells_the_server_who_calls_within_its_bounds(void **state)
{
	static const char parent[] =
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	struct translate_fixture *f = *state;
	char headers[2048], expected[600];
	struct translate_case request = { "GET /readyz", headers, NULL };

	memset(expected, 'a', 511);
	(void)snprintf(headers, sizeof(headers),
	               "User-Agent: %.511s\xc3\xa9tail\ntraceparent: %s",
	               expected, parent);
	expected[511] = '\0';
	(void)translate_fixture_call(f, &request,
	                             "latchkey.v1.HealthService/Check");
	assert_string_equal(f->exchange->user_agent, expected);
	assert_string_equal(f->exchange->traceparent, parent);
	request.headers = "User-Agent: a\xff"
			  "b\ntraceparent: 00-1-2-x";
	(void)translate_fixture_call(f, &request,
	                             "latchkey.v1.HealthService/Check");
	assert_null(f->exchange->user_agent);
	assert_null(f->exchange->traceparent);
}

static void
answers_every_shortage_of_memory(void **state)
{
	static const struct translate_case request = {
		"POST /api/auth/login/",
		JSON "\nUser-Agent: x\nOrigin: " FIXTURE_ORIGIN,
		"{\"username\":\"a\",\"password\":\"b\",\"list\":[1,2,[3]]}"
	};
	struct translate_fixture *f = *state;
	Latchkey__V1__User user = make_user();
	Latchkey__V1__AuthenticateResponse reply =
		LATCHKEY__V1__AUTHENTICATE_RESPONSE__INIT;
	unsigned status = 0;

	reply.user = &user;
	for (size_t size = 0; status != 200; size += 8) {
		assert_true(size < FIXTURE_MEMORY);
		if (translate_fixture_send(f, &request, size))
			translate_fixture_reply(f, &reply);
		status = f->exchange->answer.status;
		if (status != 200)
			assert_true(status == 413 || status == 500 ||
			            status == 415 || status == 400);
		assert_true(f->exchange->answer.body.len > 0);
		assert_non_null(
			translate_fixture_header(f, "X-Content-Type-Options"));
	}
}

/* What the server said of a token, and what the client then hears. */
struct verdict {
	struct translate_case request;
	enum code code; /* of VerifyToken */
	Latchkey__Rpc__V1__Reason reason;
	bool is_staff, is_superuser;
	unsigned status;
};

#define ME "PATCH /api/auth/users/me/"
#define USERS "POST /api/auth/users/"
#define LIST "GET /api/auth/users/"
#define ROLES "POST /api/auth/roles/"
static const char two_lists[] = "{\"first_name\":[],\"email\":[]}";
static const struct verdict verdicts[] = {
	{ { ME, BEARER "\n" JSON, "{" }, .status = 400 },
	{ { ME, BEARER "\n" JSON, two_lists }, .status = 400 },
	{ { ME, BEARER "\n" JSON, "{" },
	  CODE_UNAUTHENTICATED,
	  REASON(TOKEN_EXPIRED),
	  .status = 401 },
	{ { ME, BEARER "\n" JSON, two_lists },
	  CODE_UNAUTHENTICATED,
	  REASON(USER_GONE),
	  .status = 401 },
	{ { ME, BEARER "\nContent-Type: text/plain", "x" },
	  CODE_UNAUTHENTICATED,
	  REASON(TOKEN_INVALID),
	  .status = 401 },
	{ { "DELETE /api/auth/profile/", BEARER, NULL },
	  CODE_UNAUTHENTICATED,
	  REASON(TOKEN_REVOKED),
	  .status = 401 },
	{ { "DELETE /api/auth/profile/", BEARER, NULL }, .status = 405 },
	{ { ME, BEARER "\n" JSON, "{" }, CODE_UNAVAILABLE, .status = 400 },
	{ { USERS, BEARER "\n" JSON, "[]" }, .status = 403 },
	{ { USERS, BEARER "\n" JSON, "[]" }, .is_staff = true, .status = 400 },
	{ { USERS, BEARER "\n" JSON, "[]" },
	  .is_superuser = true,
	  .status = 400 },
	{ { LIST "?page=x", BEARER, NULL }, .is_staff = true, .status = 404 },
	{ { LIST "?page=x", BEARER, NULL }, .status = 403 },
	{ { LIST "?page=0", BEARER, NULL },
	  CODE_UNAUTHENTICATED,
	  REASON(TOKEN_EXPIRED),
	  .status = 401 },
	{ { ROLES, BEARER "\n" JSON, "[]" }, .is_staff = true, .status = 403 },
	{ { ROLES, BEARER "\n" JSON, "[]" },
	  .is_superuser = true,
	  .status = 400 },
};

static void
answers_for_the_caller_before_the_fault(void **state)
{
	struct translate_fixture *f = *state;

	for (size_t i = 0; i < COUNT(verdicts); i++) {
		const struct verdict *c = &verdicts[i];
		Latchkey__V1__VerifyTokenResponse caller =
			LATCHKEY__V1__VERIFY_TOKEN_RESPONSE__INIT;
		const Latchkey__V1__VerifyTokenRequest *asked;

		caller.is_staff = c->is_staff;
		caller.is_superuser = c->is_superuser;
		assert_true(
			translate_fixture_send(f, &c->request, FIXTURE_MEMORY));
		assert_string_equal(f->exchange->rpc_name,
		                    "latchkey.v1.AuthService/VerifyToken");
		asked = (const void *)f->exchange->request;
		assert_string_equal(asked->token, "a.b.c");
		if (c->code == CODE_OK)
			translate_fixture_reply(f, &caller);
		else
			translate_fixture_refuse(f, c->code, c->reason,
			                         REQUEST);
		if (f->exchange->answer.status != c->status)
			fail_msg("%zu %s: %u", i, c->request.line,
			         f->exchange->answer.status);
		if (c->status == 401)
			assert_non_null(translate_fixture_header(
				f, "WWW-Authenticate"));
	}
}

static void
asks_nobody_about_a_caller_who_is_none_or_leads_nowhere(void **state)
{
	static const struct verdict cases[] = {
		{ { ME, JSON, "{" }, .status = 401 },
		{ { "GET /api/auth/users/x/", BEARER, NULL }, .status = 404 },
		{ { "GET /nowhere/", BEARER, NULL }, .status = 404 },
		{ { "GET /api/auth/users/me/", BEARER "\nAccept: text/x",
		    NULL },
		  .status = 406 },
		{ { "POST /api/auth/login/", BEARER "\n" JSON, "{" },
		  .status = 400 },
	};
	struct translate_fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_false(translate_fixture_send(f, &cases[i].request,
		                                    FIXTURE_MEMORY));
		assert_int_equal(f->exchange->answer.status, cases[i].status);
	}
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, translate_fixture_setup,           \
	                                translate_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(takes_a_login_from_every_kind_of_body),
		TEST(takes_the_first_identifier_that_is_present),
		TEST(names_every_bad_field_at_once_and_in_order),
		TEST(refuses_bodies_that_are_no_object),
		TEST(refuses_bodies_it_cannot_read),
		TEST(looks_at_path_accept_credentials_and_method_in_this_order),
		TEST(reads_the_authorization_header_as_simplejwt_does),
		TEST(negotiates_json_only),
		TEST(puts_the_standard_headers_on_every_answer),
		TEST(answers_preflights_on_any_path_and_options_empty),
		TEST(lets_allowed_origins_read_errors_too),
		TEST(answers_a_login_as_each_document_says),
		TEST(answers_users_me_with_avatar_username_and_last_login),
		TEST(answers_a_refresh_with_and_without_rotation),
		TEST(verifies_access_and_refresh_tokens),
		TEST(logs_out_empty_and_blacklists_strictly),
		TEST(publishes_keys_with_the_time_they_may_be_cached),
		TEST(is_ready_only_while_the_server_can_work),
		TEST(answers_every_refusal_of_the_server_in_its_own_words),
		TEST(refuses_credentials_in_each_profiles_shape),
		TEST(refuses_what_is_longer_than_any_account_or_token),
		TEST(names_the_servers_violations_as_the_client_did),
		TEST(rounds_the_time_to_wait_up_to_whole_seconds),
		TEST(answers_what_http_refuses_in_json),
		TEST(tells_the_server_who_calls_within_its_bounds),
		TEST(answers_for_the_caller_before_the_fault),
		TEST(asks_nobody_about_a_caller_who_is_none_or_leads_nowhere),
		TEST(answers_every_shortage_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
