#include "server/domain/mail_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* 65 bytes */
#define TEN "0123456789"
#define LONG_LOCAL TEN TEN TEN TEN TEN TEN "01234"
#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static void
an_address_is_taken_in_the_form_of_the_dns(void **state)
{
	static const struct {
		const char *text, *address;
	} rows[] = {
		{ "ada@example.org", "ada@example.org" },
		{ "a.d+a_1@sub.example.org", "a.d+a_1@sub.example.org" },
		{ "o'hara@example.org", "o'hara@example.org" },
		{ "ada@localhost", "ada@localhost" },
		{ "ada@[192.0.2.1]", "ada@[192.0.2.1]" },
		{ "ada@[IPv6:2001:db8::1]", "ada@[IPv6:2001:db8::1]" },
		{ "ada@b\xc3\xbc"
		  "cher.example",
		  "ada@xn--bcher-kva.example" },
	};
	struct mail_address a;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_int_equal(mail_address_read(rows[i].text, &a), CODE_OK);
		assert_string_equal(a.address, rows[i].address);
		assert_string_equal(a.name, "");
		assert_string_equal(mail_address_domain(&a),
		                    strrchr(rows[i].address, '@') + 1);
	}
}

static void
what_could_end_an_argument_or_a_header_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"ada",
		"@example.org",
		"ada@",
		"ada@example.org\r\nBcc: eve@example.com",
		"ada@example.org>",
		"<ada@example.org>",
		"ada@example.org> SIZE=1",
		"a da@example.org",
		"\"a>b\"@example.org",
		"ada,eve@example.org",
		"ada..eve@example.org",
		".ada@example.org",
		"ada.@example.org",
		"ad\xc3\xa4@example.org",
		"ada@exa mple.org",
		"ada@example..org",
		"ada@.org",
		"ada@[192.0.2.1",
		"ada@[a]b]",
		"ada@\xff.org",
		"ada\x01@example.org",
		LONG_LOCAL "@example.org",
	};
	struct mail_address a = { .address = "kept" };

	(void)state;
	for (size_t i = 0; i < ROWS(texts); i++)
		if (mail_address_read(texts[i], &a) != CODE_INVALID_ARGUMENT)
			fail_msg("taken: %s", texts[i]);
	assert_string_equal(a.address, "kept");
}

static void
a_name_may_stand_before_the_address(void **state)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{ "Latchkey <no-reply@example.org>", "Latchkey" },
		{ "no-reply@example.org", "" },
		{ "<no-reply@example.org>", "" },
		{ "\"Acme, Inc.\" <no-reply@example.org>", "Acme, Inc." },
		{ "Caf\xc3\xa9 <no-reply@example.org>", "Caf\xc3\xa9" },
	};
	struct mail_address a;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_int_equal(mail_address_read_named(rows[i].text, &a),
		                 CODE_OK);
		assert_string_equal(a.name, rows[i].name);
		assert_string_equal(a.address, "no-reply@example.org");
	}
}

static void
a_name_with_a_line_end_or_no_address_is_refused(void **state)
{
	static const char *const texts[] = {
		"A\nB <a@example.org>",
		"A <a@example.org",
		"A <a@example.org> b",
		"A <>",
		"A <b",
		"\xff <a@example.org>",
		"A <",
	};
	struct mail_address a;

	(void)state;
	for (size_t i = 0; i < ROWS(texts); i++)
		assert_int_equal(mail_address_read_named(texts[i], &a),
		                 CODE_INVALID_ARGUMENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_taken_in_the_form_of_the_dns),
		cmocka_unit_test(
			what_could_end_an_argument_or_a_header_is_refused),
		cmocka_unit_test(a_name_may_stand_before_the_address),
		cmocka_unit_test(
			a_name_with_a_line_end_or_no_address_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
