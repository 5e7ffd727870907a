#include "tests/bench/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define NS_PER_MS 1e6
#define CELL_SIZE 16

/* "model name" of the first processor, "" if the kernel does not tell. */
static void
read_processor(char *to, size_t size)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];

	to[0] = '\0';
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		char *value = strchr(line, ':');

		if (value == NULL || strncmp(line, "model name", 10) != 0)
			continue;
		value[strcspn(value, "\n")] = '\0';
		(void)snprintf(to, size, "%s", value + 2);
		break;
	}
	if (file != NULL)
		(void)fclose(file);
}

void
table_begin(const struct stage *stage)
{
	struct utsname system = { 0 };
	char processor[128];

	read_processor(processor, sizeof(processor));
	(void)uname(&system);
	(void)printf("%u cores, %s, %s %s; state in %s; %u rounds of %u ms\n\n",
	             stage->cores, processor, system.sysname, system.release,
	             stage->dir, stage->rounds, stage->window_ms);
	(void)printf("| row                   | hop | in flight |    req/s |"
	             "  p50 ms |  p99 ms | errors | ceiling           |"
	             " ceil. req/s | ratio | latchkeyd cpu s/1000 |"
	             " gateway cpu s/1000 | commits/answer |\n"
	             "|-----------------------|-----|----------:|---------:|"
	             "--------:|--------:|-------:|-------------------|"
	             "------------:|------:|---------------------:|"
	             "-------------------:|---------------:|\n");
	(void)fflush(stdout);
}

/* A cell that does not apply to every row. */
static void
print_cell(char cell[CELL_SIZE], bool applies, double value)
{
	if (applies)
		(void)snprintf(cell, CELL_SIZE, "%.4f", value);
	else
		(void)snprintf(cell, CELL_SIZE, "-");
}

void
table_add(const struct stage *stage, const struct row *row,
          const struct trial *trial)
{
	const struct trial_side *subject = &trial->subject;
	struct histogram *latencies = (struct histogram *)&subject->latencies;
	double answers = (double)histogram_count(latencies);
	double rate = trial_side_rate(subject);
	double ceiling = trial_side_rate(&trial->ceiling);
	double scale = answers > 0 ? answers : 1;
	char gateway[CELL_SIZE], commits[CELL_SIZE];

	print_cell(gateway, row->http != NULL,
	           subject->gateway_cpu_s * 1000 / scale);
	print_cell(commits, row->writes, (double)subject->commits / scale);
	(void)printf(
		"| %-21s | %s | %9u | %8.0f | %7.2f | %7.2f | %6" PRIu64 " |"
		" %-17s | %11.0f | %5.2f | %20.4f | %18s | %14s |\n",
		row->name, hop_kind_name(stage->deployment.hop),
		row_in_flight(stage, row), rate,
		(double)histogram_quantile(latencies, 500) / NS_PER_MS,
		(double)histogram_quantile(latencies, 990) / NS_PER_MS,
		subject->errors + trial->ceiling.errors, row->ceiling->name,
		ceiling, ceiling > 0 ? rate / ceiling : 0,
		subject->server_cpu_s * 1000 / scale, gateway, commits);
	(void)fflush(stdout);
}

void
table_begin_references(void)
{
	(void)printf("\n"
	             "| further ceilings                         |    req/s |\n"
	             "|------------------------------------------|---------:|"
	             "\n");
}

void
table_add_reference(const struct ceiling *ceiling,
                    const struct trial_side *side)
{
	(void)printf("| %-40s | %8.0f |\n", ceiling->name,
	             trial_side_rate(side));
	(void)fflush(stdout);
}
