#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 2048
#define CUT_MARK " cut=true\n"
/* Always kept free: a closing quote and the mark. */
#define TAIL_SIZE sizeof("\"" CUT_MARK)

/*
 * The one variable of the process that is not passed down: a log that had to
 * be handed to every function would be handed to every function.
 */
static _Atomic int least_level = LOG_LEVEL_INFO;

static const char *const level_names[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_ERROR] = "error",
};

/* The line being written. Once something did not fit, nothing more goes in. */
struct line {
	char data[LINE_MAX_BYTES];
	size_t len;
	bool cut;
};

static void
put(struct line *line, const char *text, size_t len)
{
	if (line->cut || line->len + len > sizeof(line->data) - TAIL_SIZE) {
		line->cut = true;
		return;
	}
	memcpy(line->data + line->len, text, len);
	line->len += len;
}

static void
put_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

static bool
is_bare(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
}

/* put_byte writes one byte of a quoted value; the line stays plain ASCII. */
static void
put_byte(struct line *line, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	char hex[] = { '\\', 'x', digits[c >> 4], digits[c & 15] };

	if (c == '"' || c == '\\')
		put(line, (char[]){ '\\', (char)c }, 2);
	else if (c == '\n')
		put(line, "\\n", 2);
	else if (c == '\r')
		put(line, "\\r", 2);
	else if (c == '\t')
		put(line, "\\t", 2);
	else if (c >= ' ' && c < 0x7f)
		put(line, (char[]){ (char)c }, 1);
	else
		put(line, hex, sizeof(hex));
}

static void
put_value(struct line *line, const char *text)
{
	const char *end = text;

	while (is_bare((unsigned char)*end))
		end++;
	if (*end == '\0' && end != text) {
		for (; text < end && !line->cut; text++)
			put(line, text, 1);
		return;
	}
	put(line, "\"", 1);
	if (line->cut)
		return;
	for (; *text != '\0' && !line->cut; text++)
		put_byte(line, (unsigned char)*text);
	line->data[line->len++] = '"';
}

static void
put_field(struct line *line, const struct log_field *field)
{
	char number[24];

	if (line->cut || (field->type == LOG_TEXT && field->text == NULL))
		return;
	put(line, " ", 1);
	put_text(line, field->key);
	put(line, "=", 1);
	if (field->type == LOG_TEXT) {
		put_value(line, field->text);
		return;
	}
	(void)snprintf(number, sizeof(number), "%lld",
	               (long long)field->number);
	put_text(line, number);
}

static void
put_time(struct line *line)
{
	int64_t now_us = clock_wall_us();
	time_t now_s = (time_t)(now_us / 1000000);
	char text[64];
	struct tm tm;

	if (gmtime_r(&now_s, &tm) == NULL)
		return;
	(void)snprintf(text, sizeof(text),
	               "time=%04d-%02d-%02dT%02d:%02d:%02d.%03dZ ",
	               tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	               tm.tm_min, tm.tm_sec, (int)(now_us % 1000000 / 1000));
	put_text(line, text);
}

void
log_set_level(enum log_level level)
{
	atomic_store_explicit(&least_level, (int)level, memory_order_relaxed);
}

bool
log_level_from_name(const char *name, enum log_level *out)
{
	for (int i = LOG_LEVEL_DEBUG; i <= LOG_LEVEL_ERROR; i++) {
		if (strcmp(name, level_names[i]) != 0)
			continue;
		*out = (enum log_level)i;
		return true;
	}
	return false;
}

void
log_event(enum log_level level, const char *event,
          const struct log_field *fields, size_t count)
{
	struct line line;
	int saved = errno;
	const char *tail;

	if ((int)level <
	    atomic_load_explicit(&least_level, memory_order_relaxed))
		return;
	line.len = 0;
	line.cut = false;
	put_time(&line);
	put_text(&line, "level=");
	put_text(&line, level_names[level]);
	put_text(&line, " event=");
	put_value(&line, event);
	for (size_t i = 0; i < count; i++)
		put_field(&line, &fields[i]);
	tail = line.cut ? CUT_MARK : "\n";
	memcpy(line.data + line.len, tail, strlen(tail));
	line.len += strlen(tail);
	/* A log that cannot be written has nowhere to say so. */
	while (write(STDERR_FILENO, line.data, line.len) < 0 && errno == EINTR)
		;
	errno = saved;
}
