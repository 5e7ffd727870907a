#include "server/domain/mail_template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/store/outbox_store.h"
#include "server/store/store_fixture.h"

#define MEMORY 262144

struct fixture {
	char dir[64];
	char err[512];
	struct mail_templates *templates;
	struct arena arena;
	char memory[MEMORY];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	store_fixture_make_dir(f->dir);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	mail_templates_close(f->templates);
	store_fixture_remove_dir(f->dir);
	free(f);
	return 0;
}

static void
write_file(const struct fixture *f, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static enum code
open_with(struct fixture *f, const char *dir)
{
	mail_templates_close(f->templates);
	f->templates = NULL;
	f->err[0] = '\0';
	return mail_templates_open(dir, &f->templates, f->err, sizeof(f->err));
}

static struct mail
mail_of(const char *template_name)
{
	return (struct mail){
		.to = "ada@example.org",
		.template_name = template_name,
		.variables = { { "operator", "Acme & \"Co\" <x>" },
		               { "email", "ada@example.org" },
		               { "link", "https://a.example/?t=1&u='2'" },
		               { "lifetime", "3 days" },
		               { "name", "Ada\r\nBcc: eve@example.com" },
		               { "time", "2026-01-02 03:04 UTC" },
		               { "address", "" } },
		.variable_count = 7,
		.last_error = "",
	};
}

static struct mail_words
fill(struct fixture *f, const char *template_name)
{
	struct mail mail = mail_of(template_name);
	struct mail_words words = { 0 };

	assert_int_equal(
		mail_templates_fill(f->templates, &f->arena, &mail, &words),
		CODE_OK);
	return words;
}

static void
every_kind_of_mail_has_text_and_html(void **state)
{
	static const char *const names[] = {
		MAIL_TEMPLATE_VERIFY,           MAIL_TEMPLATE_RESET,
		MAIL_TEMPLATE_INVITATION,       MAIL_TEMPLATE_TEST,
		MAIL_TEMPLATE_PASSWORD_CHANGED, MAIL_TEMPLATE_IDENTITY_LINKED,
	};
	struct fixture *f = *state;

	assert_int_equal(open_with(f, ""), CODE_OK);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct mail_words words = fill(f, names[i]);

		assert_non_null(strstr(words.subject, "Acme & \"Co\" <x>"));
		assert_non_null(strstr(words.text, "ada@example.org"));
		assert_non_null(strstr(words.html, "ada@example.org"));
		assert_null(strstr(words.html, "<x>"));
		assert_null(strstr(words.text, "{{"));
		assert_null(strstr(words.html, "{{"));
		/* A stranger may have typed it. */
		assert_null(strstr(words.text, "Bcc"));
		assert_null(strstr(words.html, "Bcc"));
		arena_reset(&f->arena);
	}
}

static void
values_are_escaped_in_html_and_whole_in_text(void **state)
{
	struct fixture *f = *state;
	struct mail_words words;

	assert_int_equal(open_with(f, ""), CODE_OK);
	words = fill(f, MAIL_TEMPLATE_VERIFY);
	assert_non_null(strstr(words.text, "\nhttps://a.example/?t=1&u='2'\n"));
	assert_non_null(strstr(words.html, "href=\"https://a.example/"
	                                   "?t=1&amp;u=&#39;2&#39;\""));
	assert_non_null(
		strstr(words.html, "Acme &amp; &quot;Co&quot; &lt;x&gt;"));
}

static void
an_empty_value_gives_the_words_after_the_bar(void **state)
{
	struct fixture *f = *state;
	struct mail_words words;

	assert_int_equal(open_with(f, ""), CODE_OK);
	words = fill(f, MAIL_TEMPLATE_PASSWORD_CHANGED);
	assert_non_null(strstr(words.text, "2026-01-02 03:04 UTC"));
	assert_non_null(strstr(words.text, "unknown"));
	assert_non_null(strstr(words.html, "unknown"));
}

static void
an_operators_file_replaces_the_one_of_its_name(void **state)
{
	struct fixture *f = *state;
	struct mail_words words;

	write_file(f, "verify.txt",
	           "Subject: Hi {{name|there}}\r\n\r\n{{link}} }}{\n");
	write_file(f, "README", "not a template {{");
	write_file(f, ".hidden.txt", "nor this {{");
	assert_int_equal(open_with(f, f->dir), CODE_OK);
	words = fill(f, MAIL_TEMPLATE_VERIFY);
	/* Control characters of a value are spaces: one line stays one. */
	assert_string_equal(words.subject, "Hi Ada  Bcc: eve@example.com");
	assert_string_equal(words.text, "https://a.example/?t=1&u='2' }}{\n");
	assert_non_null(strstr(words.html, "<html"));
	assert_non_null(strstr(fill(f, MAIL_TEMPLATE_RESET).text, "password"));
}

