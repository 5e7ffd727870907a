#include <getopt.h>
#include <stdlib.h>

#include "base/process.h"
#include "server/commands.h"
#include "server/home.h"

const char init_help[] =
	"Usage: latchkeyd init --home DIR [--set SECTION.KEY=VALUE]...\n"
	"                      [--secret-file FILE]\n"
	"\n"
	"Makes the state directory DIR: a commented configuration, the\n"
	"store, the signing keys sealed with a master key, two private\n"
	"certificate authorities and the certificates of the server and of\n"
	"one gateway. DIR must not exist or be empty. It appears complete\n"
	"or not at all; a killed init may leave a directory DIR.tmp-XXXXXX\n"
	"that can be deleted.\n"
	"\n"
	"  --home DIR          the state directory; default: $LATCHKEY_HOME\n"
	"  --set SECTION.KEY=VALUE\n"
	"                      write this setting into the configuration;\n"
	"                      lists are comma-separated; may be repeated\n"
	"  --secret-file FILE  with --set tokens.algorithm=HS256: sign\n"
	"                      access tokens with the secret in FILE, 32 to\n"
	"                      1023 bytes; one line end is cut\n"
	"\n"
	"Ends with 3 if DIR is a Latchkey state directory already.\n"
	"\n"
	"Afterwards: latchkeyd create-superuser, latchkeyd serve.\n";

enum { OPTION_HOME = 1, OPTION_SET, OPTION_SECRET };

static int
make(const struct home_options *options)
{
	char err[512] = "";
	enum code code;

	process_harden();
	code = home_make(options, err, sizeof(err));
	if (code == CODE_OK)
		return EXIT_CODE_OK;
	if (code == CODE_ALREADY_EXISTS)
		return command_fail(EXIT_CODE_ALREADY_THERE, PROGRAM, "%s",
		                    err);
	/* What was asked for is at fault, not what was found. */
	return command_fail(code == CODE_INVALID_ARGUMENT ? EXIT_CODE_USAGE
	                                                  : EXIT_CODE_FAILED,
	                    PROGRAM, "%s", err);
}

static int
parse(int argc, char **argv, struct home_options *options,
      struct setting_list *set)
{
	static const struct option known[] = {
		{ "home", required_argument, NULL, OPTION_HOME },
		{ "set", required_argument, NULL, OPTION_SET },
		{ "secret-file", required_argument, NULL, OPTION_SECRET },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == OPTION_HOME)
			options->dir = optarg;
		else if (option == OPTION_SET)
			set->items[set->count++] = optarg;
		else if (option == OPTION_SECRET)
			options->secret_file = optarg;
		else
			return EXIT_CODE_USAGE;
	}
	if (optind < argc)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "init takes no argument \"%s\"",
		                    argv[optind]);
	options->dir = command_home(PROGRAM, options->dir);
	return options->dir == NULL ? EXIT_CODE_USAGE : EXIT_CODE_OK;
}

int
init_command(int argc, char **argv)
{
	/* At most every argument is one. */
	struct setting_list set = { calloc((size_t)argc, sizeof(*set.items)),
		                    0 };
	struct home_options options = { .set = &set };
	int status;

	if (set.items == NULL)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "out of memory");
	status = parse(argc, argv, &options, &set);
	if (status == EXIT_CODE_OK)
		status = make(&options);
	free(set.items);
	return status;
}
