#include "server/domain/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BAD_EMAIL "Enter a valid email address."
#define BAD_USERNAME                                                           \
	"Enter a valid username. This value may contain only letters, "        \
	"numbers, and @/./+/-/_ characters."
#define NOT_OWN "A username with @ must be your own e-mail address."
#define TOO_LONG(n) "Ensure this field has no more than " #n " characters."

#define X10(text) text text text text text text text text text text
#define X50(text) X10(text) X10(text) X10(text) X10(text) X10(text)
#define LABEL_63 X50("a") X10("a") "aaa"

static void
expect(const char *text, const char *said, const char *expected)
{
	if ((said == NULL) != (expected == NULL))
		fail_msg("\"%s\": %s", text, said == NULL ? "good" : said);
	if (said != NULL)
		assert_string_equal(said, expected);
}

static void
addresses_that_django_accepts_are_good(void **state)
{
	static const char *const addresses[] = {
		"a@b.co",
		"email@here.com",
		"weirder-email@here.and.there.com",
		"!#$%&'*+/=?^_`{}|~-@example.com",
		"first.last@EXAMPLE.COM",
		"1@2.museum",
		"admin@localhost",
		"email@127.local.host",
		"email@[127.0.0.1]",
		"email@[2001:dB8::1]",
		"email@[::fFFF:127.0.0.1]",
		"\"quoted\"@example.com",
		"\"test@test\"@example.com",
		"\"\\\"\\ \\\\\"@example.com",
		"\"\"@example.com",
		"a@" LABEL_63 ".us",
		"a@atm." LABEL_63,
		"a@xn--80ak6aa92e.xn--p1ai",
		"a@xn--1qqw23a.xn--55qx5d",
		"a@b-c.d--e.com",
		/* müller.example, example of the Greek test domain */
		"a@m\xc3\xbcller.example",
		"a@\xcf\x80\xce\xb1.\xce\xb4\xce\xbf\xce\xba",
		/* A vowel sign is no letter and belongs to the word. */
		"a@\xe0\xa4\x95\xe0\xa4\xbf.\xe0\xa4\x95\xe0\xa4\xbf",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++)
		expect(addresses[i], identity_email_fault(addresses[i]), NULL);
}

static void
addresses_that_django_refuses_are_refused(void **state)
{
	static const char *const addresses[] = {
		"",
		"@",
		"abc",
		"abc@",
		"@abc.com",
		"abc@bar",
		"a @x.cz",
		"a@b",
		"abc@.com",
		"abc@x..com",
		"abc@x.com.",
		".a@example.com",
		"a.@example.com",
		"a..b@example.com",
		"a@b@example.com",
		"something@@somewhere.com",
		"email@127.0.0.1",
		"email@[127.0.0.256]",
		"email@[127.0.0.01]",
		"email@[2001:db8::12345]",
		"email@[2001:db8:0:0:1]",
		"email@[IPv6:2001:db8::1]",
		"email@[]",
		"email@[",
		"email@[127.0.0.1].com",
		"email@localhost ",
		"email@LOCALHOST.",
		"example@invalid-.com",
		"example@-invalid.com",
		"example@inv-.alid-.com",
		"example@inv-.-alid.com",
		"a@example.-com",
		"a@example.com-",
		"a@example.c0m",
		"a@example.c",
		"a@xn--.xn--",
		"a@example.xn--a-b1",
		"a@" LABEL_63 "a.us",
		"a@example." LABEL_63 "a",
		"\"a\"b\"@example.com",
		"\"a b\"@example.com",
		"\"a\\\"@example.com",
		"\"@example.com",
		"trailing@example.com\n",
		"a@example.com\n\n<script src=\"x.js\">",
		"\"\\\n\"@here.com",
		"\"\\\r\"@here.com",
		"\"\\\011\"@here.com",
		"a\\b@example.com",
		"a(b)@example.com",
		"a@ex_ample.com",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++)
		expect(addresses[i], identity_email_fault(addresses[i]),
		       BAD_EMAIL);
}

static void
letters_of_other_scripts_are_good_in_a_domain_only(void **state)
{
	static const char *const addresses[] = {
		"\xc3\xbc@example.com",          /* ü */
		"a@ex\xe3\x80\x80m.com",         /* ideographic space */
		"a@ex\xc2\xadm.com",             /* soft hyphen */
		"a@ex\xe2\x80\x8bm.com",         /* zero-width space */
		"a@ex\xef\xbc\xa0m.com",         /* fullwidth @ */
		"a@ex\xe3\x80\x82m.com",         /* ideographic full stop */
		"a@ex\xf0\x9f\x98\x80m.com",     /* a face */
		"a@ex\xc2\xa0m.com",             /* no-break space */
		"a@ex\xff\xfem.com",             /* not UTF-8 */
		"a@ex\xed\xa0\x80m.com",         /* a surrogate */
		"a@x.\xe2\x84\xaay1",            /* a digit in the last label */
		"a@" X50("\xef\xb7\xba") ".com", /* too long once normalised */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++)
		expect(addresses[i], identity_email_fault(addresses[i]),
		       BAD_EMAIL);
}

