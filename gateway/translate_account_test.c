/*
 * The routes of accounts and administration as the shipped profiles describe
 * them, with the features that they are the first to use.
 */
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
#include "proto/latchkey/v1/role_service.pb-c.h"
#include "proto/latchkey/v1/session_service.pb-c.h"
#include "proto/latchkey/v1/user_service.pb-c.h"

#define JSON "Content-Type: application/json"
#define FORM "Content-Type: application/x-www-form-urlencoded"
#define BEARER "Authorization: Bearer a.b.c"
#define BROWSER "Accept: text/html,application/xhtml+xml,*/*;q=0.8"
#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
#define REQUEST LATCHKEY__RPC__V1__SUBJECT__SUBJECT_REQUEST
#define ACCOUNT(name) "latchkey.v1.AccountService/" name
#define USERS(name) "latchkey.v1.UserService/" name
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void
expect_answer(struct translate_fixture *f, unsigned status, const char *body)
{
	assert_int_equal(f->exchange->answer.status, status);
	assert_string_equal(translate_fixture_body(f), body);
}

/* A page, and what every page carries. */
static void
expect_page(struct translate_fixture *f, unsigned status, const char *part)
{
	assert_int_equal(f->exchange->answer.status, status);
	if (strstr(translate_fixture_body(f), part) == NULL)
		fail_msg("%s is missing in %s", part,
		         translate_fixture_body(f));
	assert_string_equal(translate_fixture_header(f, "Content-Type"),
	                    "text/html; charset=utf-8");
	assert_string_equal(translate_fixture_header(f, "Referrer-Policy"),
	                    "no-referrer");
	assert_string_equal(translate_fixture_header(f, "Cache-Control"),
	                    "no-store");
	assert_string_equal(translate_fixture_header(f, "X-Frame-Options"),
	                    "DENY");
	assert_string_equal(
		translate_fixture_header(f, "Content-Security-Policy"),
		f->profiles->pages.policy);
}

/* A status with violations: field, code, message; NULL ends them. */
static void
refuse_fields(struct translate_fixture *f, const char *const (*rows)[3])
{
	Latchkey__Rpc__V1__Status status = LATCHKEY__RPC__V1__STATUS__INIT;
	Latchkey__Rpc__V1__FieldViolation v[8];
	Latchkey__Rpc__V1__FieldViolation *list[8];

	for (; rows[status.n_violations][0] != NULL; status.n_violations++) {
		size_t i = status.n_violations;

		latchkey__rpc__v1__field_violation__init(&v[i]);
		v[i].field = (char *)rows[i][0];
		v[i].code = (char *)rows[i][1];
		v[i].message = (char *)rows[i][2];
		list[i] = &v[i];
	}
	status.reason = REASON(FIELD_INVALID);
	status.violations = list;
	translate_reply(&f->translator, f->exchange, CODE_INVALID_ARGUMENT,
	                &status, NULL);
}

static void
registers_with_tokens_or_without_as_the_server_says(void **state)
{
	static const struct translate_case request = {
		"POST /api/auth/register/", JSON,
		"{\"email\":\" a@x.example \",\"password\":\"pw\",\"phone\":"
		"\"1\",\"username\":null}"
	};
	struct translate_fixture *f = *state;
	Latchkey__V1__User user = LATCHKEY__V1__USER__INIT;
	Latchkey__V1__RegisterAccountResponse reply =
		LATCHKEY__V1__REGISTER_ACCOUNT_RESPONSE__INIT;
	const Latchkey__V1__RegisterAccountRequest *m =
		translate_fixture_call(f, &request, ACCOUNT("RegisterAccount"));
	const char *body;

	assert_string_equal(m->email, "a@x.example");
	assert_int_equal(m->username_presence_case, 0);
	assert_int_equal(m->policy, 1);
	assert_int_equal(m->n_attributes, 1);
	assert_string_equal(m->attributes[0]->name, "phone");
	reply.state = 1;
	reply.user = &user;
	reply.access_token_presence_case = 3;
	reply.access_token = "a.a.a";
	reply.refresh_token_presence_case = 4;
	reply.refresh_token = "r.r.r";
	translate_fixture_reply(f, &reply);
	assert_int_equal(f->exchange->answer.status, 201);
	body = translate_fixture_body(f);
	assert_non_null(strstr(body, "},\"access\":\"a.a.a\",\"refresh\":"
	                             "\"r.r.r\"}"));
	assert_string_equal(translate_fixture_header(f, "Cache-Control"),
	                    "no-store");
	reply.state = 2;
	translate_fixture_reply(f, &reply);
	assert_int_equal(f->exchange->answer.status, 201);
	body = translate_fixture_body(f);
	assert_non_null(strstr(body, "\"detail\":"));
	assert_null(strstr(body, "a.a.a"));
	translate_fixture_refuse(f, CODE_PERMISSION_DENIED,
	                         REASON(REGISTRATION_CLOSED), REQUEST);
	expect_answer(f, 403, "{\"detail\":\"Registration is closed.\"}");
}

