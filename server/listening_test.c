#include "server/listening.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	struct server_settings settings;
	struct listening listening;
	char err[512];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(settings_load(&server_settings_table, NULL,
	                               &f->settings, f->err, sizeof(f->err)),
	                 CODE_OK);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	settings_free(&server_settings_table, &f->settings);
	free(f);
	return 0;
}

static void
set(char **setting, const char *text)
{
	free(*setting);
	*setting = strdup(text);
	assert_non_null(*setting);
}

static enum code
read_listening(struct fixture *f)
{
	return listening_read(&f->settings, &f->listening, f->err,
	                      sizeof(f->err));
}

static void
by_default_there_are_three_listeners(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_listening(f), CODE_OK);
	assert_int_equal(f->listening.count, 3);
	assert_string_equal(listening_name(f->listening.listeners[0].kind),
	                    "front");
	assert_string_equal(listening_name(f->listening.listeners[1].kind),
	                    "service");
	assert_string_equal(listening_name(f->listening.listeners[2].kind),
	                    "local");
	assert_null(f->listening.listeners[2].cert_path);
}

static void
an_empty_url_is_no_listener_and_three_are_refused(void **state)
{
	struct fixture *f = *state;

	set(&f->settings.listeners.front, "");
	set(&f->settings.listeners.local, "");
	assert_int_equal(read_listening(f), CODE_OK);
	assert_int_equal(f->listening.count, 1);
	assert_int_equal(f->listening.listeners[0].kind, LISTENER_SERVICE);
	set(&f->settings.listeners.service, "");
	assert_int_equal(read_listening(f), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, "nothing to listen on"));
}

static void
user_ids_are_numbers(void **state)
{
	static const char *const bad[] = { "", "root", "-1", "12x",
		                           "4294967295" };
	struct fixture *f = *state;
	char *item = "1000";
	const struct setting_list kept = f->settings.listeners.local_uids;

	f->settings.listeners.local_uids = (struct setting_list){ &item, 1 };
	assert_int_equal(read_listening(f), CODE_OK);
	assert_int_equal(f->listening.listeners[2].peer_uid_count, 1);
	assert_int_equal(f->listening.listeners[2].peer_uids[0], 1000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		item = (char *)bad[i];
		assert_int_equal(read_listening(f), CODE_INVALID_ARGUMENT);
		assert_non_null(strstr(f->err, "listeners.local_uids"));
	}
	f->settings.listeners.local_uids = kept;
}

static void
a_missing_certificate_is_named_with_its_listener(void **state)
{
	struct fixture *f = *state;

	set(&f->settings.tls.front_ca, "/nonexistent/ca.crt");
	assert_int_equal(read_listening(f), CODE_OK);
	assert_int_not_equal(
		listening_check(&f->listening, f->err, sizeof(f->err)),
		CODE_OK);
	assert_non_null(strstr(f->err, "listeners.front: /nonexistent/ca.crt"));

	/* The local listener has no certificate to look at. */
	set(&f->settings.listeners.front, "");
	set(&f->settings.listeners.service, "");
	assert_int_equal(read_listening(f), CODE_OK);
	assert_int_equal(listening_check(&f->listening, f->err, sizeof(f->err)),
	                 CODE_OK);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(by_default_there_are_three_listeners),
		TEST(an_empty_url_is_no_listener_and_three_are_refused),
		TEST(user_ids_are_numbers),
		TEST(a_missing_certificate_is_named_with_its_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
