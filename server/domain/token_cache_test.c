#include "server/domain/token_cache.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/domain/test_claims.h"
#include "server/domain/test_keyring.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW 1800000000
#define ACCESS (1U << TOKEN_ACCESS)
#define REFRESH (1U << TOKEN_REFRESH)

struct fixture {
	struct test_keyring test;
	struct token_policy policy;
	struct token_verifier cached, plain;
	struct arena arena;
	char memory[1 << 16];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->policy = (struct token_policy){ .issuer = "", .audience = "" };
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	test_keyring_init(&f->test);
	test_keyring_add(&f->test, KEY_HS256, KEY_PURPOSE_ACCESS, 1);
	test_keyring_add(&f->test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_open(&f->test);
	f->plain = (struct token_verifier){ .keyring = f->test.keyring,
		                            .policy = &f->policy };
	f->cached = f->plain;
	assert_int_equal(token_cache_open(&f->cached.cache), CODE_OK);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	token_cache_close(f->cached.cache);
	test_keyring_reset(&f->test);
	free(f);
	return 0;
}

static char *
issue(struct fixture *f, enum token_type type, uint64_t user_id,
      int64_t expires_at)
{
	const struct token_claims claims = { .type = type,
		                             .id = { 1 },
		                             .user_id = user_id,
		                             .session_id = { 2 },
		                             .issued_at = NOW,
		                             .expires_at = expires_at };
	char *text = NULL;

	assert_int_equal(token_issue(f->test.keyring, &f->policy, &f->arena,
	                             &claims, &text),
	                 CODE_OK);
	return text;
}

static bool
knows(struct fixture *f, const char *text)
{
	struct token_claims claims;

	return token_cache_find(f->cached.cache,
	                        (struct bytes){ text, strlen(text) }, &claims);
}

/* same asks with and without the cache, and wants one answer. */
static enum token_fault
same(struct fixture *f, const char *text, unsigned accepted, int64_t now)
{
	struct token_claims a, b;
	enum token_fault with =
		token_verify(&f->cached, text, accepted, now, &a);

	assert_int_equal(token_verify(&f->plain, text, accepted, now, &b),
	                 with);
	assert_true(test_claims_equal(&a, &b));
	return with;
}

static void
the_cache_changes_no_answer(void **state)
{
	static const unsigned accepted[] = {
		ACCESS,
		REFRESH,
		ACCESS | REFRESH,
		ACCESS | TOKEN_ACCEPT_EXPIRED,
		0,
		TOKEN_ACCEPT_EXPIRED,
	};
	static const int64_t times[] = { 0, NOW, NOW + 9, NOW + 10, NOW + 99 };
	struct fixture *f = *state;
	char *tokens[4];

	tokens[0] = issue(f, TOKEN_ACCESS, 1, NOW + 10);
	tokens[1] = issue(f, TOKEN_REFRESH, 1, NOW + 10);
	tokens[2] = issue(f, TOKEN_ACCESS, 2, NOW);
	tokens[3] = "junk";
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < COUNT(tokens) * COUNT(accepted); i++)
			for (size_t t = 0; t < COUNT(times); t++)
				(void)same(f, tokens[i % COUNT(tokens)],
				           accepted[i / COUNT(tokens)],
				           times[t]);
}

static void
a_verified_access_token_is_known_afterwards(void **state)
{
	struct fixture *f = *state;
	char *token = issue(f, TOKEN_ACCESS, 1, NOW + 10);

	assert_false(knows(f, token));
	assert_int_equal(same(f, token, ACCESS, NOW), TOKEN_OK);
	assert_true(knows(f, token));
}

static void
a_known_token_expires_all_the_same(void **state)
{
	struct fixture *f = *state;
	char *token = issue(f, TOKEN_ACCESS, 1, NOW + 10);

	assert_int_equal(same(f, token, ACCESS, NOW + 9), TOKEN_OK);
	assert_int_equal(same(f, token, ACCESS, NOW + 10), TOKEN_FAULT_EXPIRED);
	assert_int_equal(same(f, token, ACCESS, NOW + 9), TOKEN_OK);
	assert_int_equal(
		same(f, token, ACCESS | TOKEN_ACCEPT_EXPIRED, NOW + 99),
		TOKEN_OK);
}

static void
a_known_token_is_still_of_its_type(void **state)
{
	struct fixture *f = *state;
	char *token = issue(f, TOKEN_ACCESS, 1, NOW + 10);

	assert_int_equal(same(f, token, ACCESS, NOW), TOKEN_OK);
	assert_int_equal(same(f, token, REFRESH, NOW), TOKEN_FAULT_WRONG_TYPE);
}

static void
a_changed_token_is_invalid_though_the_good_one_is_known(void **state)
{
	struct fixture *f = *state;
	char *token = issue(f, TOKEN_ACCESS, 1, NOW + 10);

	assert_int_equal(same(f, token, ACCESS, NOW), TOKEN_OK);
	for (size_t i = 0; token[i] != '\0'; i++) {
		char before = token[i];

		token[i] = before == 'A' ? 'B' : 'A';
		assert_int_equal(same(f, token, ACCESS, NOW),
		                 TOKEN_FAULT_INVALID);
		assert_false(knows(f, token));
		token[i] = before;
	}
	token[strlen(token) - 1] = '\0';
	assert_int_equal(same(f, token, ACCESS, NOW), TOKEN_FAULT_INVALID);
}

