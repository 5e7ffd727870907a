#include "base/certificate_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/certificate.h"
#include "base/test_authority.h"

#define US_PER_S ((int64_t)1000000)
#define DAY_S ((int64_t)24 * 3600)
#define WARNING_S (CERTIFICATE_WARNING_DAYS * DAY_S)

struct expected {
	int64_t left_s;
	enum finding_level level;
	const char *detail;
};

/* logged returns what certificate_warn left in the log. */
static const char *
logged(const char *path, int64_t now_us, char text[512])
{
	int saved = dup(STDERR_FILENO), ends[2];
	ssize_t len;

	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	certificate_warn(path, now_us);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	(void)close(saved);
	(void)close(ends[1]);
	len = read(ends[0], text, 511);
	(void)close(ends[0]);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void
the_last_days_are_warned_of(void **state)
{
	static const struct expected rows[] = {
		{ WARNING_S, FINDING_OK, "30 days left" },
		{ WARNING_S - 1, FINDING_WARN, "29 days left" },
		{ 1, FINDING_WARN, "0 days left" },
		{ 0, FINDING_FAIL, "it has expired" },
		{ -DAY_S, FINDING_FAIL, "it has expired" },
	};
	char detail[CERTIFICATE_DETAIL_SIZE], text[512];
	struct test_authority authority;
	int64_t end_s = 0;

	(void)state;
	test_authority_make(&authority);
	assert_int_equal(certificate_expires_at(authority.cert_path, &end_s),
	                 CODE_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t now_us = (end_s - rows[i].left_s) * US_PER_S;

		assert_int_equal(
			certificate_judge(authority.cert_path, now_us, detail),
			rows[i].level);
		assert_string_equal(detail, rows[i].detail);
		(void)logged(authority.cert_path, now_us, text);
		assert_int_equal(strstr(text, authority.cert_path) != NULL,
		                 rows[i].level != FINDING_OK);
	}
	test_authority_remove(&authority);
}

static void
what_cannot_be_read_fails_and_is_not_logged(void **state)
{
	char detail[CERTIFICATE_DETAIL_SIZE], text[512];

	(void)state;
	assert_int_equal(certificate_judge("/nowhere.crt", 0, detail),
	                 FINDING_FAIL);
	assert_non_null(strstr(detail, "NOT_FOUND"));
	assert_string_equal(logged("/nowhere.crt", 0, text), "");
	assert_string_equal(logged("", 0, text), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_days_are_warned_of),
		cmocka_unit_test(what_cannot_be_read_fails_and_is_not_logged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
