#include "gateway/http_deadline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
assert_order(const struct http_deadlines *list, const char *want)
{
	const struct http_deadline *before = NULL;

	for (const struct http_deadline *at = list->first; at != NULL;
	     at = at->next) {
		assert_int_equal(at->at_ms, *want++ - '0');
		assert_ptr_equal(at->prev, before);
		before = at;
	}
	assert_int_equal(*want, '\0');
	assert_ptr_equal(list->last, before);
}

static void
deadlines_stand_in_the_order_of_their_ends(void **state)
{
	struct http_deadline deadlines[5] = {
		{ .at_ms = 3 }, { .at_ms = 5 }, { .at_ms = 1 },
		{ .at_ms = 4 }, { .at_ms = 3 },
	};
	struct http_deadlines list = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++)
		http_deadlines_add(&list, &deadlines[i]);
	assert_order(&list, "13345");
	assert_ptr_equal(list.first->next, &deadlines[0]);
	http_deadlines_del(&list, &deadlines[2]);
	assert_order(&list, "3345");
	http_deadlines_del(&list, &deadlines[1]);
	assert_order(&list, "334");
	http_deadlines_del(&list, &deadlines[4]);
	assert_order(&list, "34");
	http_deadlines_del(&list, &deadlines[0]);
	http_deadlines_del(&list, &deadlines[3]);
	assert_order(&list, "");
	http_deadlines_add(&list, &deadlines[3]);
	assert_order(&list, "4");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deadlines_stand_in_the_order_of_their_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
