#include "client/ctl/service_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define HOME_TEMPLATE "/tmp/service_url.XXXXXX"

struct fixture {
	char home[sizeof(HOME_TEMPLATE)];
	char file[sizeof(HOME_TEMPLATE) + 16];
	char url[SERVICE_URL_SIZE];
	char err[512];
};

static int
make_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->home, sizeof(f->home), HOME_TEMPLATE);
	assert_non_null(mkdtemp(f->home));
	(void)snprintf(f->file, sizeof(f->file), "%s/latchkeyd.conf", f->home);
	*state = f;
	return 0;
}

static int
drop_fixture(void **state)
{
	struct fixture *f = *state;

	(void)unlink(f->file);
	assert_int_equal(rmdir(f->home), 0);
	free(f);
	return 0;
}

static enum code
read_text(struct fixture *f, const char *text)
{
	FILE *file = fopen(f->file, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return service_url_read(f->home, f->url, f->err, sizeof(f->err));
}

static void
it_is_what_the_server_is_set_to(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, "log { level = \"debug\" }\n"
	                              "listeners {\n"
	                              "\tfront = \"\"\n"
	                              "\tlocal_uids = { \"1\", \"2\" }\n"
	                              "\tservice = \"tls+tcp://10.0.0.7:99\"\n"
	                              "}\n"
	                              "users { attributes = { \"a}\" } }\n"
	                              "# throttles {\nmail{}\n"),
	                 CODE_OK);
	assert_string_equal(f->url, "tls+tcp://10.0.0.7:99");
}

static void
the_variable_overrides_the_file(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(setenv("LATCHKEY_LISTENERS_SERVICE",
	                        "tls+tcp://10.0.0.8:98", 1),
	                 0);
	assert_int_equal(
		read_text(
			f,
			"listeners { service = \"tls+tcp://10.0.0.7:99\" }\n"),
		CODE_OK);
	assert_int_equal(unsetenv("LATCHKEY_LISTENERS_SERVICE"), 0);
	assert_string_equal(f->url, "tls+tcp://10.0.0.8:98");
}

static void
every_address_becomes_the_one_of_this_host(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		read_text(f, "listeners { service = \"tls+tcp://0.0.0.0:9\" }"),
		CODE_OK);
	assert_string_equal(f->url, "tls+tcp://127.0.0.1:9");
	assert_int_equal(
		read_text(f, "listeners { service = \"tls+tcp6://[::]:9\" }"),
		CODE_OK);
	assert_string_equal(f->url, "tls+tcp6://[::1]:9");
	assert_int_equal(
		read_text(f, "listeners { service = \"tls+tcp://*:9\" }"),
		CODE_OK);
	assert_string_equal(f->url, "tls+tcp://127.0.0.1:9");
}

static void
nothing_is_said_where_nothing_is_known(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, "log { }\n"), CODE_OK);
	assert_string_equal(f->url, "");
	assert_int_equal(unlink(f->file), 0);
	assert_int_equal(
		service_url_read(f->home, f->url, f->err, sizeof(f->err)),
		CODE_OK);
	assert_string_equal(f->url, "");
}

static void
a_broken_file_and_a_changing_port_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, "listeners {\n"), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, "latchkeyd.conf"));
	assert_int_equal(
		read_text(f, "listeners { service = \"tls+tcp://[::]:0\" }"),
		CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, "--url"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make_fixture, drop_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_is_what_the_server_is_set_to),
		CASE(the_variable_overrides_the_file),
		CASE(every_address_becomes_the_one_of_this_host),
		CASE(nothing_is_said_where_nothing_is_known),
		CASE(a_broken_file_and_a_changing_port_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
