#include "gateway/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void
trims_what_python_trims(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ " \t\n\v\f\r", "" },
		{ "a", "a" },
		{ " a b ", "a b" },
		{ "\x1c\x1d\x1e\x1f"
		  "a",
		  "a" },
		{ "\xc2\x85\xc2\xa0"
		  "a\xe1\x9a\x80",
		  "a" },
		{ "\xe2\x80\x80\xe2\x80\x8a"
		  "a\xe2\x80\xa8\xe2\x80\xa9",
		  "a" },
		{ "a\xe2\x80\xaf\xe2\x81\x9f\xe3\x80\x80", "a" },
		/* Zero-width space and byte order mark are no white space. */
		{ "\xe2\x80\x8b", "\xe2\x80\x8b" },
		{ "\xef\xbb\xbf", "\xef\xbb\xbf" },
		{ " \xc3\xa9 \xf0\x9f\x98\x80 ", "\xc3\xa9 \xf0\x9f\x98\x80" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bytes got = text_trim(cases[i][0], strlen(cases[i][0]));

		assert_int_equal(got.len, strlen(cases[i][1]));
		assert_memory_equal(got.data, cases[i][1], got.len);
	}
}

static void
keeps_nuls_within_and_counts_characters(void **state)
{
	struct bytes got = text_trim(" \0 ", 3);

	(void)state;
	assert_int_equal(got.len, 1);
	assert_int_equal(text_length("a\xc3\xa9\xf0\x9f\x98\x80", 7), 3);
	assert_int_equal(text_length("", 0), 0);
}

static void
decodes_percent_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		bool plus;
		const char *decoded; /* NULL: refused */
	} cases[] = {
		{ "", false, "" },        { "a+b", false, "a+b" },
		{ "a+b", true, "a b" },   { "%41%6a%6A", false, "Ajj" },
		{ "%2B%25", true, "+%" }, { "%", false, NULL },
		{ "%4", false, NULL },    { "%4g", false, NULL },
		{ "%%41", false, NULL },  { "%\xb0\xb1", false, NULL },
	};
	uint8_t memory[1024];
	struct arena arena;

	(void)state;
	arena_init(&arena, memory, sizeof(memory));
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct bytes in = { cases[i].text,
			                  strlen(cases[i].text) };
		struct bytes out;
		bool good =
			text_percent_decode(&arena, in, cases[i].plus, &out);

		assert_int_equal(good, cases[i].decoded != NULL);
		if (good)
			assert_string_equal(out.data, cases[i].decoded);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trims_what_python_trims),
		cmocka_unit_test(keeps_nuls_within_and_counts_characters),
		cmocka_unit_test(decodes_percent_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
