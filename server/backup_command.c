#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file_path.h"
#include "base/process.h"
#include "server/commands.h"
#include "server/home.h"
#include "server/store/store.h"
#include "server/store/store_backup.h"

const char backup_help[] =
	"Usage: latchkeyd backup [--home DIR] FILE\n"
	"\n"
	"Copies the store to the new file FILE, compacted and consistent,\n"
	"beside a running server or without one. FILE appears complete or\n"
	"not at all, 0600.\n"
	"\n"
	"  --home DIR    the state directory; default: $LATCHKEY_HOME\n"
	"\n"
	"The copy does not hold the master key; without DIR/master.key its\n"
	"signing keys are of no use. Back up master.key, latchkeyd.conf and\n"
	"pki/ once, and apart from the copies.\n"
	"\n"
	"latchkeyd restore puts a copy back.\n"
	"\n"
	"Ends with 3 if FILE is there already.\n";

enum { OPTION_HOME = 1 };

static int
back_up(const char *home, const char *file)
{
	struct server_settings settings = { 0 };
	char path[PATH_MAX], err[512] = "";
	enum code code;

	/* home_enter changes the directory that `file` is relative to. */
	if (file_path_absolute(file, path) != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM,
		                    "\"%s\" is empty or too long a path", file);
	process_harden();
	code = home_enter(home, NULL, &settings, err, sizeof(err));
	if (code == CODE_OK) {
		code = store_backup(settings.store.dir, path, err, sizeof(err));
		settings_free(&server_settings_table, &settings);
	}
	if (code == CODE_OK)
		return EXIT_CODE_OK;
	return command_fail(code == CODE_ALREADY_EXISTS
	                            ? EXIT_CODE_ALREADY_THERE
	                            : EXIT_CODE_FAILED,
	                    PROGRAM, "%s", err);
}

int
backup_command(int argc, char **argv)
{
	static const struct option known[] = {
		{ "home", required_argument, NULL, OPTION_HOME },
		{ 0 },
	};
	const char *home = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option != OPTION_HOME)
			return EXIT_CODE_USAGE;
		home = optarg;
	}
	if (optind + 1 != argc)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "backup takes one FILE");
	home = command_home(PROGRAM, home);
	return home == NULL ? EXIT_CODE_USAGE : back_up(home, argv[optind]);
}
