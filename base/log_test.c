#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct capture {
	int saved;
	int read_end;
	char text[1 << 16];
};

/* From here on standard error goes into a pipe that nobody reads yet. */
static void
capture_begin(struct capture *capture)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	capture->saved = dup(STDERR_FILENO);
	assert_true(capture->saved >= 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
	capture->read_end = ends[0];
}

static const char *
capture_end(struct capture *capture)
{
	size_t len = 0;
	ssize_t got;

	assert_true(dup2(capture->saved, STDERR_FILENO) >= 0);
	close(capture->saved);
	do {
		got = read(capture->read_end, capture->text + len,
		           sizeof(capture->text) - 1 - len);
		assert_true(got >= 0);
		len += (size_t)got;
	} while (got > 0);
	close(capture->read_end);
	capture->text[len] = '\0';
	return capture->text;
}

/* after_time returns the line without "time=... ", whose form it checks. */
static const char *
after_time(const char *line)
{
	const char *form = "time=dddd-dd-ddTdd:dd:dd.dddZ ";

	for (; *form != '\0'; form++, line++) {
		if (*form == 'd' && form[1] != '\0' && form[-1] != 'i')
			assert_true(*line >= '0' && *line <= '9');
		else
			assert_int_equal(*line, *form);
	}
	return line;
}

static void
a_line_is_time_level_event_and_fields(void **state)
{
	struct capture capture;

	(void)state;
	capture_begin(&capture);
	LOG_EVENT(LOG_LEVEL_INFO, "call", LOG_T("method", "a.B/C"),
	          LOG_N("ms", -12), LOG_T("absent", NULL));
	assert_string_equal(after_time(capture_end(&capture)),
	                    "level=info event=call method=a.B/C ms=-12\n");
}

static void
an_event_needs_no_fields(void **state)
{
	struct capture capture;

	(void)state;
	capture_begin(&capture);
	log_event(LOG_LEVEL_WARN, "ready", NULL, 0);
	assert_string_equal(after_time(capture_end(&capture)),
	                    "level=warn event=ready\n");
}

static void
whatever_a_client_sent_a_line_stays_one_line_of_ascii(void **state)
{
	static const struct {
		const char *value;
		const char *written;
	} cases[] = {
		{ "", "\"\"" },
		{ "a b", "\"a b\"" },
		{ "a=b", "\"a=b\"" },
		{ "say \"x\"", "\"say \\\"x\\\"\"" },
		{ "back\\slash", "\"back\\\\slash\"" },
		{ "x\ntime=0 level=info", "\"x\\ntime=0 level=info\"" },
		{ "\r\t", "\"\\r\\t\"" },
		{ "\x1b[31m\x7f", "\"\\x1b[31m\\x7f\"" },
		{ "\xc3\xa9\xff", "\"\\xc3\\xa9\\xff\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct capture capture;
		char expected[128];

		capture_begin(&capture);
		LOG_EVENT(LOG_LEVEL_ERROR, "e", LOG_T("v", cases[i].value));
		(void)snprintf(expected, sizeof(expected),
		               "level=error event=e v=%s\n", cases[i].written);
		assert_string_equal(after_time(capture_end(&capture)),
		                    expected);
	}
}

static void
what_does_not_fit_is_cut_and_the_line_says_so(void **state)
{
	static const char *const fillers[] = { "x", "\n", " ", "\"", "\xff" };

	(void)state;
	for (size_t f = 0; f < sizeof(fillers) / sizeof(fillers[0]); f++) {
		for (size_t len = 400; len < 2300; len++) {
			struct capture capture;
			char value[2400];
			const char *text;
			size_t got;

			memset(value, fillers[f][0], len);
			value[len] = '\0';
			capture_begin(&capture);
			LOG_EVENT(LOG_LEVEL_INFO, "e", LOG_T("v", value),
			          LOG_T("later", "field"));
			text = capture_end(&capture);
			got = strlen(text);
			assert_true(got <= 2048);
			assert_ptr_equal(strchr(text, '\n'), text + got - 1);
			assert_true(strstr(text, " later=field\n") != NULL ||
			            strstr(text, " cut=true\n") != NULL);
		}
	}
}

static void
levels_below_the_set_one_are_not_written(void **state)
{
	struct capture capture;

	(void)state;
	capture_begin(&capture);
	LOG_EVENT(LOG_LEVEL_DEBUG, "hidden", LOG_N("n", 1));
	log_set_level(LOG_LEVEL_DEBUG);
	LOG_EVENT(LOG_LEVEL_DEBUG, "shown", LOG_N("n", 2));
	log_set_level(LOG_LEVEL_ERROR);
	LOG_EVENT(LOG_LEVEL_WARN, "hidden", LOG_N("n", 3));
	log_set_level(LOG_LEVEL_INFO);
	assert_string_equal(after_time(capture_end(&capture)),
	                    "level=debug event=shown n=2\n");
}

static void
level_names_are_known_and_others_are_not(void **state)
{
	enum log_level level = LOG_LEVEL_INFO;

	(void)state;
	assert_true(log_level_from_name("debug", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_true(log_level_from_name("error", &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
	assert_false(log_level_from_name("", &level));
	assert_false(log_level_from_name("Error", &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
}

static void
errno_survives_a_line(void **state)
{
	struct capture capture;

	(void)state;
	capture_begin(&capture);
	errno = ENOSPC;
	LOG_EVENT(LOG_LEVEL_INFO, "e", LOG_N("n", 1));
	assert_int_equal(errno, ENOSPC);
	(void)capture_end(&capture);
}

#define WRITERS 4
#define LINES_EACH 100

static void *
write_lines(void *arg)
{
	for (int i = 0; i < LINES_EACH; i++)
		LOG_EVENT(LOG_LEVEL_INFO, "thread", LOG_T("name", arg),
		          LOG_T("text", "one two three"));
	return NULL;
}

static void
lines_of_many_threads_do_not_mix(void **state)
{
	struct capture capture;
	pthread_t threads[WRITERS];
	char *line, *save = NULL;
	int count = 0;

	(void)state;
	capture_begin(&capture);
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines,
		                                "writer"),
		                 0);
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	(void)capture_end(&capture);
	for (line = strtok_r(capture.text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		assert_string_equal(after_time(line),
		                    "level=info event=thread name=writer "
		                    "text=\"one two three\"");
		count++;
	}
	assert_int_equal(count, WRITERS * LINES_EACH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_time_level_event_and_fields),
		cmocka_unit_test(an_event_needs_no_fields),
		cmocka_unit_test(
			whatever_a_client_sent_a_line_stays_one_line_of_ascii),
		cmocka_unit_test(what_does_not_fit_is_cut_and_the_line_says_so),
		cmocka_unit_test(levels_below_the_set_one_are_not_written),
		cmocka_unit_test(level_names_are_known_and_others_are_not),
		cmocka_unit_test(errno_survives_a_line),
		cmocka_unit_test(lines_of_many_threads_do_not_mix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
