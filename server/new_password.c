#include "server/new_password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret_input.h"
#include "server/commands.h"

static enum code
ask_twice(char out[NEW_PASSWORD_SIZE])
{
	char again[NEW_PASSWORD_SIZE] = "";
	enum code code = secret_prompt("Password: ", out, sizeof(again));

	if (code == CODE_OK)
		code = secret_prompt("Again: ", again, sizeof(again));
	if (code == CODE_OK && strcmp(out, again) != 0) {
		explicit_bzero(out, sizeof(again));
		code = CODE_FAILED_PRECONDITION;
		(void)fputs(PROGRAM ": the two differ\n", stderr);
	}
	explicit_bzero(again, sizeof(again));
	return code;
}

int
new_password_read(const char *fd_text, char out[NEW_PASSWORD_SIZE])
{
	enum code code;
	char *end;
	long fd;

	if (fd_text == NULL) {
		code = ask_twice(out);
		if (code == CODE_FAILED_PRECONDITION)
			return command_fail(EXIT_CODE_FAILED, PROGRAM,
			                    "no password; without a terminal "
			                    "use --password-fd");
	} else {
		fd = strtol(fd_text, &end, 10);
		if (*end != '\0' || end == fd_text || fd < 0 || fd > 65535)
			return command_fail(EXIT_CODE_USAGE, PROGRAM,
			                    "--password-fd wants a number");
		code = secret_read((int)fd, out, NEW_PASSWORD_SIZE);
	}
	if (code == CODE_OK)
		return EXIT_CODE_OK;
	return command_fail(
		EXIT_CODE_FAILED, PROGRAM,
		code == CODE_UNAVAILABLE
			? "cancelled"
			: "the password cannot be read: one line of "
			  "1 to 1024 bytes is wanted");
}

void
new_password_warn(const char *password, const struct password_owner *owner)
{
	struct password_verdict verdict = { 0 };

	password_judge(PASSWORD_RULES_DJANGO, password, owner, &verdict);
	for (size_t i = 0; i < PASSWORD_FAULT_COUNT; i++)
		if (verdict.messages[i] != NULL)
			(void)fprintf(stderr, PROGRAM ": warning: %s\n",
			              verdict.messages[i]);
}
