/*
 * latchkeyctl: the table of its commands. All but `pki` and `methods` speak to
 * a running server.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/version.h"
#include "client/ctl/commands.h"

static int
version_command(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	(void)puts(PROGRAM " " LATCHKEY_VERSION);
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_USAGE;
}

int
main(int argc, char **argv)
{
	static const struct command commands[] = {
		{ "login", "Logs in: prints the tokens or keeps them.",
		  login_help, login_command },
		{ "logout", "Ends a login that was kept.", logout_help,
		  logout_command },
		{ "users", "Administers accounts.", users_help, users_command },
		{ "roles", "Administers roles.", roles_help, roles_command },
		{ "sessions", "Shows and ends sessions.", sessions_help,
		  sessions_command },
		{ "doctor", "Looks a state directory and its server over.",
		  doctor_help, doctor_command },
		{ "call", "Calls any method with JSON.", call_help,
		  call_command },
		{ "methods", "Lists the methods.", methods_help,
		  methods_command },
		{ "token", "Shows what a token says, or verifies it.",
		  token_help, token_command },
		{ "pki", "Issues and renews certificates.", pki_help,
		  pki_command },
		{ "version", "Prints the version.",
		  "Usage: latchkeyctl version\n", version_command },
	};
	static char program[] = PROGRAM;
	const struct command_line line = {
		.program = program,
		.about = "Usage: latchkeyctl COMMAND [OPTIONS]\n"
			 "\n"
			 "Speaks to latchkeyd over RPC.\n",
		.commands = commands,
		.count = sizeof(commands) / sizeof(commands[0]),
		.after = "Exit codes: 0 done, 1 refused by the server (why is "
			 "on standard error),\n2 wrong usage or a file at "
			 "fault, 3 the server cannot be reached, 4 not\n"
			 "logged in, 5 there is no such thing.\n",
	};

	log_set_level(LOG_LEVEL_WARN);
	return command_line_run(&line, argc, argv);
}
