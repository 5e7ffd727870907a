#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/file_path.h"
#include "base/process.h"
#include "server/commands.h"
#include "server/home.h"
#include "server/restore.h"

const char restore_help[] =
	"Usage: latchkeyd restore [--home DIR] --from COPY [--check]\n"
	"\n"
	"Puts a copy that latchkeyd backup made in the place of the store.\n"
	"The server must not run. The copy is looked over first, page by\n"
	"page, and DIR/master.key must open its signing keys; else nothing\n"
	"is touched. The data directory that is there is kept beside it as\n"
	"data.before-TIME. A kill at any moment leaves the old store or the\n"
	"restored one.\n"
	"\n"
	"  --home DIR    the state directory; default: $LATCHKEY_HOME\n"
	"  --from COPY   the file, or a data directory that nobody has open,\n"
	"                such as data.before-TIME\n"
	"  --check       only look the copy over, also while the server runs\n"
	"\n"
	"Run it as the user who runs the server. What it says at the end is\n"
	"what to do next.\n";

enum { OPTION_HOME = 1, OPTION_FROM, OPTION_CHECK };

struct restore_options {
	const char *home;
	const char *from;
	bool check_only;
};

static int
parse(int argc, char **argv, struct restore_options *options)
{
	static const struct option known[] = {
		{ "home", required_argument, NULL, OPTION_HOME },
		{ "from", required_argument, NULL, OPTION_FROM },
		{ "check", no_argument, NULL, OPTION_CHECK },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == OPTION_HOME)
			options->home = optarg;
		else if (option == OPTION_FROM)
			options->from = optarg;
		else if (option == OPTION_CHECK)
			options->check_only = true;
		else
			return EXIT_CODE_USAGE;
	}
	if (optind < argc)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "restore takes no argument \"%s\"",
		                    argv[optind]);
	if (options->from == NULL)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "restore wants --from COPY");
	options->home = command_home(PROGRAM, options->home);
	return options->home == NULL ? EXIT_CODE_USAGE : EXIT_CODE_OK;
}

/* What a copy is from reads differently where no backup made it. */
static const char *
origin(const struct store_copy_facts *facts)
{
	return facts->is_backup ? "a backup of"
	                        : "not made by latchkeyd backup, last written";
}

static void
tell_check(const struct restore_report *report)
{
	char time[CLOCK_UTC_SIZE];

	(void)printf("%s is good: %s %s.\n"
	             "It can be restored here: the master key opens its "
	             "signing keys.\n",
	             report->copy, origin(&report->facts),
	             clock_utc_text(report->facts.made_at_us, time));
}

static void
tell_restored(const struct restore_report *report)
{
	char time[CLOCK_UTC_SIZE];

	(void)printf("Restored %s from %s,\n%s %s.\n", report->data,
	             report->copy, origin(&report->facts),
	             clock_utc_text(report->facts.made_at_us, time));
	if (report->kept[0] != '\0')
		(void)printf("What was there is kept in %s;\n"
		             "delete it when all is well.\n",
		             report->kept);
	(void)puts(
		"\n"
		"All is as it was at that time.\n"
		"Gone: users, passwords, roles and sessions that are newer.\n"
		"Who logged in since logs in again, and with sessions.rotate\n"
		"who refreshed since. Tokens of newer keys are refused.\n"
		"Back: users who were deleted or deactivated, old passwords,\n"
		"sessions that were ended, signing keys that were retired.\n"
		"Who must not come in by these is shut out before the start,\n"
		"with latchkeyd set-password and latchkeyd keys.\n"
		"New users get ids far beyond those that were given.\n"
		"\n"
		"Start latchkeyd now. Gateways find it by themselves.");
}

static int
restore(const struct restore_options *options, const char *from)
{
	struct server_settings settings = { 0 };
	struct restore_order order = { .settings = &settings,
		                       .from = from,
		                       .now_us = clock_wall_us() };
	struct restore_report report;
	char err[2 * PATH_MAX] = "";
	enum code code =
		home_enter(options->home, NULL, &settings, err, sizeof(err));

	if (code != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	code = options->check_only
	               ? restore_check(&order, &report, err, sizeof(err))
	               : restore_run(&order, &report, err, sizeof(err));
	settings_free(&server_settings_table, &settings);
	if (code != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	if (options->check_only)
		tell_check(&report);
	else
		tell_restored(&report);
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

int
restore_command(int argc, char **argv)
{
	struct restore_options options = { 0 };
	char from[PATH_MAX];
	int status = parse(argc, argv, &options);

	if (status != EXIT_CODE_OK)
		return status;
	process_harden();
	/* home_enter changes the directory that it is relative to. */
	if (file_path_absolute(options.from, from) != CODE_OK)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "--from: empty or too long a path");
	return restore(&options, from);
}
