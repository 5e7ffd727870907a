#include "tests/bench/trial.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SLOW_LOOKS_MAX 2000
#define SLOW_LOOK_MS 10

/* What is read at both edges of a window. */
struct edge {
	uint64_t at_ns;
	uint64_t server_ticks;
	uint64_t gateway_ticks;
	uint64_t commits;
};

static void
pass_ms(unsigned ms)
{
	struct timespec rest = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&rest, &rest) != 0)
		;
}

/* However short the window, it holds an answer, unless there is an error. */
static void
pass_window(struct meter *meter, unsigned ms)
{
	pass_ms(ms);
	for (unsigned i = 0; i < SLOW_LOOKS_MAX; i++) {
		if (histogram_count(&meter->latencies) > 0 ||
		    atomic_load(&meter->errors) > 0)
			return;
		pass_ms(SLOW_LOOK_MS);
	}
}

static struct edge
read_edge(const struct stage *stage)
{
	const struct deployment *deployment = &stage->deployment;

	return (struct edge){
		.at_ns = meter_now_ns(),
		.server_ticks = child_cpu_ticks(&deployment->server),
		.gateway_ticks = child_cpu_ticks(&deployment->gateway),
		.commits = commit_count_get(stage->commits),
	};
}

static void
add_window(struct trial_side *side, const struct edge *from,
           const struct edge *to)
{
	double ticks_per_s = (double)sysconf(_SC_CLK_TCK);
	double seconds = (double)(to->at_ns - from->at_ns) / 1e9;
	struct histogram *latencies = &side->meter.latencies;

	side->rates[side->rounds++] =
		(double)histogram_count(latencies) / seconds;
	histogram_merge(&side->latencies, latencies);
	side->server_cpu_s +=
		(double)(to->server_ticks - from->server_ticks) / ticks_per_s;
	side->gateway_cpu_s +=
		(double)(to->gateway_ticks - from->gateway_ticks) / ticks_per_s;
	side->commits += to->commits - from->commits;
}

static void
measure(struct stage *stage, const struct row *row, struct trial_side *side)
{
	struct meter *meter = &side->meter;
	struct edge from, to;
	struct load load;

	meter_reset(meter);
	load = side->start(stage, row, meter);
	pass_ms(stage->warm_ms);
	from = read_edge(stage);
	atomic_store(&meter->on, true);
	pass_window(meter, stage->window_ms);
	atomic_store(&meter->on, false);
	to = read_edge(stage);
	load.stop(load.self);

	add_window(side, &from, &to);
	side->errors += atomic_load(&meter->errors);
	if (side->first_error[0] == '\0')
		memcpy(side->first_error, meter->first_error,
		       sizeof(side->first_error));
	deployment_forget_logs(&stage->deployment);
}

void
trial_run(struct stage *stage, const struct row *row, struct trial *out)
{
	memset(out, 0, sizeof(*out));
	out->subject.start = row_start_subject;
	out->ceiling.start = row->ceiling->start;
	for (unsigned i = 0; i < stage->rounds; i++) {
		measure(stage, row, &out->subject);
		measure(stage, row, &out->ceiling);
	}
}

void
trial_run_side(struct stage *stage, row_start *start, struct trial_side *out)
{
	memset(out, 0, sizeof(*out));
	out->start = start;
	for (unsigned i = 0; i < stage->rounds; i++)
		measure(stage, NULL, out);
}

static int
compare(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

double
trial_side_rate(const struct trial_side *side)
{
	double sorted[TRIAL_ROUNDS_MAX];
	unsigned count = side->rounds;

	if (count == 0)
		return 0;
	memcpy(sorted, side->rates, sizeof(sorted));
	qsort(sorted, count, sizeof(sorted[0]), compare);
	return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}
