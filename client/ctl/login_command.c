#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/process.h"
#include "base/secret_input.h"
#include "client/ctl/commands.h"
#include "client/ctl/connection.h"
#include "client/ctl/kept_login.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"

#define PASSWORD_SIZE 1026 /* bytes: AuthenticateRequest.password and more */

const char login_help[] =
	"Usage: latchkeyctl login --identifier NAME [--password-fd N] "
	"[--keep]\n"
	"                         [--config FILE | --home DIR]\n"
	"\n"
	"Logs in and prints the tokens and the user as JSON. The password is\n"
	"asked for on the terminal, or read from the file descriptor N to\n"
	"its end; never from the command line. With --keep the tokens are not\n"
	"printed but kept in a file (0600) for users, roles, sessions and\n"
	"logout.\n"
	"\n" CONNECTION_HELP
	"  --identifier NAME an e-mail address or username\n"
	"  --password-fd N   such as: ... --password-fd 3 3<password.txt\n"
	"  --keep            keep the login instead of printing "
	"it\n" KEPT_LOGIN_HELP "\n"
	"Example: latchkeyctl login --home .latchkey --identifier ada@b.org\n";

enum {
	OPTION_IDENTIFIER = CONNECTION_OPTION_END,
	OPTION_PASSWORD_FD,
	OPTION_KEEP,
	OPTION_LOGIN_FILE,
};

struct login_options {
	struct connection_options connection;
	char *identifier;
	const char *password_fd;
	bool keep;
	const char *login_file;
};

static int
read_password(const char *password_fd, char out[PASSWORD_SIZE])
{
	enum code code;
	char *end;
	long fd;

	if (password_fd == NULL) {
		code = secret_prompt("Password: ", out, PASSWORD_SIZE);
		if (code == CODE_FAILED_PRECONDITION)
			return command_fail(EXIT_CODE_USAGE, PROGRAM,
			                    "no terminal to ask on; use "
			                    "--password-fd");
	} else {
		fd = strtol(password_fd, &end, 10);
		if (*end != '\0' || end == password_fd || fd < 0 || fd > 65535)
			return command_fail(EXIT_CODE_USAGE, PROGRAM,
			                    "--password-fd wants a number");
		code = secret_read((int)fd, out, PASSWORD_SIZE);
	}
	if (code == CODE_OK)
		return EXIT_CODE_OK;
	return command_fail(EXIT_CODE_USAGE, PROGRAM,
	                    code == CODE_UNAVAILABLE
	                            ? "cancelled"
	                            : "the password cannot be read: one line "
	                              "of 1 to 1024 bytes is wanted");
}

/* keep writes the tokens to the file and says so. */
static int
keep(const struct login_options *options, struct arena *arena,
     const Latchkey__V1__AuthenticateResponse *response)
{
	const struct kept_login login = {
		.access_token = response->access_token,
		.refresh_token = response->refresh_token,
		.access_expires_at = response->access_expires_at,
	};
	char path[PATH_MAX];
	int status = kept_login_path(&options->connection, options->login_file,
	                             path);

	if (status == EXIT_CODE_OK)
		status = kept_login_write(arena, path, &login);
	if (status == EXIT_CODE_OK)
		(void)fprintf(stderr, "logged in; kept in %s\n", path);
	return status;
}

static int
authenticate(const struct login_options *options, struct arena *arena,
             char *password)
{
	Latchkey__V1__AuthenticateRequest request =
		LATCHKEY__V1__AUTHENTICATE_REQUEST__INIT;
	struct connection *connection = NULL;
	ProtobufCMessage *reply = NULL;
	int status = connection_open(&options->connection, arena, &connection);

	request.identifier = options->identifier;
	request.password = password;
	if (status == EXIT_CODE_OK)
		status = connection_invoke(
			connection, "latchkey.v1.AuthService/Authenticate",
			&request.base, &reply);
	if (status == EXIT_CODE_OK && options->keep)
		status =
			keep(options, arena,
		             (const Latchkey__V1__AuthenticateResponse *)reply);
	else if (status == EXIT_CODE_OK)
		status = connection_print(arena, reply);
	connection_close(connection);
	return status;
}

static int
log_in(const struct login_options *options, struct arena *arena)
{
	char password[PASSWORD_SIZE] = "";
	int status = read_password(options->password_fd, password);

	if (status == EXIT_CODE_OK)
		status = authenticate(options, arena, password);
	explicit_bzero(password, sizeof(password));
	return status;
}

static bool
set_option(struct login_options *options, int option, char *value)
{
	if (option == OPTION_IDENTIFIER)
		options->identifier = value;
	else if (option == OPTION_PASSWORD_FD)
		options->password_fd = value;
	else if (option == OPTION_KEEP)
		options->keep = true;
	else if (option == OPTION_LOGIN_FILE)
		options->login_file = value;
	else
		return connection_set_option(&options->connection, option,
		                             value);
	return true;
}

static int
parse(int argc, char **argv, struct login_options *options)
{
	static const struct option known[] = {
		CONNECTION_OPTIONS,
		{ "identifier", required_argument, NULL, OPTION_IDENTIFIER },
		{ "password-fd", required_argument, NULL, OPTION_PASSWORD_FD },
		{ "keep", no_argument, NULL, OPTION_KEEP },
		{ "login-file", required_argument, NULL, OPTION_LOGIN_FILE },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!set_option(options, option, optarg))
			return EXIT_CODE_USAGE;
	if (optind < argc)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "login takes no argument \"%s\"",
		                    argv[optind]);
	if (options->identifier != NULL)
		return EXIT_CODE_OK;
	return command_fail(EXIT_CODE_USAGE, PROGRAM,
	                    "login needs --identifier NAME");
}

int
login_command(int argc, char **argv)
{
	struct login_options options = { 0 };
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
	status = log_in(&options, &arena);
	arena_reset(&arena);
	free(memory);
	return status;
}
