#include "gateway/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/message.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "proto/latchkey/v1/health_service.pb-c.h"
#include "proto/latchkey/v1/key_service.pb-c.h"
#include "proto/latchkey/v1/user.pb-c.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct fixture {
	struct arena arena;
	struct inquiry inquiry;
	struct field_input input;
	ProtobufCMessage *message;
	char err[256];
	uint8_t memory[1 << 16];
};

static const char *
no_header(const void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "X-Name") == 0 ? "from \xc3\xa9" : NULL;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	f->inquiry =
		(struct inquiry){ .arena = &f->arena, .header = no_header };
	f->input = (struct field_input){ .inquiry = &f->inquiry };
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static struct json *
read_json(struct fixture *f, const char *text)
{
	struct json_error err;
	struct json *out = NULL;

	if (json_read(&f->arena, text, strlen(text), &out, &err) != CODE_OK)
		fail_msg("%s: %s", text, err.what);
	return out;
}

/* Fills one field of a fresh message; returns the violations as JSON. */
static const char *
fill(struct fixture *f, const ProtobufCMessageDescriptor *type,
     const char *rule, const char *body)
{
	struct spec_file file = { "rule", &f->arena, f->err, sizeof(f->err),
		                  false };
	struct spec spec = { .file = &file, .value = read_json(f, rule) };
	struct field_outcome outcome;
	const char *violations;
	struct field field;

	if (field_compile(&spec, type, &field) != CODE_OK)
		fail_msg("%s", f->err);
	f->message = message_new(&f->arena, type);
	f->input.body = read_json(f, body);
	assert_int_equal(field_fill(&field, 1, &f->input, f->message, &outcome),
	                 CODE_OK);
	assert_int_equal(violations_write(&outcome.violations, &violations),
	                 CODE_OK);
	return violations;
}

