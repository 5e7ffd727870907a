#include "server/domain/password.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int
open_hasher(void **state)
{
	struct password_hasher *hasher = NULL;

	assert_int_equal(password_hasher_open(2, &hasher), CODE_OK);
	*state = hasher;
	return 0;
}

static int
close_hasher(void **state)
{
	password_hasher_close(*state);
	return 0;
}

static void
a_hash_is_argon2id_with_19_mib_2_passes_1_lane(void **state)
{
	static const char prefix[] = "$argon2id$v=19$m=19456,t=2,p=1$";
	char a[PASSWORD_HASH_SIZE], b[PASSWORD_HASH_SIZE];

	assert_int_equal(password_hash(*state, "S3cret-pass!", a), CODE_OK);
	assert_int_equal(password_hash(*state, "S3cret-pass!", b), CODE_OK);
	assert_memory_equal(a, prefix, strlen(prefix));
	assert_string_not_equal(a, b);
	assert_false(password_needs_rehash(a));
}

static void
the_right_password_matches_and_no_other(void **state)
{
	static const char *const wrong[] = { "", "s3cret-pass!", "S3cret-pass",
		                             "S3cret-pass! ", "x" };
	char hash[PASSWORD_HASH_SIZE];
	bool match = false;

	assert_int_equal(password_hash(*state, "S3cret-pass!", hash), CODE_OK);
	assert_int_equal(password_match(*state, "S3cret-pass!", hash, &match),
	                 CODE_OK);
	assert_true(match);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		match = true;
		assert_int_equal(password_match(*state, wrong[i], hash, &match),
		                 CODE_OK);
		assert_false(match);
	}
}

static void
an_empty_and_a_longest_password_work_like_any_other(void **state)
{
	char longest[PASSWORD_MAX + 2], hash[PASSWORD_HASH_SIZE];
	bool match = false;

	assert_int_equal(password_hash(*state, "", hash), CODE_OK);
	assert_int_equal(password_match(*state, "", hash, &match), CODE_OK);
	assert_true(match);
	memset(longest, 'x', sizeof(longest));
	longest[PASSWORD_MAX] = '\0';
	assert_int_equal(password_hash(*state, longest, hash), CODE_OK);
	match = false;
	assert_int_equal(password_match(*state, longest, hash, &match),
	                 CODE_OK);
	assert_true(match);
	longest[PASSWORD_MAX - 1] = 'y';
	assert_int_equal(password_match(*state, longest, hash, &match),
	                 CODE_OK);
	assert_false(match);
}

static void
a_longer_password_is_refused_before_it_is_hashed(void **state)
{
	char hash[PASSWORD_HASH_SIZE] = "before", longer[PASSWORD_MAX + 2];
	bool match = true;

	memset(longer, 'x', sizeof(longer));
	longer[PASSWORD_MAX + 1] = '\0';
	assert_int_equal(password_hash(*state, longer, hash),
	                 CODE_INVALID_ARGUMENT);
	assert_string_equal(hash, "before");
	assert_int_equal(password_match(*state, longer, NULL, &match),
	                 CODE_INVALID_ARGUMENT);
	assert_true(match);
}

static void
a_hash_that_libargon2_made_is_understood(void **state)
{
	/* argon2id_hash_encoded of libargon2, salt "somesaltsomesalt" */
	static const char hash[] =
		"$argon2id$v=19$m=8192,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
		"/X5EVS2D22ucK8nb1tiP4PrNEd9GVKwh/oAT/XoF68M";
	bool match = false;

	assert_int_equal(password_match(*state, "password", hash, &match),
	                 CODE_OK);
	assert_true(match);
	assert_true(password_needs_rehash(hash));
}

static void
without_a_usable_hash_the_answer_is_no(void **state)
{
	static const char *const unusable[] = { NULL, "!", "!xyz",
		                                "!$argon2id$" };

	for (size_t i = 0; i < COUNT(unusable); i++) {
		bool match = true;

		assert_int_equal(
			password_match(*state, "x", unusable[i], &match),
			CODE_OK);
		assert_false(match);
	}
}

