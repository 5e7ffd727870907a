#include "base/secret_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Ctrl-C, as a terminal without ISIG hands it over. */
#define INTERRUPT '\003'

/* fill reads until the end, or the line's end when `line` is set. */
static enum code
fill(int fd, bool line, char *out, size_t size, size_t *len)
{
	*len = 0;
	while (*len < size) {
		ssize_t got = read(fd, out + *len, size - *len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return CODE_INTERNAL;
		if (got == 0)
			return CODE_OK;
		*len += (size_t)got;
		if (line && out[*len - 1] == '\n')
			return CODE_OK;
	}
	return CODE_INVALID_ARGUMENT;
}

static enum code
read_secret(int fd, bool line, char *out, size_t size)
{
	size_t len = 0;
	enum code code = fill(fd, line, out, size, &len);

	if (code == CODE_OK && len > 0 && out[len - 1] == '\n')
		len--;
	if (code == CODE_OK &&
	    (memchr(out, '\0', len) != NULL || memchr(out, '\n', len) != NULL))
		code = CODE_INVALID_ARGUMENT;
	if (code != CODE_OK) {
		explicit_bzero(out, size);
		return code;
	}
	out[len] = '\0';
	return CODE_OK;
}

enum code
secret_read(int fd, char *out, size_t size)
{
	return read_secret(fd, isatty(fd), out, size);
}

static enum code
ask(int tty, const char *prompt, char *out, size_t size)
{
	enum code code;

	if (write(tty, prompt, strlen(prompt)) < 0)
		return CODE_INTERNAL;
	code = read_secret(tty, true, out, size);
	(void)!write(tty, "\n", 1);
	if (code == CODE_OK &&
	    (*out == '\0' || strchr(out, INTERRUPT) != NULL)) {
		explicit_bzero(out, size);
		return CODE_UNAVAILABLE;
	}
	return code;
}

enum code
secret_prompt(const char *prompt, char *out, size_t size)
{
	struct termios before, silent;
	enum code code = CODE_FAILED_PRECONDITION;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (tty < 0)
		return CODE_FAILED_PRECONDITION;
	if (tcgetattr(tty, &before) == 0) {
		silent = before;
		/* Without signals nothing can leave the terminal mute. */
		silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ISIG);
		if (tcsetattr(tty, TCSAFLUSH, &silent) == 0)
			code = ask(tty, prompt, out, size);
		(void)tcsetattr(tty, TCSAFLUSH, &before);
	}
	(void)close(tty);
	return code;
}
