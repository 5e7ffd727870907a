#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/commands.h"
#include "server/new_password.h"
#include "server/set_password.h"

const char password_help[] =
	"Usage: latchkeyd set-password [--home DIR] --identifier NAME\n"
	"                              [--password-fd N]\n"
	"\n"
	"Gives an account another password, beside a running server or\n"
	"without one: for an operator who is locked out. All its sessions\n"
	"and open links end at once, and failed logins on it are forgiven.\n"
	"No mail is sent.\n"
	"\n" NEW_PASSWORD_HELP "\n"
	"  --home DIR          the state directory; default: $LATCHKEY_HOME\n"
	"  --identifier NAME   an e-mail address or username\n"
	"  --password-fd N     such as: ... --password-fd 3 3<password.txt\n";

enum { OPTION_HOME = 1, OPTION_IDENTIFIER, OPTION_PASSWORD_FD };

struct password_options {
	const char *home;
	const char *identifier;
	const char *password_fd;
};

static int
parse(int argc, char **argv, struct password_options *options)
{
	static const struct option known[] = {
		{ "home", required_argument, NULL, OPTION_HOME },
		{ "identifier", required_argument, NULL, OPTION_IDENTIFIER },
		{ "password-fd", required_argument, NULL, OPTION_PASSWORD_FD },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == OPTION_HOME)
			options->home = optarg;
		else if (option == OPTION_IDENTIFIER)
			options->identifier = optarg;
		else if (option == OPTION_PASSWORD_FD)
			options->password_fd = optarg;
		else
			return EXIT_CODE_USAGE;
	}
	if (optind < argc)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "set-password takes no argument \"%s\"",
		                    argv[optind]);
	if (options->identifier == NULL)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "set-password needs --identifier NAME");
	options->home = command_home(PROGRAM, options->home);
	return options->home == NULL ? EXIT_CODE_USAGE : EXIT_CODE_OK;
}

static void
warn(const struct user *user, const char *password)
{
	const struct password_owner owner = { .username = user->username,
		                              .first_name = user->first_name,
		                              .last_name = user->last_name,
		                              .email = user->email };

	new_password_warn(password, &owner);
	if (!user->is_active)
		(void)command_fail(EXIT_CODE_OK, PROGRAM,
		                   "warning: the account is not active, nobody "
		                   "can log in to it");
}

/* Nobody is asked for the password of an account that is not there. */
static int
ask_and_write(struct store *store, struct arena *arena,
              const struct password_options *options)
{
	struct set_password order = { .arena = arena,
		                      .identifier = options->identifier };
	char password[NEW_PASSWORD_SIZE] = "", err[512] = "";
	struct user user;
	enum code code =
		set_password_find(store, &order, &user, err, sizeof(err));
	int status;

	if (code != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	status = new_password_read(options->password_fd, password);
	if (status == EXIT_CODE_OK) {
		warn(&user, password);
		order.password = password;
		order.now_us = clock_wall_us();
		code = set_password_write(store, &order, err, sizeof(err));
		if (code != CODE_OK)
			status = command_fail(EXIT_CODE_FAILED, PROGRAM, "%s",
			                      err);
	}
	explicit_bzero(password, sizeof(password));
	return status;
}

static int
set(struct store *store, const struct server_settings *settings,
    const void *work)
{
	void *memory = malloc(SET_PASSWORD_ARENA_SIZE);
	struct arena arena;
	int status;

	(void)settings;
	if (memory == NULL)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "out of memory");
	arena_init(&arena, memory, SET_PASSWORD_ARENA_SIZE);
	status = ask_and_write(store, &arena, work);
	arena_reset(&arena);
	free(memory);
	return status;
}

int
password_command(int argc, char **argv)
{
	struct password_options options = { 0 };
	int status = parse(argc, argv, &options);

	if (status != EXIT_CODE_OK)
		return status;
	return command_on_store(options.home, set, &options);
}
