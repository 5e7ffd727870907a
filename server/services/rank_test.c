#include "server/services/rank.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/store/user_store.h"

/* A call by a user with the roles "editor" and "reader". */
struct fixture {
	struct user user;
	struct principal principal;
	struct rpc_call call;
};

static const char *const held[] = { "editor", "reader" };

static void
be(struct fixture *f, enum role role)
{
	*f = (struct fixture){ .user = { .roles = held, .role_count = 2 },
		               .principal = { .role = role } };
	f->principal.user = &f->user;
	f->call.caller = &f->principal;
}

static void
only_superusers_touch_superusers(void **state)
{
	const struct user root = { .is_superuser = true }, ada = { .id = 1 };
	struct fixture f;

	(void)state;
	be(&f, ROLE_USER);
	assert_false(rank_may_touch(&f.call, &ada));
	be(&f, ROLE_STAFF);
	assert_true(rank_may_touch(&f.call, &ada));
	assert_false(rank_may_touch(&f.call, &root));
	be(&f, ROLE_SUPERUSER);
	assert_true(rank_may_touch(&f.call, &root));
}

static void
staff_give_and_take_only_roles_they_hold(void **state)
{
	static const char *const mixed[] = { "admin", "reader" };
	static const char *const admin[] = { "admin" };
	const struct rank_roles none = { NULL, 0 }, own = { held, 2 },
				both = { mixed, 2 }, above = { admin, 1 };
	struct fixture f;

	(void)state;
	be(&f, ROLE_STAFF);
	assert_true(rank_may_hand(&f.call, none, own));
	assert_true(rank_may_hand(&f.call, own, none));
	assert_true(rank_may_hand(&f.call, above, above));
	assert_true(rank_may_hand(&f.call, above, both));
	assert_true(rank_may_hand(&f.call, both, above));
	assert_false(rank_may_hand(&f.call, none, above));
	assert_false(rank_may_hand(&f.call, above, none));
	assert_false(rank_may_hand(&f.call, both, own));
	be(&f, ROLE_SUPERUSER);
	assert_true(rank_may_hand(&f.call, none, above));
}

static void
the_two_refusals_say_what_is_missing(void **state)
{
	struct fixture f;

	(void)state;
	be(&f, ROLE_STAFF);
	assert_int_equal(rank_refuse(&f.call), CODE_PERMISSION_DENIED);
	assert_int_equal(f.call.reason,
	                 LATCHKEY__RPC__V1__REASON__REASON_RANK_TOO_LOW);
	assert_int_equal(rank_refuse_role(&f.call), CODE_PERMISSION_DENIED);
	assert_int_equal(f.call.reason,
	                 LATCHKEY__RPC__V1__REASON__REASON_ROLE_MISSING);
	assert_int_equal(f.call.subject,
	                 LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_superusers_touch_superusers),
		cmocka_unit_test(staff_give_and_take_only_roles_they_hold),
		cmocka_unit_test(the_two_refusals_say_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
