#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "gateway/commands.h"
#include "gateway/profile.h"

const char routes_help[] =
	"Usage: latchkey-gateway routes [--profile-dir DIR]\n"
	"\n"
	"Prints every route of the profiles as JSON, one on a line: its "
	"method\n"
	"and path, the call behind it, the status of a success, and every\n"
	"condition it may meet, with its status. A route that answers "
	"browsers\n"
	"otherwise has what they may meet in \"browser\" and, for the page "
	"that\n"
	"asks before a GET changes something, \"confirm\".\n"
	"\n"
	"  --profile-dir DIR   profiles of yours too, *.json\n";

enum { OPTION_DIR = 1 };

static void
print_conditions(const struct route *route)
{
	char name[CONDITION_NAME_SIZE];
	bool is_first = true;

	for (unsigned i = 0; i < CONDITION_MAX; i++) {
		if (!route->may[i])
			continue;
		(void)printf("%s\"%s\": %u", is_first ? "" : ", ",
		             condition_write(i, name),
		             route->errors.rules[i]->status);
		is_first = false;
	}
}

static void
print_more(const char *name, const struct route *route)
{
	if (route == NULL)
		return;
	(void)printf(", \"%s\": {\"status\": %u, \"may\": {", name,
	             route->answer.status);
	print_conditions(route);
	(void)printf("}}");
}

/* Names, paths and conditions hold nothing that JSON would escape. */
static void
print_route(const struct route *route)
{
	(void)printf("{\"method\": \"%s\", \"path\": \"%s\", \"profile\": "
	             "\"%s\", \"rpc\": \"%s\", \"status\": %u, \"may\": {",
	             method_name(route->method), route->path, route->profile,
	             route->rpc_name == NULL ? "" : route->rpc_name,
	             route->answer.status);
	print_conditions(route);
	(void)printf("}");
	print_more("browser", route->browser);
	print_more("confirm", route->confirm);
	(void)printf("}");
}

static void
print(const struct router *router)
{
	bool is_first = true;

	for (const struct router_path *path = router->first; path != NULL;
	     path = path->next) {
		for (unsigned m = 0; m < METHOD_COUNT; m++) {
			if (path->routes[m] == NULL)
				continue;
			(void)fputs(is_first ? "[" : ",\n ", stdout);
			print_route(path->routes[m]);
			is_first = false;
		}
	}
	(void)puts(is_first ? "[]" : "]");
}

int
routes_command(int argc, char **argv)
{
	static const struct option known[] = {
		{ "profile-dir", required_argument, NULL, OPTION_DIR },
		{ 0 },
	};
	struct profile_options options = { 0 };
	struct profile_set *set;
	char err[512] = "";
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option != OPTION_DIR)
			return EXIT_CODE_USAGE;
		options.dir = optarg;
	}
	if (optind < argc)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "routes takes no argument \"%s\"",
		                    argv[optind]);
	if (profile_set_open(&options, &set, err, sizeof(err)) != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	print(&set->router);
	profile_set_close(set);
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}