static void
an_address_has_up_to_254_bytes(void **state)
{
	static const char longest[] =
		X50("a") X50("b") X50("c") X50("d") X10("e") X10("f") X10("g")
			X10("h") "iii@example.com"; /* 200 + 40 + 15 = 255 */
	static const char wide[] =
		"aaaaa@" X50("\xd0\xb8") "." X50("\xd0\xb8") "." X10("\xd0\xb8")
			X10("\xd0\xb8") "\xd0\xb8\xd0\xb8"
					"\xd0\xb8.com";

	(void)state;
	assert_int_equal(strlen(longest), 255);
	assert_null(identity_email_fault(longest + 1));
	expect(longest, identity_email_fault(longest), TOO_LONG(254));
	/* 135 characters and 258 bytes; then 254 bytes. */
	expect(wide, identity_email_fault(wide), BAD_EMAIL);
	assert_null(identity_email_fault(wide + 4));
}

static void
a_username_has_word_characters_and_five_others(void **state)
{
	static const struct {
		const char *username;
		const char *expected;
	} rows[] = {
		{ "ada", NULL },
		{ "Ada.Lovelace+1815-x_y", NULL },
		{ "0", NULL },
		{ "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd", NULL }, /* иван */
		{ "\xe6\xbc\xa2\xe5\xad\x97", NULL },         /* 漢字 */
		{ "x\xc2\xb2", NULL },                        /* x² */
		{ "", BAD_USERNAME },
		{ "ada lovelace", BAD_USERNAME },
		{ "ada\n", BAD_USERNAME },
		{ "ada!", BAD_USERNAME },
		{ "a/b", BAD_USERNAME },
		{ "a\xe2\x80\x8b", BAD_USERNAME },  /* zero-width space */
		{ "a\xef\xbc\xa0z", BAD_USERNAME }, /* fullwidth @ */
		{ "a\xcc\x81", BAD_USERNAME },      /* a and an accent */
		{ "\xe2\x82\xac", BAD_USERNAME },   /* € */
		{ "a\xff", "Not a valid string." },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		expect(rows[i].username,
		       identity_username_fault(rows[i].username, "ada@x.org"),
		       rows[i].expected);
}

static void
a_username_with_an_at_is_the_own_address(void **state)
{
	(void)state;
	assert_null(identity_username_fault("ada@x.org", "ada@x.org"));
	assert_null(identity_username_fault("ADA@x.org", "ada@X.ORG"));
	expect("eve@x.org", identity_username_fault("eve@x.org", "ada@x.org"),
	       NOT_OWN);
	expect("@", identity_username_fault("@", "ada@x.org"), NOT_OWN);
	expect("ada@x.org", identity_username_fault("ada@x.org", ""), NOT_OWN);
	expect("ada@x.org", identity_username_fault("ada@x.org", NULL),
	       NOT_OWN);
	assert_null(identity_username_fault("ada", NULL));
}

static void
a_username_has_up_to_150_characters(void **state)
{
	static const char text[] =
		X50("a") X50("b") X10("c") X10("d") X10("e") X10("f") X10("g");
	static const char longer[] = X50("a") X50("b") X10("c") X10("d")
		X10("e") X10("f") X10("g") "h";
	/* 130 characters and 260 bytes, more than one can log in with. */
	static const char wide[] = X50("\xd0\xb8") X50("\xd0\xb8")
		X10("\xd0\xb8") X10("\xd0\xb8") X10("\xd0\xb8");

	(void)state;
	assert_null(identity_username_fault(text, NULL));
	expect(longer, identity_username_fault(longer, NULL), TOO_LONG(150));
	expect(wide, identity_username_fault(wide, NULL),
	       "Ensure this field has no more than 254 bytes.");
	assert_null(identity_username_fault(wide + 6, NULL));
}

static void
a_name_is_bounded_in_characters(void **state)
{
	static const char wide[] =
		X50("\xf0\x9f\x98\x80") X10("\xf0\x9f\x98\x80")
			X10("\xf0\x9f\x98\x80") X10("\xf0\x9f\x98\x80");
	static char endless[8192];

	(void)state;
	assert_null(identity_name_fault("", 150));
	assert_null(identity_name_fault(wide, 80));
	assert_null(identity_name_fault(wide, 150));
	expect("81",
	       identity_name_fault(X50("a") X10("a") X10("a") X10("a") "a", 80),
	       TOO_LONG(80));
	memset(endless, 'a', sizeof(endless) - 1);
	expect("8191", identity_name_fault(endless, 150), TOO_LONG(150));
	expect("8191", identity_name_fault(endless, 300), TOO_LONG(300));
	expect("8191", identity_name_fault(endless, 1024), TOO_LONG(1024));
	expect("junk", identity_name_fault("\xc3", 300), "Not a valid string.");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_that_django_accepts_are_good),
		cmocka_unit_test(addresses_that_django_refuses_are_refused),
		cmocka_unit_test(
			letters_of_other_scripts_are_good_in_a_domain_only),
		cmocka_unit_test(an_address_has_up_to_254_bytes),
		cmocka_unit_test(
			a_username_has_word_characters_and_five_others),
		cmocka_unit_test(a_username_with_an_at_is_the_own_address),
		cmocka_unit_test(a_username_has_up_to_150_characters),
		cmocka_unit_test(a_name_is_bounded_in_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
