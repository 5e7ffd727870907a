#include "server/doctor.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "server/home.h"

#define DIR_TEMPLATE "/tmp/doctor.XXXXXX"
#define DAY_US ((int64_t)24 * 3600 * 1000000)
#define YEAR_US (365 * DAY_US)
#define FINDINGS_MAX 64

struct finding {
	enum finding_level level;
	char what[256];
	char detail[512];
};

struct fixture {
	char dir[sizeof(DIR_TEMPLATE)];
	char home[64];
	struct doctor doctor;
	struct finding findings[FINDINGS_MAX];
	size_t count;
};

static void
note(void *ctx, enum finding_level level, const char *what, const char *detail)
{
	struct fixture *f = ctx;
	struct finding *finding = &f->findings[f->count++];

	assert_true(f->count <= FINDINGS_MAX);
	finding->level = level;
	(void)snprintf(finding->what, sizeof(finding->what), "%s", what);
	(void)snprintf(finding->detail, sizeof(finding->detail), "%s", detail);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct home_options options = { 0 };
	char err[512] = "";

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), DIR_TEMPLATE);
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->home, sizeof(f->home), "%s/home", f->dir);
	options.dir = f->home;
	if (home_make(&options, err, sizeof(err)) != CODE_OK)
		fail_msg("%s", err);
	f->doctor = (struct doctor){ .report = note,
		                     .ctx = f,
		                     .now_us = clock_wall_us() };
	*state = f;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(chdir("/"), 0);
	assert_int_equal(nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(f);
	return 0;
}

static void
examine(struct fixture *f)
{
	f->count = 0;
	doctor_examine(&f->doctor, f->home);
}

/* worst returns the worst level of what is said about a file or part. */
static enum finding_level
worst(const struct fixture *f, const char *what)
{
	enum finding_level level = FINDING_OK;
	size_t said = 0;

	for (size_t i = 0; i < f->count; i++) {
		if (strcmp(f->findings[i].what, what) != 0)
			continue;
		said++;
		if (f->findings[i].level > level)
			level = f->findings[i].level;
	}
	if (said == 0)
		fail_msg("nothing is said about %s", what);
	return level;
}

static size_t
count_of(const struct fixture *f, enum finding_level level)
{
	size_t count = 0;

	for (size_t i = 0; i < f->count; i++)
		if (f->findings[i].level == level)
			count++;
	return count;
}

static const char *
path_of(const struct fixture *f, const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", f->home, name);
	return path;
}

static void
a_new_directory_is_well(void **state)
{
	struct fixture *f = *state;

	examine(f);
	for (size_t i = 0; i < f->count; i++)
		if (f->findings[i].level == FINDING_FAIL)
			fail_msg("%s: %s", f->findings[i].what,
			         f->findings[i].detail);
	assert_int_equal(worst(f, "directory"), FINDING_OK);
	assert_int_equal(worst(f, "files"), FINDING_OK);
	assert_int_equal(worst(f, "pki/gateway.crt"), FINDING_OK);
	assert_int_equal(worst(f, "clock"), FINDING_OK);
	assert_int_equal(worst(f, "store"), FINDING_OK);
	assert_int_equal(worst(f, "mail"), FINDING_OK);
}

static void
what_others_may_do_with_files_is_told(void **state)
{
	static const struct {
		const char *name;
		mode_t bad;
	} cases[] = {
		{ "master.key", 0440 },
		{ "latchkeyd.conf", 0620 },
		{ "data", 0750 },
		{ "data/data.mdb", 0604 },
		{ "pki/service-ca.key", 0640 },
		{ "pki/front-ca.crt", 0666 },
		{ "run", 0772 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stat st;

		assert_int_equal(stat(path_of(f, cases[i].name), &st), 0);
		assert_int_equal(chmod(path_of(f, cases[i].name), cases[i].bad),
		                 0);
		examine(f);
		assert_int_equal(worst(f, cases[i].name), FINDING_FAIL);
		assert_int_equal(count_of(f, FINDING_FAIL), 1);
		assert_int_equal(
			chmod(path_of(f, cases[i].name), st.st_mode & 07777),
			0);
	}
}

static void
a_file_that_is_missing_is_told(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(unlink(path_of(f, "master.key")), 0);
	assert_int_equal(unlink(path_of(f, "data/data.mdb")), 0);
	examine(f);
	assert_int_equal(worst(f, "master.key"), FINDING_FAIL);
	assert_int_equal(worst(f, "store"), FINDING_FAIL);
}

static void
certificates_are_warned_of_before_they_expire(void **state)
{
	struct fixture *f = *state;

	f->doctor.now_us += 5 * YEAR_US - 10 * DAY_US;
	examine(f);
	assert_int_equal(worst(f, "pki/gateway.crt"), FINDING_WARN);
	assert_int_equal(worst(f, "pki/front-ca.crt"), FINDING_OK);
	f->doctor.now_us += 20 * DAY_US;
	examine(f);
	assert_int_equal(worst(f, "pki/gateway.crt"), FINDING_FAIL);
}

static void
a_clock_that_is_behind_is_told(void **state)
{
	struct fixture *f = *state;

	f->doctor.now_us -= DAY_US;
	examine(f);
	assert_int_equal(worst(f, "clock"), FINDING_FAIL);
	f->doctor.now_us = 0;
	examine(f);
	assert_int_equal(worst(f, "clock"), FINDING_FAIL);
}

static void
what_is_no_state_directory_is_told(void **state)
{
	struct fixture *f = *state;

	(void)snprintf(f->home, sizeof(f->home), "%s", f->dir);
	examine(f);
	assert_int_equal(f->count, 1);
	assert_int_equal(worst(f, "directory"), FINDING_FAIL);
}

static size_t
count_entries(const char *dir)
{
	DIR *entries = opendir(dir);
	size_t count = 0;

	while (entries != NULL && readdir(entries) != NULL)
		count++;
	if (entries != NULL)
		(void)closedir(entries);
	return count < 2 ? 0 : count - 2;
}

static void
a_test_mail_is_sent_when_asked_for(void **state)
{
	struct fixture *f = *state;

	examine(f);
	assert_int_equal(count_entries(path_of(f, "mail/new")), 0);
	f->doctor.mail_to = "ada@example.com";
	examine(f);
	assert_int_equal(worst(f, "mail"), FINDING_OK);
	assert_int_equal(count_entries(path_of(f, "mail/new")), 1);
	f->doctor.mail_to = "nobody";
	examine(f);
	assert_int_equal(worst(f, "mail"), FINDING_FAIL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_new_directory_is_well),
		CASE(what_others_may_do_with_files_is_told),
		CASE(a_file_that_is_missing_is_told),
		CASE(certificates_are_warned_of_before_they_expire),
		CASE(a_clock_that_is_behind_is_told),
		CASE(what_is_no_state_directory_is_told),
		CASE(a_test_mail_is_sent_when_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
