#include <getopt.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/finding.h"
#include "base/process.h"
#include "base/version.h"
#include "client/ctl/commands.h"
#include "client/ctl/connection.h"
#include "proto/latchkey/v1/health_service.pb-c.h"

const char doctor_help[] =
	"Usage: latchkeyctl doctor [--home DIR] [--mail-to ADDRESS] [--json]\n"
	"\n"
	"Looks a state directory and the server that serves it over: who may\n"
	"read the files, how many days the certificates have left, whether\n"
	"the clock makes sense, how full store and disk are, whether the\n"
	"server answers over TLS and writes, whether mail is set up. One line\n"
	"per finding: ok, warn or fail. Changes nothing. What concerns the\n"
	"directory is found by `latchkeyd doctor` and, where there is a\n"
	"gateway.conf, by `latchkey-gateway doctor`, which must be installed\n"
	"beside this program or in the search path.\n"
	"\n"
	"  --mail-to ADDRESS send a test mail there, as the server would\n"
	"  --json            print each finding as one JSON object\n"
	"\n" CONNECTION_HELP "\n"
	"The server is reached by clients/operator/client.conf of the state\n"
	"directory (made by: latchkeyctl pki issue operator) or by --config.\n"
	"\n"
	"Exit codes: 0 nothing fails, 1 something does, 2 wrong usage.\n";

enum { OPTION_MAIL_TO = CONNECTION_OPTION_END, OPTION_JSON };

struct examination {
	struct connection_options connection;
	const char *mail_to;
	struct arena *arena;
	struct findings findings;
};

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
	finding_report(&examination->findings,
	               serves ? FINDING_OK : FINDING_FAIL, "server", detail);
	if (!same)
		finding_report(&examination->findings, FINDING_WARN, "version",
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
		finding_report(&examination->findings, FINDING_FAIL, "server",
		               "it does not answer");
	connection_close(connection);
}

/* path[] receives this program's directory and the other's name. */
static bool
find_neighbour(const char *name, char path[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX);

	while (len > 0 && path[len - 1] != '/')
		len--;
	return len > 0 && snprintf(path + len, (size_t)(PATH_MAX - len), "%s",
	                           name) < PATH_MAX - len;
}

/* The file beside this one, else the program of the search path. */
static bool
start(char *const argv[], pid_t *pid)
{
	char path[PATH_MAX];

	return (find_neighbour(argv[0], path) &&
	        posix_spawn(pid, path, NULL, NULL, argv, environ) == 0) ||
	       posix_spawnp(pid, argv[0], NULL, NULL, argv, environ) == 0;
}

/* examine_by runs "PROGRAM doctor": its findings go where ours go. */
static void
examine_by(struct examination *examination, const char *program,
           const char *mail_to)
{
	char *argv[8] = { (char *)program, (char *)"doctor", (char *)"--home",
		          (char *)examination->connection.home };
	char detail[128];
	size_t argc = 4;
	int status = 0;
	pid_t pid;

	if (examination->findings.as_json)
		argv[argc++] = (char *)"--json";
	if (mail_to != NULL) {
		argv[argc++] = (char *)"--mail-to";
		argv[argc] = (char *)mail_to;
	}
	(void)fflush(stdout);
	(void)snprintf(detail, sizeof(detail),
	               "`%s doctor` cannot be run here: install it beside "
	               "latchkeyctl",
	               program);
	if (!start(argv, &pid) || waitpid(pid, &status, 0) != pid ||
	    !WIFEXITED(status) || WEXITSTATUS(status) > EXIT_CODE_FAILED)
		finding_report(&examination->findings, FINDING_FAIL, program,
		               detail);
	else if (WEXITSTATUS(status) == EXIT_CODE_FAILED)
		examination->findings.worst = FINDING_FAIL;
}

/*
 * What can be seen without the server is for the programs to look at that know
 * the directory.
 */
static void
examine_home(struct examination *examination)
{
	char path[PATH_MAX];

	examine_by(examination, "latchkeyd", examination->mail_to);
	if (snprintf(path, sizeof(path), "%s/gateway.conf",
	             examination->connection.home) < PATH_MAX &&
	    access(path, F_OK) == 0)
		examine_by(examination, "latchkey-gateway", NULL);
}

static int
examine(struct examination *examination)
{
	examine_server(examination);
	examine_home(examination);
	return finding_exit_code(&examination->findings);
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
			examination->findings.as_json = true;
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
