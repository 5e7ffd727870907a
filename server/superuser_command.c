#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/process.h"
#include "base/secret_input.h"
#include "server/commands.h"
#include "server/domain/password.h"
#include "server/home.h"
#include "server/store/store.h"
#include "server/superuser.h"

#define SHORT_PASSWORD 8 /* characters; shorter ones are warned of */

const char superuser_help[] =
	"Usage: latchkeyd create-superuser [--home DIR] --email ADDRESS\n"
	"           [--username NAME] [--first-name NAME] [--last-name NAME]\n"
	"           [--role NAME]... [--password-fd N] [--if-none]\n"
	"\n"
	"Writes an account with every permission into the store, beside a\n"
	"running server or without one. The password is asked for twice on\n"
	"the terminal, or read from the file descriptor N to its end; never\n"
	"from the command line. Short ones are warned of, not refused.\n"
	"\n"
	"  --home DIR          the state directory; default: $LATCHKEY_HOME\n"
	"  --email ADDRESS     up to 254 bytes\n"
	"  --username NAME     up to 150 characters\n"
	"  --first-name NAME, --last-name NAME\n"
	"                      up to 150 characters each\n"
	"  --role NAME         a role of the user; may be repeated\n"
	"  --password-fd N     such as: ... --password-fd 3 3<password.txt\n"
	"  --if-none           only if there is no account at all\n"
	"\n"
	"Ends with 3 if somebody has this e-mail address or username\n"
	"already, or with --if-none if there is an account.\n";

enum {
	OPTION_HOME = 1,
	OPTION_EMAIL,
	OPTION_USERNAME,
	OPTION_FIRST_NAME,
	OPTION_LAST_NAME,
	OPTION_ROLE,
	OPTION_PASSWORD_FD,
	OPTION_IF_NONE,
};

struct superuser_options {
	const char *home;
	const char *password_fd;
	bool if_none;
	struct setting_list roles;
	struct superuser superuser; /* without password and roles */
};

static int
set_option(struct superuser_options *options, int option, char *value)
{
	struct superuser *superuser = &options->superuser;

	switch (option) {
	case OPTION_HOME:
		options->home = value;
		return EXIT_CODE_OK;
	case OPTION_EMAIL:
		superuser->email = value;
		return EXIT_CODE_OK;
	case OPTION_USERNAME:
		superuser->username = value;
		return EXIT_CODE_OK;
	case OPTION_FIRST_NAME:
		superuser->first_name = value;
		return EXIT_CODE_OK;
	case OPTION_LAST_NAME:
		superuser->last_name = value;
		return EXIT_CODE_OK;
	case OPTION_ROLE:
		options->roles.items[options->roles.count++] = value;
		return EXIT_CODE_OK;
	case OPTION_PASSWORD_FD:
		options->password_fd = value;
		return EXIT_CODE_OK;
	case OPTION_IF_NONE:
		options->if_none = true;
		return EXIT_CODE_OK;
	default:
		return EXIT_CODE_USAGE;
	}
}

static int
parse(int argc, char **argv, struct superuser_options *options)
{
	static const struct option known[] = {
		{ "home", required_argument, NULL, OPTION_HOME },
		{ "email", required_argument, NULL, OPTION_EMAIL },
		{ "username", required_argument, NULL, OPTION_USERNAME },
		{ "first-name", required_argument, NULL, OPTION_FIRST_NAME },
		{ "last-name", required_argument, NULL, OPTION_LAST_NAME },
		{ "role", required_argument, NULL, OPTION_ROLE },
		{ "password-fd", required_argument, NULL, OPTION_PASSWORD_FD },
		{ "if-none", no_argument, NULL, OPTION_IF_NONE },
		{ 0 },
	};
	int status = EXIT_CODE_OK;
	int option;

	while (status == EXIT_CODE_OK &&
	       (option = getopt_long(argc, argv, "", known, NULL)) != -1)
		status = set_option(options, option, optarg);
	if (status != EXIT_CODE_OK)
		return status;
	if (optind < argc)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "create-superuser takes no argument \"%s\"",
		                    argv[optind]);
	if (options->superuser.email == NULL)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "create-superuser needs --email ADDRESS");
	options->home = command_home(PROGRAM, options->home);
	return options->home == NULL ? EXIT_CODE_USAGE : EXIT_CODE_OK;
}