static void
signs_up_as_document_002_says(void **state)
{
	static const struct translate_case empty = { "POST /sign-up/", JSON,
		                                     NULL };
	static const struct translate_case differs = {
		"POST /account/sign-up/", JSON,
		"{\"name\":\"John Doe\",\"username\":\"j2\",\"email\":"
		"\"j2@e.com\",\"password\":\"password123\","
		"\"confirm_password\":\"x\"}"
	};
	static const struct translate_case good = {
		"POST /sign-up/", JSON,
		"{\"name\":\"John Doe\",\"username\":null,\"email\":"
		"\"j2@e.com\",\"password\":\"password123\","
		"\"confirm_password\":\"password123\"}"
	};
	struct translate_fixture *f = *state;
	Latchkey__V1__User user = LATCHKEY__V1__USER__INIT;
	Latchkey__V1__RegisterAccountResponse reply =
		LATCHKEY__V1__REGISTER_ACCOUNT_RESPONSE__INIT;
	const Latchkey__V1__RegisterAccountRequest *m;

	(void)translate_fixture_call(f, &empty, ACCOUNT("RegisterAccount"));
	refuse_fields(f, (const char *const[][3]){
				 { "email", "required", "email is required" },
				 { NULL, NULL, NULL } });
	expect_answer(f, 400,
	              "{\"status\":false,\"message\":{\"email\":[\"This field "
	              "is required.\"],\"password\":[\"This field is "
	              "required.\"],\"confirm_password\":[\"This field is "
	              "required.\"]}}");
	m = translate_fixture_call(f, &differs, ACCOUNT("RegisterAccount"));
	assert_true(m->validate_only);
	translate_fixture_reply(f, &reply);
	expect_answer(f, 400,
	              "{\"status\":false,\"message\":{\"non_field_errors\":["
	              "\"Password do not match\"]}}");
	/* The two are compared once each field is good by itself. */
	refuse_fields(f, (const char *const[][3]){
				 { "email", "malformed", "Bad address." },
				 { NULL, NULL, NULL } });
	expect_answer(f, 400,
	              "{\"status\":false,\"message\":{\"email\":[\"Bad "
	              "address.\"]}}");
	m = translate_fixture_call(f, &good, ACCOUNT("RegisterAccount"));
	assert_int_equal(m->policy, 2);
	assert_false(m->validate_only);
	assert_string_equal(m->name, "John Doe");
	/* confirm_password is for the gateway only. */
	assert_int_equal(m->n_attributes, 0);
	user.name = "John Doe";
	user.email = "j2@e.com";
	reply.user = &user;
	reply.state = 2;
	translate_fixture_reply(f, &reply);
	expect_answer(f, 201,
	              "{\"status\":true,\"message\":\"User registered "
	              "successfully.\",\"name\":\"John Doe\",\"username\":null,"
	              "\"email\":\"j2@e.com\",\"access_token\":null,"
	              "\"refresh_token\":null}");
}

