#include "server/domain/mail_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MEMORY 65536

static const struct mail_address from = { "Latchkey", "no-reply@example.org" };
static const struct mail_address to = { "", "ada@example.com" };

static struct mail_parts
parts_of(const char *subject, const char *text, const char *html)
{
	struct mail_parts parts = {
		.id_domain = "mail.example.org",
		.from = &from,
		.to = &to,
		.date_us = 1767323045678901, /* 2026-01-02 03:04:05 */
		.words = { subject, text, html },
	};

	memset(parts.id, 0xab, sizeof(parts.id));
	return parts;
}

static void
a_message_has_its_headers_and_both_forms(void **state)
{
	static const char expected[] =
		"Date: Fri, 02 Jan 2026 03:04:05 +0000\r\n"
		"From: Latchkey\r\n"
		" <no-reply@example.org>\r\n"
		"To: <ada@example.com>\r\n"
		"Subject: Hello\r\n"
		"Message-ID: <abababababababababababababababab"
		"@mail.example.org>\r\n"
		"Auto-Submitted: auto-generated\r\n"
		"MIME-Version: 1.0\r\n"
		"Content-Type: multipart/alternative;\r\n"
		" boundary=\"=_abababababababababababababababab\"\r\n"
		"\r\n"
		"--=_abababababababababababababababab\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n"
		"\r\n"
		"text\r\n"
		"--=_abababababababababababababababab\r\n"
		"Content-Type: text/html; charset=utf-8\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n"
		"\r\n"
		"<p>=C3=A9</p>\r\n"
		"--=_abababababababababababababababab--\r\n";
	struct mail_parts parts =
		parts_of("Hello", "text\n", "<p>\xc3\xa9</p>\n");
	struct bytes message;
	struct arena arena;
	void *memory = malloc(MEMORY);

	(void)state;
	assert_non_null(memory);
	arena_init(&arena, memory, MEMORY);
	assert_int_equal(mail_message_write(&arena, &parts, &message), CODE_OK);
	assert_int_equal(message.len, sizeof(expected) - 1);
	assert_string_equal(message.data, expected);
	free(memory);
}

/* The longest line of the message; every line must end in CRLF. */
static size_t
longest_line(struct bytes message)
{
	const char *at = message.data, *end = at + message.len;
	size_t longest = 0;

	while (at < end) {
		const char *eol = strstr(at, "\r\n");

		assert_non_null(eol);
		assert_null(memchr(at, '\n', (size_t)(eol - at)));
		assert_null(memchr(at, '\r', (size_t)(eol - at)));
		if ((size_t)(eol - at) > longest)
			longest = (size_t)(eol - at);
		at = eol + 2;
	}
	return longest;
}

/* What hostile words there may be, no header and no boundary comes of them. */
static void
words_cannot_make_a_header_or_a_boundary(void **state)
{
	static const char hostile[] =
		"x\r\nBcc: eve@example.com\r\n\r\n"
		"--=_abababababababababababababababab--\r\n.\r\n";
	struct mail_parts parts = parts_of(hostile, hostile, hostile);
	struct bytes message;
	struct arena arena;
	void *memory = malloc(MEMORY);
	const char *body;

	(void)state;
	assert_non_null(memory);
	arena_init(&arena, memory, MEMORY);
	assert_int_equal(mail_message_write(&arena, &parts, &message), CODE_OK);
	assert_true(longest_line(message) <= 76);
	body = strstr(message.data, "\r\n\r\n");
	assert_non_null(body);
	assert_true(strstr(message.data, "\r\nBcc:") > body);
	/* "=_" of the words is "=3D_". */
	body = strstr(message.data, "--=_abababababababababababababababab--");
	assert_non_null(body);
	assert_string_equal(body, "--=_abababababababababababababababab--\r\n");
	free(memory);
}

static void
the_same_parts_give_the_same_bytes(void **state)
{
	struct mail_parts parts = parts_of("s", "t", "h");
	struct bytes first, second;
	struct arena arena;
	void *memory = malloc(MEMORY);

	(void)state;
	assert_non_null(memory);
	arena_init(&arena, memory, MEMORY);
	assert_int_equal(mail_message_write(&arena, &parts, &first), CODE_OK);
	assert_int_equal(mail_message_write(&arena, &parts, &second), CODE_OK);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.data, second.data, first.len);
	free(memory);
}

static void
a_full_arena_is_resource_exhausted(void **state)
{
	struct mail_parts parts = parts_of("s", "t", "h");
	struct bytes message = { 0 };
	struct arena arena;
	char memory[256];

	(void)state;
	arena_init(&arena, memory, sizeof(memory));
	assert_int_equal(mail_message_write(&arena, &parts, &message),
	                 CODE_RESOURCE_EXHAUSTED);
	assert_null(message.data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_has_its_headers_and_both_forms),
		cmocka_unit_test(words_cannot_make_a_header_or_a_boundary),
		cmocka_unit_test(the_same_parts_give_the_same_bytes),
		cmocka_unit_test(a_full_arena_is_resource_exhausted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
