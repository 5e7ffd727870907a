#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/process.h"
#include "base/version.h"
#include "client/ctl/commands.h"
#include "client/ctl/connection.h"
#include "proto/latchkey/v1/health_service.pb-c.h"
#include "server/doctor.h"

const char doctor_help[] =
	"Usage: latchkeyctl doctor [--home DIR] [--mail-to ADDRESS] [--json]\n"
	"\n"
	"Looks a state directory and the server that serves it over: who may\n"
	"read the files, how many days the certificates have left, whether\n"
	"the clock makes sense, how full store and disk are, whether the\n"
	"server answers over TLS and writes, whether mail is set up. One line\n"
	"per finding: ok, warn or fail. Changes nothing.\n"
	"\n"
	"  --mail-to ADDRESS send a test mail there, as the server would\n"
	"  --json            print each finding as one JSON object\n"
	"\n" CONNECTION_HELP "\n"
	"The server is reached by clients/operator/client.conf of the state\n"
	"directory (made by: latchkeyctl pki issue operator) or by --config.\n"
	"\n"
	"Exit codes: 0 nothing fails, 1 something does, 2 wrong usage.\n";

enum { OPTION_MAIL_TO = CONNECTION_OPTION_END, OPTION_JSON };

static const char *const levels[] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_WARN] = "warn",
	[DOCTOR_FAIL] = "fail",
};

struct examination {
	struct connection_options connection;
	const char *mail_to;
	bool as_json;
	struct arena *arena;
	enum doctor_level worst;
};

static void
put(struct json_out *out, const char *name, const char *text)
{
	json_out_string(out, name, strlen(name));
	json_out_raw(out, ":", 1);
	json_out_string(out, text, strlen(text));
}

static void
print_json(struct arena *arena, enum doctor_level level, const char *what,
           const char *detail)
{
	size_t mark = arena->used;
	struct json_out out;

	json_out_init(&out, arena);
	json_out_raw(&out, "{", 1);
	put(&out, "level", levels[level]);
	json_out_raw(&out, ",", 1);
	put(&out, "what", what);
	json_out_raw(&out, ",", 1);
	put(&out, "detail", detail);
	json_out_raw(&out, "}", 1);
	if (json_out_end(&out) == CODE_OK)
		(void)puts(out.data);
	arena_rewind(arena, mark);
}

static void
report(void *ctx, enum doctor_level level, const char *what, const char *detail)
{
	struct examination *examination = ctx;

	if (level > examination->worst)
		examination->worst = level;
	if (examination->as_json)
		print_json(examination->arena, level, what, detail);
	else
		(void)printf("%-4s  %s: %s\n", levels[level], what, detail);
}

static void
judge_server(struct examination *examination,
             const Latchkey__V1__CheckResponse *response)
{
	bool serves = response->status ==
	              LATCHKEY__V1__SERVING_STATUS__SERVING_STATUS_SERVING;
	bool same = strcmp(response->version, LATCHKEY_VERSION) == 0;
	char detail[256];

	(void)snprintf(detail, sizeof(detail), "%s, version %s, up for %llu s",
	               serves ? "it reads and writes"
	                      : "it only reads: its store or disk is full",
	               response->version,
	               (unsigned long long)response->uptime_s);
	report(examination, serves ? DOCTOR_OK : DOCTOR_FAIL, "server", detail);
	if (!same)
		report(examination, DOCTOR_WARN, "version",
		       "this program is " LATCHKEY_VERSION
		       ": update both together");
}

/* Why it is not reached stands on standard error. */
static void
examine_server(struct examination *examination)
{
	Latchkey__V1__CheckRequest request = LATCHKEY__V1__CHECK_REQUEST__INIT;
	struct connection *connection = NULL;
	ProtobufCMessage *reply = NULL;
	int status = connection_open(&examination->connection,
	                             examination->arena, &connection);

	if (status == EXIT_CODE_OK)
		status = connection_invoke(connection,
		                           "latchkey.v1.HealthService/Check",
		                           &request.base, &reply);
	if (status == EXIT_CODE_OK)
		judge_server(examination,
		             (const Latchkey__V1__CheckResponse *)reply);
	else
		report(examination, DOCTOR_FAIL, "server",
		       "it does not answer");
	connection_close(connection);
}

static int
examine(struct examination *examination)
{
	const struct doctor doctor = { .report = report,
		                       .ctx = examination,
		                       .now_us = clock_wall_us(),
		                       .mail_to = examination->mail_to };
	char home[PATH_MAX];

	/* The doctor changes the directory that these are relative to. */
	if (realpath(examination->connection.home, home) == NULL)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "%s: no such directory",
		                    examination->connection.home);
	examination->connection.home = home;
	examine_server(examination);
	doctor_examine(&doctor, home);
	if (fflush(stdout) != 0)
		return EXIT_CODE_USAGE;
	return examination->worst == DOCTOR_FAIL ? EXIT_CODE_FAILED
	                                         : EXIT_CODE_OK;
}

static int
parse(int argc, char **argv, struct examination *examination)
{
	static const struct option known[] = {
		CONNECTION_OPTIONS,
		{ "mail-to", required_argument, NULL, OPTION_MAIL_TO },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == OPTION_MAIL_TO)
			examination->mail_to = optarg;
		else if (option == OPTION_JSON)
			examination->as_json = true;
		else if (!connection_set_option(&examination->connection,
		                                option, optarg))
			return EXIT_CODE_USAGE;
	}
	if (optind < argc)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "doctor takes no argument \"%s\"",
		                    argv[optind]);
	if (examination->connection.home == NULL)
		examination->connection.home = getenv("LATCHKEY_HOME");
	if (examination->connection.home != NULL)
		return EXIT_CODE_OK;
	return command_fail(EXIT_CODE_USAGE, PROGRAM,
	                    "no state directory: give --home DIR or set "
	                    "LATCHKEY_HOME");
}

int
doctor_command(int argc, char **argv)
{
	struct examination examination = { 0 };
	struct arena arena;
	void *memory;
	int status = parse(argc, argv, &examination);

	if (status != EXIT_CODE_OK)
		return status;
	process_harden();
	memory = malloc(CONNECTION_ARENA_SIZE);
	if (memory == NULL)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
	arena_init(&arena, memory, CONNECTION_ARENA_SIZE);
	examination.arena = &arena;
	status = examine(&examination);
	arena_reset(&arena);
	free(memory);
	return status;
}