static enum code
ask_twice(char out[PASSWORD_MAX + 2])
{
	char again[PASSWORD_MAX + 2] = "";
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

static int
read_password(const char *password_fd, char out[PASSWORD_MAX + 2])
{
	enum code code;
	char *end;
	long fd;

	if (password_fd == NULL) {
		code = ask_twice(out);
		if (code == CODE_FAILED_PRECONDITION)
			return command_fail(EXIT_CODE_FAILED, PROGRAM,
			                    "no password; without a terminal "
			                    "use --password-fd");
	} else {
		fd = strtol(password_fd, &end, 10);
		if (*end != '\0' || end == password_fd || fd < 0 || fd > 65535)
			return command_fail(EXIT_CODE_USAGE, PROGRAM,
			                    "--password-fd wants a number");
		code = secret_read((int)fd, out, PASSWORD_MAX + 2);
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

static int
report(enum code code, const char *err)
{
	if (code == CODE_OK)
		return EXIT_CODE_OK;
	return command_fail(code == CODE_ALREADY_EXISTS
	                            ? EXIT_CODE_ALREADY_THERE
	                            : EXIT_CODE_FAILED,
	                    PROGRAM, "%s", err);
}

/* check_none refuses when there are accounts already. */
static enum code
check_none(struct store *store, char *err, size_t err_size)
{
	bool found = false;
	enum code code = superuser_find_any(store, &found, err, err_size);

	if (code != CODE_OK || !found)
		return code;
	(void)snprintf(err, err_size, "there are accounts already");
	return CODE_ALREADY_EXISTS;
}

static int
add(struct store *store, const struct superuser_options *options)
{
	struct superuser superuser = options->superuser;
	char password[PASSWORD_MAX + 2] = "";
	char err[512] = "";
	enum code code = CODE_OK;
	int status;

	if (options->if_none)
		code = check_none(store, err, sizeof(err));
	if (code != CODE_OK)
		return report(code, err);
	status = read_password(options->password_fd, password);
	if (status == EXIT_CODE_OK) {
		superuser.password = password;
		superuser.roles = &options->roles;
		if (*password != '\0' && strlen(password) < SHORT_PASSWORD)
			(void)fputs(PROGRAM ": warning: a short password\n",
			            stderr);
		code = superuser_add(store, &superuser, clock_wall_us(), err,
		                     sizeof(err));
		status = report(code, err);
	}
	explicit_bzero(password, sizeof(password));
	return status;
}

static int
create(const struct superuser_options *options)
{
	struct server_settings settings = { 0 };
	struct store_options store_options;
	struct store *store = NULL;
	enum store_fault fault;
	char err[512] = "";
	enum code code;
	int status;

	process_harden();
	code = home_enter(options->home, NULL, &settings, err, sizeof(err));
	if (code != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	home_store_options(&settings, &store_options);
	store_options.readers_max = 1; /* a server has its own beside it */
	code = store_open(&store_options, &store, &fault, err, sizeof(err));
	status = code == CODE_OK
	                 ? add(store, options)
	                 : command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	store_close(store);
	settings_free(&server_settings_table, &settings);
	return status;
}

int
superuser_command(int argc, char **argv)
{
	struct superuser_options options = { 0 };
	int status;

	/* At most every argument is a role. */
	options.roles.items = calloc((size_t)argc, sizeof(char *));
	if (options.roles.items == NULL)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "out of memory");
	status = parse(argc, argv, &options);
	if (status == EXIT_CODE_OK)
		status = create(&options);
	free(options.roles.items);
	return status;
}