static void
asks_the_server_what_else_is_wrong_and_to_make_nothing(void **state)
{
	/* A good account but for what only the gateway looks at. */
	static const struct translate_case request = {
		"POST /sign-up/", JSON,
		"{\"email\":\"a@x.example\",\"password\":\"password123\"}"
	};
	struct translate_fixture *f = *state;
	Latchkey__V1__RegisterAccountResponse reply =
		LATCHKEY__V1__REGISTER_ACCOUNT_RESPONSE__INIT;
	const Latchkey__V1__RegisterAccountRequest *m =
		translate_fixture_call(f, &request, ACCOUNT("RegisterAccount"));

	assert_true(m->validate_only);
	translate_fixture_reply(f, &reply);
	expect_answer(f, 400,
	              "{\"status\":false,\"message\":{\"confirm_password\":["
	              "\"This field is required.\"]}}");
}

static void
reports_every_bad_field_in_the_order_of_the_rows(void **state)
{
	static const struct translate_case request = {
		"POST /api/auth/register/", JSON,
		"{\"password\":\"123\",\"username\":\"a b\",\"age\":\"x\"}"
	};
	struct translate_fixture *f = *state;
	Latchkey__V1__RegisterAccountResponse reply =
		LATCHKEY__V1__REGISTER_ACCOUNT_RESPONSE__INIT;

	(void)translate_fixture_call(f, &request, ACCOUNT("RegisterAccount"));
	refuse_fields(f,
	              (const char *const[][3]){
			      { "attributes.age", "type", "A valid integer." },
			      { "password", "short", "Short." },
			      { "password", "numeric", "Numeric." },
			      { "email", "required", "email is required" },
			      { "username", "malformed", "Bad name." },
			      { "elsewhere", "x", "Other." },
			      { NULL, NULL, NULL } });
	expect_answer(f, 400,
	              "{\"email\":[\"This field is required.\"],\"username\":["
	              "\"Bad name.\"],\"password\":[\"Short.\",\"Numeric.\"],"
	              "\"age\":[\"A valid integer.\"],\"non_field_errors\":["
	              "\"Other.\"]}");
	/* The server finds nothing more. */
	translate_fixture_reply(f, &reply);
	expect_answer(f, 400, "{\"email\":[\"This field is required.\"]}");
}

static void
verifies_for_a_script_and_asks_a_person_first(void **state)
{
	static const struct {
		const char *line, *headers, *rpc;
	} cases[] = {
		{ "GET", "Accept: application/json, */*", "VerifyEmail" },
		{ "GET", "Accept: */*\nSec-Fetch-Mode: cors", "VerifyEmail" },
		{ "GET", "Accept: application/json;q=0", "CheckLink" },
		{ "GET", "Accept: */*", "CheckLink" },
		{ "GET", NULL, "CheckLink" },
		{ "GET", BROWSER "\nSec-Fetch-Mode: navigate", "CheckLink" },
		{ "HEAD", "Accept: application/json", "CheckLink" },
		{ "POST", "Accept: */*", "VerifyEmail" },
		{ "POST", BROWSER, "VerifyEmail" },
	};
	struct translate_fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		char line[128], rpc[64];
		const struct translate_case request = { line, cases[i].headers,
			                                NULL };

		(void)snprintf(line, sizeof(line),
		               "%s /api/auth/verify-email/?token=t",
		               cases[i].line);
		(void)snprintf(rpc, sizeof(rpc), ACCOUNT("%s"), cases[i].rpc);
		(void)translate_fixture_call(f, &request, rpc);
	}
}

static void
obeys_the_setting_about_gets_that_verify(void **state)
{
	static const struct translate_case script = {
		"GET /api/auth/verify-email/?token=t",
		"Accept: application/json", NULL
	};
	static const struct translate_case person = {
		"GET /api/auth/verify-email/?token=t", BROWSER, NULL
	};
	static const struct translate_case head = {
		"HEAD /api/auth/verify-email/?token=t", NULL, NULL
	};
	struct translate_fixture *f = *state;
	Latchkey__V1__VerifyEmailResponse reply =
		LATCHKEY__V1__VERIFY_EMAIL_RESPONSE__INIT;

	f->translator.confirm = TRANSLATE_CONFIRM_ALL;
	(void)translate_fixture_call(f, &script, ACCOUNT("CheckLink"));
	f->translator.confirm = TRANSLATE_CONFIRM_NOBODY;
	(void)translate_fixture_call(f, &head, ACCOUNT("CheckLink"));
	(void)translate_fixture_call(f, &person, ACCOUNT("VerifyEmail"));
	translate_fixture_reply(f, &reply);
	expect_page(f, 200, "Your e-mail address is confirmed");
}

