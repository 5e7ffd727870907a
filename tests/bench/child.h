#ifndef TESTS_BENCH_CHILD_H
#define TESTS_BENCH_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A process that the benchmark started. What it writes goes to memory, not to
 * a disk that is being measured. It is killed when the benchmark ends.
 */
struct child {
	pid_t pid; /* 0: none */
	int exit_fd;
	int log_fd;
	const char *name; /* argv[0] */
};

/* Both lists end with NULL; env is the whole environment. */
struct child_options {
	const char *const *argv;
	const char *const *env;
	const char *input; /* on standard input; NULL: none. Up to 4096 bytes */
};

/* child_start starts a process. */
void child_start(struct child *child, const struct child_options *options);

/* child_run starts a process and waits for its success. */
void child_run(const struct child_options *options);

/* child_is_alive waits up to timeout_ms for its end; false if it came. */
bool child_is_alive(const struct child *child, int timeout_ms);

/*
 * child_expect waits until `text` stands in what it wrote, and copies what
 * follows on that line; false if it ended before. Half a minute without
 * either ends the run.
 */
bool child_expect(const struct child *child, const char *text, char *rest,
                  size_t rest_size);

/* child_cpu_ticks returns the processor time it used, in clock ticks. */
uint64_t child_cpu_ticks(const struct child *child);

/* child_forget_log frees the memory of what it wrote so far. */
void child_forget_log(const struct child *child);

/* child_discard forgets a child that has ended by itself. */
void child_discard(struct child *child);

/* child_stop asks it to end (SIGTERM) and waits; none is fine. A failure of
 * its own ends the run. */
void child_stop(struct child *child);

#endif
