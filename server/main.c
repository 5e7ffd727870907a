/*
 * latchkeyd: the table of its commands. `serve` is the daemon; the others work
 * on the state directory and end.
 */
#include <stdio.h>

#include "base/version.h"
#include "server/commands.h"

static int
version_command(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	(void)puts(PROGRAM " " LATCHKEY_VERSION);
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

int
main(int argc, char **argv)
{
	static const struct command commands[] = {
		{ "serve", "Serves until SIGTERM; what runs without a command.",
		  serve_help, serve_command },
		{ "init", "Makes a state directory.", init_help, init_command },
		{ "create-superuser",
		  "Writes an account with every permission.", superuser_help,
		  superuser_command },
		{ "set-password", "Gives an account another password.",
		  password_help, password_command },
		{ "backup", "Copies the store, also while it is served.",
		  backup_help, backup_command },
		{ "restore", "Puts a copy of the store in its place.",
		  restore_help, restore_command },
		{ "keys", "Lists, adds and retires signing keys.", keys_help,
		  keys_command },
		{ "doctor", "Looks a state directory over.", doctor_help,
		  doctor_command },
		{ "version", "Prints the version.",
		  "Usage: latchkeyd version\n", version_command },
	};
	static char program[] = PROGRAM;
	const struct command_line line = {
		.program = program,
		.about = "Usage: latchkeyd [COMMAND] [OPTIONS]\n"
			 "\n"
			 "The server of Latchkey, an authentication service: "
			 "accounts, passwords and\n"
			 "JSON Web Tokens over protobuf RPC.\n",
		.commands = commands,
		.count = sizeof(commands) / sizeof(commands[0]),
		.standard = "serve",
		.after = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 what "
			 "was to be made is there\n"
			 "already.\n",
	};

	return command_line_run(&line, argc, argv);
}
