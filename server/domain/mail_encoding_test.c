#include "server/domain/mail_encoding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

struct row {
	const char *text;
	const char *encoded;
};

typedef void encoder(struct mail_buffer *out, const char *text);

static void
check(encoder *encode, const struct row *row)
{
	struct mail_buffer counted = { 0 };
	char memory[4096] = "";
	struct mail_buffer written = { memory, 0 };

	encode(&counted, row->text);
	assert_true(counted.len < sizeof(memory));
	encode(&written, row->text);
	assert_int_equal(written.len, counted.len);
	assert_string_equal(memory, row->encoded);
}

static void
a_body_is_quoted_printable_with_crlf(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "one\ntwo", "one\r\ntwo\r\n" },
		{ "one\r\n\r\ntwo\r\n", "one\r\n\r\ntwo\r\n" },
		{ "a=b", "a=3Db\r\n" },
		{ "Gr\xc3\xbc\xc3\x9f"
		  "e",
		  "Gr=C3=BC=C3=9Fe\r\n" },
		{ "end \nend\t\nin side", "end=20\r\nend=09\r\nin side\r\n" },
		{ "lone\rreturn", "lone=0Dreturn\r\n" },
		{ "\x01\x7f", "=01=7F\r\n" },
		{ "\n\n", "\r\n\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		check(mail_encoding_body, &rows[i]);
}

static void
no_line_of_a_body_is_longer_than_76(void **state)
{
	char text[1200], memory[8192] = "", *line;

	(void)state;
	for (size_t fill = 1; fill < sizeof(text); fill += 7) {
		struct mail_buffer out = { memory, 0 };

		/* Every third byte takes three characters. */
		for (size_t i = 0; i < fill; i++)
			text[i] = i % 3 == 2 ? '=' : 'x';
		text[fill] = '\0';
		mail_encoding_body(&out, text);
		assert_true(out.len < sizeof(memory));
		memory[out.len] = '\0';
		for (line = memory; *line != '\0';) {
			char *end = strstr(line, "\r\n");

			assert_non_null(end);
			assert_true(end - line <= 76);
			line = end + 2;
		}
	}
}

static void
a_line_of_exactly_76_is_not_broken(void **state)
{
	char text[128] = "", expected[160];

	(void)state;
	memset(text, 'a', 76);
	(void)snprintf(expected, sizeof(expected), "%s\r\n", text);
	check(mail_encoding_body, &(struct row){ text, expected });
	text[76] = 'b';
	(void)snprintf(expected, sizeof(expected), "%.75s=\r\nab\r\n", text);
	check(mail_encoding_body, &(struct row){ text, expected });
}

static void
a_subject_is_plain_or_encoded_words(void **state)
{
	static const struct row rows[] = {
		{ "Verify your e-mail address", "Verify your e-mail address" },
		{ "", "" },
		{ "Gr\xc3\xbc\xc3\x9f"
		  "e",
		  "=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=" },
		{ "=?UTF-8?Q?x?=", "=?UTF-8?Q?=3D=3FUTF=2D8=3FQ=3Fx=3F=3D?=" },
		{ "a\r\nBcc: eve@example.com",
		  "=?UTF-8?Q?a=0D=0ABcc=3A_eve=40example=2Ecom?=" },
		{ " leading", "=?UTF-8?Q?_leading?=" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		check(mail_encoding_subject, &rows[i]);
}

static void
a_long_subject_is_folded_between_characters(void **state)
{
	char text[256] = "", memory[2048] = "", *line, *end;
	struct mail_buffer out = { memory, 0 };

	(void)state;
	for (size_t i = 0; i < 60; i++)
		(void)snprintf(text + 3 * i, 4, "\xe2\x82\xac"); /* euro */
	mail_encoding_subject(&out, text);
	for (line = memory; *line != '\0'; line = end) {
		end = strstr(line, "\r\n ");
		end = end == NULL ? line + strlen(line) : end + 3;
		assert_int_equal(strncmp(line, "=?UTF-8?Q?=E2=82=AC", 19), 0);
		assert_true(end - line <= 67 + 3);
	}
	assert_int_equal(strcmp(memory + strlen(memory) - 5, "=AC?="), 0);
}

static void
a_name_with_signs_is_encoded(void **state)
{
	static const struct row rows[] = {
		{ "Latchkey Team 7", "Latchkey Team 7" },
		{ "Acme, Inc.", "=?UTF-8?Q?Acme=2C_Inc=2E?=" },
		{ "a\" <eve@example.com>",
		  "=?UTF-8?Q?a=22_=3Ceve=40example=2Ecom=3E?=" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		check(mail_encoding_name, &rows[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_is_quoted_printable_with_crlf),
		cmocka_unit_test(no_line_of_a_body_is_longer_than_76),
		cmocka_unit_test(a_line_of_exactly_76_is_not_broken),
		cmocka_unit_test(a_subject_is_plain_or_encoded_words),
		cmocka_unit_test(a_long_subject_is_folded_between_characters),
		cmocka_unit_test(a_name_with_signs_is_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