static void
takes_booleans_as_clients_spell_them(void **state)
{
	static const char rule[] =
		"{\"field\":\"strict\",\"from\":[\"body.v\"]}";
	static const struct {
		const char *body;
		int value; /* -1: refused */
	} cases[] = {
		{ "{\"v\":true}", 1 },     { "{\"v\":false}", 0 },
		{ "{\"v\":\"True\"}", 1 }, { "{\"v\":\"off\"}", 0 },
		{ "{\"v\":1}", 1 },        { "{\"v\":\"0\"}", 0 },
		{ "{\"v\":2}", -1 },       { "{\"v\":\"\"}", -1 },
		{ "{\"v\":[]}", -1 },      { "{\"v\":\"on\\u0000\"}", -1 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *violations =
			fill(f, &latchkey__v1__logout_request__descriptor, rule,
		             cases[i].body);
		const Latchkey__V1__LogoutRequest *m = (const void *)f->message;

		if (cases[i].value < 0)
			assert_string_equal(
				violations,
				"{\"v\":[\"Must be a valid boolean.\"]}");
		else
			assert_int_equal(m->strict, cases[i].value);
	}
}

static void
takes_integers_that_fit_their_field(void **state)
{
	static const char rule[] =
		"{\"field\":\"max_age_s\",\"from\":[\"body.v\"]}";
	static const struct {
		const char *body;
		int64_t value; /* -1: refused */
	} cases[] = {
		{ "{\"v\":0}", 0 },
		{ "{\"v\":4294967295}", 4294967295 },
		{ "{\"v\":\" 12 \"}", 12 },
		{ "{\"v\":12.0}", 12 },
		{ "{\"v\":\"+7\"}", 7 },
		{ "{\"v\":4294967296}", -1 },
		{ "{\"v\":-1}", -1 },
		{ "{\"v\":1.5}", -1 },
		{ "{\"v\":1e3}", -1 },
		{ "{\"v\":\"\"}", -1 },
		{ "{\"v\":\"0x10\"}", -1 },
		{ "{\"v\":\"1\\u00002\"}", -1 },
		{ "{\"v\":99999999999999999999}", -1 },
		{ "{\"v\":true}", -1 },
		{ "{\"v\":{}}", -1 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *violations =
			fill(f, &latchkey__v1__get_jwks_response__descriptor,
		             rule, cases[i].body);
		const Latchkey__V1__GetJwksResponse *m =
			(const void *)f->message;

		if (cases[i].value < 0)
			assert_string_equal(
				violations,
				"{\"v\":[\"A valid integer is required.\"]}");
		else
			assert_int_equal(m->max_age_s, cases[i].value);
	}
}

static void
tells_absent_null_and_empty_apart(void **state)
{
	static const char rule[] =
		"{\"field\":\"username\",\"from\":[\"body.v\"],\"required\":"
		"false,\"allow_null\":true,\"allow_blank\":true}";
	static const struct {
		const char *body;
		const char *value; /* NULL: absent */
	} cases[] = {
		{ "{}", NULL },
		{ "{\"v\":null}", NULL },
		{ "{\"v\":\"\"}", "" },
		{ "{\"v\":\" x \"}", "x" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const Latchkey__V1__User *m;

		assert_string_equal(fill(f, &latchkey__v1__user__descriptor,
		                         rule, cases[i].body),
		                    "{}");
		m = (const void *)f->message;
		assert_int_equal(
			m->username_presence_case ==
				LATCHKEY__V1__USER__USERNAME_PRESENCE_USERNAME,
			cases[i].value != NULL);
		if (cases[i].value != NULL)
			assert_string_equal(m->username, cases[i].value);
	}
}

static void
counts_characters_and_lets_every_check_speak(void **state)
{
	static const char rule[] =
		"{\"field\":\"email\",\"from\":[\"body.v\"],\"max_length\":3}";
	static const char *const cases[][2] = {
		{ "{\"v\":\"\\u00e9\\u00e9\\u00e9\"}", "{}" },
		{ "{\"v\":\"\\ud83d\\ude00ab\"}", "{}" },
		{ "{\"v\":\"abcd\"}",
		  "{\"v\":[\"Ensure this field has no more than 3 "
		  "characters.\"]}" },
		{ "{\"v\":\"ab\\u0000\\udc00\"}",
		  "{\"v\":[\"Ensure this field has no more than 3 "
		  "characters.\",\"Null characters are not allowed.\","
		  "\"Surrogate characters are not allowed: U+DC00.\"]}" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(fill(*state,
		                         &latchkey__v1__user__descriptor, rule,
		                         cases[i][0]),
		                    cases[i][1]);
}

static void
keeps_white_space_where_it_is_told_to(void **state)
{
	static const char rule[] =
		"{\"field\":\"email\",\"from\":[\"body.v\"],\"trim\":false}";
	struct fixture *f = *state;
	const Latchkey__V1__User *m;

	assert_string_equal(fill(f, &latchkey__v1__user__descriptor, rule,
	                         "{\"v\":\" x \"}"),
	                    "{}");
	m = (const void *)f->message;
	assert_string_equal(m->email, " x ");
}

static void
finds_values_in_path_query_and_headers(void **state)
{
	static const char rule[] =
		"{\"field\":\"email\",\"from\":[\"path.id\",\"query.q\","
		"\"header.X-Name\"]}";
	static const struct field_parameter parameter = { "id", "p" };
	struct fixture *f = *state;
	const Latchkey__V1__User *m;

	(void)fill(f, &latchkey__v1__user__descriptor, rule, "{}");
	m = (const void *)f->message;
	assert_string_equal(m->email, "from \xc3\xa9");
	f->input.query = read_json(f, "{\"q\":\"from q\"}");
	(void)fill(f, &latchkey__v1__user__descriptor, rule, "{}");
	m = (const void *)f->message;
	assert_string_equal(m->email, "from q");
	f->input.parameters = &parameter;
	f->input.parameter_count = 1;
	(void)fill(f, &latchkey__v1__user__descriptor, rule, "{}");
	m = (const void *)f->message;
	assert_string_equal(m->email, "p");
}

static void
sets_constants_of_every_kind(void **state)
{
	struct fixture *f = *state;
	const Latchkey__V1__CheckResponse *check;
	const Latchkey__V1__User *user;

	(void)fill(
		f, &latchkey__v1__check_response__descriptor,
		"{\"field\":\"status\",\"value\":\"SERVING_STATUS_SERVING\"}",
		"{}");
	check = (const void *)f->message;
	assert_int_equal(check->status, 1);
	(void)fill(f, &latchkey__v1__check_response__descriptor,
	           "{\"field\":\"uptime_s\",\"value\":12345678901}", "{}");
	check = (const void *)f->message;
	assert_int_equal(check->uptime_s, 12345678901);
	(void)fill(f, &latchkey__v1__user__descriptor,
	           "{\"field\":\"is_staff\",\"value\":true}", "{}");
	user = (const void *)f->message;
	assert_true(user->is_staff);
	(void)fill(f, &latchkey__v1__user__descriptor,
	           "{\"field\":\"username\",\"value\":\"x\"}", "{}");
	user = (const void *)f->message;
	assert_string_equal(user->username, "x");
	assert_int_equal(user->username_presence_case,
	                 LATCHKEY__V1__USER__USERNAME_PRESENCE_USERNAME);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(takes_booleans_as_clients_spell_them),
		TEST(takes_integers_that_fit_their_field),
		TEST(tells_absent_null_and_empty_apart),
		TEST(counts_characters_and_lets_every_check_speak),
		TEST(keeps_white_space_where_it_is_told_to),
		TEST(finds_values_in_path_query_and_headers),
		TEST(sets_constants_of_every_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
