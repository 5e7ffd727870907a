#include "base/payload_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/latchkey/rpc/v1/envelope.pb-c.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"

struct sample {
	const char *name;
	const char *bytes;
	size_t len;
};

#define SAMPLE(name, bytes)                                                    \
	{                                                                      \
		(name), (bytes), sizeof(bytes) - 1                             \
	}

static void
expect(const ProtobufCMessageDescriptor *type, bool valid,
       const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* Copied, so that a sanitizer sees one byte too far. */
		uint8_t *copy = test_malloc(samples[i].len + 1);

		memcpy(copy, samples[i].bytes, samples[i].len);
		if (payload_is_valid(type, copy, samples[i].len) != valid)
			fail_msg("%s", samples[i].name);
		test_free(copy);
	}
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
accepts_what_is_well_formed(void **state)
{
	static const struct sample samples[] = {
		SAMPLE("empty", ""),
		SAMPLE("a string", "\x0a\x01t"),
		SAMPLE("an empty string", "\x0a\x00"),
		SAMPLE("UTF-8 of four bytes", "\x0a\x04\xf0\x9f\x94\x91"),
		SAMPLE("a packed list", "\x12\x02\x01\x02"),
		SAMPLE("the same list unpacked", "\x10\x01\x10\x02"),
		SAMPLE("an unknown varint", "\x50\x01"),
		SAMPLE("an unknown length", "\x52\x02\xff\x00"),
		SAMPLE("an unknown 32 bits", "\x55\x01\x02\x03\x04"),
		SAMPLE("an unknown 64 bits", "\x51\x01\x02\x03\x04\x05\x06\x07"
		                             "\x08"),
		SAMPLE("a varint of ten bytes",
		       "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
	};

	(void)state;
	expect(&latchkey__v1__verify_token_request__descriptor, true, samples,
	       COUNT(samples));
}

static void
refuses_strings_that_protobuf_c_would_cut_or_pass(void **state)
{
	static const struct sample samples[] = {
		SAMPLE("NUL inside", "\x0a\x05"
		                     "ada\0x"),
		SAMPLE("only NUL", "\x0a\x01\0"),
		SAMPLE("a lone continuation", "\x0a\x01\x80"),
		SAMPLE("an overlong slash", "\x0a\x02\xc0\xaf"),
		SAMPLE("a surrogate", "\x0a\x03\xed\xa0\x80"),
		SAMPLE("beyond U+10FFFF", "\x0a\x04\xf4\x90\x80\x80"),
		SAMPLE("a cut character", "\x0a\x01\xc3"),
		SAMPLE("good first, bad second", "\x0a\x01t\x0a\x01\xff"),
	};

	(void)state;
	expect(&latchkey__v1__verify_token_request__descriptor, false, samples,
	       COUNT(samples));
}

static void
refuses_what_is_cut_off(void **state)
{
	static const struct sample samples[] = {
		SAMPLE("a tag alone", "\x0a"),
		SAMPLE("half a tag", "\x8a"),
		SAMPLE("a length too long", "\x0a\x02t"),
		SAMPLE("half a length", "\x0a\x80"),
		SAMPLE("a length of 2^32", "\x0a\x80\x80\x80\x80\x10t"),
		SAMPLE("a length of six bytes",
		       "\x0a\x81\x80\x80\x80\x80\x00t"),
		SAMPLE("half a varint", "\x10\x80"),
		SAMPLE("an endless varint",
		       "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		SAMPLE("a varint over 64 bits",
		       "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
		SAMPLE("a packed list ends inside a number",
		       "\x12\x02\x01\x80"),
		SAMPLE("half of 32 bits", "\x55\x01\x02"),
		SAMPLE("half of 64 bits", "\x51\x01\x02\x03\x04"),
	};

	(void)state;
	expect(&latchkey__v1__verify_token_request__descriptor, false, samples,
	       COUNT(samples));
}

static void
refuses_wrong_wire_types_and_numbers(void **state)
{
	static const struct sample samples[] = {
		SAMPLE("a string as varint", "\x08\x01"),
		SAMPLE("a string as 32 bits", "\x0d\x01\x02\x03\x04"),
		SAMPLE("an enum as 64 bits", "\x11\x01\x02\x03\x04\x05\x06\x07"
		                             "\x08"),
		SAMPLE("a group starts", "\x0b\x0c"),
		SAMPLE("an unknown group starts", "\x53\x54"),
		SAMPLE("a group ends", "\x0c"),
		SAMPLE("wire type 6", "\x0e\x01"),
		SAMPLE("wire type 7", "\x0f\x01"),
		SAMPLE("field number 0", "\x00\x01"),
		SAMPLE("field number 2^29", "\x80\x80\x80\x80\x10\x01"),
		SAMPLE("a tag of six bytes", "\x90\x80\x80\x80\x80\x00\x01"),
	};

	(void)state;
	expect(&latchkey__v1__verify_token_request__descriptor, false, samples,
	       COUNT(samples));
}

static void
looks_into_messages_within_messages(void **state)
{
	static const struct sample good[] = {
		SAMPLE("a status with a violation",
		       "\x12\x09\x08\x03\x2a\x05\x0a\x03"
		       "one"),
		SAMPLE("an empty status", "\x12\x00"),
		SAMPLE("a status, then bytes", "\x12\x02\x08\x03\x1a\x01\xff"),
	};
	static const struct sample bad[] = {
		SAMPLE("NUL two levels down", "\x12\x07\x2a\x05\x0a\x03"
		                              "o\0e"),
		SAMPLE("longer than what holds it", "\x12\x04\x2a\x05\x0a\x03"
		                                    "one"),
		SAMPLE("its last field is cut", "\x12\x01\x08\x03"),
		SAMPLE("a status as varint", "\x10\x01"),
	};

	(void)state;
	expect(&latchkey__rpc__v1__reply__descriptor, true, good, COUNT(good));
	expect(&latchkey__rpc__v1__reply__descriptor, false, bad, COUNT(bad));
}

/* A message that holds itself, which none of ours does yet. */
static bool
nested_is_valid(unsigned levels)
{
	static const ProtobufCIntRange ranges[] = { { 1, 0 }, { 0, 1 } };
	static ProtobufCFieldDescriptor field = {
		.name = "inner",
		.id = 1,
		.label = PROTOBUF_C_LABEL_NONE,
		.type = PROTOBUF_C_TYPE_MESSAGE,
	};
	static const ProtobufCMessageDescriptor self = {
		.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
		.n_fields = 1,
		.fields = &field,
		.n_field_ranges = 1,
		.field_ranges = ranges,
	};
	uint8_t data[2 * 64];
	size_t len = 2 * (size_t)levels;

	field.descriptor = &self;
	assert_true(levels < 64);
	for (size_t i = 0; i < levels; i++) {
		data[2 * i] = 0x0a;
		data[2 * i + 1] = (uint8_t)(len - 2 * (i + 1));
	}
	return payload_is_valid(&self, data, len);
}

static void
bounds_how_deep_messages_nest(void **state)
{
	(void)state;
	assert_true(nested_is_valid(1));
	assert_true(nested_is_valid(PAYLOAD_DEPTH_MAX - 1));
	assert_false(nested_is_valid(PAYLOAD_DEPTH_MAX));
	assert_false(nested_is_valid(63));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_what_is_well_formed),
		cmocka_unit_test(
			refuses_strings_that_protobuf_c_would_cut_or_pass),
		cmocka_unit_test(refuses_what_is_cut_off),
		cmocka_unit_test(refuses_wrong_wire_types_and_numbers),
		cmocka_unit_test(looks_into_messages_within_messages),
		cmocka_unit_test(bounds_how_deep_messages_nest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
