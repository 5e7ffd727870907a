#include "client/ctl/message_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/latchkey/rpc/v1/envelope.pb-c.h"
#include "proto/latchkey/v1/account_service.pb-c.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"

struct fixture {
	char memory[65536];
	struct arena arena;
	struct message_json_error err;
};

static int
make_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	*state = f;
	return 0;
}

static int
drop_fixture(void **state)
{
	free(*state);
	return 0;
}

static enum code
read_as(struct fixture *f, const ProtobufCMessageDescriptor *type,
        const char *text, ProtobufCMessage **out)
{
	struct json_error syntax;
	struct json *json = NULL;

	arena_reset(&f->arena);
	f->err.text[0] = '\0';
	assert_int_equal(
		json_read(&f->arena, text, strlen(text), &json, &syntax),
		CODE_OK);
	return message_from_json(&f->arena, type, json, out, &f->err);
}

/* A text that is read and written comes back with every field shown. */
static void
messages_survive_the_way_there_and_back(void **state)
{
	static const struct {
		const ProtobufCMessageDescriptor *type;
		const char *text, *back;
	} cases[] = {
		{ &latchkey__v1__authenticate_request__descriptor,
		  "{\"password\":\"p\\u00e4\",\"identifier\":\"a\"}",
		  "{\"identifier\":\"a\",\"password\":\"p\xc3\xa4\"}" },
		{ &latchkey__v1__authenticate_request__descriptor, "{}",
		  "{\"identifier\":\"\",\"password\":\"\"}" },
		{ &latchkey__v1__authenticate_request__descriptor,
		  "{\"identifier\":null}",
		  "{\"identifier\":\"\",\"password\":\"\"}" },
		{ &latchkey__v1__verify_token_request__descriptor,
		  "{\"accepted_types\":[\"TOKEN_TYPE_REFRESH\","
		  "\"TOKEN_TYPE_ACCESS\"]}",
		  "{\"token\":\"\",\"accepted_types\":[\"TOKEN_TYPE_REFRESH\","
		  "\"TOKEN_TYPE_ACCESS\"]}" },
		{ &latchkey__v1__get_me_response__descriptor,
		  "{\"user\":{\"id\":18446744073709551615,\"roles\":[\"a\","
		  "\"b\"],\"username\":\"\",\"joined_at_us\":-5,"
		  "\"is_active\":true}}",
		  "{\"user\":{\"id\":18446744073709551615,\"email\":\"\","
		  "\"first_name\":\"\",\"last_name\":\"\",\"full_name\":\"\","
		  "\"is_staff\":false,\"is_superuser\":false,"
		  "\"roles\":[\"a\",\"b\"],\"username\":\"\","
		  "\"is_active\":true,\"email_verified\":false,"
		  "\"joined_at_us\":-5,\"attributes\":[],\"name\":\"\"}}" },
		{ &latchkey__v1__get_me_response__descriptor, "{}",
		  "{\"user\":null}" },
		{ &latchkey__v1__get_me_request__descriptor, "{}", "{}" },
		{ &latchkey__rpc__v1__call__descriptor,
		  "{\"payload\":\"AP8\",\"timeout_ms\":4294967295}",
		  "{\"method\":\"\",\"payload\":\"AP8\",\"request_id\":\"\","
		  "\"timeout_ms\":4294967295,\"caller\":null}" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ProtobufCMessage *message = NULL;
		struct json_out out;

		assert_int_equal(
			read_as(f, cases[i].type, cases[i].text, &message),
			CODE_OK);
		json_out_init(&out, &f->arena);
		message_to_json(&out, message);
		assert_int_equal(json_out_end(&out), CODE_OK);
		assert_string_equal(out.data, cases[i].back);
	}
}

static void
what_does_not_fit_is_refused_by_its_path(void **state)
{
	static const struct {
		const ProtobufCMessageDescriptor *type;
		const char *text, *sentence;
	} cases[] = {
		{ &latchkey__v1__authenticate_request__descriptor, "[]",
		  "the request: an object is wanted" },
		{ &latchkey__v1__authenticate_request__descriptor,
		  "{\"pasword\":\"x\"}", "pasword: there is no such field" },
		{ &latchkey__v1__authenticate_request__descriptor,
		  "{\"identifier\\u0000\":\"x\"}",
		  "identifier: there is no such field" },
		{ &latchkey__v1__authenticate_request__descriptor,
		  "{\"password\":5}", "password: a text is wanted" },
		{ &latchkey__v1__authenticate_request__descriptor,
		  "{\"password\":\"a\\u0000b\"}",
		  "password: a NUL or half a character in a text" },
		{ &latchkey__v1__verify_token_request__descriptor,
		  "{\"accepted_types\":[\"TOKEN_TYPE_ACCESS\",\"X\"]}",
		  "accepted_types[1]: no such name; see the .proto file" },
		{ &latchkey__v1__verify_token_request__descriptor,
		  "{\"accepted_types\":\"TOKEN_TYPE_ACCESS\"}",
		  "accepted_types: a list is wanted" },
		{ &latchkey__v1__get_me_response__descriptor,
		  "{\"user\":{\"id\":-1}}",
		  "user.id: a whole number from 0 is wanted" },
		{ &latchkey__v1__get_me_response__descriptor,
		  "{\"user\":{\"id\":18446744073709551616}}",
		  "user.id: a whole number in range is wanted" },
		{ &latchkey__v1__get_me_response__descriptor,
		  "{\"user\":{\"joined_at_us\":1.5}}",
		  "user.joined_at_us: a whole number in range is wanted" },
		{ &latchkey__v1__get_me_response__descriptor,
		  "{\"user\":{\"is_staff\":1}}",
		  "user.is_staff: true or false is wanted" },
		{ &latchkey__v1__get_me_response__descriptor,
		  "{\"user\":{\"roles\":[\"a\",{}]}}",
		  "user.roles[1]: a text is wanted" },
		{ &latchkey__rpc__v1__call__descriptor,
		  "{\"timeout_ms\":4294967296}",
		  "timeout_ms: a whole number in range is wanted" },
		{ &latchkey__rpc__v1__call__descriptor, "{\"payload\":\"A\"}",
		  "payload: bytes as base64url are wanted" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ProtobufCMessage *message = NULL;

		assert_int_equal(
			read_as(f, cases[i].type, cases[i].text, &message),
			CODE_INVALID_ARGUMENT);
		assert_string_equal(f->err.text, cases[i].sentence);
		assert_null(message);
	}
}

static void
a_full_arena_is_told_apart(void **state)
{
	static const char text[] =
		"{\"user\":{\"email\":\"x\",\"roles\":[\"a\",\"b\"]}}";
	struct fixture *f = *state;
	struct json_error syntax;
	struct json *json = NULL;
	enum code code = CODE_INTERNAL;

	assert_int_equal(
		json_read(&f->arena, text, strlen(text), &json, &syntax),
		CODE_OK);
	for (size_t size = 0; code != CODE_OK; size += 8) {
		char memory[1024];
		struct arena arena;
		ProtobufCMessage *message = NULL;

		assert_true(size < sizeof(memory));
		arena_init(&arena, memory, size);
		code = message_from_json(
			&arena, &latchkey__v1__get_me_response__descriptor,
			json, &message, &f->err);
		if (code != CODE_OK)
			assert_int_equal(code, CODE_RESOURCE_EXHAUSTED);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make_fixture, drop_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(messages_survive_the_way_there_and_back),
		CASE(what_does_not_fit_is_refused_by_its_path),
		CASE(a_full_arena_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
