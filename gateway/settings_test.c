#include "gateway/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
the_defaults_are_what_the_contract_promises(void **state)
{
	struct gateway_settings s;
	char err[512] = "";

	(void)state;
	assert_int_equal(settings_load(&gateway_settings_table, NULL, &s, err,
	                               sizeof(err)),
	                 CODE_OK);
	assert_string_equal(s.gateway.listen, "127.0.0.1:8000");
	assert_int_equal(s.server.timeout_ms, 10000);
	assert_int_equal(s.cors.origins.count, 0);
	assert_false(s.cors.allow_all);
	assert_int_equal(s.limits.body_max, 64 * 1024);
	assert_int_equal(s.limits.head_max, 16 * 1024);
	assert_int_equal(s.limits.url_max, 4 * 1024);
	assert_int_equal(s.limits.request_timeout_ms, 10000);
	assert_int_equal(s.limits.idle_timeout_ms, 60000);
	assert_int_equal(s.limits.connections_max, 4096);
	assert_int_equal(s.limits.connections_per_address_max, 256);
	settings_free(&gateway_settings_table, &s);
}

static void
every_row_says_its_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < gateway_settings_table.count; i++) {
		const struct setting *row = &gateway_settings_table.rows[i];
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
		cmocka_unit_test(every_row_says_its_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
