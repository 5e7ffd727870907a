#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MEMORY (4 << 20)

struct fixture {
	struct arena arena;
	uint8_t memory[MEMORY];
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

static struct json *
read_text(struct fixture *f, const char *text)
{
	struct json_error err = { 0 };
	struct json *out = NULL;

	if (json_read(&f->arena, text, strlen(text), &out, &err) != CODE_OK)
		fail_msg("%s: %s at %zu:%zu", text, err.what, err.line,
		         err.column);
	return out;
}

static const char *
write_value(struct fixture *f, const struct json *value)
{
	struct json_out out;

	json_out_init(&out, &f->arena);
	json_out_value(&out, value);
	assert_int_equal(json_out_end(&out), CODE_OK);
	return out.data;
}

static void
reads_and_writes_every_type_in_order(void **state)
{
	static const char *const pairs[][2] = {
		{ "null", "null" },
		{ " true ", "true" },
		{ "false", "false" },
		{ "\"\"", "\"\"" },
		{ "[]", "[]" },
		{ "{ }", "{}" },
		{ "[1, [2, []], {}]", "[1,[2,[]],{}]" },
		{ "{\"b\": 1, \"a\": {\"c\": [null]}}",
		  "{\"b\":1,\"a\":{\"c\":[null]}}" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u001f\"",
		  "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\"" },
		{ "\"\\u00e9\\u20ac\\ud83d\\uDE00\"",
		  "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "\"\xc3\xa9\"", "\"\xc3\xa9\"" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_string_equal(
			write_value(*state, read_text(*state, pairs[i][0])),
			pairs[i][1]);
}

static void
keeps_numbers_as_they_were_written(void **state)
{
	static const char *const numbers[] = {
		"0",     "-0",  "-1",  "10",  "1.50",     "0.0", "1e5",
		"1E+05", "1e-", "01",  "1.",  ".5",       "+1",  "-",
		"1e",    "0x1", "--1", "NaN", "-Infinity"
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct json_error err;
		struct json *out;
		struct fixture *f = *state;
		enum code code = json_read(&f->arena, numbers[i],
		                           strlen(numbers[i]), &out, &err);

		assert_int_equal(code, i < 8 ? CODE_OK : CODE_INVALID_ARGUMENT);
		if (code == CODE_OK)
			assert_string_equal(out->text, numbers[i]);
	}
}

static void
names_line_and_column_of_every_error(void **state)
{
	static const struct {
		const char *text;
		const char *what;
		size_t line, column;
	} bad[] = {
		{ "", "Expecting value", 1, 1 },
		{ "hello", "Expecting value", 1, 1 },
		{ "{", "Expecting property name", 1, 2 },
		{ "{'a':1}", "Expecting property name", 1, 2 },
		{ "{\"a\":1,}", "Expecting property name", 1, 8 },
		{ "{\"a\" 1}", "Expecting ':' delimiter", 1, 6 },
		{ "{\"a\":1 \"b\":2}", "Expecting ',' delimiter", 1, 8 },
		{ "{\"a\":NaN}", "Expecting value", 1, 6 },
		{ "{} x", "Extra data", 1, 4 },
		{ "[1,\n 2,\n ]", "Expecting value", 3, 2 },
		{ "[1", "Expecting ',' delimiter", 1, 3 },
		{ "[,]", "Expecting value", 1, 2 },
		{ "{,}", "Expecting property name", 1, 2 },
		{ "[}", "Expecting value", 1, 2 },
		{ "\"a", "Unterminated string", 1, 3 },
		{ "\"a\\", "Unterminated string", 1, 4 },
		{ "\"a\tb\"", "Invalid control character", 1, 3 },
		{ "\"\\x\"", "Invalid \\escape", 1, 3 },
		{ "\"\\u12g4\"", "Invalid \\uXXXX escape", 1, 4 },
		{ "\"\\u12\"", "Invalid \\uXXXX escape", 1, 4 },
		{ "\xef\xbb\xbf{}", "Unexpected byte order mark", 1, 1 },
		{ "{\"a\":\"\xff\"}", "Invalid UTF-8", 1, 7 },
		{ "\"\xc0\x80\"", "Invalid UTF-8", 1, 2 },
		{ "\"\xed\xa0\x80\"", "Invalid UTF-8", 1, 2 },
		{ "\"\xf4\x90\x80\x80\"", "Invalid UTF-8", 1, 2 },
		{ "\"\xe2\x82", "Invalid UTF-8", 1, 2 },
		{ "00", "A number does not begin with 0", 1, 2 },
		{ "1.x", "Expecting a digit", 1, 3 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct json_error err = { 0 };
		struct json *out = NULL;

		assert_int_equal(json_read(&f->arena, bad[i].text,
		                           strlen(bad[i].text), &out, &err),
		                 CODE_INVALID_ARGUMENT);
		assert_null(out);
		assert_string_equal(err.what, bad[i].what);
		assert_int_equal(err.line, bad[i].line);
		assert_int_equal(err.column, bad[i].column);
	}
}

static void
keeps_the_last_of_repeated_keys(void **state)
{
	static const char *const pairs[][2] = {
		{ "{\"a\":1,\"b\":2,\"a\":3}", "{\"b\":2,\"a\":3}" },
		{ "{\"a\":1,\"a\":2,\"a\":3}", "{\"a\":3}" },
		{ "{\"a\":1,\"\\u0061\":2,\"aa\":3}", "{\"a\":2,\"aa\":3}" },
		{ "{\"x\":{\"a\":1,\"a\":2},\"x\":[]}", "{\"x\":[]}" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_string_equal(
			write_value(*state, read_text(*state, pairs[i][0])),
			pairs[i][1]);
}

static void
keeps_ten_thousand_distinct_members(void **state)
{
	struct fixture *f = *state;
	char *text = malloc(200000);
	size_t len = 1, count = 0;
	struct json *object;

	assert_non_null(text);
	text[0] = '{';
	for (int i = 0; i < 10000; i++)
		len += (size_t)sprintf(text + len, "\"%d\":%d,", i, i);
	text[len - 1] = '}';
	text[len] = '\0';
	object = read_text(f, text);
	for (const struct json *m = object->first; m != NULL; m = m->next)
		count++;
	assert_int_equal(count, 10000);
	assert_string_equal(json_member(object, "9999")->text, "9999");
	free(text);
}

static void
flags_nul_and_the_first_lone_surrogate(void **state)
{
	const struct json *s;

	s = read_text(*state, "\"a\\u0000b\"");
	assert_true(s->has_nul);
	assert_int_equal(s->text_len, 3);
	assert_int_equal(s->surrogate, 0);
	s = read_text(*state, "\"x\\uD800y\\udc00\"");
	assert_false(s->has_nul);
	assert_int_equal(s->surrogate, 0xd800);
	assert_string_equal(s->text, "x\xef\xbf\xbdy\xef\xbf\xbd");
	s = read_text(*state, "\"\\udc01\\ud801\"");
	assert_int_equal(s->surrogate, 0xdc01);
	s = read_text(*state, "\"\\ud800\\ud800\\udc00\"");
	assert_int_equal(s->surrogate, 0xd800);
	assert_string_equal(s->text, "\xef\xbf\xbd\xf0\x90\x80\x80");
}

static void
refuses_the_level_after_the_last(void **state)
{
	struct fixture *f = *state;
	char text[2 * (JSON_DEPTH_MAX + 1)];
	struct json_error err = { 0 };
	struct json *out;

	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_int_equal(json_read(&f->arena, text, (size_t)2 * JSON_DEPTH_MAX,
	                           &out, &err),
	                 CODE_OK);
	memset(text, '[', JSON_DEPTH_MAX + 1);
	assert_int_equal(
		json_read(&f->arena, text, JSON_DEPTH_MAX + 1, &out, &err),
		CODE_INVALID_ARGUMENT);
	assert_string_equal(err.what, "Too deeply nested");
	assert_int_equal(err.column, JSON_DEPTH_MAX + 1);
}

static void
finds_members_by_their_whole_name(void **state)
{
	const struct json *o = read_text(
		*state, "{\"ab\":1,\"a\":2,\"a\\u0000\":3,\"l\":[1]}");

	assert_string_equal(json_member(o, "a")->text, "2");
	assert_null(json_member(o, "b"));
	assert_null(json_member(json_member(o, "l"), "a"));
	assert_null(json_member(NULL, "a"));
}

static void
reports_every_shortage_of_memory(void **state)
{
	static const char text[] =
		"{\"a\":[1,\"two\",{\"b\":\"\\u00e9\"}],\"c\":null}";
	struct fixture *f = *state;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size;

	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		struct json_error err;
		struct json_out out;
		struct json *value;

		assert_true(size < sizeof(f->memory));
		arena_init(&f->arena, f->memory, size);
		code = json_read(&f->arena, text, strlen(text), &value, &err);
		if (code != CODE_OK)
			continue;
		json_out_init(&out, &f->arena);
		json_out_value(&out, value);
		code = json_out_end(&out);
	}
	assert_int_equal(code, CODE_OK);
	assert_true(size > 8);
}

static void
writes_the_ends_of_the_number_range(void **state)
{
	struct fixture *f = *state;
	struct json_out out;

	json_out_init(&out, &f->arena);
	json_out_int(&out, INT64_MIN);
	json_out_raw(&out, " ", 1);
	json_out_uint(&out, UINT64_MAX);
	assert_int_equal(json_out_end(&out), CODE_OK);
	assert_string_equal(out.data,
	                    "-9223372036854775808 18446744073709551615");
}

static void
a_long_text_needs_little_more_than_its_length(void **state)
{
	struct fixture *f = *state;
	struct json_out out;
	size_t size = sizeof(f->memory) - 1024;

	json_out_init(&out, &f->arena);
	while (out.len + 10 <= size)
		json_out_raw(&out, "0123456789", 10);
	assert_int_equal(json_out_end(&out), CODE_OK);
	assert_int_equal(strlen(out.data), out.len);
	assert_true(out.len > size / 2);
}

/* Who else takes memory meanwhile moves the text, and loses nothing. */
static void
others_may_use_the_arena_meanwhile(void **state)
{
	struct fixture *f = *state;
	struct json_out out;
	char *other;

	json_out_init(&out, &f->arena);
	json_out_raw(&out, "begin ", 6);
	other = arena_strdup(&f->arena, "other");
	for (size_t i = 0; i < 100; i++)
		json_out_raw(&out, "0123456789", 10);
	assert_int_equal(json_out_end(&out), CODE_OK);
	assert_int_equal(out.len, 1006);
	assert_memory_equal(out.data, "begin 0123456789", 16);
	assert_string_equal(other, "other");
}

static void
knows_how_long_a_string_will_be(void **state)
{
	struct fixture *f = *state;

	for (int c = 0; c < 256; c++) {
		const char text[] = { 'a', (char)c, (char)c, 'b' };
		struct json_out out;

		json_out_init(&out, &f->arena);
		json_out_string(&out, text, sizeof(text));
		assert_int_equal(json_string_len(text, sizeof(text)), out.len);
	}
	assert_int_equal(json_string_len("", 0), 2);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_and_writes_every_type_in_order),
		TEST(keeps_numbers_as_they_were_written),
		TEST(names_line_and_column_of_every_error),
		TEST(keeps_the_last_of_repeated_keys),
		TEST(keeps_ten_thousand_distinct_members),
		TEST(flags_nul_and_the_first_lone_surrogate),
		TEST(refuses_the_level_after_the_last),
		TEST(finds_members_by_their_whole_name),
		TEST(reports_every_shortage_of_memory),
		TEST(writes_the_ends_of_the_number_range),
		TEST(a_long_text_needs_little_more_than_its_length),
		TEST(others_may_use_the_arena_meanwhile),
		TEST(knows_how_long_a_string_will_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