static void
shows_the_pages_of_a_verification(void **state)
{
	static const struct translate_case get = {
		"GET /api/auth/verify-email/?token=a%22b", BROWSER, NULL
	};
	static const struct translate_case post = {
		"POST /api/auth/verify-email/", BROWSER "\n" FORM, "token=t"
	};
	static const struct translate_case script = {
		"POST /api/auth/verify-email/", JSON, "{\"token\":\"t\"}"
	};
	struct translate_fixture *f = *state;
	Latchkey__V1__CheckLinkResponse good =
		LATCHKEY__V1__CHECK_LINK_RESPONSE__INIT;
	Latchkey__V1__VerifyEmailResponse done =
		LATCHKEY__V1__VERIFY_EMAIL_RESPONSE__INIT;

	(void)translate_fixture_call(f, &get, ACCOUNT("CheckLink"));
	translate_fixture_reply(f, &good);
	expect_page(f, 202, "name=\"token\" value=\"a&quot;b\"");
	translate_fixture_refuse(f, CODE_FAILED_PRECONDITION,
	                         REASON(LINK_EXPIRED), REQUEST);
	expect_page(f, 400, "<h1>This link has expired</h1>");
	translate_fixture_refuse(f, CODE_FAILED_PRECONDITION, REASON(LINK_USED),
	                         REQUEST);
	expect_page(f, 400, "<h1>This link has been used already</h1>");
	translate_fixture_refuse(f, CODE_UNAVAILABLE, REASON(UNSPECIFIED), 0);
	expect_page(f, 503, "<h1>This did not work</h1>");
	assert_string_equal(translate_fixture_header(f, "Retry-After"), "1");
	(void)translate_fixture_call(f, &post, ACCOUNT("VerifyEmail"));
	translate_fixture_reply(f, &done);
	expect_page(f, 200, "Your e-mail address is confirmed");
	(void)translate_fixture_call(f, &script, ACCOUNT("VerifyEmail"));
	translate_fixture_reply(f, &done);
	expect_answer(f, 200, "{\"detail\":\"E-mail verified.\"}");
	translate_fixture_refuse(f, CODE_FAILED_PRECONDITION, REASON(LINK_USED),
	                         REQUEST);
	expect_answer(f, 400,
	              "{\"detail\":\"This link is not valid any more.\","
	              "\"code\":\"link_used\"}");
}

#define RESET "/api/auth/password-reset-confirm/MQ/tok/"

static void
sets_a_password_from_a_form_and_from_a_script(void **state)
{
	static const struct translate_case get = { "GET " RESET, BROWSER,
		                                   NULL };
	static const struct translate_case patch = {
		"PATCH " RESET, JSON, "{\"password\":\"new-pass-1\"}"
	};
	static const struct translate_case post = {
		"POST " RESET, BROWSER "\n" FORM,
		"password=new-pass-1&password_again=new-pass-1"
	};
	static const struct translate_case differs = {
		"POST " RESET, BROWSER "\n" FORM,
		"password=new-pass-1&password_again=other"
	};
	struct translate_fixture *f = *state;
	Latchkey__V1__CheckLinkResponse good =
		LATCHKEY__V1__CHECK_LINK_RESPONSE__INIT;
	Latchkey__V1__ConfirmPasswordResetResponse done =
		LATCHKEY__V1__CONFIRM_PASSWORD_RESET_RESPONSE__INIT;
	const Latchkey__V1__ConfirmPasswordResetRequest *m;

	(void)translate_fixture_call(f, &get, ACCOUNT("CheckLink"));
	translate_fixture_reply(f, &good);
	expect_page(f, 200, "autocomplete=\"new-password\"");
	m = translate_fixture_call(f, &patch, ACCOUNT("ConfirmPasswordReset"));
	assert_string_equal(m->uid, "MQ");
	assert_string_equal(m->token, "tok");
	assert_string_equal(m->password, "new-pass-1");
	translate_fixture_reply(f, &done);
	expect_answer(f, 200, "{\"detail\":\"Password changed.\"}");
	(void)translate_fixture_call(f, &post, ACCOUNT("ConfirmPasswordReset"));
	translate_fixture_reply(f, &done);
	expect_page(f, 200, "<h1>Your password is changed</h1>");
	refuse_fields(f, (const char *const[][3]){
				 { "password", "common", "Too common." },
				 { NULL, NULL, NULL } });
	expect_page(f, 400, "<li>Too common.</li>");
	assert_null(strstr(translate_fixture_body(f), "new-pass-1"));
	assert_false(translate_fixture_send(f, &differs, FIXTURE_MEMORY));
	expect_page(f, 400, "<li>The two passwords are not the same.</li>");
}

