#include "gateway/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/latchkey/v1/account_service.pb-c.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "proto/latchkey/v1/health_service.pb-c.h"
#include "proto/latchkey/v1/key_service.pb-c.h"
#include "proto/latchkey/v1/user_service.pb-c.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct fixture {
	struct arena arena;
	char err[256];
	uint8_t memory[1 << 17];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static struct template compile(struct fixture *f,
                               const ProtobufCMessageDescriptor *type,
                               const char *text, bool plain)
{
	struct spec_file file = { "t", &f->arena, f->err, sizeof(f->err),
		                  false };
	const struct template_scope scope = { .message = type };
	struct template out = { 0 };
	struct json_error err;
	struct json *json;
	struct spec at = { .file = &file };
	enum code code;

	assert_int_equal(json_read(&f->arena, text, strlen(text), &json, &err),
	                 CODE_OK);
	at.value = json;
	code = plain ? template_compile_text(&at, &scope, &out)
	             : template_compile(&at, &scope, &out);
	if (code != CODE_OK)
		fail_msg("%s", f->err);
	return out;
}

/* What the template writes; NULL if it refuses to. */
static const char *
fill(struct fixture *f, const void *message, const char *text, bool plain)
{
	const struct template_source source = {
		.message = message,
		.variables = { [TEMPLATE_METHOD] = "G\"T",
		               [TEMPLATE_LINE] = "7",
		               [TEMPLATE_NEXT_PAGE] = "\"https://x/?page=2\"",
		               [TEMPLATE_RETRY_WORDS] = "2 seconds",
		               [TEMPLATE_FIELDS] = "{\"a\":[]}" },
		.public_base = "https://x.example",
	};
	const ProtobufCMessage *base = message;
	struct template t =
		compile(f, base == NULL ? NULL : base->descriptor, text, plain);
	struct json_out out;

	json_out_init(&out, &f->arena);
	template_write(&t, &source, &out);
	return json_out_end(&out) == CODE_OK ? out.data : NULL;
}

static void
copies_what_holds_no_reference(void **state)
{
	static const char *const same[] = {
		"null",
		"true",
		"-1.50e3",
		"\"a\\\"b\\n\"",
		"[]",
		"{}",
		"[[],{},[1,[2]]]",
		"{\"a\":{\"b\":[null]},\"c\":\"\"}",
	};
	Latchkey__V1__LogoutResponse m = LATCHKEY__V1__LOGOUT_RESPONSE__INIT;

	for (size_t i = 0; i < COUNT(same); i++)
		assert_string_equal(fill(*state, &m, same[i], false), same[i]);
	assert_string_equal(fill(*state, &m, "\"{{a}} {{\"", false),
	                    "\"{a} {\"");
}

static void
writes_fields_with_their_own_types_alone_and_as_text_within(void **state)
{
	Latchkey__V1__User user = LATCHKEY__V1__USER__INIT;
	char *roles[] = { "a\"b", "c" };

	user.id = UINT64_MAX;
	user.email = "a\"@b";
	user.is_active = true;
	user.roles = roles;
	user.n_roles = 2;
	user.joined_at_us = -1;
	assert_string_equal(
		fill(*state, &user,
	             "[\"{id}\",\"{id|text}\",\"{email}\",\"{is_active}\","
	             "\"{is_active|text}\",\"{roles}\",\"{joined_at_us}\","
	             "\"<{id} {email} {is_staff} {joined_at_us|time}>\"]",
	             false),
		"[18446744073709551615,\"18446744073709551615\",\"a\\\"@b\","
		"true,\"true\",[\"a\\\"b\",\"c\"],-1,"
		"\"<18446744073709551615 a\\\"@b false "
		"1969-12-31T23:59:59.999999Z>\"]");
}

