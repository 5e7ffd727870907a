#include "server/domain/keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/domain/key_retirement.h"
#include "server/domain/test_keyring.h"

#define S ((int64_t)1000000) /* in microseconds */

static int
setup(void **state)
{
	struct test_keyring *test = malloc(sizeof(*test));

	assert_non_null(test);
	test_keyring_init(test);
	*state = test;
	return 0;
}

static int
teardown(void **state)
{
	test_keyring_reset(*state);
	free(*state);
	return 0;
}

static enum code
try_open(struct test_keyring *test, struct keyring **out)
{
	char err[256] = "";
	enum code code =
		keyring_open(test->store, test->master, out, err, sizeof(err));

	assert_int_equal(code == CODE_OK, err[0] == '\0');
	return code;
}

static enum code
add(struct test_keyring *test, enum key_alg alg, enum key_purpose purpose,
    int64_t now_us)
{
	const struct key_order order = { .alg = alg,
		                         .purpose = purpose,
		                         .now_us = now_us };

	return keyring_add(test->store, test->master, &order, NULL);
}

static bool
have_same_key(const struct signing_key *a, const struct signing_key *b)
{
	const struct bytes message = { "a.b", 3 };
	uint8_t sig[SIGNATURE_MAX];
	size_t len;

	assert_int_equal(signing_key_sign(a, message, sig, &len), CODE_OK);
	return signing_key_verify(b, message, (struct bytes){ sig, len });
}

static void
keys_come_back_as_they_were_sealed(void **state)
{
	struct test_keyring *test = *state;
	struct keyring *again;

	test_keyring_add(test, KEY_ES256, KEY_PURPOSE_ACCESS, 1);
	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_open(test);
	assert_int_equal(try_open(test, &again), CODE_OK);
	for (int p = KEY_PURPOSE_ACCESS; p <= KEY_PURPOSE_REFRESH; p++) {
		enum key_purpose purpose = (enum key_purpose)p;
		const struct signing_key *key =
			keyring_signer(test->keyring, purpose, INT64_MAX);

		assert_non_null(key);
		assert_int_equal(signing_key_purpose(key), purpose);
		assert_true(have_same_key(
			key, keyring_signer(again, purpose, INT64_MAX)));
	}
	keyring_close(again);
	keyring_close(NULL);
}

static void
the_newest_key_of_a_purpose_signs(void **state)
{
	struct test_keyring *test = *state;

	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 9);
	test_keyring_add(test, KEY_ES256, KEY_PURPOSE_ACCESS, 1);
	test_keyring_add(test, KEY_RS256, KEY_PURPOSE_ACCESS, 3);
	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_ACCESS, 2);
	test_keyring_open(test);
	assert_int_equal(signing_key_alg(keyring_signer(
				 test->keyring, KEY_PURPOSE_ACCESS, INT64_MAX)),
	                 KEY_RS256);
	assert_int_equal(
		signing_key_alg(keyring_signer(test->keyring,
	                                       KEY_PURPOSE_REFRESH, INT64_MAX)),
		KEY_HS256);
}

static void
retire_rs256(struct stored_key *key)
{
	if (strcmp(key->alg, "RS256") == 0)
		key->retired_at_us = 4;
}

static void
a_retired_key_is_found_and_listed_and_does_not_sign(void **state)
{
	struct test_keyring *test = *state;
	struct public_key *list;
	struct arena arena;
	char memory[4096];
	size_t count;

	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_add(test, KEY_ES256, KEY_PURPOSE_ACCESS, 1);
	test_keyring_add(test, KEY_RS256, KEY_PURPOSE_ACCESS, 3);
	test_keyring_change(test, retire_rs256);
	test_keyring_open(test);
	assert_int_equal(signing_key_alg(keyring_signer(
				 test->keyring, KEY_PURPOSE_ACCESS, INT64_MAX)),
	                 KEY_ES256);
	arena_init(&arena, memory, sizeof(memory));
	assert_int_equal(
		keyring_list_public(test->keyring, &arena, &list, &count),
		CODE_OK);
	assert_int_equal(count, 2);
	assert_int_equal(list[0].alg, KEY_RS256);
	assert_int_equal(list[1].alg, KEY_ES256);
	assert_non_null(keyring_find(test->keyring, list[0].kid, KEY_RS256));
}

