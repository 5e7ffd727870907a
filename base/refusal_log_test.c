#include "base/refusal_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_MS 5000
#define LOG_SIZE 65536

static void
a_burst_gets_lines_and_then_one_comes_now_and_then(void **state)
{
	struct refusal_limit limit = { 0 };
	int64_t unlogged = -1, now_ms = NOW_MS;

	(void)state;
	for (int i = 0; i < REFUSAL_LOG_BURST; i++) {
		assert_true(refusal_limit_admit(&limit, now_ms, &unlogged));
		assert_int_equal(unlogged, 0);
	}
	for (int second = 0; second < 100; second++) {
		for (int i = 0; i < 7; i++)
			assert_false(refusal_limit_admit(&limit, now_ms + 999,
			                                 &unlogged));
		now_ms += 1000;
		for (int i = 0; i < REFUSAL_LOG_PER_S; i++)
			assert_true(
				refusal_limit_admit(&limit, now_ms, &unlogged));
		assert_int_equal(unlogged, 7);
	}
	assert_false(refusal_limit_admit(&limit, now_ms, &unlogged));
}

static void
after_a_pause_there_is_a_burst_again_and_no_more(void **state)
{
	struct refusal_limit limit = { 0 };
	int64_t unlogged, now_ms = NOW_MS;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < REFUSAL_LOG_BURST; i++)
			assert_true(
				refusal_limit_admit(&limit, now_ms, &unlogged));
		assert_false(refusal_limit_admit(&limit, now_ms, &unlogged));
		now_ms += (int64_t)1000000 * 1000;
	}
}

/* logged returns what `refusals` refusals and their end left in the log. */
static char *
logged(int refusals, char text[LOG_SIZE])
{
	int saved = dup(STDERR_FILENO), ends[2];
	ssize_t len;

	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	for (int i = 0; i < refusals; i++)
		REFUSAL_LOG("tls_refused", LOG_T("reason", "a test"));
	refusal_log_settle();
	refusal_log_settle();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	(void)close(saved);
	(void)close(ends[1]);
	len = read(ends[0], text, LOG_SIZE - 1);
	(void)close(ends[0]);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

static int
count_of(const char *text, const char *word)
{
	int count = 0;

	while ((text = strstr(text, word)) != NULL) {
		count++;
		text++;
	}
	return count;
}

static void
every_refusal_has_a_line_or_is_counted_in_one(void **state)
{
	static char text[LOG_SIZE];
	const char *count;
	int64_t sum = 0;

	(void)state;
	(void)logged(1000, text);
	for (count = text; (count = strstr(count, "unlogged=")) != NULL;)
		sum += strtoll(count += strlen("unlogged="), NULL, 10);
	assert_int_equal(count_of(text, "event=refusals_unlogged"), 1);
	count = strstr(text, "count=");
	assert_non_null(count);
	sum += strtoll(count + strlen("count="), NULL, 10);
	assert_int_equal(sum + count_of(text, "event=tls_refused"), 1000);
	/* A machine that stands still for half a minute gives half of them. */
	assert_in_range(count_of(text, "event=tls_refused"), REFUSAL_LOG_BURST,
	                500);
	assert_int_equal(count_of(logged(0, text), "event="), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_burst_gets_lines_and_then_one_comes_now_and_then),
		cmocka_unit_test(
			after_a_pause_there_is_a_burst_again_and_no_more),
		cmocka_unit_test(every_refusal_has_a_line_or_is_counted_in_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