static void
only_good_access_tokens_are_kept(void **state)
{
	struct fixture *f = *state;
	char *refresh = issue(f, TOKEN_REFRESH, 1, NOW + 10);
	char *expired = issue(f, TOKEN_ACCESS, 1, NOW);
	char *unasked = issue(f, TOKEN_ACCESS, 2, NOW + 10);

	assert_int_equal(same(f, refresh, ACCESS | REFRESH, NOW), TOKEN_OK);
	assert_false(knows(f, refresh));
	assert_int_equal(same(f, expired, ACCESS, NOW), TOKEN_FAULT_EXPIRED);
	assert_int_equal(same(f, expired, ACCESS | TOKEN_ACCEPT_EXPIRED, NOW),
	                 TOKEN_OK);
	assert_false(knows(f, expired));
	assert_int_equal(same(f, unasked, REFRESH, NOW),
	                 TOKEN_FAULT_WRONG_TYPE);
	assert_false(knows(f, unasked));
}

/* put_many fills the cache with texts that no verification is needed for. */
static size_t
put_many(struct token_cache *cache, uint64_t first, size_t count, int64_t now)
{
	struct token_claims claims = { .type = TOKEN_ACCESS,
		                       .expires_at = now + 10 };
	size_t kept = 0;
	char text[32];

	for (uint64_t i = first; i < first + count; i++) {
		struct bytes token = {
			text, (size_t)snprintf(text, sizeof(text), "%zu", i)
		};

		claims.user_id = i;
		token_cache_put(cache, token, now, &claims,
		                token_cache_era(cache));
	}
	for (uint64_t i = first; i < first + count; i++) {
		struct bytes token = {
			text, (size_t)snprintf(text, sizeof(text), "%zu", i)
		};

		if (!token_cache_find(cache, token, &claims))
			continue;
		assert_int_equal(claims.user_id, i);
		kept++;
	}
	return kept;
}

static void
more_tokens_than_fit_displace_older_ones(void **state)
{
	struct fixture *f = *state;
	struct token_cache *cache = f->cached.cache;
	size_t kept;

	/* A few: all stay, but for the odd set that five of them share. */
	kept = put_many(cache, 0, TOKEN_CACHE_ENTRIES / 16, NOW);
	assert_true(kept > TOKEN_CACHE_ENTRIES / 16 - 20);
	/* Ten times too many: it stays bounded, and stays full. */
	kept = put_many(cache, 1 << 20, (size_t)10 * TOKEN_CACHE_ENTRIES, NOW);
	assert_int_equal(kept, TOKEN_CACHE_ENTRIES);
	/* The last one put is always there. */
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(put_many(cache, (1 << 24) + i, 1, NOW), 1);
}

static void
expired_tokens_are_displaced_first(void **state)
{
	struct fixture *f = *state;
	struct token_cache *cache = f->cached.cache;
	size_t few = TOKEN_CACHE_ENTRIES / 16;

	(void)put_many(cache, 1 << 20, (size_t)10 * TOKEN_CACHE_ENTRIES, NOW);
	assert_true(put_many(cache, 0, few, NOW + 10) > few - 20);
}

static void
a_token_put_twice_lies_in_one_place(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 100; i++)
		assert_int_equal(put_many(f->cached.cache, 7, 1, NOW), 1);
	assert_int_equal(put_many(f->cached.cache, 7, 4, NOW), 4);
}

static void
what_old_keys_vouched_for_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct token_cache *cache = f->cached.cache;
	struct token_claims claims = { .type = TOKEN_ACCESS,
		                       .expires_at = NOW + 1 };
	const struct bytes text = { "x", 1 };
	unsigned era = token_cache_era(cache);

	token_cache_put(cache, text, NOW, &claims, era);
	assert_true(token_cache_find(cache, text, &claims));
	token_cache_forget(cache);
	assert_false(token_cache_find(cache, text, &claims));
	/* A verification that began before comes late. */
	token_cache_put(cache, text, NOW, &claims, era);
	assert_false(token_cache_find(cache, text, &claims));
	token_cache_put(cache, text, NOW, &claims, token_cache_era(cache));
	assert_true(token_cache_find(cache, text, &claims));
}

static void
without_a_cache_nothing_is_known(void **state)
{
	struct token_claims claims = { .type = TOKEN_ACCESS,
		                       .expires_at = NOW + 1 };

	(void)state;
	token_cache_put(NULL, (struct bytes){ "x", 1 }, NOW, &claims, 0);
	assert_int_equal(token_cache_era(NULL), 0);
	assert_false(token_cache_find(NULL, (struct bytes){ "x", 1 }, &claims));
	token_cache_close(NULL);
}

static void *
put_and_find(void *cache)
{
	for (uint64_t i = 0; i < 20; i++)
		(void)put_many(cache, i * 50, 200, NOW);
	return cache;
}

static void
many_threads_use_it_at_the_same_time(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[4];

	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, put_and_find,
		                                f->cached.cache),
		                 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_cache_changes_no_answer),
		CASE(a_verified_access_token_is_known_afterwards),
		CASE(a_known_token_expires_all_the_same),
		CASE(a_known_token_is_still_of_its_type),
		CASE(a_changed_token_is_invalid_though_the_good_one_is_known),
		CASE(only_good_access_tokens_are_kept),
		CASE(more_tokens_than_fit_displace_older_ones),
		CASE(expired_tokens_are_displaced_first),
		CASE(a_token_put_twice_lies_in_one_place),
		CASE(what_old_keys_vouched_for_is_forgotten),
		CASE(without_a_cache_nothing_is_known),
		CASE(many_threads_use_it_at_the_same_time),
	};

	return cmocka_run_group_tests_name("token_cache", tests, NULL, NULL);
}
