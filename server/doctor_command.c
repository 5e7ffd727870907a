#include <getopt.h>

#include "base/clock.h"
#include "base/process.h"
#include "server/commands.h"
#include "server/doctor.h"

const char doctor_help[] =
	"Usage: latchkeyd doctor [--home DIR] [--mail-to ADDRESS] [--json]\n"
	"\n"
	"Looks a state directory over, beside a running server or without\n"
	"one: who may read the files, how many days the certificates have\n"
	"left, whether the clock makes sense, how full store and disk are,\n"
	"whether mail is set up. One line per finding: ok, warn or fail.\n"
	"Changes nothing. `latchkeyctl doctor` asks the server as well.\n"
	"\n"
	"  --home DIR          the state directory; default: $LATCHKEY_HOME\n"
	"  --mail-to ADDRESS   send a test mail there, as the server would\n"
	"  --json              print each finding as one JSON object\n"
	"\n"
	"Ends with 1 if something fails.\n";

enum { OPTION_HOME = 1, OPTION_MAIL_TO, OPTION_JSON };

struct doctor_options {
	const char *home;
	const char *mail_to;
	bool as_json;
};

static int
parse(int argc, char **argv, struct doctor_options *options)
{
	static const struct option known[] = {
		{ "home", required_argument, NULL, OPTION_HOME },
		{ "mail-to", required_argument, NULL, OPTION_MAIL_TO },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == OPTION_HOME)
			options->home = optarg;
		else if (option == OPTION_MAIL_TO)
			options->mail_to = optarg;
		else if (option == OPTION_JSON)
			options->as_json = true;
		else
			return EXIT_CODE_USAGE;
	}
	if (optind < argc)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "doctor takes no argument \"%s\"",
		                    argv[optind]);
	options->home = command_home(PROGRAM, options->home);
	return options->home == NULL ? EXIT_CODE_USAGE : EXIT_CODE_OK;
}

static void
report(void *ctx, enum finding_level level, const char *what,
       const char *detail)
{
	finding_report(ctx, level, what, detail);
}

int
doctor_command(int argc, char **argv)
{
	struct doctor_options options = { 0 };
	struct findings findings = { 0 };
	struct doctor doctor = { .report = report,
		                 .ctx = &findings,
		                 .now_us = clock_wall_us() };
	int status = parse(argc, argv, &options);

	if (status != EXIT_CODE_OK)
		return status;
	process_harden();
	findings.as_json = options.as_json;
	doctor.mail_to = options.mail_to;
	doctor_examine(&doctor, options.home);
	return finding_exit_code(&findings);
}
