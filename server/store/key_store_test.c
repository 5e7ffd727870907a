#include "server/store/key_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/store_fixture.h"

static struct stored_key
key_of(const char *kid)
{
	return (struct stored_key){ .kid = kid,
		                    .alg = "ES256",
		                    .purpose = KEY_PURPOSE_ACCESS,
		                    .sealed = { "sealed\0bytes", 12 },
		                    .created_at_us = 5 };
}

static enum code
add(struct store_fixture *f, const struct stored_key *key)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	key_store_add(&txn, &f->arena, key);
	return store_end(&txn);
}

static enum code
put(struct store_fixture *f, const struct stored_key *key)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	key_store_put(&txn, &f->arena, key);
	return store_end(&txn);
}

static enum code
list(struct store_fixture *f, struct stored_key **keys, size_t *count)
{
	struct store_txn txn;
	enum code code;

	store_begin_read(f->store, &txn);
	code = key_store_list(&txn, &f->arena, keys, count);
	assert_int_equal(store_end(&txn), code);
	return code;
}

static void
keys_are_listed_whole_in_the_order_of_their_ids(void **state)
{
	struct store_fixture *f = *state;
	struct stored_key b = key_of("b"), a = key_of("a"), *keys;
	size_t count = 99;

	assert_int_equal(list(f, &keys, &count), CODE_OK);
	assert_int_equal(count, 0);
	b.retired_at_us = 9;
	b.purpose = KEY_PURPOSE_REFRESH;
	b.accept_without_kid = true;
	b.signs_from_us = 6;
	b.verifies_until_us = 10;
	assert_int_equal(add(f, &b), CODE_OK);
	assert_int_equal(add(f, &a), CODE_OK);
	store_fixture_reopen(f);
	assert_int_equal(list(f, &keys, &count), CODE_OK);
	assert_int_equal(count, 2);
	assert_string_equal(keys[0].kid, "a");
	assert_string_equal(keys[1].kid, "b");
	assert_string_equal(keys[1].alg, "ES256");
	assert_int_equal(keys[1].purpose, KEY_PURPOSE_REFRESH);
	assert_int_equal(keys[1].sealed.len, 12);
	assert_memory_equal(keys[1].sealed.data, "sealed\0bytes", 12);
	assert_int_equal(keys[1].created_at_us, 5);
	assert_int_equal(keys[1].retired_at_us, 9);
	assert_true(keys[1].accept_without_kid);
	assert_int_equal(keys[1].signs_from_us, 6);
	assert_int_equal(keys[1].verifies_until_us, 10);
	assert_int_equal(keys[0].signs_from_us, 0);
	assert_false(keys[0].accept_without_kid);
}

static void
adding_a_known_key_and_putting_an_unknown_one_are_refused(void **state)
{
	struct store_fixture *f = *state;
	struct stored_key key = key_of("k"), *keys;
	size_t count;

	assert_int_equal(put(f, &key), CODE_NOT_FOUND);
	assert_int_equal(add(f, &key), CODE_OK);
	assert_int_equal(add(f, &key), CODE_ALREADY_EXISTS);
	key.retired_at_us = 77;
	assert_int_equal(put(f, &key), CODE_OK);
	assert_int_equal(list(f, &keys, &count), CODE_OK);
	assert_int_equal(count, 1);
	assert_int_equal(keys[0].retired_at_us, 77);
}

static void
a_deleted_key_is_gone_and_the_others_stay(void **state)
{
	struct store_fixture *f = *state;
	struct stored_key a = key_of("a"), b = key_of("b"), *keys;
	struct store_txn txn;
	size_t count;

	assert_int_equal(add(f, &a), CODE_OK);
	assert_int_equal(add(f, &b), CODE_OK);
	store_begin_write(f->store, &txn);
	key_store_del(&txn, "a");
	key_store_del(&txn, "nobody");
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(list(f, &keys, &count), CODE_OK);
	assert_int_equal(count, 1);
	assert_string_equal(keys[0].kid, "b");
}

static void
keys_beyond_the_limits_are_refused(void **state)
{
	static char big[KEY_SEALED_MAX + 1];
	struct store_fixture *f = *state;
	struct stored_key key;
	char kid[KEY_ID_MAX + 2] = { 0 };

	memset(kid, 'k', KEY_ID_MAX);
	key = key_of(kid);
	key.sealed = (struct bytes){ big, KEY_SEALED_MAX };
	assert_int_equal(add(f, &key), CODE_OK);
	key.sealed.len++;
	assert_int_equal(put(f, &key), CODE_INVALID_ARGUMENT);
	key.sealed.len = 0;
	assert_int_equal(put(f, &key), CODE_INVALID_ARGUMENT);
	kid[KEY_ID_MAX] = 'k';
	key = key_of(kid);
	assert_int_equal(add(f, &key), CODE_INVALID_ARGUMENT);
	key = key_of("");
	assert_int_equal(add(f, &key), CODE_INVALID_ARGUMENT);
	key = key_of("x");
	key.purpose = 3;
	assert_int_equal(add(f, &key), CODE_INVALID_ARGUMENT);
	key = key_of("x");
	key.alg = "an algorithm unheard of";
	assert_int_equal(add(f, &key), CODE_INVALID_ARGUMENT);
}

static void
a_key_that_does_not_unpack_is_damage(void **state)
{
	struct store_fixture *f = *state;
	struct stored_key *keys = NULL;
	struct store_txn txn;
	size_t count = 99;

	store_begin_write(f->store, &txn);
	store_put(&txn, STORE_SIGNING_KEY, (struct bytes){ "k", 1 },
	          (struct bytes){ "\xff", 1 });
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(list(f, &keys, &count), CODE_DATA_LOSS);
	assert_null(keys);
	assert_int_equal(count, 99);
}

static void
fails_cleanly_when_the_request_is_out_of_memory(void **state)
{
	struct store_fixture *f = *state;
	struct stored_key key = key_of("k"), *keys;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size, count = 99;

	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		arena_init(&f->arena, f->memory, size);
		code = add(f, &key);
	}
	assert_int_equal(code, CODE_OK);
	code = CODE_RESOURCE_EXHAUSTED;
	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		arena_init(&f->arena, f->memory, size);
		code = list(f, &keys, &count);
		assert_int_equal(count, code == CODE_OK ? 1 : 99);
	}
	assert_int_equal(code, CODE_OK);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, store_fixture_setup,               \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_are_listed_whole_in_the_order_of_their_ids),
		TEST(adding_a_known_key_and_putting_an_unknown_one_are_refused),
		TEST(a_deleted_key_is_gone_and_the_others_stay),
		TEST(keys_beyond_the_limits_are_refused),
		TEST(a_key_that_does_not_unpack_is_damage),
		TEST(fails_cleanly_when_the_request_is_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