static void
a_key_is_found_by_its_exact_kid_and_algorithm(void **state)
{
	struct test_keyring *test = *state;
	const struct signing_key *key;
	char kid[KEY_ID_MAX + 2] = "";

	test_keyring_add(test, KEY_ES256, KEY_PURPOSE_ACCESS, 1);
	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_open(test);
	key = keyring_signer(test->keyring, KEY_PURPOSE_ACCESS, INT64_MAX);
	(void)snprintf(kid, sizeof(kid), "%s", signing_key_kid(key));
	assert_ptr_equal(keyring_find(test->keyring, kid, KEY_ES256), key);
	assert_null(keyring_find(test->keyring, kid, KEY_HS256));
	assert_null(keyring_find(test->keyring, kid, KEY_RS256));
	assert_null(keyring_find(test->keyring, "", KEY_ES256));
	assert_null(keyring_find(test->keyring, NULL, KEY_ES256));
	kid[strlen(kid)] = '0'; /* the rest of it is zero */
	assert_null(keyring_find(test->keyring, kid, KEY_ES256));
	kid[strlen(kid) - 2] = '\0';
	assert_null(keyring_find(test->keyring, kid, KEY_ES256));
}

static void
mark_es256(struct stored_key *key)
{
	key->accept_without_kid = strcmp(key->alg, "ES256") == 0;
}

static void
without_a_kid_only_a_marked_key_is_found(void **state)
{
	struct test_keyring *test = *state;

	test_keyring_add(test, KEY_ES256, KEY_PURPOSE_ACCESS, 1);
	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_ACCESS, 2);
	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_change(test, mark_es256);
	test_keyring_open(test);
	assert_non_null(keyring_find(test->keyring, NULL, KEY_ES256));
	assert_null(keyring_find(test->keyring, NULL, KEY_HS256));
}

static void
only_public_halves_of_access_keys_are_listed(void **state)
{
	struct test_keyring *test = *state;
	struct public_key *list = NULL;
	char memory[4096];
	struct arena arena;
	size_t count = 0, size = 0;
	enum code code;

	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_ACCESS, 5);
	test_keyring_add(test, KEY_ES256, KEY_PURPOSE_ACCESS, 3);
	test_keyring_open(test);
	do {
		arena_init(&arena, memory, size);
		code = keyring_list_public(test->keyring, &arena, &list,
		                           &count);
		assert_true(code == CODE_OK || code == CODE_RESOURCE_EXHAUSTED);
		assert_true(size <= sizeof(memory));
		size += 8;
	} while (code != CODE_OK);
	assert_int_equal(count, 1);
	assert_int_equal(list[0].alg, KEY_ES256);
	assert_int_equal(strlen(list[0].x), 43);
	assert_int_equal(strlen(list[0].kid), 16);
}

static void
without_a_key_for_each_purpose_it_does_not_open(void **state)
{
	struct test_keyring *test = *state;
	struct keyring *keyring = NULL;

	assert_int_equal(try_open(test, &keyring), CODE_FAILED_PRECONDITION);
	test_keyring_add(test, KEY_ES256, KEY_PURPOSE_ACCESS, 1);
	assert_int_equal(try_open(test, &keyring), CODE_FAILED_PRECONDITION);
	assert_null(keyring);
	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_open(test);
}

static void
another_master_key_does_not_unseal(void **state)
{
	struct test_keyring *test = *state;
	struct keyring *keyring = NULL;

	test_keyring_add(test, KEY_ES256, KEY_PURPOSE_ACCESS, 1);
	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test->master[31] ^= 1;
	assert_int_equal(try_open(test, &keyring), CODE_UNAUTHENTICATED);
	assert_null(keyring);
	test->master[31] ^= 1;
	test_keyring_open(test);
}

static void
damage_last_byte(struct stored_key *key)
{
	((uint8_t *)key->sealed.data)[key->sealed.len - 1] ^= 1;
}

static void
shorten(struct stored_key *key)
{
	key->sealed.len = 39;
}

static void
rename_alg(struct stored_key *key)
{
	key->alg = "RS256";
}

static void
a_key_that_was_tampered_with_is_refused(void **state)
{
	struct test_keyring *test = *state;
	struct keyring *keyring = NULL;

	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_change(test, damage_last_byte);
	assert_int_equal(try_open(test, &keyring), CODE_UNAUTHENTICATED);
	test_keyring_change(test, damage_last_byte);
	test_keyring_change(test, rename_alg);
	assert_int_equal(try_open(test, &keyring), CODE_DATA_LOSS);
	test_keyring_change(test, shorten);
	assert_int_equal(try_open(test, &keyring), CODE_DATA_LOSS);
	assert_null(keyring);
}

