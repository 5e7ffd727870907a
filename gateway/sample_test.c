#include "gateway/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/message.h"

#define ARENA_SIZE ((size_t)1 << 16)

static int
setup(void **state)
{
	struct arena *arena = malloc(sizeof(*arena));

	assert_non_null(arena);
	arena_init(arena, malloc(ARENA_SIZE), ARENA_SIZE);
	assert_non_null(arena->data);
	*state = arena;
	return 0;
}

static int
teardown(void **state)
{
	struct arena *arena = *state;

	free(arena->data);
	free(arena);
	return 0;
}

static const ProtobufCMethodDescriptor *
method(const char *name)
{
	const ProtobufCMethodDescriptor *found = message_method_find(name);

	assert_non_null(found);
	return found;
}

static const ProtobufCFieldDescriptor *
field(const ProtobufCMessageDescriptor *type, const char *name)
{
	const ProtobufCFieldDescriptor *found =
		protobuf_c_message_descriptor_get_field_by_name(type, name);

	assert_non_null(found);
	return found;
}

static size_t
count(const ProtobufCMessage *message, const char *name)
{
	return message_count(message, field(message->descriptor, name));
}

static struct message_value
get(const ProtobufCMessage *message, const char *name)
{
	assert_int_equal(1, count(message, name));
	return message_get(message, field(message->descriptor, name), 0);
}

static const ProtobufCMessage *
child(const ProtobufCMessage *message, const char *name)
{
	assert_int_equal(1, count(message, name));
	return message_child(message, field(message->descriptor, name), 0);
}

static ProtobufCMessage *
reply_of(struct arena *arena, const char *name)
{
	ProtobufCMessage *message =
		sample_message(arena, method(name)->output, NULL);

	assert_non_null(message);
	return message;
}

static void
a_message_has_its_own_samples_before_those_of_any(void **state)
{
	(void)state;
	assert_string_equal("Ada Lovelace",
	                    sample_find("CreateUserRequest", "name"));
	assert_string_equal("editor", sample_find("CreateRoleRequest", "name"));
	assert_string_equal("", sample_find("JsonWebKey", "n"));
	assert_null(sample_find("CreateUserRequest", "nobody_knows_this"));
}

static void
every_field_of_a_reply_is_filled(void **state)
{
	const ProtobufCMessage *reply =
		reply_of(*state, "latchkey.v1.AuthService/Authenticate");
	const ProtobufCMessage *user = child(reply, "user");
	const ProtobufCMessage *attribute = child(user, "attributes");

	assert_int_equal(7, get(user, "id").natural);
	assert_string_equal("editor", get(user, "roles").text);
	assert_int_equal(1, get(user, "is_active").number);
	assert_int_equal(0, get(user, "is_staff").number);
	/* Of a oneof with several members the first. */
	assert_string_equal("+44 20 7946 0018", get(attribute, "text").text);
	assert_int_equal(0, count(attribute, "flag"));
}

static void
what_a_message_is_part_of_counts_too(void **state)
{
	const ProtobufCMessage *user = child(
		reply_of(*state, "latchkey.v1.UserService/CreateUser"), "user");

	assert_int_equal(0, get(user, "email_verified").number);
	assert_int_equal(0, count(user, "last_login_at_us"));
	user = child(reply_of(*state, "latchkey.v1.UserService/GetUser"),
	             "user");
	assert_int_equal(1, get(user, "email_verified").number);
	assert_int_equal(1, count(user, "last_login_at_us"));
}

static void
enums_have_a_value_that_means_something(void **state)
{
	const ProtobufCMessage *reply =
		reply_of(*state, "latchkey.v1.HealthService/Check");

	assert_string_equal("SERVING_STATUS_SERVING",
	                    get(reply, "status").text);
}

static void
a_field_can_be_left_out(void **state)
{
	const ProtobufCMessageDescriptor *type =
		method("latchkey.v1.AuthService/Refresh")->output;
	const ProtobufCMessage *reply =
		sample_message(*state, type, field(type, "refresh_token"));

	assert_non_null(reply);
	assert_int_equal(0, count(reply, "refresh_token"));
	assert_int_equal(1, count(reply, "access_token"));
}

static void
lack_of_memory_gives_nothing(void **state)
{
	const ProtobufCMessageDescriptor *type =
		method("latchkey.v1.UserService/ListUsers")->output;
	struct arena *whole = *state, small;
	size_t size = 0;
	ProtobufCMessage *reply;

	do {
		arena_init(&small, whole->data, size);
		reply = sample_message(&small, type, NULL);
		assert_true(small.full == (reply == NULL));
		size += 8;
	} while (reply == NULL && size < ARENA_SIZE);
	assert_true(size > 8);
	assert_non_null(reply);
	assert_int_equal(1, count(reply, "users"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_message_has_its_own_samples_before_those_of_any,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			every_field_of_a_reply_is_filled, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_a_message_is_part_of_counts_too, setup, teardown),
		cmocka_unit_test_setup_teardown(
			enums_have_a_value_that_means_something, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_field_can_be_left_out, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(lack_of_memory_gives_nothing,
		                                setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
