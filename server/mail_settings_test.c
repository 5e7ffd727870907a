#include "server/mail_settings.h"

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

struct fixture {
	struct server_settings settings;
	char path[64];
	char err[512];
};

static void
put(char **member, const char *text)
{
	free(*member);
	*member = strdup(text);
	assert_non_null(*member);
}

static void
write_password(const struct fixture *f, const char *text, mode_t mode)
{
	FILE *file;

	(void)remove(f->path);
	file = fopen(f->path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(f->path, mode), 0);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	assert_non_null(f);
	(void)snprintf(f->path, sizeof(f->path), "/tmp/mail_password.XXXXXX");
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(settings_load(&server_settings_table, NULL,
	                               &f->settings, f->err, sizeof(f->err)),
	                 CODE_OK);
	put(&f->settings.mail.transport, "smtp");
	put(&f->settings.mail.smtp_url, "smtp://mail.example");
	put(&f->settings.mail.smtp_user, "latchkey");
	put(&f->settings.mail.smtp_password_file, f->path);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	(void)remove(f->path);
	settings_free(&server_settings_table, &f->settings);
	free(f);
	return 0;
}

static enum code
read_them(struct fixture *f, struct mail_settings *out)
{
	f->err[0] = '\0';
	return mail_settings_read(&f->settings, out, f->err, sizeof(f->err));
}

static void
the_defaults_are_a_maildir_in_the_state_directory(void **state)
{
	struct fixture *f = *state;
	struct mail_settings m;

	put(&f->settings.mail.transport, "maildir");
	assert_int_equal(read_them(f, &m), CODE_OK);
	assert_int_equal(m.options.transport, MAIL_MAILDIR);
	assert_string_equal(m.options.maildir, "mail");
	assert_string_equal(m.options.operator_name, "Latchkey");
	assert_true(m.options.smtp_starttls);
	assert_string_equal(m.password, "");
}

static void
the_password_comes_from_its_file_and_can_be_wiped(void **state)
{
	struct fixture *f = *state;
	struct mail_settings m;

	write_password(f, "s3cret word\n", 0400);
	assert_int_equal(read_them(f, &m), CODE_OK);
	assert_int_equal(m.options.transport, MAIL_SMTP);
	assert_string_equal(m.options.smtp_password, "s3cret word");
	write_password(f, "other", 0600);
	assert_int_equal(read_them(f, &m), CODE_OK);
	assert_string_equal(m.options.smtp_password, "other");
	mail_settings_wipe(&m);
	assert_string_equal(m.options.smtp_password, "");
}

static void
a_password_file_that_others_could_read_is_refused(void **state)
{
	static const mode_t modes[] = { 0440, 0404, 0644, 0660, 0500 };
	struct fixture *f = *state;
	struct mail_settings m;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_password(f, "word\n", modes[i]);
		assert_int_equal(read_them(f, &m), CODE_PERMISSION_DENIED);
		assert_non_null(strstr(f->err, "mail.smtp_password_file"));
		assert_null(strstr(f->err, "word\n"));
	}
}

static void
what_is_no_password_file_is_refused(void **state)
{
	struct fixture *f = *state;
	struct mail_settings m;

	write_password(f, "two\nlines\n", 0400);
	assert_int_equal(read_them(f, &m), CODE_INVALID_ARGUMENT);
	assert_null(strstr(f->err, "lines"));
	put(&f->settings.mail.smtp_password_file, "/tmp");
	assert_int_equal(read_them(f, &m), CODE_PERMISSION_DENIED);
	put(&f->settings.mail.smtp_password_file, "/nowhere/at/all");
	assert_int_equal(read_them(f, &m), CODE_NOT_FOUND);
	assert_string_equal(f->err, "mail.smtp_password_file: /nowhere/at/all: "
	                            "No such file or directory");
	put(&f->settings.mail.smtp_password_file, "");
	assert_int_equal(read_them(f, &m), CODE_INVALID_ARGUMENT);
	put(&f->settings.mail.smtp_user, "");
	assert_int_equal(read_them(f, &m), CODE_OK);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_defaults_are_a_maildir_in_the_state_directory),
		TEST(the_password_comes_from_its_file_and_can_be_wiped),
		TEST(a_password_file_that_others_could_read_is_refused),
		TEST(what_is_no_password_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