/* Seals are bound to their kid: the two keys' seals change places. */
static void
swap_seals(struct stored_key *key)
{
	static struct stored_key first;

	if (first.kid == NULL) {
		first = *key;
		return;
	}
	key->sealed = first.sealed;
	first.kid = NULL;
}

static void
a_sealed_key_cannot_be_passed_off_as_another(void **state)
{
	struct test_keyring *test = *state;
	struct keyring *keyring = NULL;

	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_ACCESS, 1);
	test_keyring_change(test, swap_seals);
	assert_int_equal(try_open(test, &keyring), CODE_UNAUTHENTICATED);
}

static enum code
add_secret(struct test_keyring *test, size_t len)
{
	static const uint8_t secret[PRIVATE_KEY_MAX + 1] = "shared";
	const struct key_order order = { .alg = KEY_HS256,
		                         .purpose = KEY_PURPOSE_ACCESS,
		                         .secret = { secret, len },
		                         .now_us = 1 };

	return keyring_add(test->store, test->master, &order, NULL);
}

static void
a_given_secret_signs_and_is_bounded(void **state)
{
	struct test_keyring *test = *state;

	for (size_t len = 0; len <= PRIVATE_KEY_MAX + 1; len++)
		if (len < 32 || len > PRIVATE_KEY_MAX)
			assert_int_equal(add_secret(test, len),
			                 CODE_INVALID_ARGUMENT);
	assert_int_equal(add_secret(test, 32), CODE_OK);
	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_open(test);
	assert_int_equal(signing_key_alg(keyring_signer(
				 test->keyring, KEY_PURPOSE_ACCESS, INT64_MAX)),
	                 KEY_HS256);
}

static void
a_secret_is_for_hs256_and_access_tokens_alone(void **state)
{
	static const uint8_t secret[32] = "shared";
	struct test_keyring *test = *state;
	struct key_order order = { .alg = KEY_ES256,
		                   .purpose = KEY_PURPOSE_ACCESS,
		                   .secret = { secret, sizeof(secret) } };

	assert_int_equal(keyring_add(test->store, test->master, &order, NULL),
	                 CODE_INVALID_ARGUMENT);
	order.alg = KEY_HS256;
	order.purpose = KEY_PURPOSE_REFRESH;
	assert_int_equal(keyring_add(test->store, test->master, &order, NULL),
	                 CODE_INVALID_ARGUMENT);
}

static void
refresh_keys_are_hs256_only(void **state)
{
	struct test_keyring *test = *state;

	assert_int_equal(add(test, KEY_ES256, KEY_PURPOSE_REFRESH, 1),
	                 CODE_INVALID_ARGUMENT);
	assert_int_equal(add(test, KEY_RS256, KEY_PURPOSE_REFRESH, 1),
	                 CODE_INVALID_ARGUMENT);
}

static void
a_store_holds_so_many_keys_and_no_more(void **state)
{
	struct test_keyring *test = *state;

	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 0);
	for (int64_t i = 1; i < KEYRING_MAX; i++)
		test_keyring_add(test, KEY_HS256, KEY_PURPOSE_ACCESS, i);
	assert_int_equal(add(test, KEY_HS256, KEY_PURPOSE_ACCESS, 99),
	                 CODE_FAILED_PRECONDITION);
	test_keyring_open(test);
}

static void
the_digest_key_follows_from_the_master_key_alone(void **state)
{
	struct test_keyring *test = *state;
	uint8_t before[KEYRING_DIGEST_KEY_SIZE];

	test_keyring_add(test, KEY_ES256, KEY_PURPOSE_ACCESS, 1);
	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_open(test);
	memcpy(before, keyring_digest_key(test->keyring), sizeof(before));
	assert_memory_not_equal(before, test->master, sizeof(before));

	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 2);
	test_keyring_open(test);
	assert_memory_equal(before, keyring_digest_key(test->keyring),
	                    sizeof(before));
}

/* add_later adds an ES256 access key that signs from a time on. */
static void
add_later(struct test_keyring *test, int64_t now_us, int64_t signs_from_us,
          char kid[KEY_ID_MAX + 1])
{
	const struct key_order order = { .alg = KEY_ES256,
		                         .purpose = KEY_PURPOSE_ACCESS,
		                         .now_us = now_us,
		                         .signs_from_us = signs_from_us };

	assert_int_equal(keyring_add(test->store, test->master, &order, kid),
	                 CODE_OK);
}

