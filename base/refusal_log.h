#ifndef BASE_REFUSAL_LOG_H
#define BASE_REFUSAL_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

/*
 * Lines about peers that were refused before anything was known of them. Any
 * stranger can cause such a line, so there are few of them: REFUSAL_LOG_BURST
 * at once and REFUSAL_LOG_PER_S after that, for all kinds of refusals of the
 * process together. A line says how many came before it that have none:
 *   event=tls_refused ... unlogged=57
 */
#define REFUSAL_LOG_BURST 20
#define REFUSAL_LOG_PER_S 1

/* How many more lines may be written, and how many were not. */
struct refusal_limit {
	int64_t filled_ms; /* up to when lines were granted; 0 before the first
	                    */
	int64_t granted;   /* lines that may be written now */
	int64_t unlogged;  /* refusals without a line since the last one */
};

/*
 * refusal_limit_admit says whether a refusal at now_ms (monotonic) gets a
 * line; if so *unlogged is how many got none since the line before.
 */
bool refusal_limit_admit(struct refusal_limit *limit, int64_t now_ms,
                         int64_t *unlogged);

#define REFUSAL_LOG_FIELDS_MAX 8 /* of one line */

/* refusal_log writes a line at level warn, unless there were too many. */
void refusal_log(const char *event, const struct log_field *fields,
                 size_t count);

#define REFUSAL_LOG(event, ...)                                                \
	refusal_log((event), (const struct log_field[]){ __VA_ARGS__ },        \
	            sizeof((const struct log_field[]){ __VA_ARGS__ }) /        \
	                    sizeof(struct log_field))

/*
 * refusal_log_settle writes event=refusals_unlogged with the count of those
 * that no later line has told; to be called every minute or so and at the end.
 */
void refusal_log_settle(void);

#endif
