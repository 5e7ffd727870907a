#include "gateway/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/condition.h"
#include "gateway/form.h"
#include "gateway/message.h"
#include "proto/latchkey/v1/account_service.pb-c.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "proto/latchkey/v1/health_service.pb-c.h"
#include "proto/latchkey/v1/key_service.pb-c.h"
#include "proto/latchkey/v1/role_service.pb-c.h"
#include "proto/latchkey/v1/user.pb-c.h"
#include "proto/latchkey/v1/user_service.pb-c.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct fixture {
	struct arena arena;
	struct inquiry inquiry;
	struct field_input input;
	ProtobufCMessage *message;
	struct field_outcome outcome;
	char err[256];
	uint8_t memory[1 << 17];
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

static void
compile(struct fixture *f, const ProtobufCMessageDescriptor *type,
        const char *rule, struct field *out)
{
	struct spec_file file = { "rule", &f->arena, f->err, sizeof(f->err),
		                  false };
	struct spec spec = { .file = &file, .value = read_json(f, rule) };

	if (field_compile(&spec, type, out) != CODE_OK)
		fail_msg("%s", f->err);
}

/* Fills a fresh message from f->input; returns the violations as JSON. */
static const char *
fill_from_input(struct fixture *f, const ProtobufCMessageDescriptor *type,
                const struct field *fields, size_t count)
{
	const char *violations;

	f->message = message_new(&f->arena, type);
	assert_int_equal(
		field_fill(fields, count, &f->input, f->message, &f->outcome),
		CODE_OK);
	assert_int_equal(violations_write(&f->outcome.violations, &violations),
	                 CODE_OK);
	return violations;
}

/* Fills one field of a fresh message; returns the violations as JSON. */
static const char *
fill(struct fixture *f, const ProtobufCMessageDescriptor *type,
     const char *rule, const char *body)
{
	struct field field;

	compile(f, type, rule, &field);
	f->input.body = read_json(f, body);
	return fill_from_input(f, type, &field, 1);
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

static void
takes_lists_of_strings(void **state)
{
	static const char rule[] =
		"{\"field\":\"roles\",\"from\":[\"body.v\"],\"max_length\":5}";
	static const char *const cases[][2] = {
		{ "{\"v\":[]}", "{}" },
		{ "{\"v\":[\" a \",5]}", "{}" },
		{ "{}", "{\"v\":[\"This field is required.\"]}" },
		{ "{\"v\":\"a\"}",
		  "{\"v\":[\"Expected a list of items but got type "
		  "\\\"str\\\".\"]}" },
		{ "{\"v\":{}}",
		  "{\"v\":[\"Expected a list of items but got type "
		  "\\\"dict\\\".\"]}" },
		{ "{\"v\":1.5}",
		  "{\"v\":[\"Expected a list of items but got type "
		  "\\\"float\\\".\"]}" },
		{ "{\"v\":[\"ok\",null,\"\",[],\"abcdef\\u0000\"]}",
		  "{\"v\":{\"1\":[\"This field may not be null.\"],\"2\":["
		  "\"This field may not be blank.\"],\"3\":[\"Not a valid "
		  "string.\"],\"4\":[\"Ensure this field has no more than 5 "
		  "characters.\",\"Null characters are not allowed.\"]}}" },
	};
	struct fixture *f = *state;
	const Latchkey__V1__SetUserRolesRequest *m;

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_string_equal(
			fill(f,
		             &latchkey__v1__set_user_roles_request__descriptor,
		             rule, cases[i][0]),
			cases[i][1]);
		m = (const void *)f->message;
		assert_int_equal(m->n_roles, i == 1 ? 2 : 0);
		if (i == 1) {
			assert_string_equal(m->roles[0], "a");
			assert_string_equal(m->roles[1], "5");
		}
	}
}

