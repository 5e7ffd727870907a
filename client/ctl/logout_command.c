#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/process.h"
#include "client/ctl/commands.h"
#include "client/ctl/connection.h"
#include "client/ctl/kept_login.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"

const char logout_help[] =
	"Usage: latchkeyctl logout [--config FILE | --home DIR]\n"
	"\n"
	"Ends the session of a login that was kept (login --keep) and removes\n"
	"its file. Ends with 4 if there is none.\n"
	"\n" CONNECTION_HELP KEPT_LOGIN_HELP;

enum { OPTION_LOGIN_FILE = CONNECTION_OPTION_END };

struct logout_options {
	struct connection_options connection;
	const char *login_file;
};

/* The file goes only once the server knows that the session has ended. */
static int
log_out(struct connection *connection, struct arena *arena,
        const struct logout_options *options)
{
	Latchkey__V1__LogoutRequest request =
		LATCHKEY__V1__LOGOUT_REQUEST__INIT;
	struct kept_login login = { 0 };
	ProtobufCMessage *reply = NULL;
	char path[PATH_MAX];
	int status = kept_login_path(&options->connection, options->login_file,
	                             path);

	if (status == EXIT_CODE_OK)
		status = kept_login_read(arena, path, &login);
	if (status != EXIT_CODE_OK)
		return status;
	request.refresh_token = login.refresh_token;
	status = connection_invoke(connection, "latchkey.v1.AuthService/Logout",
	                           &request.base, &reply);
	return status == EXIT_CODE_OK ? kept_login_remove(path) : status;
}

static int
parse(int argc, char **argv, struct logout_options *options)
{
	static const struct option known[] = {
		CONNECTION_OPTIONS,
		{ "login-file", required_argument, NULL, OPTION_LOGIN_FILE },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == OPTION_LOGIN_FILE)
			options->login_file = optarg;
		else if (!connection_set_option(&options->connection, option,
		                                optarg))
			return EXIT_CODE_USAGE;
	}
	if (optind == argc)
		return EXIT_CODE_OK;
	return command_fail(EXIT_CODE_USAGE, PROGRAM,
	                    "logout takes no argument \"%s\"", argv[optind]);
}

int
logout_command(int argc, char **argv)
{
	struct logout_options options = { 0 };
	struct connection *connection = NULL;
	struct arena arena;
	void *memory;
	int status = parse(argc, argv, &options);

	if (status != EXIT_CODE_OK)
		return status;
	process_harden();
	memory = malloc(CONNECTION_ARENA_SIZE);
	if (memory == NULL)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
	arena_init(&arena, memory, CONNECTION_ARENA_SIZE);
	status = connection_open(&options.connection, &arena, &connection);
	if (status == EXIT_CODE_OK)
		status = log_out(connection, &arena, &options);
	connection_close(connection);
	arena_reset(&arena);
	free(memory);
	return status;
}
