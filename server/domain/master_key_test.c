#include "server/domain/master_key.h"

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

struct place {
	char dir[32];
	char path[64];
	char other[64];
};

static int
make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	strcpy(place->dir, "/tmp/latchkey.XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	(void)snprintf(place->path, sizeof(place->path), "%s/master.key",
	               place->dir);
	(void)snprintf(place->other, sizeof(place->other), "%s/other",
	               place->dir);
	*state = place;
	return 0;
}

static int
remove_place(void **state)
{
	struct place *place = *state;

	(void)unlink(place->path);
	(void)unlink(place->other);
	assert_int_equal(rmdir(place->dir), 0);
	free(place);
	return 0;
}

static void
write_file(const char *path, const char *text, size_t len, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* expect_refusal also wants a sentence that names the file. */
static void
expect_refusal(const char *path, enum code code)
{
	uint8_t key[MASTER_KEY_SIZE] = { 1 };
	char err[512] = "";

	assert_int_equal(master_key_load(path, key, err, sizeof(err)), code);
	assert_non_null(strstr(err, path));
	assert_int_equal(key[0], 1);
}

#define DIGITS                                                                 \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void
a_made_key_loads_and_is_random(void **state)
{
	struct place *place = *state;
	uint8_t a[MASTER_KEY_SIZE], b[MASTER_KEY_SIZE];
	char err[256] = "";
	struct stat st;

	assert_int_equal(master_key_make(place->path), CODE_OK);
	assert_int_equal(stat(place->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(st.st_size, 65);
	assert_int_equal(master_key_load(place->path, a, err, sizeof(err)),
	                 CODE_OK);
	assert_int_equal(master_key_make(place->other), CODE_OK);
	assert_int_equal(master_key_load(place->other, b, err, sizeof(err)),
	                 CODE_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_string_equal(err, "");
}

static void
a_key_that_is_there_is_never_overwritten(void **state)
{
	struct place *place = *state;

	write_file(place->path, "x", 1, 0600);
	assert_int_equal(master_key_make(place->path), CODE_ALREADY_EXISTS);
	expect_refusal(place->path, CODE_PERMISSION_DENIED);
	assert_int_equal(unlink(place->path), 0);
	/* Not through a link either, wherever that leads. */
	assert_int_equal(symlink(place->other, place->path), 0);
	assert_int_equal(master_key_make(place->path), CODE_ALREADY_EXISTS);
	assert_int_equal(access(place->other, F_OK), -1);
}

static void
the_digits_are_the_key(void **state)
{
	struct place *place = *state;
	uint8_t key[MASTER_KEY_SIZE];
	char err[256];

	write_file(place->path, DIGITS "\n", 65, 0400);
	assert_int_equal(master_key_load(place->path, key, err, sizeof(err)),
	                 CODE_OK);
	for (size_t i = 0; i < sizeof(key); i++)
		assert_int_equal(key[i], i);
}

static void
any_mode_but_0400_is_refused(void **state)
{
	static const mode_t modes[] = { 0600, 0440, 0404, 0640, 0644,
		                        0410, 0401, 0500, 04400 };
	struct place *place = *state;

	write_file(place->path, DIGITS "\n", 65, 0400);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(place->path, modes[i]), 0);
		expect_refusal(place->path, CODE_PERMISSION_DENIED);
	}
}

static void
what_is_no_regular_file_is_refused(void **state)
{
	struct place *place = *state;

	write_file(place->other, DIGITS "\n", 65, 0400);
	assert_int_equal(symlink(place->other, place->path), 0);
	expect_refusal(place->path, CODE_PERMISSION_DENIED);
	assert_int_equal(unlink(place->path), 0);
	/* Opening a FIFO without a writer must not wait for one. */
	assert_int_equal(mkfifo(place->path, 0400), 0);
	expect_refusal(place->path, CODE_PERMISSION_DENIED);
	assert_int_equal(unlink(place->path), 0);
	expect_refusal(place->dir, CODE_PERMISSION_DENIED);
}

static void
a_file_of_somebody_else_is_refused(void **state)
{
	/* Belongs to root: for root itself it is the mode that is wrong. */
	(void)state;
	expect_refusal("/etc/passwd", CODE_PERMISSION_DENIED);
}

static void
a_missing_file_is_said_to_be_missing(void **state)
{
	struct place *place = *state;

	expect_refusal(place->path, CODE_NOT_FOUND);
	assert_int_equal(master_key_make("/nonexistent/folder/key"),
	                 CODE_NOT_FOUND);
}

static void
other_content_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{ "", 0 },
		{ "\n", 1 },
		{ DIGITS, 64 },
		{ DIGITS "\n\n", 66 },
		{ DIGITS "\r\n", 66 },
		{ DIGITS "0\n", 66 },
		{ DIGITS "00\n", 67 },
		{ "g" DIGITS, 65 },
		{ "A00102030405060708090a0b0c0d0e0f"
		  "101112131415161718191a1b1c1d1e1\n",
		  65 },
		{ "0001020304050607\0" DIGITS, 65 },
	};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file(place->path, rows[i].text, rows[i].len, 0400);
		expect_refusal(place->path, CODE_INVALID_ARGUMENT);
		assert_int_equal(unlink(place->path), 0);
	}
}

#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, make_place, remove_place)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_made_key_loads_and_is_random),
		CASE(a_key_that_is_there_is_never_overwritten),
		CASE(the_digits_are_the_key),
		CASE(any_mode_but_0400_is_refused),
		CASE(what_is_no_regular_file_is_refused),
		CASE(a_file_of_somebody_else_is_refused),
		CASE(a_missing_file_is_said_to_be_missing),
		CASE(other_content_is_refused),
	};

	return cmocka_run_group_tests_name("master_key", tests, NULL, NULL);
}