static const char *
signer_at(const struct test_keyring *test, int64_t issued_at_us)
{
	return signing_key_kid(keyring_signer(test->keyring, KEY_PURPOSE_ACCESS,
	                                      issued_at_us));
}

static void
a_key_signs_from_its_time_on_and_is_public_before(void **state)
{
	struct test_keyring *test = *state;
	char old[KEY_ID_MAX + 1], new[KEY_ID_MAX + 1];
	struct public_key *list;
	struct arena arena;
	char memory[4096];
	size_t count;

	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	add_later(test, 10 * S, 0, old);
	add_later(test, 20 * S, 100 * S + 7, new);
	test_keyring_open(test);
	assert_string_equal(signer_at(test, 10 * S), old);
	assert_string_equal(signer_at(test, 100 * S - 1), old);
	assert_string_equal(signer_at(test, 100 * S), new);
	/* A clock that was set back finds a key as well. */
	assert_string_equal(signer_at(test, 0), old);
	arena_init(&arena, memory, sizeof(memory));
	assert_int_equal(
		keyring_list_public(test->keyring, &arena, &list, &count),
		CODE_OK);
	assert_int_equal(count, 2);
	assert_string_equal(list[0].kid, new);
}

static bool
reload(struct test_keyring *test, const uint8_t *master)
{
	const char *fault = NULL;
	bool changed = false;

	assert_int_equal(keyring_reload(test->keyring, test->store, master,
	                                &changed, &fault),
	                 CODE_OK);
	return changed;
}

static void
a_keyring_takes_over_what_changed_and_keeps_what_it_lent(void **state)
{
	struct test_keyring *test = *state;
	char old[KEY_ID_MAX + 1], new[KEY_ID_MAX + 1], err[256];
	const struct signing_key *lent;
	const char *fault = NULL;
	struct key_retirement retirement = { .kid = old,
		                             .now_us = 30,
		                             .at_once = true };
	bool changed = true;

	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	add_later(test, 10, 0, old);
	test_keyring_open(test);
	lent = keyring_find(test->keyring, old, KEY_ES256);
	assert_false(reload(test, NULL));
	add_later(test, 20, 0, new);
	/* A new key must be unsealed. */
	assert_int_equal(keyring_reload(test->keyring, test->store, NULL,
	                                &changed, &fault),
	                 CODE_UNAUTHENTICATED);
	assert_non_null(fault);
	assert_string_equal(signer_at(test, 30), old);
	assert_true(reload(test, test->master));
	assert_false(reload(test, test->master));
	assert_string_equal(signer_at(test, 30), new);
	assert_ptr_equal(keyring_find(test->keyring, old, KEY_ES256), lent);

	assert_int_equal(key_retire(test->store, &retirement, err, sizeof(err)),
	                 CODE_OK);
	assert_true(reload(test, NULL));
	assert_null(keyring_find(test->keyring, old, KEY_ES256));
	/* Who has it still uses it. */
	assert_true(have_same_key(lent, lent));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(keys_come_back_as_they_were_sealed),
		CASE(the_newest_key_of_a_purpose_signs),
		CASE(a_retired_key_is_found_and_listed_and_does_not_sign),
		CASE(a_key_is_found_by_its_exact_kid_and_algorithm),
		CASE(without_a_kid_only_a_marked_key_is_found),
		CASE(only_public_halves_of_access_keys_are_listed),
		CASE(without_a_key_for_each_purpose_it_does_not_open),
		CASE(another_master_key_does_not_unseal),
		CASE(a_key_that_was_tampered_with_is_refused),
		CASE(a_sealed_key_cannot_be_passed_off_as_another),
		CASE(a_given_secret_signs_and_is_bounded),
		CASE(a_secret_is_for_hs256_and_access_tokens_alone),
		CASE(a_key_signs_from_its_time_on_and_is_public_before),
		CASE(a_keyring_takes_over_what_changed_and_keeps_what_it_lent),
		CASE(refresh_keys_are_hs256_only),
		CASE(a_store_holds_so_many_keys_and_no_more),
		CASE(the_digest_key_follows_from_the_master_key_alone),
	};

	return cmocka_run_group_tests_name("keyring", tests, NULL, NULL);
}
