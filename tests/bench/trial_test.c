#include "tests/bench/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static double
rate_of(const double *rates, unsigned rounds)
{
	struct trial_side *side = calloc(1, sizeof(*side));
	double rate;

	assert_non_null(side);
	for (unsigned i = 0; i < rounds; i++)
		side->rates[i] = rates[i];
	side->rounds = rounds;
	rate = trial_side_rate(side);
	free(side);
	return rate;
}

static void
the_rate_is_the_median_of_the_rounds(void **state)
{
	static const double rates[] = { 900, 10, 30, 20 };

	(void)state;
	assert_true(rate_of(rates, 0) == 0);
	assert_true(rate_of(rates, 1) == 900);
	assert_true(rate_of(rates, 3) == 30);
	assert_true(rate_of(rates, 4) == 25);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rate_is_the_median_of_the_rounds),
	};

	return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
