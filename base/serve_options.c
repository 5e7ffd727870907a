#include "base/serve_options.h"

#include <getopt.h>
#include <stddef.h>

#include "base/command_line.h"

enum { OPTION_HOME = 256, OPTION_CONFIG, OPTION_CHECK };

int
serve_options_read(const char *program, int argc, char **argv,
                   struct serve_options *options)
{
	static const struct option known[] = {
		{ "home", required_argument, NULL, OPTION_HOME },
		{ "config", required_argument, NULL, OPTION_CONFIG },
		{ "check-config", no_argument, NULL, OPTION_CHECK },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == OPTION_HOME)
			options->home = optarg;
		else if (option == OPTION_CONFIG)
			options->config = optarg;
		else if (option == OPTION_CHECK)
			options->check = true;
		else
			return EXIT_CODE_USAGE;
	}
	if (optind < argc)
		return command_fail(EXIT_CODE_USAGE, program,
		                    "serve takes no argument \"%s\"",
		                    argv[optind]);
	if (options->config == NULL)
		options->home = command_home(program, options->home);
	else if (options->home != NULL)
		return command_fail(EXIT_CODE_USAGE, program,
		                    "either --home or --config, not both");
	return options->home == NULL && options->config == NULL
	               ? EXIT_CODE_USAGE
	               : EXIT_CODE_OK;
}
