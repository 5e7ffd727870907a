/*
 * Measures the real programs beside what the libraries under them can do, in
 * one run, and prints one table. docs/benchmark.md tells how to read it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bail.h"
#include "tests/bench/ceilings.h"
#include "tests/bench/row.h"
#include "tests/bench/supervisor.h"
#include "tests/bench/table.h"
#include "tests/bench/trial.h"

#define ROUNDS 3
#define WARM_MS 300
#define SECONDS 5
#define SECONDS_MAX 600
#define JAR_SIZE 64
#define PILE_SIZE 40000 /* well beyond the server's TOKEN_CACHE_ENTRIES */

#define SHORT_WINDOW_MS 50
#define SHORT_JAR_SIZE 4
#define SHORT_PILE_SIZE 100

struct options {
	const char *latchkeyd; /* programs */
	const char *gateway;
	const char *echo_server;
	const char *skeleton;
	const char *dir;  /* below which the state directory is made */
	const char *rows; /* only rows whose name contains this */
	unsigned seconds; /* measured for each side of a row */
	bool is_short;
	bool is_list;
};

static const char usage[] =
	"usage: bench --latchkeyd=FILE --gateway=FILE --echo-server=FILE\n"
	"             --skeleton=FILE [OPTION...]\n"
	"\n"
	"Measures the programs beside their ceilings and prints one table.\n"
	"tests/bench/run.sh builds everything and fills in the programs.\n"
	"\n"
	"  --seconds=N  seconds for each side of a row, 1 to 600 (5)\n"
	"  --short      only show that every row can be measured: some\n"
	"               seconds in all, numbers without meaning\n"
	"  --rows=TEXT  only rows whose name contains TEXT\n"
	"  --dir=DIR    keep the state below DIR, on the disk to be\n"
	"               measured (/tmp)\n"
	"  --list       print the names of the rows and do nothing\n"
	"\n"
	"Exit status: 0 if every row was measured without an error, 1 if\n"
	"not, 2 for a wrong command line.\n";

_Noreturn static void
fail_usage(void)
{
	(void)fputs(usage, stderr);
	exit(2);
}

static unsigned
parse_seconds(const char *text)
{
	char *end = NULL;
	unsigned long number = strtoul(text, &end, 10);

	if (*end != '\0' || number == 0 || number > SECONDS_MAX)
		fail_usage();
	return (unsigned)number;
}

static void
set_option(struct options *options, int option)
{
	switch (option) {
	case 'k':
		options->latchkeyd = optarg;
		return;
	case 'g':
		options->gateway = optarg;
		return;
	case 'e':
		options->echo_server = optarg;
		return;
	case 'x':
		options->skeleton = optarg;
		return;
	case 'd':
		options->dir = optarg;
		return;
	case 'r':
		options->rows = optarg;
		return;
	case 's':
		options->seconds = parse_seconds(optarg);
		return;
	case 'q':
		options->is_short = true;
		return;
	case 'l':
		options->is_list = true;
		return;
	case 'h':
		(void)fputs(usage, stdout);
		exit(EXIT_SUCCESS);
	default:
		fail_usage();
	}
}

static void
parse(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{ "latchkeyd", required_argument, NULL, 'k' },
		{ "gateway", required_argument, NULL, 'g' },
		{ "echo-server", required_argument, NULL, 'e' },
		{ "skeleton", required_argument, NULL, 'x' },
		{ "dir", required_argument, NULL, 'd' },
		{ "rows", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "short", no_argument, NULL, 'q' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		set_option(options, option);
	if (optind != argc)
		fail_usage();
	if (!options->is_list &&
	    (options->latchkeyd == NULL || options->gateway == NULL ||
	     options->echo_server == NULL || options->skeleton == NULL))
		fail_usage();
}

static void
list_rows(void)
{
	size_t count;
	const struct row *rows = row_list(&count);

	for (size_t i = 0; i < count; i++)
		(void)puts(rows[i].name);
}

static void
stage_open(struct stage *stage, const struct options *options, const char *dir)
{
	size_t count;
	struct deployment *deployment = &stage->deployment;
	bool is_short = options->is_short;
	struct hop hop;

	stage->echo_server = options->echo_server;
	stage->skeleton = options->skeleton;
	stage->dir = dir;
	stage->cores = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	stage->rounds = is_short ? 1 : ROUNDS;
	stage->warm_ms = is_short ? 0 : WARM_MS;
	stage->window_ms =
		is_short ? SHORT_WINDOW_MS : options->seconds * 1000 / ROUNDS;
	stage->in_flight_max = is_short ? SHORT_JAR_SIZE : UINT32_MAX;
	deployment_init(deployment, options->latchkeyd, options->gateway, dir);
	deployment_use(deployment, row_list(&count)->mode, HOP_IPC);
	hop = deployment_dial(deployment);
	token_jar_fill(&stage->jar, is_short ? SHORT_JAR_SIZE : JAR_SIZE,
	               deployment->gateway_port);
	token_pile_fill(&stage->pile, is_short ? SHORT_PILE_SIZE : PILE_SIZE,
	                &stage->jar, &hop);
	stage->commits = commit_count_open(deployment->data);
}

static bool
is_good(const char *name, const struct trial_side *side)
{
	if (side->errors == 0 && trial_side_rate(side) > 0)
		return true;
	(void)fprintf(stderr, "bench: %s: %s\n", name,
	              side->errors == 0 ? "nothing was answered"
	                                : side->first_error);
	return false;
}

static bool
run_row(struct stage *stage, const struct row *row, enum hop_kind hop)
{
	struct trial *trial = bail_alloc(1, sizeof(*trial));
	bool good;

	deployment_use(&stage->deployment, row->mode, hop);
	trial_run(stage, row, trial);
	table_add(stage, row, trial);
	good = is_good(row->name, &trial->subject);
	good = is_good(row->ceiling->name, &trial->ceiling) && good;
	free(trial);
	return good;
}

static bool
run_references(struct stage *stage)
{
	size_t count;
	const struct ceiling *list = ceilings_list_reference(&count);
	struct trial_side *side = bail_alloc(1, sizeof(*side));
	bool good = true;

	table_begin_references();
	for (size_t i = 0; i < count; i++) {
		trial_run_side(stage, list[i].start, side);
		table_add_reference(&list[i], side);
		good = is_good(list[i].name, side) && good;
	}
	free(side);
	return good;
}

/* The rows are in order of their mode: the server restarts but rarely. */
static bool
run_rows(struct stage *stage, const char *only)
{
	size_t count;
	const struct row *rows = row_list(&count);
	bool good = true;

	for (size_t i = 0; i < count; i++) {
		if (only != NULL && strstr(rows[i].name, only) == NULL)
			continue;
		for (unsigned hop = 0; hop < HOP_KIND_COUNT; hop++)
			good = run_row(stage, &rows[i], hop) && good;
	}
	return good;
}

int
main(int argc, char **argv)
{
	struct options options = { .dir = "/tmp", .seconds = SECONDS };
	struct stage stage = { 0 };
	char dir[SUPERVISOR_DIR_SIZE];
	bool good;

	parse(argc, argv, &options);
	if (options.is_list) {
		list_rows();
		return EXIT_SUCCESS;
	}
	supervisor_start(options.dir, dir);
	stage_open(&stage, &options, dir);
	table_begin(&stage);
	good = run_rows(&stage, options.rows);
	if (options.rows == NULL)
		good = run_references(&stage) && good;
	commit_count_close(stage.commits);
	deployment_stop(&stage.deployment);
	token_pile_free(&stage.pile);
	free(stage.jar.pairs);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
