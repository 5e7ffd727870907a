#include "server/domain/keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/domain/test_keyring.h"

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
	return keyring_add_key(test->store, test->master, alg, purpose, now_us);
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
			keyring_signer(test->keyring, purpose);

		assert_non_null(key);
		assert_int_equal(signing_key_purpose(key), purpose);
		assert_true(have_same_key(key, keyring_signer(again, purpose)));
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
	assert_int_equal(signing_key_alg(keyring_signer(test->keyring,
	                                                KEY_PURPOSE_ACCESS)),
	                 KEY_RS256);
	assert_int_equal(signing_key_alg(keyring_signer(test->keyring,
	                                                KEY_PURPOSE_REFRESH)),
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
	assert_int_equal(signing_key_alg(keyring_signer(test->keyring,
	                                                KEY_PURPOSE_ACCESS)),
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
	key = keyring_signer(test->keyring, KEY_PURPOSE_ACCESS);
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

static void
a_given_secret_signs_and_is_bounded(void **state)
{
	static const uint8_t secret[PRIVATE_KEY_MAX + 1] = "shared";
	struct test_keyring *test = *state;

	for (size_t len = 0; len <= PRIVATE_KEY_MAX + 1; len++) {
		if (len >= 32 && len <= PRIVATE_KEY_MAX)
			continue;
		assert_int_equal(
			keyring_add_secret(test->store, test->master,
		                           (struct bytes){ secret, len }, 1),
			CODE_INVALID_ARGUMENT);
	}
	assert_int_equal(keyring_add_secret(test->store, test->master,
	                                    (struct bytes){ secret, 32 }, 1),
	                 CODE_OK);
	test_keyring_add(test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_open(test);
	assert_int_equal(signing_key_alg(keyring_signer(test->keyring,
	                                                KEY_PURPOSE_ACCESS)),
	                 KEY_HS256);
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
		CASE(refresh_keys_are_hs256_only),
		CASE(a_store_holds_so_many_keys_and_no_more),
		CASE(the_digest_key_follows_from_the_master_key_alone),
	};

	return cmocka_run_group_tests_name("keyring", tests, NULL, NULL);
}