static void
lists_users_with_links_to_the_pages_beside(void **state)
{
	static const struct {
		const char *line;
		unsigned page, total;
		const char *links;
	} cases[] = {
		{ "GET /api/auth/users/", 1, 1,
		  "\"next\":null,\"previous\":null" },
		{ "GET /api/auth/users/", 1, 2,
		  "\"next\":\"https://auth.example/api/auth/users/?page=2\","
		  "\"previous\":null" },
		{ "GET /api/auth/users?page=2&page_size=1&search=a%20b", 2, 3,
		  "\"next\":\"https://auth.example/api/auth/users?page=3&"
		  "page_size=1&search=a%20b\",\"previous\":\"https://"
		  "auth.example/api/auth/users?page_size=1&search=a%20b\"" },
		{ "GET /api/auth/users/?is_active=1&page=3&x=\"<\xc3\xa9", 3, 3,
		  "\"next\":null,\"previous\":\"https://auth.example/api/auth/"
		  "users/?is_active=1&page=2&x=%22%3C%C3%A9\"" },
	};
	struct translate_fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct translate_case request = { cases[i].line, BEARER,
			                                NULL };
		Latchkey__V1__ListUsersResponse reply =
			LATCHKEY__V1__LIST_USERS_RESPONSE__INIT;
		char body[512];

		(void)translate_fixture_call(f, &request, USERS("ListUsers"));
		reply.page = cases[i].page;
		reply.page_size = 1;
		reply.total_count = cases[i].total;
		translate_fixture_reply(f, &reply);
		(void)snprintf(body, sizeof(body),
		               "{\"count\":%u,%s,\"results\":[]}",
		               cases[i].total, cases[i].links);
		expect_answer(f, 200, body);
	}
}

static void
reads_paths_and_queries_as_django_does(void **state)
{
	static const struct {
		struct translate_case request;
		const char *body;
	} cases[] = {
		{ { "GET /api/auth/users/?page=0", BEARER, NULL },
		  "{\"detail\":\"Invalid page.\"}" },
		{ { "GET /api/auth/users/?page=last", BEARER, NULL },
		  "{\"detail\":\"Invalid page.\"}" },
		{ { "GET /api/auth/users/?page=99999999999", BEARER, NULL },
		  "{\"detail\":\"Invalid page.\"}" },
		{ { "GET /api/auth/users/x/", BEARER, NULL },
		  "{\"detail\":\"Not found.\"}" },
		{ { "PATCH /api/auth/users/-1/", BEARER "\n" JSON,
		    "{\"is_staff\":\"perhaps\"}" },
		  "{\"detail\":\"Not found.\"}" },
		{ { "GET /media/avatars/2026/01/%2e%2e%2f/x.png", NULL, NULL },
		  "{\"detail\":\"Not found.\"}" },
	};
	static const struct translate_case ignored = {
		"GET /api/auth/users/?page_size=0&is_active=perhaps&search=",
		BEARER, NULL
	};
	static const struct translate_case capped = {
		"GET /api/auth/users/?page_size=1000&is_active=false", BEARER,
		NULL
	};
	struct translate_fixture *f = *state;
	const Latchkey__V1__ListUsersRequest *m;

	for (size_t i = 0; i < COUNT(cases); i++) {
		translate_fixture_refused(f, &cases[i].request);
		expect_answer(f, 404, cases[i].body);
	}
	m = translate_fixture_call(f, &ignored, USERS("ListUsers"));
	assert_int_equal(m->page_size, 0);
	assert_int_equal(m->is_active_presence_case, 0);
	m = translate_fixture_call(f, &capped, USERS("ListUsers"));
	assert_int_equal(m->page_size, 200);
	assert_int_not_equal(m->is_active_presence_case, 0);
	assert_false(m->is_active);
}

