#include "base/encoding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* RFC 4648, section 10, without the padding. */
static const struct {
	const char *plain;
	const char *text;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg" },
	{ "fo", "Zm8" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg" },
	{ "fooba", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "-_-_" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
hex_goes_there_and_back(void **state)
{
	const uint8_t bytes[] = { 0x00, 0x01, 0x7f, 0x80, 0xaf, 0xff };
	char text[HEX_SIZE(sizeof(bytes))];
	uint8_t back[sizeof(bytes)];

	(void)state;
	hex_encode(bytes, sizeof(bytes), text);
	assert_string_equal(text, "00017f80afff");
	assert_true(hex_decode(text, back, sizeof(back)));
	assert_memory_equal(back, bytes, sizeof(bytes));
}

static void
hex_refuses_other_lengths_capitals_and_strangers(void **state)
{
	static const char *const bad[] = { "",     "0",    "abc",  "abcde",
		                           "ABCD", "ab c", "abcg", "0x12" };
	uint8_t out[2] = { 1, 2 };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(hex_decode(bad[i], out, sizeof(out)));
	assert_int_equal(out[0], 1);
	assert_int_equal(out[1], 2);
}

static void
base64url_encodes_the_vectors_of_rfc_4648(void **state)
{
	char text[16];

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		size_t len = strlen(vectors[i].plain);

		memset(text, 'x', sizeof(text));
		base64url_encode(vectors[i].plain, len, text);
		assert_string_equal(text, vectors[i].text);
		assert_int_equal(strlen(text) + 1, BASE64URL_SIZE(len));
	}
}

static void
base64url_decodes_the_vectors_of_rfc_4648(void **state)
{
	char out[16];
	size_t len = 99;

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		size_t want = strlen(vectors[i].plain);

		assert_true(base64url_decode(vectors[i].text,
		                             strlen(vectors[i].text), out, want,
		                             &len));
		assert_int_equal(len, want);
		assert_memory_equal(out, vectors[i].plain, want);
	}
}

static void
base64url_refuses_every_other_spelling(void **state)
{
	static const char *const bad[] = {
		"Z",      "Zg=", "Zg==",   "Zm8=",  " Zg",   "Zg ",
		"Z\ng",   "Zh",  "Zm9v\n", "Zm9vZ", "+/+/",  "Zm.v",
		"Zm9v\t", "Zm9", "Zm,",    "A",     "AAAAA", "\xc3\xa4Zg",
	};
	char out[3];
	size_t len = 99;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(base64url_decode(bad[i], strlen(bad[i]), out,
		                              sizeof(out), &len));
	assert_int_equal(len, 99);
	assert_false(base64url_decode("Zm\0v", 4, out, sizeof(out), &len));
}

static void
base64url_has_one_text_for_each_value(void **state)
{
	uint8_t out[2];
	char text[3] = "", again[8];
	size_t len, accepted = 0;

	(void)state;
	for (int a = 1; a < 256; a++) {
		for (int b = 1; b < 256; b++) {
			text[0] = (char)a;
			text[1] = (char)b;
			if (!base64url_decode(text, 2, out, sizeof(out), &len))
				continue;
			base64url_encode(out, len, again);
			assert_string_equal(text, again);
			accepted++;
		}
	}
	assert_int_equal(accepted, 256);
}

static void
base64url_never_writes_past_the_room_it_was_given(void **state)
{
	char *out = malloc(5);
	size_t len;

	(void)state;
	assert_non_null(out);
	assert_false(base64url_decode("Zm9vYmFy", 8, out, 5, &len));
	assert_true(base64url_decode("Zm9vYmE", 7, out, 5, &len));
	assert_int_equal(len, 5);
	free(out);
}

static void
utf8_is_what_rfc_3629_says_and_has_no_nul(void **state)
{
	static const char *const good[] = { "",
		                            "ada",
		                            "\xc3\xa4",
		                            "\xe2\x82\xac",
		                            "\xf0\x9f\x94\x91",
		                            "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = {
		"\x80",         "\xc0\x80",         "\xc3",
		"\xe0\x80\x80", "\xed\xa0\x80",     "\xf4\x90\x80\x80",
		"\xff",         "\xf8\x88\x80\x80", "a\xe2\x82",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(utf8_is_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(utf8_is_valid(bad[i], strlen(bad[i])));
	assert_false(utf8_is_valid("ada\0evil", 8));
	assert_true(utf8_is_valid(NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_goes_there_and_back),
		cmocka_unit_test(
			hex_refuses_other_lengths_capitals_and_strangers),
		cmocka_unit_test(base64url_encodes_the_vectors_of_rfc_4648),
		cmocka_unit_test(base64url_decodes_the_vectors_of_rfc_4648),
		cmocka_unit_test(base64url_refuses_every_other_spelling),
		cmocka_unit_test(base64url_has_one_text_for_each_value),
		cmocka_unit_test(
			base64url_never_writes_past_the_room_it_was_given),
		cmocka_unit_test(utf8_is_what_rfc_3629_says_and_has_no_nul),
	};

	return cmocka_run_group_tests_name("encoding", tests, NULL, NULL);
}