#define SALT "c29tZXNhbHRzb21lc2FsdA"
#define TAG "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void
a_hash_of_another_form_is_an_internal_error(void **state)
{
	static const char *const strange[] = {
		"",
		"plain",
		"pbkdf2_sha256$260000$salt$hash",
		"$argon2i$v=19$m=19456,t=2,p=1$" SALT "$" TAG,
		"$argon2id$v=16$m=19456,t=2,p=1$" SALT "$" TAG,
		"$argon2id$m=19456,t=2,p=1$" SALT "$" TAG,
		"$argon2id$v=19$m=19456,t=2,p=2$" SALT "$" TAG,
		"$argon2id$v=19$m=019456,t=2,p=1$" SALT "$" TAG,
		"$argon2id$v=19$m=+19456,t=2,p=1$" SALT "$" TAG,
		"$argon2id$v=19$m=1,t=2,p=1$" SALT "$" TAG,
		"$argon2id$v=19$m=4294967295,t=2,p=1$" SALT "$" TAG,
		"$argon2id$v=19$m=18446744073709570072,t=2,p=1$" SALT "$" TAG,
		"$argon2id$v=19$m=19456,t=0,p=1$" SALT "$" TAG,
		"$argon2id$v=19$m=19456,t=9999,p=1$" SALT "$" TAG,
		"$argon2id$v=19$m=19456,t=2,p=1$" SALT "$" TAG "A",
		"$argon2id$v=19$m=19456,t=2,p=1$" SALT "$AAAA",
		"$argon2id$v=19$m=19456,t=2,p=1$" SALT "$" TAG "=",
		"$argon2id$v=19$m=19456,t=2,p=1$c29t$" TAG,
		"$argon2id$v=19$m=19456,t=2,p=1$" SALT,
		"$argon2id$",
	};

	for (size_t i = 0; i < COUNT(strange); i++) {
		bool match = true;

		assert_int_equal(
			password_match(*state, "x", strange[i], &match),
			CODE_INTERNAL);
		assert_true(match);
		assert_true(password_needs_rehash(strange[i]));
	}
	assert_true(password_needs_rehash(NULL));
}

/* The sanitizers cannot live with a limit on the address space. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void
no_memory_is_not_taken_for_a_wrong_password(void **state)
{
	char hash[PASSWORD_HASH_SIZE], other[PASSWORD_HASH_SIZE];
	struct rlimit before, none;
	enum code right, unknown, fresh;
	bool match = true;

	assert_int_equal(password_hash(*state, "S3cret-pass!", hash), CODE_OK);
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	none = before;
	none.rlim_cur = 1 << 20;
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	right = password_match(*state, "S3cret-pass!", hash, &match);
	unknown = password_match(*state, "S3cret-pass!", NULL, &match);
	fresh = password_hash(*state, "S3cret-pass!", other);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(right, CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(unknown, CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(fresh, CODE_RESOURCE_EXHAUSTED);
	assert_true(match);
}
#endif

static void *
hash_and_match(void *hasher)
{
	char hash[PASSWORD_HASH_SIZE];
	bool match = false;

	if (password_hash(hasher, "S3cret-pass!", hash) != CODE_OK ||
	    password_match(hasher, "S3cret-pass!", hash, &match) != CODE_OK)
		return NULL;
	return match ? hasher : NULL;
}

static void
more_callers_than_slots_all_get_their_answer(void **state)
{
	pthread_t threads[8];

	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		                                hash_and_match, *state),
		                 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *result = NULL;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, *state);
	}
}

static void
a_hasher_without_slots_does_not_open(void **state)
{
	struct password_hasher *hasher = NULL;

	(void)state;
	assert_int_equal(password_hasher_open(0, &hasher),
	                 CODE_INVALID_ARGUMENT);
	assert_null(hasher);
	password_hasher_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_hash_is_argon2id_with_19_mib_2_passes_1_lane),
		cmocka_unit_test(the_right_password_matches_and_no_other),
		cmocka_unit_test(
			an_empty_and_a_longest_password_work_like_any_other),
		cmocka_unit_test(
			a_longer_password_is_refused_before_it_is_hashed),
		cmocka_unit_test(a_hash_that_libargon2_made_is_understood),
		cmocka_unit_test(without_a_usable_hash_the_answer_is_no),
		cmocka_unit_test(a_hash_of_another_form_is_an_internal_error),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
		cmocka_unit_test(no_memory_is_not_taken_for_a_wrong_password),
#endif
		cmocka_unit_test(more_callers_than_slots_all_get_their_answer),
		cmocka_unit_test(a_hasher_without_slots_does_not_open),
	};

	return cmocka_run_group_tests_name("password", tests, open_hasher,
	                                   close_hasher);
}
