#include "tests/bench/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static struct histogram *
make(void)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));

	assert_non_null(histogram);
	histogram_reset(histogram);
	return histogram;
}

static void
an_empty_histogram_has_no_quantile(void **state)
{
	struct histogram *histogram = make();

	(void)state;
	assert_int_equal(histogram_count(histogram), 0);
	assert_int_equal(histogram_quantile(histogram, 500), 0);
	free(histogram);
}

static void
a_quantile_is_never_below_and_at_most_a_32nd_above(void **state)
{
	static const uint64_t values[] = {
		0,    1,      31,      32,         33,
		63,   64,     100,     1023,       1024,
		4095, 123456, 9999999, UINT32_MAX, UINT64_C(1) << 62,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct histogram *histogram = make();
		uint64_t got;

		histogram_add(histogram, values[i]);
		got = histogram_quantile(histogram, 1000);
		assert_true(got >= values[i]);
		assert_true(got - values[i] <= values[i] / 32);
		free(histogram);
	}
}

static void
the_largest_value_has_a_bucket(void **state)
{
	struct histogram *histogram = make();

	(void)state;
	histogram_add(histogram, UINT64_MAX);
	assert_true(histogram_quantile(histogram, 1) == UINT64_MAX);
	free(histogram);
}

static void
the_median_and_the_99th_are_where_they_should_be(void **state)
{
	struct histogram *histogram = make();

	(void)state;
	for (uint64_t i = 1; i <= 1000; i++)
		histogram_add(histogram, i * 1000);
	assert_in_range(histogram_quantile(histogram, 500), 500000, 515625);
	assert_in_range(histogram_quantile(histogram, 990), 990000, 1020938);
	free(histogram);
}

static void
merging_adds_what_the_other_counted(void **state)
{
	struct histogram *one = make(), *two = make();

	(void)state;
	histogram_add(one, 10);
	histogram_add(two, 20);
	histogram_add(two, 20);
	histogram_merge(one, two);
	assert_int_equal(histogram_count(one), 3);
	assert_int_equal(histogram_quantile(one, 500), 20);
	histogram_reset(one);
	assert_int_equal(histogram_count(one), 0);
	free(one);
	free(two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_histogram_has_no_quantile),
		cmocka_unit_test(
			a_quantile_is_never_below_and_at_most_a_32nd_above),
		cmocka_unit_test(the_largest_value_has_a_bucket),
		cmocka_unit_test(
			the_median_and_the_99th_are_where_they_should_be),
		cmocka_unit_test(merging_adds_what_the_other_counted),
	};

	return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