static void
writes_null_or_nothing_for_what_is_absent(void **state)
{
	Latchkey__V1__User user = LATCHKEY__V1__USER__INIT;
	Latchkey__V1__GetMeResponse m = LATCHKEY__V1__GET_ME_RESPONSE__INIT;

	assert_string_equal(
		fill(*state, &user,
	             "{\"a\":\"{username|omit}\",\"b\":\"{avatar|url|omit}\","
	             "\"c\":\"{username}\",\"d\":\"<{username}>\","
	             "\"e\":\"{last_login_at_us|time}\","
	             "\"f\":\"{last_login_at_us|time|omit}\"}",
	             false),
		"{\"c\":null,\"d\":\"<>\",\"e\":null}");
	assert_string_equal(
		fill(*state, &user, "{\"a\":\"{username|omit}\"}", false),
		"{}");
	assert_string_equal(fill(*state, &m,
	                         "[\"{user.id}\",\"{user.roles}\","
	                         "\"{user.username}\"]",
	                         false),
	                    "[null,[],null]");
}

static void
puts_commas_right_around_what_is_omitted(void **state)
{
	static const char text[] =
		"{\"a\":\"{crv|omit}\",\"b\":\"{x|omit}\",\"c\":{\"d\":"
		"\"{y|omit}\",\"e\":1,\"f\":\"{n|omit}\"},\"g\":"
		"\"{e|omit}\"}";
	Latchkey__V1__JsonWebKey key = LATCHKEY__V1__JSON_WEB_KEY__INIT;

	assert_string_equal(fill(*state, &key, text, false),
	                    "{\"c\":{\"e\":1}}");
	key.x_presence_case = LATCHKEY__V1__JSON_WEB_KEY__X_PRESENCE_X;
	key.x = "{";
	key.n_presence_case = LATCHKEY__V1__JSON_WEB_KEY__N_PRESENCE_N;
	key.n = "[";
	key.e_presence_case = LATCHKEY__V1__JSON_WEB_KEY__E_PRESENCE_E;
	key.e = ",";
	assert_string_equal(
		fill(*state, &key, text, false),
		"{\"b\":\"{\",\"c\":{\"e\":1,\"f\":\"[\"},\"g\":\",\"}");
}

static void
goes_through_lists_of_messages(void **state)
{
	static const char text[] =
		"{\"k\":{\"$each\":\"keys\",\"item\":[\"{kid}\",{\"x\":"
		"\"{x|omit}\"}]},\"n\":\"{max_age_s}\"}";
	Latchkey__V1__JsonWebKey a = LATCHKEY__V1__JSON_WEB_KEY__INIT;
	Latchkey__V1__JsonWebKey b = LATCHKEY__V1__JSON_WEB_KEY__INIT;
	Latchkey__V1__JsonWebKey *keys[] = { &a, &b, &a };
	Latchkey__V1__GetJwksResponse m = LATCHKEY__V1__GET_JWKS_RESPONSE__INIT;

	a.kid = "1";
	b.kid = "2";
	b.x_presence_case = LATCHKEY__V1__JSON_WEB_KEY__X_PRESENCE_X;
	b.x = "y";
	assert_string_equal(fill(*state, &m, text, false),
	                    "{\"k\":[],\"n\":0}");
	m.keys = keys;
	m.n_keys = 3;
	assert_string_equal(fill(*state, &m, text, false),
	                    "{\"k\":[[\"1\",{}],[\"2\",{\"x\":\"y\"}],"
	                    "[\"1\",{}]],\"n\":0}");
}

static void
writes_times_from_the_first_to_the_last_year(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
		{ 0, "\"1970-01-01T00:00:00.000000Z\"" },
		{ 1767323045678901, "\"2026-01-02T03:04:05.678901Z\"" },
		{ 951827696000000, "\"2000-02-29T12:34:56.000000Z\"" },
		{ 253402300799999999, "\"9999-12-31T23:59:59.999999Z\"" },
		{ 253402300800000000, "null" },
		{ INT64_MAX, "null" },
		{ INT64_MIN, "null" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		Latchkey__V1__User user = LATCHKEY__V1__USER__INIT;

		user.joined_at_us = cases[i].us;
		assert_string_equal(
			fill(*state, &user, "\"{joined_at_us|time}\"", false),
			cases[i].text);
	}
}

static void
writes_enums_by_name_and_unknown_ones_as_nothing(void **state)
{
	Latchkey__V1__CheckResponse m = LATCHKEY__V1__CHECK_RESPONSE__INIT;

	m.status = LATCHKEY__V1__SERVING_STATUS__SERVING_STATUS_READ_ONLY;
	assert_string_equal(fill(*state, &m, "\"{status}\"", false),
	                    "\"SERVING_STATUS_READ_ONLY\"");
	m.status = 99;
	assert_string_equal(fill(*state, &m, "\"{status}\"", false), "\"\"");
}

