#include "server/rpc/dispatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/latchkey/rpc/v1/envelope.pb-c.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "server/rpc/reply.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
#define PACKED_MAX 16384
#define MEMORY 65536

/* Answers with its token as the session's id. */
static enum code
echo(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__VerifyTokenRequest *req = in;
	Latchkey__V1__VerifyTokenResponse *resp = out;

	resp->session_id = arena_strdup(call->arena, req->token);
	if (resp->session_id == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	resp->user_id = call->caller == NULL ? 0 : call->caller->user_id;
	return CODE_OK;
}

static enum code
lose(struct rpc_call *call, const void *in, void *out)
{
	(void)call;
	(void)in;
	(void)out;
	return CODE_DATA_LOSS;
}

static enum code
refuse_field(struct rpc_call *call, const void *in, void *out)
{
	(void)in;
	(void)out;
	rpc_violation(call, "token", "required", "The token is missing.");
	return rpc_fail_fields(call);
}

/* Knows "staff" and "user"; nobody else. */
static enum code
authenticate(struct rpc_call *call, struct principal *out)
{
	out->user_id = 7;
	if (strcmp(call->access_token, "staff") == 0)
		out->role = ROLE_STAFF;
	else if (strcmp(call->access_token, "user") == 0)
		out->role = ROLE_USER;
	else
		return rpc_fail(call, CODE_UNAUTHENTICATED,
		                REASON(TOKEN_INVALID), "No such token.");
	return CODE_OK;
}

#define TYPES                                                                  \
	.in = &latchkey__v1__verify_token_request__descriptor,                 \
	.out = &latchkey__v1__verify_token_response__descriptor

static const struct rpc_method methods[] = {
	{ .name = "t/Echo", .handler = echo, .payload_max = 64, TYPES },
	{ .name = "t/Field",
	  .handler = refuse_field,
	  .payload_max = 64,
	  TYPES },
	{ .name = "t/Lose", .handler = lose, .payload_max = 64, TYPES },
	{ .name = "t/Staff",
	  .handler = echo,
	  .role = ROLE_STAFF,
	  .payload_max = 64,
	  TYPES },
};

static const struct dispatch dispatch = {
	.authenticate = authenticate,
	.methods = methods,
	.method_count = sizeof(methods) / sizeof(methods[0]),
};

struct fixture {
	struct arena arena;
	struct rpc_call call;
	Latchkey__Rpc__V1__Call envelope;
	Latchkey__Rpc__V1__Caller caller;
	uint8_t request_id[RPC_REQUEST_ID_SIZE];
	uint8_t packed[PACKED_MAX];
	uint8_t memory[MEMORY];
	uint8_t answer[PACKED_MAX];
	Latchkey__Rpc__V1__Reply *reply;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	latchkey__rpc__v1__call__init(&f->envelope);
	latchkey__rpc__v1__caller__init(&f->caller);
	memset(f->request_id, 0xab, sizeof(f->request_id));
	f->envelope.method = (char *)"t/Echo";
	f->envelope.request_id.data = f->request_id;
	f->envelope.request_id.len = sizeof(f->request_id);
	f->envelope.payload.data = (uint8_t *)"\x0a\x02hi";
	f->envelope.payload.len = 4;
	f->call.listener = LISTENER_FRONT;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	if (f->reply != NULL)
		latchkey__rpc__v1__reply__free_unpacked(f->reply, NULL);
	free(f);
	return 0;
}

/* The whole way of a call's bytes, and back. */
static const Latchkey__Rpc__V1__Status *
exchange_bytes(struct fixture *f, const void *data, size_t len)
{
	enum listener_kind kind = f->call.listener;
	const ProtobufCMessage *out = NULL;
	const void *in = NULL;
	struct reply reply;
	enum code code;

	arena_reset(&f->arena);
	f->call = (struct rpc_call){ .arena = &f->arena, .listener = kind };
	code = dispatch_admit(&dispatch, &f->call, (struct bytes){ data, len },
	                      &in);
	if (code == CODE_OK)
		code = dispatch_run(&f->call, in, &out);
	reply_init(&reply, &f->call, code, out);
	assert_true(reply_size(&reply) <= sizeof(f->answer));
	reply_pack(&reply, f->answer);
	if (f->reply != NULL)
		latchkey__rpc__v1__reply__free_unpacked(f->reply, NULL);
	f->reply = latchkey__rpc__v1__reply__unpack(NULL, reply_size(&reply),
	                                            f->answer);
	assert_non_null(f->reply);
	assert_non_null(f->reply->status);
	assert_int_equal(f->reply->status->code, code);
	return f->reply->status;
}

static const Latchkey__Rpc__V1__Status *
exchange(struct fixture *f)
{
	size_t len = latchkey__rpc__v1__call__get_packed_size(&f->envelope);

	assert_true(len <= sizeof(f->packed));
	(void)latchkey__rpc__v1__call__pack(&f->envelope, f->packed);
	return exchange_bytes(f, f->packed, len);
}

static void
assert_refused(const Latchkey__Rpc__V1__Status *status, enum code code,
               Latchkey__Rpc__V1__Reason reason)
{
	assert_int_equal(status->code, code);
	assert_int_equal(status->reason, reason);
	assert_true(status->message[0] != '\0');
}

static void
assert_malformed(struct fixture *f)
{
	assert_refused(exchange(f), CODE_INVALID_ARGUMENT,
	               REASON(ENVELOPE_MALFORMED));
}

static void
answers_with_the_request_id_and_the_packed_response(void **state)
{
	struct fixture *f = *state;
	const Latchkey__Rpc__V1__Status *status = exchange(f);
	Latchkey__V1__VerifyTokenResponse *resp;

	assert_int_equal(status->code, CODE_OK);
	assert_int_equal(status->reason, REASON(UNSPECIFIED));
	assert_string_equal(status->message, "");
	assert_int_equal(f->reply->request_id.len, 16);
	assert_memory_equal(f->reply->request_id.data, f->request_id, 16);
	resp = latchkey__v1__verify_token_response__unpack(
		NULL, f->reply->payload.len, f->reply->payload.data);
	assert_non_null(resp);
	assert_string_equal(resp->session_id, "hi");
	latchkey__v1__verify_token_response__free_unpacked(resp, NULL);
}

static void
answers_malformed_envelopes_of_every_kind(void **state)
{
	static const char *const junk[] = {
		"x",
		"\x0a",
		"\x0a\x05t/Ech",
		"\xff\xff\xff\xff\xff\xff",
		"\x0b\x0c",
		"\x08\x01",
		"\x0a\x02\xc3\x28",
		"\x2a\x02\x0a\x05",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
		assert_refused(exchange_bytes(f, junk[i], strlen(junk[i])),
		               CODE_INVALID_ARGUMENT,
		               REASON(ENVELOPE_MALFORMED));
		assert_int_equal(f->reply->request_id.len, 0);
	}
	assert_refused(exchange_bytes(f, "", 0), CODE_INVALID_ARGUMENT,
	               REASON(ENVELOPE_MALFORMED));
}

static void
wants_a_request_id_of_sixteen_bytes(void **state)
{
	struct fixture *f = *state;

	f->envelope.request_id.len = 15;
	assert_malformed(f);
	f->envelope.request_id.len = 0;
	assert_malformed(f);
}

static void
bounds_timeout_and_method_name(void **state)
{
	struct fixture *f = *state;
	char name[129];

	f->envelope.timeout_ms = 60001;
	assert_malformed(f);
	assert_int_equal(f->reply->request_id.len, 16);
	f->envelope.timeout_ms = 60000;
	assert_int_equal(exchange(f)->code, CODE_OK);
	memset(name, 'm', 128);
	name[128] = '\0';
	f->envelope.method = name;
	assert_malformed(f);
	name[127] = '\0';
	assert_refused(exchange(f), CODE_UNIMPLEMENTED, REASON(METHOD_UNKNOWN));
}

static void
bounds_every_text_of_the_caller(void **state)
{
	struct fixture *f = *state;
	char text[4098];

	f->envelope.caller = &f->caller;
	memset(text, 'x', sizeof(text));
	text[4097] = '\0';
	f->caller.access_token = text;
	assert_malformed(f);
	text[4096] = '\0';
	assert_int_equal(exchange(f)->code, CODE_OK);
	f->caller.access_token = (char *)"";
	text[513] = '\0';
	f->caller.user_agent = text;
	assert_malformed(f);
	text[512] = '\0';
	assert_int_equal(exchange(f)->code, CODE_OK);
	f->caller.user_agent = (char *)"";
	text[56] = '\0';
	f->caller.traceparent = text;
	assert_malformed(f);
	text[55] = '\0';
	assert_int_equal(exchange(f)->code, CODE_OK);
}

static void
believes_an_address_only_from_those_who_may_state_one(void **state)
{
	static const char *const bad[] = { "localhost", "1.2.3", "::1%lo",
		                           "1.2.3.4 " };
	struct fixture *f = *state;

	f->envelope.caller = &f->caller;
	f->caller.client_address = (char *)"2001:db8::1";
	assert_int_equal(exchange(f)->code, CODE_OK);
	assert_string_equal(f->call.client_address, "2001:db8::1");
	f->caller.client_address = (char *)"192.0.2.1";
	assert_int_equal(exchange(f)->code, CODE_OK);
	assert_string_equal(f->call.client_address, "192.0.2.1");
	f->call.listener = LISTENER_SERVICE;
	assert_int_equal(exchange(f)->code, CODE_OK);
	assert_string_equal(f->call.client_address, "");
	f->call.listener = LISTENER_LOCAL;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f->caller.client_address = (char *)bad[i];
		assert_malformed(f);
	}
}