static void
takes_every_value_of_a_forms_name_for_a_list(void **state)
{
	static const char rule[] =
		"{\"field\":\"permissions.names\",\"from\":[\"body.p\"],"
		"\"required\":false}";
	const ProtobufCMessageDescriptor *type =
		&latchkey__v1__update_role_request__descriptor;
	const struct bytes text = { "p=a&q=&p=b", 10 };
	const Latchkey__V1__UpdateRoleRequest *m;
	struct fixture *f = *state;
	struct json *form = NULL;
	struct field field;
	const char *what;

	assert_int_equal(form_read(&f->arena, text, &form, &what), CODE_OK);
	compile(f, type, rule, &field);
	f->input.body = form;
	assert_string_equal(fill_from_input(f, type, &field, 1), "{}");
	m = (const void *)f->message;
	assert_non_null(m->permissions);
	assert_int_equal(m->permissions->n_names, 2);
	assert_string_equal(m->permissions->names[1], "b");
	/* Absent, the message that would hold the list is absent too. */
	(void)fill(f, type, rule, "{}");
	m = (const void *)f->message;
	assert_null(m->permissions);
}

static void
keeps_integers_within_bounds(void **state)
{
	static const struct {
		const char *rule, *body, *violations;
		unsigned page;
	} cases[] = {
		{ "\"min\":1,\"max\":9", "{\"v\":9}", "{}", 9 },
		{ "\"min\":1,\"max\":9", "{\"v\":0}",
		  "{\"v\":[\"Ensure this value is greater than or equal to "
		  "1.\"]}",
		  0 },
		{ "\"min\":1,\"max\":9", "{\"v\":10}",
		  "{\"v\":[\"Ensure this value is less than or equal to 9.\"]}",
		  0 },
		{ "\"cap\":200", "{\"v\":\"201\"}", "{}", 200 },
		{ "\"cap\":200,\"if_bad\":\"ignore\"", "{\"v\":\"x\"}", "{}",
		  0 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const Latchkey__V1__ListUsersRequest *m;
		char rule[256];

		(void)snprintf(rule, sizeof(rule),
		               "{\"field\":\"page\",\"from\":[\"body.v\"],%s}",
		               cases[i].rule);
		assert_string_equal(
			fill(f, &latchkey__v1__list_users_request__descriptor,
		             rule, cases[i].body),
			cases[i].violations);
		m = (const void *)f->message;
		assert_int_equal(m->page, cases[i].page);
		assert_false(f->outcome.refused);
	}
}

static void
answers_a_bad_value_with_a_condition_before_all_others(void **state)
{
	const ProtobufCMessageDescriptor *type =
		&latchkey__v1__update_user_request__descriptor;
	struct fixture *f = *state;
	struct field fields[2];

	compile(f, type, "{\"field\":\"email\",\"from\":[\"body.e\"]}",
	        &fields[0]);
	compile(f, type,
	        "{\"field\":\"id\",\"from\":[\"body.id\"],\"if_bad\":"
	        "\"not_found\"}",
	        &fields[1]);
	f->input.body = read_json(f, "{\"id\":\"7x\"}");
	(void)fill_from_input(f, type, fields, 2);
	assert_true(f->outcome.refused);
	assert_int_equal(f->outcome.condition, CONDITION_NOT_FOUND);
	f->input.body = read_json(f, "{\"id\":\"7\"}");
	assert_string_equal(fill_from_input(f, type, fields, 2),
	                    "{\"e\":[\"This field is required.\"]}");
	assert_false(f->outcome.refused);
}

static void
tells_whether_a_required_field_of_the_request_is_left_out(void **state)
{
	static const char *const rules[] = {
		"{\"field\":\"email\",\"from\":[\"body.v\"]}",
		"{\"input\":\"again\",\"from\":[\"body.v\"]}",
		"{\"field\":\"is_staff\",\"from\":[\"body.v\"]}",
		"{\"field\":\"password\",\"from\":[\"body.v\"]}",
	};

	for (size_t i = 0; i < COUNT(rules); i++) {
		struct fixture *f = *state;

		(void)fill(f, &latchkey__v1__create_user_request__descriptor,
		           rules[i], "{}");
		assert_non_null(f->outcome.violations.first);
		/* The others are absent without making it invalid. */
		assert_int_equal(f->outcome.lacks_required, i == 0);
	}
}

static void
checks_inputs_that_it_does_not_send(void **state)
{
	struct fixture *f = *state;
	static const char rule[] =
		"{\"input\":\"again\",\"from\":[\"body.v\"]}";

	assert_string_equal(fill(f, &latchkey__v1__user__descriptor, rule,
	                         "{\"v\":\" x \"}"),
	                    "{}");
	assert_string_equal(f->outcome.texts[0], "x");
	assert_string_equal(
		fill(f, &latchkey__v1__user__descriptor, rule, "{\"v\":[]}"),
		"{\"v\":[\"Not a valid string.\"]}");
	assert_null(f->outcome.texts[0]);
}

static void
takes_null_for_the_empty_text_where_it_is_told_to(void **state)
{
	static const char rule[] =
		"{\"field\":\"username\",\"from\":[\"body.v\"],"
		"\"null_as_blank\":true,\"allow_blank\":true}";
	struct fixture *f = *state;
	const Latchkey__V1__User *m;

	assert_string_equal(
		fill(f, &latchkey__v1__user__descriptor, rule, "{\"v\":null}"),
		"{}");
	m = (const void *)f->message;
	assert_int_equal(m->username_presence_case,
	                 LATCHKEY__V1__USER__USERNAME_PRESENCE_USERNAME);
	assert_string_equal(m->username, "");
}

static void
joins_segments_that_do_not_hold_what_joins_them(void **state)
{
	static const char rule[] =
		"{\"field\":\"path\",\"from\":[\"path.a\",\"path.b\"],"
		"\"join\":\"/\",\"if_bad\":\"not_found\"}";
	struct field_parameter parameters[] = { { "a", "2026" },
		                                { "b", "x.png" } };
	struct fixture *f = *state;
	const Latchkey__V1__GetAvatarRequest *m;

	f->input.parameters = parameters;
	f->input.parameter_count = 2;
	(void)fill(f, &latchkey__v1__get_avatar_request__descriptor, rule,
	           "{}");
	m = (const void *)f->message;
	assert_string_equal(m->path, "2026/x.png");
	assert_false(f->outcome.refused);
	parameters[1].value = "../x.png";
	(void)fill(f, &latchkey__v1__get_avatar_request__descriptor, rule,
	           "{}");
	assert_true(f->outcome.refused);
}

static void
takes_files_of_forms_and_raw_bodies(void **state)
{
	static const char rule[] =
		"{\"field\":\"image\",\"from\":[\"raw\",\"body.avatar\"]}";
	const ProtobufCMessageDescriptor *type =
		&latchkey__v1__set_avatar_request__descriptor;
	static const char bytes[] = { '\0', '\377' };
	struct json file = { .type = JSON_LIST,
		             .key = "avatar",
		             .key_len = 6,
		             .text = (char *)bytes,
		             .text_len = 2 };
	struct json form = { .type = JSON_OBJECT, .first = &file };
	const Latchkey__V1__SetAvatarRequest *m;
	struct fixture *f = *state;
	struct field field;

	compile(f, type, rule, &field);
	f->input.body = &form;
	assert_string_equal(fill_from_input(f, type, &field, 1), "{}");
	m = (const void *)f->message;
	assert_int_equal(m->image.len, 2);
	assert_ptr_equal(m->image.data, bytes);
	file.text_len = 0;
	assert_string_equal(fill_from_input(f, type, &field, 1),
	                    "{\"avatar\":[\"The submitted file is empty.\"]}");
	f->input.raw = (struct bytes){ bytes, 2 };
	assert_string_equal(fill_from_input(f, type, &field, 1), "{}");
	f->input.raw = (struct bytes){ 0 };
	assert_string_equal(fill(f, type, rule, "{\"avatar\":\"x\"}"),
	                    "{\"avatar\":[\"The submitted data was not a file. "
	                    "Check the encoding type on the form.\"]}");
	assert_string_equal(fill(f, type, rule, "{}"),
	                    "{\"image\":[\"No file was submitted.\"]}");
}

static void
passes_on_what_no_row_names(void **state)
{
	const ProtobufCMessageDescriptor *type =
		&latchkey__v1__update_me_request__descriptor;
	struct fixture *f = *state;
	const Latchkey__V1__UpdateMeRequest *m;
	Latchkey__V1__Attribute *const *a;
	struct field fields[2];

	compile(f, type,
	        "{\"field\":\"first_name\",\"from\":[\"body.first\"],"
	        "\"required\":false}",
	        &fields[0]);
	compile(f, type, "{\"field\":\"attributes\",\"from\":[\"body.*\"]}",
	        &fields[1]);
	f->input.body = read_json(
		f, "{\"first\":\"F\",\"phone\":\" 1 \",\"age\":-7,\"vip\":true,"
		   "\"none\":null,\"half\":1.5,\"huge\":9007199254740992,"
		   "\"list\":[],\"object\":{},\"Upper\":1,\"a-b\":1,\"\":1}");
	assert_string_equal(fill_from_input(f, type, fields, 2), "{}");
	m = (const void *)f->message;
	a = m->attributes;
	assert_int_equal(m->n_attributes, 8);
	assert_string_equal(a[0]->name, "phone");
	assert_string_equal(a[0]->text, "1");
	assert_int_equal(a[1]->value_case,
	                 LATCHKEY__V1__ATTRIBUTE__VALUE_INTEGER);
	assert_int_equal(a[1]->integer, -7);
	assert_int_equal(a[2]->value_case, LATCHKEY__V1__ATTRIBUTE__VALUE_FLAG);
	assert_int_equal(a[3]->value_case, 0);
	assert_string_equal(a[4]->text, "1.5");
	assert_string_equal(a[5]->text, "9007199254740992");
	for (size_t i = 6; i < 8; i++) {
		assert_int_equal(a[i]->value_case,
		                 LATCHKEY__V1__ATTRIBUTE__VALUE_UNFIT);
		assert_int_equal(a[i]->unfit->character_presence_case, 0);
	}
}

static void
tells_of_texts_that_cannot_be_sent(void **state)
{
	const ProtobufCMessageDescriptor *type =
		&latchkey__v1__update_me_request__descriptor;
	struct fixture *f = *state;
	const Latchkey__V1__UpdateMeRequest *m;
	Latchkey__V1__Attribute *const *a;
	struct field field;

	compile(f, type, "{\"field\":\"attributes\",\"from\":[\"body.*\"]}",
	        &field);
	f->input.body = read_json(
		f, "{\"phone\":\"a\\u0000\",\"x\":\"\\udc00 \\ud800\"}");
	assert_string_equal(fill_from_input(f, type, &field, 1), "{}");
	m = (const void *)f->message;
	a = m->attributes;
	assert_int_equal(m->n_attributes, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(a[i]->value_case,
		                 LATCHKEY__V1__ATTRIBUTE__VALUE_UNFIT);
		assert_int_equal(
			a[i]->unfit->character_presence_case,
			LATCHKEY__V1__UNFIT_VALUE__CHARACTER_PRESENCE_CHARACTER);
		assert_int_equal(a[i]->unfit->character, i == 0 ? 0 : 0xdc00);
	}
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
		TEST(takes_lists_of_strings),
		TEST(takes_every_value_of_a_forms_name_for_a_list),
		TEST(keeps_integers_within_bounds),
		TEST(answers_a_bad_value_with_a_condition_before_all_others),
		TEST(tells_whether_a_required_field_of_the_request_is_left_out),
		TEST(checks_inputs_that_it_does_not_send),
		TEST(takes_null_for_the_empty_text_where_it_is_told_to),
		TEST(joins_segments_that_do_not_hold_what_joins_them),
		TEST(takes_files_of_forms_and_raw_bodies),
		TEST(passes_on_what_no_row_names),
		TEST(tells_of_texts_that_cannot_be_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
