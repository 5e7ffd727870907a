#include "server/server_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/domain/key_retirement.h"
#include "server/domain/test_keyring.h"
#include "server/domain/token_cache.h"
#include "server/store/store_fixture.h"

#define NOW 1000
#define US_PER_S ((int64_t)1000000)
#define ACCESS_S ((int64_t)60)

/* A server's keys, with the store in data/ and the master key beside it. */
struct fixture {
	struct test_keyring test;
	struct server_settings settings;
	struct server_keys keys;
	char top[32];
	char path[64];
	char old[KEY_ID_MAX + 1];
	char err[512];
};

static void
add(struct fixture *f, enum key_purpose purpose, char kid[KEY_ID_MAX + 1])
{
	const struct key_order order = { .alg = KEY_HS256,
		                         .purpose = purpose,
		                         .now_us = NOW };

	test_keyring_order(&f->test, &order, kid);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	test_keyring_init(&f->test);
	(void)snprintf(f->top, sizeof(f->top), "/tmp/keys.XXXXXX");
	assert_non_null(mkdtemp(f->top));
	(void)snprintf(f->path, sizeof(f->path), "%s/master.key", f->top);
	assert_int_equal(master_key_make(f->path), CODE_OK);
	f->settings.store.dir = f->test.dir;
	f->settings.store.master_key = f->path;
	f->settings.tokens.access_lifetime_s = ACCESS_S;
	f->settings.tokens.refresh_lifetime_s = 2 * ACCESS_S;
	assert_int_equal(server_keys_load_master(&f->settings, f->test.master,
	                                         f->err, sizeof(f->err)),
	                 CODE_OK);
	add(f, KEY_PURPOSE_ACCESS, f->old);
	add(f, KEY_PURPOSE_REFRESH, NULL);
	assert_int_equal(server_keys_open(&f->settings, f->test.store,
	                                  &f->test.keyring, f->err,
	                                  sizeof(f->err)),
	                 CODE_OK);
	f->keys = (struct server_keys){ .settings = &f->settings,
		                        .store = f->test.store,
		                        .keyring = f->test.keyring };
	assert_int_equal(token_cache_open(&f->keys.cache), CODE_OK);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	token_cache_close(f->keys.cache);
	(void)unlink(f->path);
	(void)rmdir(f->top);
	test_keyring_reset(&f->test);
	free(f);
	return 0;
}

static void
retire(struct fixture *f, const char *kid, bool at_once)
{
	const struct key_retirement retirement = { .kid = kid,
		                                   .now_us = NOW,
		                                   .at_once = at_once };

	assert_int_equal(
		key_retire(f->test.store, &retirement, f->err, sizeof(f->err)),
		CODE_OK);
}

static bool
knows(const struct fixture *f, const char *kid)
{
	return keyring_find(f->test.keyring, kid, KEY_HS256) != NULL;
}

static void
a_key_that_was_added_is_taken_over(void **state)
{
	struct fixture *f = *state;
	char new[KEY_ID_MAX + 1];

	add(f, KEY_PURPOSE_ACCESS, new);
	assert_false(knows(f, new));
	server_keys_renew(&f->keys, NOW);
	assert_true(knows(f, new));
	assert_true(knows(f, f->old));
}

static void
a_retired_key_is_kept_for_the_lifetime_in_force(void **state)
{
	struct fixture *f = *state;
	int64_t end = NOW + US_PER_S * (ACCESS_S + KEY_NOTICED_S);

	add(f, KEY_PURPOSE_ACCESS, NULL);
	server_keys_renew(&f->keys, NOW);
	retire(f, f->old, false);
	server_keys_renew(&f->keys, NOW);
	server_keys_renew(&f->keys, end - 1);
	assert_true(knows(f, f->old));
	server_keys_renew(&f->keys, end);
	assert_false(knows(f, f->old));
}

static void
what_a_deleted_key_vouched_for_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims = { .type = TOKEN_ACCESS,
		                       .expires_at = INT64_MAX };
	const struct bytes text = { "x", 1 };

	add(f, KEY_PURPOSE_ACCESS, NULL);
	server_keys_renew(&f->keys, NOW);
	token_cache_put(f->keys.cache, text, 0, &claims,
	                token_cache_era(f->keys.cache));
	server_keys_renew(&f->keys, NOW);
	assert_true(token_cache_find(f->keys.cache, text, &claims));
	retire(f, f->old, true);
	server_keys_renew(&f->keys, NOW);
	assert_false(knows(f, f->old));
	assert_false(token_cache_find(f->keys.cache, text, &claims));
}

static void
without_the_master_key_the_keys_stay_as_they_are(void **state)
{
	struct fixture *f = *state;
	char new[KEY_ID_MAX + 1];

	add(f, KEY_PURPOSE_ACCESS, new);
	assert_int_equal(chmod(f->path, 0444), 0);
	server_keys_renew(&f->keys, NOW);
	assert_true(knows(f, f->old));
	assert_false(knows(f, new));
	assert_int_equal(chmod(f->path, 0400), 0);
	server_keys_renew(&f->keys, NOW);
	assert_true(knows(f, new));
}

static size_t
count_stored(const struct fixture *f)
{
	return store_fixture_count(f->test.store, STORE_SIGNING_KEY);
}

/* It signs until the new key can be used, so its time has not begun. */
static void
a_retired_key_that_still_signs_is_not_deleted(void **state)
{
	struct fixture *f = *state;
	int64_t later = NOW + US_PER_S * (ACCESS_S + KEY_NOTICED_S);

	add(f, KEY_PURPOSE_ACCESS, NULL);
	retire(f, f->old, false);
	assert_int_equal(chmod(f->path, 0444), 0);
	server_keys_renew(&f->keys, NOW);
	server_keys_renew(&f->keys, later);
	assert_int_equal(count_stored(f), 3);
	assert_int_equal(chmod(f->path, 0400), 0);
	server_keys_renew(&f->keys, later);
	assert_int_equal(count_stored(f), 3);
	server_keys_renew(&f->keys, 2 * later);
	assert_int_equal(count_stored(f), 2);
	assert_false(knows(f, f->old));
}

static void
a_master_key_beside_the_data_is_refused(void **state)
{
	struct fixture *f = *state;
	uint8_t master[MASTER_KEY_SIZE];

	f->settings.store.dir = f->top;
	assert_int_equal(server_keys_load_master(&f->settings, master, f->err,
	                                         sizeof(f->err)),
	                 CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(f->err, "store.master_key"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_key_that_was_added_is_taken_over),
		CASE(a_retired_key_is_kept_for_the_lifetime_in_force),
		CASE(what_a_deleted_key_vouched_for_is_forgotten),
		CASE(without_the_master_key_the_keys_stay_as_they_are),
		CASE(a_retired_key_that_still_signs_is_not_deleted),
		CASE(a_master_key_beside_the_data_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