static void
says_that_a_method_is_not_served(void **state)
{
	static const char *const names[] = { "", "t/Ech", "t/Echoo", "T/Echo" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		f->envelope.method = (char *)names[i];
		assert_refused(exchange(f), CODE_UNIMPLEMENTED,
		               REASON(METHOD_UNKNOWN));
	}
}

static void
bounds_the_payload_before_looking_at_it(void **state)
{
	struct fixture *f = *state;
	uint8_t payload[65] = { 0x0a, 0x3e };

	memset(payload + 2, 'x', sizeof(payload) - 2);
	f->envelope.payload.data = payload;
	f->envelope.payload.len = 65;
	assert_refused(exchange(f), CODE_INVALID_ARGUMENT,
	               REASON(MESSAGE_TOO_LARGE));
	f->envelope.payload.len = 64;
	assert_int_equal(exchange(f)->code, CODE_OK);
}

static void
refuses_payloads_that_are_not_the_request(void **state)
{
	static const struct bytes bad[] = {
		{ "\x0a\x05t", 3 },
		{ "\x0a\x03o\0e", 5 },
		{ "\x0a\x01\xff", 3 },
		{ "\x08\x01", 2 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f->envelope.payload.data = (uint8_t *)bad[i].data;
		f->envelope.payload.len = bad[i].len;
		assert_refused(exchange(f), CODE_INVALID_ARGUMENT,
		               REASON(PAYLOAD_MALFORMED));
	}
	f->envelope.payload.len = 0;
	assert_int_equal(exchange(f)->code, CODE_OK);
}

static void
checks_the_role_before_the_handler_runs(void **state)
{
	struct fixture *f = *state;
	const Latchkey__Rpc__V1__Status *status;

	f->envelope.method = (char *)"t/Staff";
	status = exchange(f);
	assert_refused(status, CODE_UNAUTHENTICATED, REASON(TOKEN_MISSING));
	assert_int_equal(status->subject,
	                 LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER);
	f->envelope.caller = &f->caller;
	f->caller.access_token = (char *)"nobody";
	assert_refused(exchange(f), CODE_UNAUTHENTICATED,
	               REASON(TOKEN_INVALID));
	f->caller.access_token = (char *)"user";
	status = exchange(f);
	assert_refused(status, CODE_PERMISSION_DENIED, REASON(ROLE_MISSING));
	assert_int_equal(status->subject,
	                 LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER);
	f->caller.access_token = (char *)"staff";
	assert_int_equal(exchange(f)->code, CODE_OK);
	assert_int_equal(f->call.caller->user_id, 7);
}

static void
ignores_a_token_where_none_is_needed(void **state)
{
	struct fixture *f = *state;

	f->envelope.caller = &f->caller;
	f->caller.access_token = (char *)"junk";
	assert_int_equal(exchange(f)->code, CODE_OK);
	assert_null(f->call.caller);
}

static void
explains_a_failure_that_the_handler_did_not(void **state)
{
	struct fixture *f = *state;

	f->envelope.method = (char *)"t/Lose";
	assert_refused(exchange(f), CODE_DATA_LOSS, REASON(STORE_DAMAGED));
}

static void
carries_violations_to_the_client(void **state)
{
	struct fixture *f = *state;
	const Latchkey__Rpc__V1__Status *status;

	f->envelope.method = (char *)"t/Field";
	status = exchange(f);
	assert_refused(status, CODE_INVALID_ARGUMENT, REASON(FIELD_INVALID));
	assert_int_equal(status->subject,
	                 LATCHKEY__RPC__V1__SUBJECT__SUBJECT_REQUEST);
	assert_int_equal(status->n_violations, 1);
	assert_string_equal(status->violations[0]->field, "token");
	assert_string_equal(status->violations[0]->code, "required");
	assert_string_equal(status->violations[0]->message,
	                    "The token is missing.");
}

static void
cuts_a_long_message_between_characters(void **state)
{
	struct fixture *f = *state;
	char text[RPC_MESSAGE_MAX + 8];

	(void)exchange(f);
	memset(text, 'x', sizeof(text));
	memcpy(text + RPC_MESSAGE_MAX - 1, "\xc3\xa4", 3);
	(void)rpc_fail(&f->call, CODE_INTERNAL, REASON(UNSPECIFIED), "%s",
	               text);
	assert_int_equal(strlen(f->call.message), RPC_MESSAGE_MAX - 1);
}

static void
survives_every_shortage_of_memory(void **state)
{
	struct fixture *f = *state;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size;

	f->envelope.method = (char *)"t/Staff";
	f->envelope.caller = &f->caller;
	f->caller.access_token = (char *)"staff";
	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		const Latchkey__Rpc__V1__Status *status;

		assert_true(size < sizeof(f->memory));
		arena_init(&f->arena, f->memory, size);
		status = exchange(f);
		code = (enum code)status->code;
		if (code != CODE_OK)
			assert_refused(status, CODE_RESOURCE_EXHAUSTED,
			               REASON(MEMORY_EXHAUSTED));
	}
	assert_int_equal(code, CODE_OK);
	assert_true(size > 8);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_with_the_request_id_and_the_packed_response),
		TEST(answers_malformed_envelopes_of_every_kind),
		TEST(wants_a_request_id_of_sixteen_bytes),
		TEST(bounds_timeout_and_method_name),
		TEST(bounds_every_text_of_the_caller),
		TEST(believes_an_address_only_from_those_who_may_state_one),
		TEST(says_that_a_method_is_not_served),
		TEST(bounds_the_payload_before_looking_at_it),
		TEST(refuses_payloads_that_are_not_the_request),
		TEST(checks_the_role_before_the_handler_runs),
		TEST(ignores_a_token_where_none_is_needed),
		TEST(explains_a_failure_that_the_handler_did_not),
		TEST(carries_violations_to_the_client),
		TEST(cuts_a_long_message_between_characters),
		TEST(survives_every_shortage_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
