#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/new_file.h"
#include "gateway/commands.h"
#include "gateway/settings.h"

const char init_help[] =
	"Usage: latchkey-gateway init --home DIR [--set SECTION.KEY=VALUE]...\n"
	"\n"
	"Writes DIR/gateway.conf, a configuration with every setting\n"
	"explained. DIR exists: usually it is the state directory that\n"
	"latchkeyd init made, where the gateway's certificate is. On a host\n"
	"of its own the gateway needs pki/front-ca.crt, pki/gateway.crt and\n"
	"pki/gateway.key from there.\n"
	"\n"
	"  --home DIR    the directory; default: $LATCHKEY_HOME\n"
	"  --set SECTION.KEY=VALUE\n"
	"                write this setting into the configuration; lists are\n"
	"                comma-separated; may be repeated\n"
	"\n"
	"Ends with 3 if there is a gateway.conf already.\n";

enum { OPTION_HOME = 1, OPTION_SET };

static enum code
write_config(const struct setting_list *set, char *err, size_t err_size)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	enum code code;

	if (to == NULL) {
		(void)snprintf(err, err_size, "out of memory");
		return CODE_RESOURCE_EXHAUSTED;
	}
	code = settings_print(&gateway_settings_table, to, set, err, err_size);
	if (fclose(to) != 0 && code == CODE_OK)
		code = CODE_RESOURCE_EXHAUSTED;
	if (code == CODE_OK) {
		code = new_file_write(GATEWAY_CONFIG,
		                      (struct bytes){ text, len }, 0644);
		if (code != CODE_OK)
			(void)snprintf(err, err_size, "%s: %s", GATEWAY_CONFIG,
			               code_name(code));
	}
	free(text);
	return code;
}

static int
make(const char *home, const struct setting_list *set)
{
	char err[512] = "";
	enum code code;

	if (chdir(home) != 0)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s: %s", home,
		                    strerror(errno));
	code = write_config(set, err, sizeof(err));
	if (code == CODE_OK)
		return EXIT_CODE_OK;
	if (code == CODE_ALREADY_EXISTS)
		return command_fail(EXIT_CODE_THIRD, PROGRAM,
		                    "%s has a %s already", home,
		                    GATEWAY_CONFIG);
	return command_fail(code == CODE_INVALID_ARGUMENT ? EXIT_CODE_USAGE
	                                                  : EXIT_CODE_FAILED,
	                    PROGRAM, "%s", err);
}

static int
parse(int argc, char **argv, const char **home, struct setting_list *set)
{
	static const struct option known[] = {
		{ "home", required_argument, NULL, OPTION_HOME },
		{ "set", required_argument, NULL, OPTION_SET },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == OPTION_HOME)
			*home = optarg;
		else if (option == OPTION_SET)
			set->items[set->count++] = optarg;
		else
			return EXIT_CODE_USAGE;
	}
	if (optind < argc)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "init takes no argument \"%s\"",
		                    argv[optind]);
	*home = command_home(PROGRAM, *home);
	return *home == NULL ? EXIT_CODE_USAGE : EXIT_CODE_OK;
}

int
init_command(int argc, char **argv)
{
	/* At most every argument is one. */
	struct setting_list set = { calloc((size_t)argc, sizeof(*set.items)),
		                    0 };
	const char *home = NULL;
	int status;

	if (set.items == NULL)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "out of memory");
	status = parse(argc, argv, &home, &set);
	if (status == EXIT_CODE_OK && home != NULL)
		status = make(home, &set);
	free(set.items);
	return status;
}
