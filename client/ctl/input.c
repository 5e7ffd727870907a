#include "client/ctl/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "client/ctl/commands.h"

static enum code
refuse(const char *from, const char *why)
{
	(void)command_fail(EXIT_CODE_USAGE, PROGRAM, "%s: %s", from, why);
	return CODE_INVALID_ARGUMENT;
}

static enum code
read_all(int fd, const char *from, char *text, size_t *len)
{
	ssize_t got;

	*len = 0;
	do {
		got = read(fd, text + *len, INPUT_MAX + 1 - *len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return refuse(from, strerror(errno));
		*len += (size_t)got;
	} while (got != 0 && *len <= INPUT_MAX);
	if (*len > INPUT_MAX)
		return refuse(from, "longer than 512 KiB");
	return CODE_OK;
}

enum code
input_read(struct arena *arena, const char *from, char **out, size_t *len)
{
	char *text = arena_alloc(arena, INPUT_MAX + 2);
	int fd = STDIN_FILENO;
	enum code code;

	if (text == NULL)
		return refuse(from, "out of memory");
	if (*from == '@')
		fd = open(from + 1, O_RDONLY | O_CLOEXEC);
	else if (strcmp(from, "-") != 0)
		return refuse(from, "neither @FILE nor -");
	if (fd < 0)
		return refuse(from, strerror(errno));
	code = read_all(fd, from, text, len);
	if (fd != STDIN_FILENO)
		(void)close(fd);
	if (code == CODE_OK)
		*out = text;
	return code;
}

enum code
input_read_token(struct arena *arena, const char *from, char **out)
{
	static const char white[] = " \t\r\n";
	size_t len = 0;
	char *text = NULL;
	enum code code = input_read(arena, from, &text, &len);

	if (code != CODE_OK)
		return code;
	while (len > 0 && strchr(white, text[len - 1]) != NULL)
		len--;
	text[len] = '\0';
	text += strspn(text, white);
	if (*text == '\0' || text[strcspn(text, white)] != '\0')
		return refuse(from, "not a token");
	*out = text;
	return CODE_OK;
}