static void
changes_only_what_is_given(void **state)
{
	static const struct translate_case request = {
		"PATCH /api/auth/users/7/", BEARER "\n" JSON,
		"{\"username\":null,\"roles\":[],\"is_staff\":\"no\","
		"\"level\":3}"
	};
	static const struct translate_case nothing = {
		"PATCH /api/auth/users/7/", BEARER, NULL
	};
	struct translate_fixture *f = *state;
	const Latchkey__V1__UpdateUserRequest *m =
		translate_fixture_call(f, &request, USERS("UpdateUser"));

	assert_int_equal(m->id, 7);
	assert_int_equal(m->email_presence_case, 0);
	assert_int_not_equal(m->username_presence_case, 0);
	assert_string_equal(m->username, "");
	assert_non_null(m->roles);
	assert_int_equal(m->roles->n_names, 0);
	assert_int_not_equal(m->is_staff_presence_case, 0);
	assert_int_equal(m->n_attributes, 1);
	refuse_fields(f, (const char *const[][3]){
				 { "roles", "unknown", "No such role." },
				 { NULL, NULL, NULL } });
	expect_answer(f, 400, "{\"roles\":[\"No such role.\"]}");
	translate_fixture_refuse(f, CODE_FAILED_PRECONDITION,
	                         REASON(LAST_SUPERUSER), REQUEST);
	assert_int_equal(f->exchange->answer.status, 403);
	translate_fixture_refuse(f, CODE_PERMISSION_DENIED,
	                         REASON(RANK_TOO_LOW), REQUEST);
	assert_int_equal(f->exchange->answer.status, 403);
	m = translate_fixture_call(f, &nothing, USERS("UpdateUser"));
	assert_null(m->roles);
	assert_int_equal(m->n_attributes, 0);
}

static void
takes_a_picture_raw_or_from_a_form_and_leaves_others_alone(void **state)
{
	static const char parts[] =
		"--B\r\nContent-Disposition: form-data; name=\"avatar\"; "
		"filename=\"x.png\"\r\n\r\nPNG\r\n"
		"--B\r\nContent-Disposition: form-data; name=\"first_name\"\r\n"
		"\r\nAda\r\n--B--\r\n";
	static const struct translate_case raw = {
		"PUT /api/auth/users/me/avatar/",
		BEARER "\nContent-Type: image/png", "PNG"
	};
	static const struct translate_case form = {
		"PATCH /api/auth/profile/",
		BEARER "\nContent-Type: multipart/form-data; boundary=B", parts
	};
	static const struct translate_case json = {
		"PUT /api/auth/users/me/", BEARER "\n" JSON,
		"{\"avatar\":\"https://x/y.png\",\"id\":1,\"is_staff\":true}"
	};
	static const struct translate_case text = {
		"PUT /api/auth/users/me/avatar/",
		BEARER "\nContent-Type: text/plain", "PNG"
	};
	struct translate_fixture *f = *state;
	const Latchkey__V1__SetAvatarRequest *set =
		translate_fixture_call(f, &raw, ACCOUNT("SetAvatar"));
	const Latchkey__V1__UpdateMeRequest *update;

	assert_int_equal(set->image.len, 3);
	assert_memory_equal(set->image.data, "PNG", 3);
	refuse_fields(f, (const char *const[][3]){
				 { "image", "malformed", "No picture." },
				 { NULL, NULL, NULL } });
	expect_answer(f, 400, "{\"avatar\":[\"No picture.\"]}");
	translate_fixture_refused(f, &text);
	assert_int_equal(f->exchange->answer.status, 415);
	update = translate_fixture_call(f, &form, ACCOUNT("UpdateMe"));
	assert_string_equal(update->first_name, "Ada");
	assert_int_equal(update->avatar.len, 3);
	update = translate_fixture_call(f, &json, ACCOUNT("UpdateMe"));
	assert_int_equal(update->avatar_presence_case, 0);
	/* Whether "id" means anything, the server's configuration says. */
	assert_int_equal(update->n_attributes, 2);
}

