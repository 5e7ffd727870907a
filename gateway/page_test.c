#include "gateway/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

struct fixture {
	struct arena arena;
	struct page_set set;
	struct violations violations;
	char err[256];
	uint8_t memory[1 << 19];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	violations_init(&f->violations, &f->arena);
	if (page_set_load(&f->arena, &f->set, f->err, sizeof(f->err)) !=
	    CODE_OK)
		fail_msg("%s", f->err);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static const char *
find_input(const void *ctx, const char *name)
{
	return strcmp(name, "token") == 0 ? ctx : NULL;
}

static const char *
fill(struct fixture *f, const char *name, const char *token)
{
	const struct page *page = page_find(&f->set, name);
	const struct page_source source = {
		.operator_name = "Smith & \"Sons\"",
		.retry_after = "1 second",
		.input = find_input,
		.ctx = token,
		.violations = &f->violations,
	};
	struct json_out out;

	if (page == NULL)
		fail_msg("there is no %s", name);
	json_out_init(&out, &f->arena);
	page_write(page, &source, &out);
	assert_int_equal(json_out_end(&out), CODE_OK);
	return out.data;
}

static void
expect(const char *page, const char *part)
{
	if (strstr(page, part) == NULL)
		fail_msg("%s is missing in %s", part, page);
}

/* What a person with a phone, a screen reader or an old browser needs. */
static void
every_page_says_who_and_what_and_needs_no_script(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->set.count, 10);
	for (size_t i = 0; i < f->set.count; i++) {
		const char *page = fill(f, f->set.pages[i].name, "t");
		const char *title = strstr(page, "<title>");
		const char *heading = strstr(page, "<h1>");

		assert_int_equal(strncmp(page,
		                         "<!DOCTYPE html>\n<html "
		                         "lang=\"en\">",
		                         31),
		                 0);
		expect(page, "content=\"width=device-width, initial-scale=1\"");
		expect(page, " \xe2\x80\x93 Smith &amp; &quot;Sons&quot;"
		             "</title>");
		expect(page, "<header><p>Smith &amp; &quot;Sons&quot;</p>"
		             "</header>");
		assert_non_null(heading);
		assert_int_equal(strncmp(title + 7, heading + 4,
		                         strcspn(heading + 4, "<")),
		                 0);
		assert_null(strstr(page, "<script"));
		assert_null(strstr(page, "{{"));
		assert_null(strstr(page, "}}"));
	}
}

/* RFC 9110 is silent; the policy's level 3, section 6.7.3.4, is not. */
static void
allows_the_style_that_is_in_the_pages_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	const char *page = fill(f, "sorry", "");
	const char *style = strstr(page, "<style>") + 7;
	uint8_t hash[crypto_hash_sha256_BYTES];
	char text[64], expected[256];

	assert_true(sodium_init() >= 0);
	crypto_hash_sha256(hash, (const uint8_t *)style,
	                   (size_t)(strstr(style, "</style>") - style));
	assert_non_null(sodium_bin2base64(text, sizeof(text), hash,
	                                  sizeof(hash),
	                                  sodium_base64_VARIANT_ORIGINAL));
	(void)snprintf(expected, sizeof(expected),
	               "default-src 'none'; style-src 'sha256-%s'; form-action "
	               "'self'; frame-ancestors 'none'; base-uri 'none'",
	               text);
	assert_string_equal(f->set.policy, expected);
}

static void
escapes_what_clients_and_operators_wrote(void **state)
{
	struct fixture *f = *state;

	expect(fill(f, "verify", "\"><b>'&"),
	       "value=\"&quot;&gt;&lt;b&gt;&#39;&amp;\"");
	assert_string_equal(page_input(page_find(&f->set, "verify"), 0),
	                    "token");
	assert_null(page_input(page_find(&f->set, "verify"), 1));
	expect(fill(f, "throttled", ""), "wait 1 second and");
}

static void
shows_what_is_wrong_where_it_is_wrong(void **state)
{
	struct fixture *f = *state;
	const char *page = fill(f, "reset", "");

	assert_null(strstr(page, "aria-invalid=\""));
	assert_null(strstr(page, "role=\"alert\""));
	violations_add(&f->violations, "password", VIOLATION_WHOLE, "Too <x>.");
	violations_add(&f->violations, "password", VIOLATION_WHOLE, "Poor.");
	page = fill(f, "reset", "");
	expect(page, "<title>Error: Choose");
	expect(page, "role=\"alert\"");
	expect(page, "<ul class=\"faults\" id=\"password-faults\">\n"
	             "<li>Too &lt;x&gt;.</li>\n<li>Poor.</li>\n</ul>");
	expect(page, "aria-describedby=\"password-hint password-faults\" "
	             "aria-invalid=\"true\"");
	assert_null(strstr(page, "again-faults"));
	violations_add(&f->violations, "password_again", VIOLATION_WHOLE, "N");
	expect(fill(f, "reset", ""), "id=\"again-faults\"");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_page_says_who_and_what_and_needs_no_script),
		TEST(allows_the_style_that_is_in_the_pages_and_nothing_else),
		TEST(escapes_what_clients_and_operators_wrote),
		TEST(shows_what_is_wrong_where_it_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
