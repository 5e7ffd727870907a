#include "server/domain/mail_maildir.h"

#include <dirent.h>
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

#define FILE_NAME "abababababababababababababababab.latchkey"

struct fixture {
	char home[64];
	char path[96]; /* home/mail */
	char err[256];
	char error[256]; /* of a delivery */
	struct mail mail;
	struct mail_maildir *maildir;
};

static void
path_of(const struct fixture *f, const char *name, char out[160])
{
	(void)snprintf(out, 160, "%s/%s", f->path, name);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	store_fixture_make_dir(f->home);
	(void)snprintf(f->path, sizeof(f->path), "%s/mail", f->home);
	f->mail = (struct mail){ .to = "ada@example.org",
		                 .template_name = "verify",
		                 .last_error = "" };
	memset(f->mail.id, 0xab, sizeof(f->mail.id));
	assert_int_equal(
		mail_maildir_open(f->path, &f->maildir, f->err, sizeof(f->err)),
		CODE_OK);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const folders[] = { "tmp", "new", "cur" };
	struct fixture *f = *state;
	char path[160];

	mail_maildir_close(f->maildir);
	for (size_t i = 0; i < 3; i++) {
		path_of(f, folders[i], path);
		store_fixture_remove_dir(path);
	}
	assert_int_equal(rmdir(f->path), 0);
	assert_int_equal(rmdir(f->home), 0);
	free(f);
	return 0;
}

static enum mail_outcome
deliver(struct fixture *f, const char *message)
{
	const struct mail_delivery delivery = {
		.mail = &f->mail,
		.to = f->mail.to,
		.message = { message, strlen(message) },
		.error = f->error,
		.error_size = sizeof(f->error),
	};

	return mail_maildir_deliver(f->maildir, &delivery);
}

static size_t
count(const struct fixture *f, const char *folder)
{
	char path[160];
	size_t n = 0;
	DIR *dir;

	path_of(f, folder, path);
	dir = opendir(path);
	assert_non_null(dir);
	for (const struct dirent *e; (e = readdir(dir)) != NULL;)
		n += e->d_name[0] != '.';
	(void)closedir(dir);
	return n;
}

static void
assert_content(const struct fixture *f, const char *expected)
{
	char path[160], text[256] = "";
	FILE *file;

	path_of(f, "new/" FILE_NAME, path);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(text, 1, sizeof(text) - 1, file),
	                 strlen(expected));
	(void)fclose(file);
	assert_string_equal(text, expected);
}

static void
a_mail_lies_in_new_as_it_was_given(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(deliver(f, "one\r\n"), MAIL_ACCEPTED);
	assert_content(f, "one\r\n");
	assert_int_equal(count(f, "new"), 1);
	assert_int_equal(count(f, "tmp"), 0);
}

static void
a_repeat_replaces_the_file(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(deliver(f, "one longer\r\n"), MAIL_ACCEPTED);
	assert_int_equal(deliver(f, "two\r\n"), MAIL_ACCEPTED);
	assert_content(f, "two\r\n");
	assert_int_equal(count(f, "new"), 1);
}

static void
only_the_owner_may_read_it(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	char path[160];

	assert_int_equal(deliver(f, "one\r\n"), MAIL_ACCEPTED);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	path_of(f, "new/" FILE_NAME, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
a_maildir_that_is_there_is_used(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(deliver(f, "one\r\n"), MAIL_ACCEPTED);
	mail_maildir_close(f->maildir);
	f->maildir = NULL;
	assert_int_equal(
		mail_maildir_open(f->path, &f->maildir, f->err, sizeof(f->err)),
		CODE_OK);
	assert_content(f, "one\r\n");
}

static void
a_link_is_never_followed(void **state)
{
	struct fixture *f = *state;
	char path[160], target[160];

	path_of(f, "tmp/" FILE_NAME, path);
	path_of(f, "cur/target", target);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(deliver(f, "one\r\n"), MAIL_UNREACHABLE);
	assert_int_equal(access(target, F_OK), -1);
}

static void
what_cannot_be_written_is_told(void **state)
{
	struct fixture *f = *state;
	struct mail_maildir *other = NULL;
	char path[160];

	path_of(f, "new", path);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(deliver(f, "one\r\n"), MAIL_UNREACHABLE);
	assert_non_null(strstr(f->error, f->path));
	assert_int_equal(count(f, "tmp"), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(mail_maildir_open("/nowhere/at/all", &other, f->err,
	                                   sizeof(f->err)),
	                 CODE_NOT_FOUND);
	assert_non_null(strstr(f->err, "/nowhere/at/all"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_mail_lies_in_new_as_it_was_given),
		TEST(a_repeat_replaces_the_file),
		TEST(only_the_owner_may_read_it),
		TEST(a_maildir_that_is_there_is_used),
		TEST(a_link_is_never_followed),
		TEST(what_cannot_be_written_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