static void
sends_a_picture_as_it_is_and_once(void **state)
{
	static const struct translate_case request = {
		"GET /media/avatars/2026/01/02/x.png", "Accept: image/*", NULL
	};
	struct translate_fixture *f = *state;
	Latchkey__V1__GetAvatarResponse reply =
		LATCHKEY__V1__GET_AVATAR_RESPONSE__INIT;
	struct translate_case again = request;
	char headers[128];

	reply.image.data = (uint8_t *)"\x89PNG";
	reply.image.len = 4;
	reply.media_type = "image/png";
	(void)translate_fixture_call(f, &request, ACCOUNT("GetAvatar"));
	translate_fixture_reply(f, &reply);
	expect_answer(f, 200, "\x89PNG");
	assert_string_equal(translate_fixture_header(f, "Content-Type"),
	                    "image/png");
	assert_string_equal(translate_fixture_header(f, "Cache-Control"),
	                    "public, max-age=31536000, immutable");
	assert_string_equal(
		translate_fixture_header(f, "X-Content-Type-Options"),
		"nosniff");
	(void)snprintf(headers, sizeof(headers), "If-None-Match: W/\"a\", %s",
	               translate_fixture_header(f, "ETag"));
	again.headers = headers;
	(void)translate_fixture_call(f, &again, ACCOUNT("GetAvatar"));
	translate_fixture_reply(f, &reply);
	expect_answer(f, 304, "");
	assert_null(translate_fixture_header(f, "Content-Type"));
	/* A type that the profile does not name is not passed on. */
	reply.media_type = "image/svg+xml";
	(void)translate_fixture_call(f, &request, ACCOUNT("GetAvatar"));
	translate_fixture_reply(f, &reply);
	assert_string_equal(translate_fixture_header(f, "Content-Type"),
	                    "application/octet-stream");
}

static void
says_how_long_a_throttle_lasts(void **state)
{
	static const struct {
		uint32_t ms;
		const char *after, *body;
	} cases[] = {
		{ 1, "1",
		  "{\"detail\":\"Request was throttled. Expected available in "
		  "1 second.\"}" },
		{ 1001, "2",
		  "{\"detail\":\"Request was throttled. Expected available in "
		  "2 seconds.\"}" },
	};
	static const struct translate_case request = {
		"POST /api/auth/login/", JSON,
		"{\"email\":\"a\",\"password\":\"b\"}"
	};
	struct translate_fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		Latchkey__Rpc__V1__Status status =
			LATCHKEY__RPC__V1__STATUS__INIT;

		status.code = CODE_RESOURCE_EXHAUSTED;
		status.reason = REASON(THROTTLED);
		status.retry_after_ms = cases[i].ms;
		(void)translate_fixture_call(
			f, &request, "latchkey.v1.AuthService/Authenticate");
		translate_reply(&f->translator, f->exchange,
		                CODE_RESOURCE_EXHAUSTED, &status, NULL);
		expect_answer(f, 429, cases[i].body);
		assert_string_equal(translate_fixture_header(f, "Retry-After"),
		                    cases[i].after);
	}
}

