#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/commands.h"
#include "server/new_password.h"
#include "server/superuser.h"

const char superuser_help[] =
	"Usage: latchkeyd create-superuser [--home DIR] --email ADDRESS\n"
	"           [--username NAME] [--first-name NAME] [--last-name NAME]\n"
	"           [--role NAME]... [--password-fd N] [--if-none]\n"
	"\n"
	"Writes an account with every permission into the store, beside a\n"
	"running server or without one.\n"
	"\n" NEW_PASSWORD_HELP "\n"
	"  --home DIR          the state directory; default: $LATCHKEY_HOME\n"
	"  --email ADDRESS     up to 254 bytes\n"
	"  --username NAME     up to 150 characters\n"
	"  --first-name NAME, --last-name NAME\n"
	"                      up to 150 characters each\n"
	"  --role NAME         a role of the user, made if it is not there;\n"
	"                      may be repeated\n"
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

static void
warn(const struct superuser *superuser)
{
	const struct password_owner owner = {
		.username = superuser->username,
		.first_name = superuser->first_name,
		.last_name = superuser->last_name,
		.email = superuser->email,
	};

	new_password_warn(superuser->password, &owner);
}

static int
add(struct store *store, const struct server_settings *settings,
    const void *work)
{
	const struct superuser_options *options = work;
	struct superuser superuser = options->superuser;
	char password[NEW_PASSWORD_SIZE] = "";
	char err[512] = "";
	enum code code = CODE_OK;
	int status;

	(void)settings;
	if (options->if_none)
		code = check_none(store, err, sizeof(err));
	if (code != CODE_OK)
		return report(code, err);
	status = new_password_read(options->password_fd, password);
	if (status == EXIT_CODE_OK) {
		superuser.password = password;
		superuser.roles = &options->roles;
		warn(&superuser);
		code = superuser_add(store, &superuser, clock_wall_us(), err,
		                     sizeof(err));
		status = report(code, err);
	}
	explicit_bzero(password, sizeof(password));
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
		status = command_on_store(options.home, add, &options);
	free(options.roles.items);
	return status;
}
