/*
 * latchkey-gateway: the table of its commands. `serve` is the daemon.
 */
#include <stdio.h>

#include "base/version.h"
#include "gateway/commands.h"

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
		{ "init", "Writes a commented configuration.", init_help,
		  init_command },
		{ "doctor", "Looks a configuration and its files over.",
		  doctor_help, doctor_command },
		{ "routes", "Prints every route and what it may answer.",
		  routes_help, routes_command },
		{ "openapi", "Prints the description of every route.",
		  openapi_help, openapi_command },
		{ "version", "Prints the version.",
		  "Usage: latchkey-gateway version\n", version_command },
	};
	static char program[] = PROGRAM;
	const struct command_line line = {
		.program = program,
		.about = "Usage: latchkey-gateway [COMMAND] [OPTIONS]\n"
			 "\n"
			 "Translates documented JSON routes into calls to "
			 "latchkeyd.\n",
		.commands = commands,
		.count = sizeof(commands) / sizeof(commands[0]),
		.standard = "serve",
		.after = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 what "
			 "was to be made is there\nalready.\n",
	};

	return command_line_run(&line, argc, argv);
}