static void
answers_roles_and_sessions_as_lists(void **state)
{
	static const struct translate_case roles = { "GET /api/auth/roles/",
		                                     BEARER, NULL };
	static const struct translate_case sessions = {
		"GET /api/auth/sessions/", BEARER, NULL
	};
	static char *permissions[] = { "a.b" };
	struct translate_fixture *f = *state;
	Latchkey__V1__Role role = LATCHKEY__V1__ROLE__INIT;
	Latchkey__V1__Role *role_list[] = { &role };
	Latchkey__V1__ListRolesResponse role_reply =
		LATCHKEY__V1__LIST_ROLES_RESPONSE__INIT;
	Latchkey__V1__Session session = LATCHKEY__V1__SESSION__INIT;
	Latchkey__V1__Session *session_list[] = { &session };
	Latchkey__V1__ListSessionsResponse session_reply =
		LATCHKEY__V1__LIST_SESSIONS_RESPONSE__INIT;

	role.name = "Admin";
	role.permissions = permissions;
	role.n_permissions = 1;
	role_reply.roles = role_list;
	role_reply.n_roles = 1;
	(void)translate_fixture_call(f, &roles,
	                             "latchkey.v1.RoleService/ListRoles");
	translate_fixture_reply(f, &role_reply);
	expect_answer(f, 200,
	              "[{\"name\":\"Admin\",\"description\":\"\","
	              "\"permissions\":[\"a.b\"]}]");
	session.id = "s";
	session.device = "curl";
	session.address = "192.0.2.1";
	session.created_at_us = 1;
	session.current = true;
	session_reply.sessions = session_list;
	session_reply.n_sessions = 1;
	(void)translate_fixture_call(f, &sessions,
	                             "latchkey.v1.SessionService/ListSessions");
	translate_fixture_reply(f, &session_reply);
	expect_answer(f, 200,
	              "[{\"id\":\"s\",\"device\":\"curl\",\"address\":"
	              "\"192.0.2.1\",\"created\":\"1970-01-01T00:00:00.000001Z"
	              "\",\"last_used\":\"1970-01-01T00:00:00.000000Z\","
	              "\"current\":true}]");
}

static void
knows_which_error_it_answered(void **state)
{
	static const struct translate_case bad = { "POST /api/auth/login/",
		                                   JSON, "{" };
	static const struct translate_case good = { "GET /healthz", NULL,
		                                    NULL };
	static const struct translate_case nowhere = { "GET /nowhere", NULL,
		                                       NULL };
	struct translate_fixture *f = *state;
	char name[CONDITION_NAME_SIZE];

	(void)translate_fixture_send(f, &bad, FIXTURE_MEMORY);
	assert_true(f->exchange->failed);
	assert_string_equal(condition_write(f->exchange->condition, name),
	                    "json_malformed");
	(void)translate_fixture_send(f, &good, FIXTURE_MEMORY);
	assert_false(f->exchange->failed);
	(void)translate_fixture_send(f, &nowhere, FIXTURE_MEMORY);
	assert_true(f->exchange->failed);
	assert_string_equal(condition_write(f->exchange->condition, name),
	                    "not_found");
}

/* Every list of memory ends in an answer that says what happened. */
static void
answers_whatever_memory_there_is(void **state)
{
	static const struct translate_case cases[] = {
		{ "POST /api/auth/register/", JSON,
		  "{\"email\":1,\"password\":\"x\",\"phone\":\"1\"}" },
		{ "PUT /api/auth/users/7/roles/", BEARER "\n" FORM,
		  "roles=a&roles=b" },
		{ "GET /api/auth/users/?page=2&search=x", BEARER, NULL },
		{ "POST " RESET, BROWSER "\n" FORM, "password=a" },
	};
	struct translate_fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t size = 0;

		while (!translate_fixture_send(f, &cases[i], size) ||
		       f->exchange->is_caller_check) {
			assert_in_range(f->exchange->answer.status, 413, 500);
			assert_true(size < FIXTURE_MEMORY);
			size += 8;
		}
	}
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, translate_fixture_setup,           \
	                                translate_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(registers_with_tokens_or_without_as_the_server_says),
		TEST(signs_up_as_document_002_says),
		TEST(asks_the_server_what_else_is_wrong_and_to_make_nothing),
		TEST(reports_every_bad_field_in_the_order_of_the_rows),
		TEST(verifies_for_a_script_and_asks_a_person_first),
		TEST(obeys_the_setting_about_gets_that_verify),
		TEST(shows_the_pages_of_a_verification),
		TEST(sets_a_password_from_a_form_and_from_a_script),
		TEST(lists_users_with_links_to_the_pages_beside),
		TEST(reads_paths_and_queries_as_django_does),
		TEST(changes_only_what_is_given),
		TEST(takes_a_picture_raw_or_from_a_form_and_leaves_others_alone),
		TEST(sends_a_picture_as_it_is_and_once),
		TEST(says_how_long_a_throttle_lasts),
		TEST(answers_roles_and_sessions_as_lists),
		TEST(knows_which_error_it_answered),
		TEST(answers_whatever_memory_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