static void
what_is_wrong_in_a_file_is_told_with_its_line(void **state)
{
	static const struct {
		const char *name, *text, *complaint;
	} rows[] = {
		{ "reset.html", "<p>\n\n{{lnk}}\n",
		  "reset.html:3: unknown variable" },
		{ "reset.html", "<p>\n{{link</p>\n",
		  "reset.html:2: a {{ has no }}" },
		{ "reset.html", "<p>\xff</p>\n", "reset.html:1: is not UTF-8" },
		{ "reset.txt", "Hello\n", "reset.txt:1: must begin with" },
		{ "reset.txt", "Subject: x\ny\n",
		  "reset.txt:1: must begin with" },
		{ "reset.txt", "Subject: \n\ny\n",
		  "reset.txt:1: must begin with" },
		{ "reset.txt", "", "reset.txt:1: must begin with" },
		{ "rest.txt", "Subject: x\n\ny\n",
		  "rest.txt: no mail template has this name" },
	};
	struct fixture *f = *state;
	char path[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file(f, rows[i].name, rows[i].text);
		assert_int_equal(open_with(f, f->dir), CODE_INVALID_ARGUMENT);
		if (strstr(f->err, rows[i].complaint) == NULL)
			fail_msg("%s: %s", rows[i].complaint, f->err);
		(void)snprintf(path, sizeof(path), "%s/%s", f->dir,
		               rows[i].name);
		assert_int_equal(remove(path), 0);
	}
}

static void
what_is_no_directory_or_no_file_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[128];

	assert_int_equal(open_with(f, "/nowhere/at/all"), CODE_NOT_FOUND);
	(void)snprintf(path, sizeof(path), "%s/verify.txt", f->dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(open_with(f, f->dir), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, "regular file"));
}

static void
a_template_over_its_size_is_refused(void **state)
{
	struct fixture *f = *state;
	char *text = calloc(1, MAIL_TEMPLATE_SIZE_MAX + 2);

	assert_non_null(text);
	memset(text, 'x', MAIL_TEMPLATE_SIZE_MAX + 1);
	write_file(f, "verify.html", text);
	assert_int_equal(open_with(f, f->dir), CODE_INVALID_ARGUMENT);
	text[MAIL_TEMPLATE_SIZE_MAX] = '\0';
	write_file(f, "verify.html", text);
	assert_int_equal(open_with(f, f->dir), CODE_OK);
	free(text);
}

static void
a_subject_is_cut_between_characters(void **state)
{
	struct fixture *f = *state;
	char text[512];
	struct mail_words words;
	size_t len = (size_t)snprintf(text, sizeof(text), "Subject: ");

	for (int i = 0; i < 100; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		                        "\xe2\x82\xac");
	(void)snprintf(text + len, sizeof(text) - len, "\n\nx\n");
	write_file(f, "test.txt", text);
	assert_int_equal(open_with(f, f->dir), CODE_OK);
	words = fill(f, MAIL_TEMPLATE_TEST);
	assert_int_equal(strlen(words.subject), MAIL_SUBJECT_MAX);
	assert_string_equal(words.subject + MAIL_SUBJECT_MAX - 3,
	                    "\xe2\x82\xac");
}

static void
an_unknown_template_and_a_full_arena_are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct mail mail = mail_of("nothing");
	struct mail_words words;
	struct arena small;
	char memory[64];

	assert_int_equal(open_with(f, ""), CODE_OK);
	assert_int_equal(
		mail_templates_fill(f->templates, &f->arena, &mail, &words),
		CODE_NOT_FOUND);
	mail.template_name = MAIL_TEMPLATE_VERIFY;
	arena_init(&small, memory, sizeof(memory));
	assert_int_equal(
		mail_templates_fill(f->templates, &small, &mail, &words),
		CODE_RESOURCE_EXHAUSTED);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_kind_of_mail_has_text_and_html),
		TEST(values_are_escaped_in_html_and_whole_in_text),
		TEST(an_empty_value_gives_the_words_after_the_bar),
		TEST(an_operators_file_replaces_the_one_of_its_name),
		TEST(what_is_wrong_in_a_file_is_told_with_its_line),
		TEST(what_is_no_directory_or_no_file_is_refused),
		TEST(a_template_over_its_size_is_refused),
		TEST(a_subject_is_cut_between_characters),
		TEST(an_unknown_template_and_a_full_arena_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
