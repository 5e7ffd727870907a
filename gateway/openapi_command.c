#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/commands.h"
#include "gateway/openapi.h"
#include "gateway/profile.h"

const char openapi_help[] =
	"Usage: latchkey-gateway openapi [--profile-dir DIR] "
	"[--public-base URL]\n"
	"\n"
	"Prints what /openapi.json says of every profile's routes (OpenAPI "
	"3.1), for\n"
	"generators of clients.\n"
	"\n"
	"  --profile-dir DIR   profiles of yours too, *.json\n"
	"  --public-base URL   what clients call the gateway\n";

enum { OPTION_DIR = 1, OPTION_BASE };

static int
print(const struct profile_set *set, const char *public_base)
{
	void *memory = malloc(OPENAPI_ARENA_SIZE);
	struct bytes text = { 0 };
	struct arena arena;
	bool done = false;

	if (memory == NULL)
		return command_fail(EXIT_CODE_FAILED, PROGRAM,
		                    "not enough memory");
	arena_init(&arena, memory, OPENAPI_ARENA_SIZE);
	if (openapi_write(set, public_base, &arena, &text) == CODE_OK)
		done = fwrite(text.data, 1, text.len, stdout) == text.len &&
		       puts("") >= 0 && fflush(stdout) == 0;
	free(memory);
	return done ? EXIT_CODE_OK
	            : command_fail(EXIT_CODE_FAILED, PROGRAM,
	                           "the description cannot be written");
}

int
openapi_command(int argc, char **argv)
{
	static const struct option known[] = {
		{ "profile-dir", required_argument, NULL, OPTION_DIR },
		{ "public-base", required_argument, NULL, OPTION_BASE },
		{ 0 },
	};
	struct profile_options options = { 0 };
	const char *public_base = NULL;
	struct profile_set *set;
	char err[512] = "";
	int option, status;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == OPTION_DIR)
			options.dir = optarg;
		else if (option == OPTION_BASE)
			public_base = optarg;
		else
			return EXIT_CODE_USAGE;
	}
	if (optind < argc)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "openapi takes no argument \"%s\"",
		                    argv[optind]);
	if (profile_set_open(&options, &set, err, sizeof(err)) != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	status = print(set, public_base);
	profile_set_close(set);
	return status;
}
