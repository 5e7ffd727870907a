#include "server/rpc/listener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static void
admits_its_own_user_and_those_on_the_list(void **state)
{
	const uid_t uids[] = { geteuid() + 1, geteuid() + 2 };

	(void)state;
	assert_true(listener_admits_uid(NULL, 0, geteuid()));
	assert_true(listener_admits_uid(uids, 2, geteuid()));
	assert_true(listener_admits_uid(uids, 2, uids[0]));
	assert_true(listener_admits_uid(uids, 2, uids[1]));
}

static void
admits_nobody_else(void **state)
{
	const uid_t uids[] = { geteuid() + 1 };

	(void)state;
	assert_false(listener_admits_uid(NULL, 0, (uint64_t)geteuid() + 1));
	assert_false(listener_admits_uid(uids, 1, (uint64_t)geteuid() + 2));
	assert_false(listener_admits_uid(uids, 1, UINT64_MAX));
	/* No wrapping round: the same number modulo 2^32 is another. */
	assert_false(listener_admits_uid(
		uids, 1, (uint64_t)geteuid() + ((uint64_t)1 << 32)));
}

static void
has_a_name_for_every_kind(void **state)
{
	(void)state;
	assert_string_equal(listener_kind_name(LISTENER_SERVICE), "service");
	assert_string_equal(listener_kind_name(LISTENER_FRONT), "front");
	assert_string_equal(listener_kind_name(LISTENER_LOCAL), "local");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(admits_its_own_user_and_those_on_the_list),
		cmocka_unit_test(admits_nobody_else),
		cmocka_unit_test(has_a_name_for_every_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
