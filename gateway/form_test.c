#include "gateway/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define DISPOSITION(name) "Content-Disposition: form-data; name=" name "\r\n"

struct fixture {
	struct arena arena;
	uint8_t memory[1 << 18];
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

/* The form as JSON, or what is wrong with it; boundary NULL: not multipart. */
static const char *
read_text(struct fixture *f, const char *text, const char *boundary)
{
	const struct bytes body = { text, strlen(text) };
	const char *what = NULL;
	struct json *form = NULL;
	struct json_out out;
	enum code code = boundary == NULL
	                         ? form_read(&f->arena, body, &form, &what)
	                         : form_read_multipart(&f->arena, body,
	                                               boundary, &form, &what);

	if (code == CODE_INVALID_ARGUMENT)
		return what;
	assert_int_equal(code, CODE_OK);
	json_out_init(&out, &f->arena);
	json_out_value(&out, form);
	assert_int_equal(json_out_end(&out), CODE_OK);
	return out.data;
}

static void
reads_fields_like_members_of_an_object(void **state)
{
	static const char *const cases[][2] = {
		{ "", "{}" },
		{ "a=1&b=2", "{\"a\":\"1\",\"b\":\"2\"}" },
		{ "a=x+y%2B%c3%A9", "{\"a\":\"x y+\xc3\xa9\"}" },
		{ "a", "{\"a\":\"\"}" },
		{ "a=&&=b&", "{\"a\":\"\",\"\":\"b\"}" },
		{ "a=1&b=2&a=3", "{\"a\":\"3\",\"b\":\"2\"}" },
		{ "a=b=c", "{\"a\":\"b=c\"}" },
		{ "a%3Db=%00", "{\"a=b\":\"\\u0000\"}" },
		{ "a=%4", "a % is not followed by two digits" },
		{ "%zz", "a % is not followed by two digits" },
		{ "a=%ff", "a field is not UTF-8" },
		{ "%c3=1", "a field is not UTF-8" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(read_text(*state, cases[i][0], NULL),
		                    cases[i][1]);
}

static void
flags_nuls_for_the_fields_own_check(void **state)
{
	struct fixture *f = *state;
	const struct bytes text = { "a=x%00y", 7 };
	const char *what;
	struct json *form;

	assert_int_equal(form_read(&f->arena, text, &form, &what), CODE_OK);
	assert_true(json_member(form, "a")->has_nul);
	assert_int_equal(json_member(form, "a")->text_len, 3);
}

static void
keeps_all_values_of_a_name_below_the_last(void **state)
{
	struct fixture *f = *state;
	const struct bytes text = { "a=1&b=2&a=3", 11 };
	const struct json *a;
	const char *what;
	struct json *form;

	assert_int_equal(form_read(&f->arena, text, &form, &what), CODE_OK);
	a = json_member(form, "a");
	assert_string_equal(a->text, "3");
	assert_string_equal(a->first->text, "1");
	assert_string_equal(a->first->next->text, "3");
	assert_null(a->first->next->next);
}

static void
lends_files_from_the_body(void **state)
{
	static const char body[] = "--B\r\nContent-Disposition: form-data; "
				   "name=\"f\"; filename=\"\"\r\n\r\n"
				   "\xff\0x\r\n--B--";
	struct fixture *f = *state;
	const struct json *file;
	const char *what;
	struct json *form;

	assert_int_equal(
		form_read_multipart(&f->arena,
	                            (struct bytes){ body, sizeof(body) - 1 },
	                            "B", &form, &what),
		CODE_OK);
	file = json_member(form, "f");
	assert_int_equal(file->type, JSON_LIST);
	assert_null(file->first);
	assert_int_equal(file->text_len, 3);
	assert_true(file->text > body && file->text < body + sizeof(body));
}

static void
reads_parts_as_browsers_and_curl_send_them(void **state)
{
	static const char *const cases[][2] = {
		{ "--B\r\n" DISPOSITION("\"a\"") "\r\n1\r\n--B--\r\n",
		  "{\"a\":\"1\"}" },
		{ "preamble\r\n--B\r\n" DISPOSITION("a") "\r\n1\r\n--B--",
		  "{\"a\":\"1\"}" },
		{ "--B  \r\n" DISPOSITION("\"a\"") "\r\n\r\n--B--",
		  "{\"a\":\"\"}" },
		{ "--B\r\n" DISPOSITION("\"a\"") "\r\n--B--", "{\"a\":\"\"}" },
		{ "--B\r\ncontent-type: text/plain\r\n" DISPOSITION(
			  "\"x\\\"y\"") "\r\n\r\n\r\n--x\r\n\r\n--B--",
		  "{\"x\\\"y\":\"\\r\\n\\r\\n--x\\r\\n\"}" },
		{ "--B\r\n" DISPOSITION("\"a\"") "\r\n1\r\n--B\r\n" DISPOSITION(
			  "\"b\"") "\r\n2\r\n--B--",
		  "{\"a\":\"1\",\"b\":\"2\"}" },
		{ "--B\r\n" DISPOSITION("\"a\"; filename=\"x\"") "\r\n\xff\r\n"
		                                                 "--B--",
		  "{\"a\":[]}" },
		{ "--B--", "{}" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = read_text(*state, cases[i][0], "B");

		if (strcmp(got, cases[i][1]) != 0)
			fail_msg("%zu: %s", i, got);
	}
}

static void
refuses_parts_that_are_not_well_formed(void **state)
{
	static const char *const cases[][2] = {
		{ "", "there is no boundary" },
		{ "--A--", "there is no boundary" },
		{ "x--B--", "there is no boundary" },
		{ "--B", "a boundary is not alone on its line" },
		{ "--Bx\r\n", "a boundary is not alone on its line" },
		{ "--B\r\n", "the head of a part does not end" },
		{ "--B\r\n\r\nx\r\n--B--", "a part has no name" },
		{ "--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--",
		  "a part has no name" },
		{ "--B\r\nContent-Disposition: inline; name=a\r\n\r\nx\r\n"
		  "--B--",
		  "a part has no name" },
		{ "--B\r\n" DISPOSITION("\"a") "\r\nx\r\n--B--",
		  "a part has no name" },
		{ "--B\r\n" DISPOSITION("\"a\"") "\r\nx", "a part does not "
		                                          "end" },
		{ "--B\r\n" DISPOSITION("\"a\"") "\r\n\xff\r\n--B--",
		  "a field is not UTF-8" },
		{ "--B\r\n" DISPOSITION("a") "Content-Transfer-Encoding: "
		                             "base64\r\n\r\neA==\r\n--B--",
		  "a part has a transfer encoding" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = read_text(*state, cases[i][0], "B");

		if (strcmp(got, cases[i][1]) != 0)
			fail_msg("%zu: %s", i, got);
	}
	assert_string_equal(read_text(*state, "x", ""),
	                    "the boundary has 1 to 70 characters");
	assert_string_equal(read_text(*state, "x",
	                              "0123456789012345678901234567890123456789"
	                              "0123456789012345678901234567890"),
	                    "the boundary has 1 to 70 characters");
}

static void
takes_no_more_fields_than_it_says(void **state)
{
	char text[FORM_FIELD_MAX * 2 + 8];

	for (size_t i = 0; i < FORM_FIELD_MAX; i++)
		memcpy(text + 2 * i, "a&", 3);
	assert_string_equal(read_text(*state, text, NULL), "{\"a\":\"\"}");
	memcpy(text + (size_t)2 * FORM_FIELD_MAX, "a", 2);
	assert_string_equal(read_text(*state, text, NULL), "too many fields");
}

static void
reports_every_shortage_of_memory(void **state)
{
	static const char text[] =
		"--B\r\n" DISPOSITION("\"a\"") "\r\n1\r\n--B\r\n" DISPOSITION(
			"\"b\"; filename=\"c\"") "\r\n2\r\n--B--\r\n";
	struct fixture *f = *state;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size;

	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		const struct bytes body = { text, strlen(text) };
		const char *what;
		struct json *form;

		assert_true(size < sizeof(f->memory));
		arena_init(&f->arena, f->memory, size);
		code = form_read_multipart(&f->arena, body, "B", &form, &what);
	}
	assert_int_equal(code, CODE_OK);
	assert_true(size > 8);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_fields_like_members_of_an_object),
		TEST(flags_nuls_for_the_fields_own_check),
		TEST(keeps_all_values_of_a_name_below_the_last),
		TEST(lends_files_from_the_body),
		TEST(reads_parts_as_browsers_and_curl_send_them),
		TEST(refuses_parts_that_are_not_well_formed),
		TEST(takes_no_more_fields_than_it_says),
		TEST(reports_every_shortage_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