static void
writes_variables_of_errors(void **state)
{
	assert_string_equal(
		fill(*state, NULL,
	             "[\"{method}\",\"<{method}>\",\"{line}\",\"at {line}\","
	             "\"{fields}\",\"{what}\",\"{column}\"]",
	             false),
		"[\"G\\\"T\",\"<G\\\"T>\",7,\"at 7\",{\"a\":[]},\"\",null]");
}

static void
writes_headers_plainly_and_refuses_control_characters(void **state)
{
	Latchkey__V1__User user = LATCHKEY__V1__USER__INIT;

	user.email = "a\"b\\c";
	user.id = 7;
	assert_string_equal(fill(*state, &user, "\"{email}; {id} {{}}\"", true),
	                    "a\"b\\c; 7 {}");
	user.email = "a\r\nb";
	assert_null(fill(*state, &user, "\"{email}\"", true));
}

static void
spreads_pairs_as_members_of_the_object_around_them(void **state)
{
	static const char *const cases[][2] = {
		{ "{\"a\":1,\"$spread\":\"attributes\",\"b\":2}",
		  "{\"a\":1,\"t\":\"x\\\"\",\"i\":-5,\"f\":false,\"n\":null,"
		  "\"b\":2}" },
		{ "{\"$spread\":\"attributes\"}",
		  "{\"t\":\"x\\\"\",\"i\":-5,\"f\":false,\"n\":null}" },
		{ "{\"$spread\":\"attributes\",\"b\":2}",
		  "{\"t\":\"x\\\"\",\"i\":-5,\"f\":false,\"n\":null,\"b\":2}" },
	};
	static const char *const empty[] = { "{\"a\":1,\"b\":2}", "{}",
		                             "{\"b\":2}" };
	Latchkey__V1__Attribute t = LATCHKEY__V1__ATTRIBUTE__INIT, i = t, f = t,
				n = t;
	Latchkey__V1__Attribute *list[] = { &t, &i, &f, &n };
	Latchkey__V1__User user = LATCHKEY__V1__USER__INIT;

	t.name = "t";
	t.value_case = LATCHKEY__V1__ATTRIBUTE__VALUE_TEXT;
	t.text = "x\"";
	i.name = "i";
	i.value_case = LATCHKEY__V1__ATTRIBUTE__VALUE_INTEGER;
	i.integer = -5;
	f.name = "f";
	f.value_case = LATCHKEY__V1__ATTRIBUTE__VALUE_FLAG;
	n.name = "n";
	for (size_t c = 0; c < COUNT(cases); c++) {
		user.attributes = list;
		user.n_attributes = 4;
		assert_string_equal(fill(*state, &user, cases[c][0], false),
		                    cases[c][1]);
		user.n_attributes = 0;
		assert_string_equal(fill(*state, &user, cases[c][0], false),
		                    empty[c]);
	}
}

static void
writes_pages_of_lists_as_links_or_null(void **state)
{
	Latchkey__V1__ListUsersResponse m =
		LATCHKEY__V1__LIST_USERS_RESPONSE__INIT;

	assert_string_equal(
		fill(*state, &m, "[\"{@next}\",\"{@previous}\"]", false),
		"[\"https://x/?page=2\",null]");
	assert_string_equal(fill(*state, NULL, "\"in {retry_after}.\"", false),
	                    "\"in 2 seconds.\"");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(copies_what_holds_no_reference),
		TEST(writes_fields_with_their_own_types_alone_and_as_text_within),
		TEST(writes_null_or_nothing_for_what_is_absent),
		TEST(puts_commas_right_around_what_is_omitted),
		TEST(goes_through_lists_of_messages),
		TEST(writes_times_from_the_first_to_the_last_year),
		TEST(writes_enums_by_name_and_unknown_ones_as_nothing),
		TEST(writes_variables_of_errors),
		TEST(writes_headers_plainly_and_refuses_control_characters),
		TEST(spreads_pairs_as_members_of_the_object_around_them),
		TEST(writes_pages_of_lists_as_links_or_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
