#include "base/secret_input.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZE 16

static enum code
read_piped(const char *data, size_t len, char out[SIZE])
{
	enum code code;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], data, len), (ssize_t)len);
	close(ends[1]);
	memset(out, 'x', SIZE);
	code = secret_read(ends[0], out, SIZE);
	close(ends[0]);
	return code;
}

static void
one_line_end_is_cut_and_nothing_else(void **state)
{
	char out[SIZE];

	(void)state;
	assert_int_equal(read_piped("secret", 6, out), CODE_OK);
	assert_string_equal(out, "secret");
	assert_int_equal(read_piped(" secret \n", 9, out), CODE_OK);
	assert_string_equal(out, " secret ");
	assert_int_equal(read_piped("", 0, out), CODE_OK);
	assert_string_equal(out, "");
	assert_int_equal(read_piped("\n", 1, out), CODE_OK);
	assert_string_equal(out, "");
}

static void
what_is_too_long_or_no_line_is_refused_and_wiped(void **state)
{
	static const char zeros[SIZE];
	char out[SIZE];

	(void)state;
	assert_int_equal(read_piped("123456789012345", 15, out), CODE_OK);
	assert_int_equal(read_piped("1234567890123456", 16, out),
	                 CODE_INVALID_ARGUMENT);
	assert_memory_equal(out, zeros, SIZE);
	assert_int_equal(read_piped("a\0b", 3, out), CODE_INVALID_ARGUMENT);
	assert_int_equal(read_piped("a\nb\n", 4, out), CODE_INVALID_ARGUMENT);
	assert_int_equal(secret_read(-1, out, SIZE), CODE_INTERNAL);
}

/* answer_prompt is the child: a session of its own with a terminal. */
static void
answer_prompt(const char *terminal, const char *expected, enum code code)
{
	char out[SIZE] = "";
	struct termios after;
	bool good;
	int tty;

	(void)setsid();
	tty = open(terminal, O_RDWR);
	if (tty < 0 || ioctl(tty, TIOCSCTTY, 0) != 0)
		_exit(2);
	good = secret_prompt("Password: ", out, sizeof(out)) == code &&
	       strcmp(out, expected) == 0 && tcgetattr(tty, &after) == 0 &&
	       (after.c_lflag & ECHO) != 0 && (after.c_lflag & ISIG) != 0;
	_exit(good ? 0 : 1);
}

/* wait_for reads the terminal's other end until `text` has come by. */
static void
wait_for(int master, const char *text, char *seen, size_t size)
{
	size_t len = strlen(seen);

	while (strstr(seen, text) == NULL) {
		ssize_t got = read(master, seen + len, size - 1 - len);

		assert_true(got > 0);
		len += (size_t)got;
		seen[len] = '\0';
	}
}

static void
check_prompt(const char *typed, const char *expected, enum code code)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	char seen[256] = "";
	char terminal[64];
	int status;
	pid_t child;

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	assert_int_equal(ptsname_r(master, terminal, sizeof(terminal)), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		answer_prompt(terminal, expected, code);
	wait_for(master, "Password: ", seen, sizeof(seen));
	assert_true(write(master, typed, strlen(typed)) > 0);
	wait_for(master, "\r\n", seen, sizeof(seen));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_null(strstr(seen, "hidden"));
	close(master);
}

static void
a_prompt_does_not_echo_and_restores_the_terminal(void **state)
{
	(void)state;
	check_prompt("hidden\n", "hidden", CODE_OK);
}

static void
a_prompt_can_be_cancelled(void **state)
{
	(void)state;
	check_prompt("hid\003den\n", "", CODE_UNAVAILABLE);
	check_prompt("\n", "", CODE_UNAVAILABLE);
	check_prompt("hidden hidden hidden\n", "", CODE_INVALID_ARGUMENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_end_is_cut_and_nothing_else),
		cmocka_unit_test(
			what_is_too_long_or_no_line_is_refused_and_wiped),
		cmocka_unit_test(
			a_prompt_does_not_echo_and_restores_the_terminal),
		cmocka_unit_test(a_prompt_can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
