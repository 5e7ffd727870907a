#include "client/ctl/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "client/ctl/commands.h"
#include "client/ctl/message_json.h"
#include "proto/latchkey/v1/user_service.pb-c.h"

static const struct request_option email = { "email", "email", REQUEST_TEXT };
static const struct request_option active = { "active", "is_active",
	                                      REQUEST_YES_NO };
static const struct request_option role = { "role", "roles.names",
	                                    REQUEST_LIST };
static const struct request_option no_roles = { "no-roles", "roles.names",
	                                        REQUEST_NONE };
static const struct request_option attribute = { "attribute", "attributes",
	                                         REQUEST_ATTRIBUTE };
static const struct request_option unset = { "unset-attribute", "attributes",
	                                     REQUEST_UNSET };
static const struct request_option user = { "user", "id", REQUEST_NUMBER };
static const struct request_option password = { "password-fd", "password",
	                                        REQUEST_SECRET };

struct fixture {
	uint8_t memory[65536];
	struct arena arena;
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

static int
make(struct fixture *f, const struct request_value *values, size_t count,
     Latchkey__V1__UpdateUserRequest **out)
{
	ProtobufCMessage *message = NULL;
	int status = request_make(
		&f->arena, &latchkey__v1__update_user_request__descriptor,
		values, count, &message);

	*out = (Latchkey__V1__UpdateUserRequest *)message;
	return status;
}

static void
what_is_not_given_is_absent(void **state)
{
	Latchkey__V1__UpdateUserRequest *req;

	assert_int_equal(make(*state, NULL, 0, &req), EXIT_CODE_OK);
	assert_int_equal(req->email_presence_case, 0);
	assert_null(req->roles);
	assert_int_equal(req->n_attributes, 0);
}

static void
every_kind_fills_its_member(void **state)
{
	struct request_value values[] = {
		{ &user, (char *)"42" },
		{ &email, (char *)"a\"\\@x.org" },
		{ &active, (char *)"no" },
		{ &role, (char *)"B" },
		{ &attribute, (char *)"n=v=w" },
		{ &role, (char *)"A" },
		{ &unset, (char *)"m" },
	};
	Latchkey__V1__UpdateUserRequest *req;

	assert_int_equal(
		make(*state, values, sizeof(values) / sizeof(values[0]), &req),
		EXIT_CODE_OK);
	assert_int_equal(req->id, 42);
	assert_string_equal(req->email, "a\"\\@x.org");
	assert_int_not_equal(req->is_active_presence_case, 0);
	assert_false(req->is_active);
	assert_int_equal(req->roles->n_names, 2);
	assert_string_equal(req->roles->names[1], "A");
	assert_int_equal(req->n_attributes, 2);
	assert_string_equal(req->attributes[0]->name, "n");
	assert_string_equal(req->attributes[0]->text, "v=w");
	assert_int_equal(req->attributes[1]->value_case,
	                 LATCHKEY__V1__ATTRIBUTE__VALUE__NOT_SET);
}

static void
an_empty_list_is_present(void **state)
{
	struct request_value values[] = { { &no_roles, NULL } };
	Latchkey__V1__UpdateUserRequest *req;

	assert_int_equal(make(*state, values, 1, &req), EXIT_CODE_OK);
	assert_non_null(req->roles);
	assert_int_equal(req->roles->n_names, 0);
}

static void
of_a_scalar_given_twice_the_last_counts(void **state)
{
	struct request_value values[] = { { &email, (char *)"a@x.org" },
		                          { &email, (char *)"b@x.org" } };
	Latchkey__V1__UpdateUserRequest *req;

	assert_int_equal(make(*state, values, 2, &req), EXIT_CODE_OK);
	assert_string_equal(req->email, "b@x.org");
}

static void
bad_values_are_wrong_usage(void **state)
{
	const struct request_value bad[] = {
		{ &user, (char *)"4x" },      { &user, (char *)"" },
		{ &user, (char *)"-1" },      { &active, (char *)"maybe" },
		{ &attribute, (char *)"=v" }, { &attribute, (char *)"n" },
		{ &email, (char *)"\xff" },   { &password, (char *)"x" },
		{ &password, (char *)"999" },
	};
	Latchkey__V1__UpdateUserRequest *req;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(make(*state, &bad[i], 1, &req),
		                 EXIT_CODE_USAGE);
}

static void
a_secret_comes_from_its_descriptor(void **state)
{
	struct fixture *f = *state;
	Latchkey__V1__CreateUserRequest *req;
	ProtobufCMessage *message = NULL;
	struct request_value value = { &password, NULL };
	char number[16];
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "s\"cret\n", 7), 7);
	assert_int_equal(close(ends[1]), 0);
	(void)snprintf(number, sizeof(number), "%d", ends[0]);
	value.text = number;
	assert_int_equal(
		request_make(&f->arena,
	                     &latchkey__v1__create_user_request__descriptor,
	                     &value, 1, &message),
		EXIT_CODE_OK);
	assert_int_equal(close(ends[0]), 0);
	req = (Latchkey__V1__CreateUserRequest *)message;
	assert_string_equal(req->password, "s\"cret");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_not_given_is_absent),
		CASE(every_kind_fills_its_member),
		CASE(an_empty_list_is_present),
		CASE(of_a_scalar_given_twice_the_last_counts),
		CASE(bad_values_are_wrong_usage),
		CASE(a_secret_comes_from_its_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
