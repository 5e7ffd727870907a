#include "server/domain/key_retirement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/domain/test_keyring.h"

#define NOW 1000
#define US_PER_S ((int64_t)1000000)
/* What the last access token of a key retired now has expired by. */
#define LATER (NOW + (3600 + KEY_NOTICED_S) * US_PER_S)

/* Two keys for access tokens, of which one signs, and one for refresh. */
struct fixture {
	struct test_keyring test;
	char old[KEY_ID_MAX + 1];
	char new[KEY_ID_MAX + 1];
	char refresh[KEY_ID_MAX + 1];
	char err[256];
};

static void
add(struct fixture *f, enum key_purpose purpose, int64_t now_us,
    int64_t signs_from_us, char kid[KEY_ID_MAX + 1])
{
	const struct key_order order = { .alg = KEY_HS256,
		                         .purpose = purpose,
		                         .now_us = now_us,
		                         .signs_from_us = signs_from_us };

	test_keyring_order(&f->test, &order, kid);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	test_keyring_init(&f->test);
	add(f, KEY_PURPOSE_ACCESS, 1, 0, f->old);
	add(f, KEY_PURPOSE_REFRESH, 1, 0, f->refresh);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	test_keyring_reset(&f->test);
	free(f);
	return 0;
}

static enum code
retire(struct fixture *f, const char *kid, int64_t now_us, bool at_once)
{
	const struct key_retirement retirement = {
		.kid = kid,
		.now_us = now_us,
		.at_once = at_once,
	};

	f->err[0] = '\0';
	return key_retire(f->test.store, &retirement, f->err, sizeof(f->err));
}

static size_t
sweep(struct fixture *f, int64_t now_us)
{
	const struct key_lifetimes lifetimes = { .access_s = 3600,
		                                 .refresh_s = 7200 };
	size_t deleted = 99;

	assert_int_equal(key_retirement_sweep(f->test.store, now_us, &lifetimes,
	                                      &deleted),
	                 CODE_OK);
	return deleted;
}

static const struct signing_key *
find(struct fixture *f, const char *kid)
{
	test_keyring_open(&f->test);
	return keyring_find(f->test.keyring, kid, KEY_HS256);
}

static const char *
signer(struct fixture *f)
{
	test_keyring_open(&f->test);
	return signing_key_kid(
		keyring_signer(f->test.keyring, KEY_PURPOSE_ACCESS, INT64_MAX));
}

static void
a_retired_key_verifies_until_its_time_and_is_then_deleted(void **state)
{
	struct fixture *f = *state;

	add(f, KEY_PURPOSE_ACCESS, 2, 0, f->new);
	assert_int_equal(retire(f, f->old, NOW, false), CODE_OK);
	assert_string_equal(signer(f), f->new);
	assert_non_null(find(f, f->old));
	assert_int_equal(sweep(f, NOW), 0);
	assert_int_equal(sweep(f, LATER - 1), 0);
	assert_non_null(find(f, f->old));
	assert_int_equal(sweep(f, LATER), 1);
	assert_null(find(f, f->old));
	assert_int_equal(sweep(f, 2 * LATER), 0);
	assert_string_equal(signer(f), f->new);
}

static void
a_refresh_key_is_kept_as_long_as_its_tokens(void **state)
{
	struct fixture *f = *state;
	char newer[KEY_ID_MAX + 1];

	add(f, KEY_PURPOSE_REFRESH, 2, 0, newer);
	assert_int_equal(retire(f, f->refresh, NOW, false), CODE_OK);
	assert_int_equal(sweep(f, NOW), 0);
	assert_int_equal(sweep(f, LATER + 3600 * US_PER_S - 1), 0);
	assert_non_null(find(f, f->refresh));
	assert_int_equal(sweep(f, LATER + 3600 * US_PER_S), 1);
	assert_null(find(f, f->refresh));
}

/* The newer one may go as well: then the older signs again. */
static void
the_key_that_is_left_signs(void **state)
{
	struct fixture *f = *state;

	add(f, KEY_PURPOSE_ACCESS, 2, 0, f->new);
	assert_string_equal(signer(f), f->new);
	assert_int_equal(retire(f, f->new, NOW, false), CODE_OK);
	assert_string_equal(signer(f), f->old);
}

static void
the_last_key_of_a_purpose_stays(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(retire(f, f->old, NOW, false),
	                 CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(f->err, f->old));
	assert_int_equal(retire(f, f->old, NOW, true),
	                 CODE_FAILED_PRECONDITION);
	assert_int_equal(retire(f, f->refresh, NOW, true),
	                 CODE_FAILED_PRECONDITION);
	add(f, KEY_PURPOSE_ACCESS, 2, 0, f->new);
	assert_int_equal(retire(f, f->old, NOW, false), CODE_OK);
	/* One that is retired is no successor. */
	assert_int_equal(retire(f, f->new, NOW, false),
	                 CODE_FAILED_PRECONDITION);
	assert_int_equal(retire(f, f->new, NOW, true),
	                 CODE_FAILED_PRECONDITION);
	assert_string_equal(signer(f), f->new);
}

static void
a_successor_must_have_begun_unless_the_key_goes_at_once(void **state)
{
	struct fixture *f = *state;

	add(f, KEY_PURPOSE_ACCESS, 2, NOW + 1, f->new);
	assert_int_equal(retire(f, f->old, NOW, false),
	                 CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(f->err, "yet"));
	assert_int_equal(retire(f, f->old, NOW + 1, false), CODE_OK);
}

static void
a_key_that_others_know_goes_at_once(void **state)
{
	struct fixture *f = *state;

	add(f, KEY_PURPOSE_ACCESS, 2, NOW + 1, f->new);
	assert_int_equal(retire(f, f->old, NOW, true), CODE_OK);
	assert_null(find(f, f->old));
	assert_string_equal(signer(f), f->new);
}

static void
a_retired_key_can_be_deleted_and_not_be_retired_again(void **state)
{
	struct fixture *f = *state;

	add(f, KEY_PURPOSE_ACCESS, 2, 0, f->new);
	assert_int_equal(retire(f, f->old, NOW, false), CODE_OK);
	assert_int_equal(retire(f, f->old, NOW, false), CODE_ALREADY_EXISTS);
	assert_int_equal(sweep(f, NOW), 0);
	assert_int_equal(retire(f, f->old, NOW, true), CODE_OK);
	assert_null(find(f, f->old));
}

static void
an_unknown_key_is_named(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(retire(f, "0123", NOW, false), CODE_NOT_FOUND);
	assert_non_null(strstr(f->err, "0123"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_retired_key_verifies_until_its_time_and_is_then_deleted),
		CASE(a_refresh_key_is_kept_as_long_as_its_tokens),
		CASE(the_key_that_is_left_signs),
		CASE(the_last_key_of_a_purpose_stays),
		CASE(a_successor_must_have_begun_unless_the_key_goes_at_once),
		CASE(a_key_that_others_know_goes_at_once),
		CASE(a_retired_key_can_be_deleted_and_not_be_retired_again),
		CASE(an_unknown_key_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
