#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One line per event on standard error, logfmt:
 *   time=2026-01-02T03:04:05.678Z level=info event=call method=... ms=1.2
 * Values are quoted and escaped as needed, so a line is always one line
 * whatever a client sent. Never given a secret. Safe from any thread; each
 * line is one write(2).
 */
enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR
};

/* One key=value of a line. */
struct log_field {
	const char *key;
	enum { LOG_TEXT, LOG_NUMBER } type;
	const char *text; /* NULL leaves the field out */
	int64_t number;
};

#define LOG_T(k, v) ((struct log_field){ (k), LOG_TEXT, (v), 0 })
#define LOG_N(k, v) ((struct log_field){ (k), LOG_NUMBER, NULL, (v) })

/* log_set_level sets what is written; the default is info. */
void log_set_level(enum log_level level);

/* log_level_from_name knows "debug", "info", "warn", "error". */
bool log_level_from_name(const char *name, enum log_level *out);

/* log_event writes a line; fields beyond what fits in 2 KiB are cut. */
void log_event(enum log_level level, const char *event,
               const struct log_field *fields, size_t count);

#define LOG_EVENT(level, event, ...)                                           \
	log_event((level), (event), (const struct log_field[]){ __VA_ARGS__ }, \
	          sizeof((const struct log_field[]){ __VA_ARGS__ }) /          \
	                  sizeof(struct log_field))

#endif
