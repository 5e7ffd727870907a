#include "server/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/message_limit.h"

static void
the_defaults_are_what_the_contract_promises(void **state)
{
	struct server_settings s;
	char err[512] = "";

	(void)state;
	assert_int_equal(settings_load(&server_settings_table, NULL, &s, err,
	                               sizeof(err)),
	                 CODE_OK);
	assert_int_equal(s.tokens.access_lifetime_s, 3600);
	assert_int_equal(s.tokens.refresh_lifetime_s, 7 * 24 * 3600);
	assert_int_equal(s.tokens.session_lifetime_s, 30 * 24 * 3600);
	assert_string_equal(s.tokens.algorithm, "ES256");
	assert_false(s.tokens.user_id_is_number);
	assert_false(s.sessions.rotate);
	assert_int_equal(s.sessions.grace_ms, 10000);
	assert_string_equal(s.registration.mode, "closed");
	assert_int_equal(s.users.attributes.count, 0);
	assert_string_equal(s.throttles.mail_minute, "1/60");
	assert_string_equal(s.throttles.mail_hour, "5/3600");
	/* What clients take for granted. */
	assert_int_equal(s.limits.message_max, MESSAGE_LIMIT);
	assert_int_equal(s.limits.arena_size, MESSAGE_ARENA_SIZE);
	settings_free(&server_settings_table, &s);
}

static void
every_row_names_its_range_and_reads_back(void **state)
{
	struct server_settings s;
	char err[512] = "", path[] = "/tmp/server_settings.XXXXXX";
	int fd = mkstemp(path);
	FILE *to;

	(void)state;
	assert_true(fd >= 0);
	to = fdopen(fd, "w");
	assert_non_null(to);
	assert_int_equal(settings_print(&server_settings_table, to, NULL, err,
	                                sizeof(err)),
	                 CODE_OK);
	assert_int_equal(fclose(to), 0);
	assert_int_equal(settings_load(&server_settings_table, path, &s, err,
	                               sizeof(err)),
	                 CODE_OK);
	settings_free(&server_settings_table, &s);
	assert_int_equal(remove(path), 0);
	for (size_t i = 0; i < server_settings_table.count; i++) {
		const struct setting *row = &server_settings_table.rows[i];
		char range[64];

		assert_int_equal(row->doc[strlen(row->doc) - 1], '.');
		if (row->type != SETTING_NUMBER)
			continue;
		(void)snprintf(range, sizeof(range), "%lld to %lld",
		               (long long)row->min, (long long)row->max);
		if (strstr(row->doc, range) == NULL)
			fail_msg("%s.%s does not say %s", row->section,
			         row->key, range);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_are_what_the_contract_promises),
		cmocka_unit_test(every_row_names_its_range_and_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
