#include "server/store/identity_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/store_fixture.h"

#define GOOGLE "https://accounts.google.com"
#define ACME "https://id.acme.example"

static struct identity
identity_of(const char *issuer, const char *subject, uint64_t user_id)
{
	return (struct identity){ .issuer = issuer,
		                  .subject = subject,
		                  .user_id = user_id,
		                  .created_at_us = 7 };
}

static enum code
add(struct store_fixture *f, const struct identity *identity)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	identity_store_add(&txn, &f->arena, identity);
	return store_end(&txn);
}

static enum code
find(struct store_fixture *f, const char *issuer, const char *subject,
     struct identity *out)
{
	struct store_txn txn;
	enum code code;

	store_begin_read(f->store, &txn);
	code = identity_store_find(&txn, &f->arena, issuer, subject, out);
	if (code == CODE_NOT_FOUND)
		assert_int_equal(store_end(&txn), CODE_OK);
	else
		assert_int_equal(store_end(&txn), code);
	return code;
}

static void
an_identity_is_found_by_issuer_and_subject_together(void **state)
{
	struct store_fixture *f = *state;
	const struct identity ada = identity_of(GOOGLE, "1", 5);
	const struct identity bob = identity_of(ACME, "1", 6);
	struct identity got;

	assert_int_equal(add(f, &ada), CODE_OK);
	assert_int_equal(find(f, ACME, "1", &got), CODE_NOT_FOUND);
	assert_int_equal(add(f, &bob), CODE_OK);
	assert_int_equal(find(f, GOOGLE, "1", &got), CODE_OK);
	assert_int_equal(got.user_id, 5);
	assert_string_equal(got.issuer, GOOGLE);
	assert_string_equal(got.subject, "1");
	assert_int_equal(got.created_at_us, 7);
	assert_int_equal(find(f, ACME, "1", &got), CODE_OK);
	assert_int_equal(got.user_id, 6);
	assert_int_equal(find(f, GOOGLE, "2", &got), CODE_NOT_FOUND);
	assert_int_equal(find(f, GOOGLE, "", &got), CODE_NOT_FOUND);
}

static void
an_identity_is_one_users(void **state)
{
	struct store_fixture *f = *state;
	const struct identity ada = identity_of(GOOGLE, "1", 5);
	const struct identity bob = identity_of(GOOGLE, "1", 6);

	assert_int_equal(add(f, &ada), CODE_OK);
	assert_int_equal(add(f, &bob), CODE_ALREADY_EXISTS);
}

static void
a_users_identities_go_together_and_nobody_elses(void **state)
{
	struct store_fixture *f = *state;
	const struct identity first = identity_of(GOOGLE, "1", 5);
	const struct identity second = identity_of(ACME, "1", 5);
	const struct identity other = identity_of(GOOGLE, "2", 6);
	struct store_txn txn;
	struct identity got;

	assert_int_equal(add(f, &first), CODE_OK);
	assert_int_equal(add(f, &second), CODE_OK);
	assert_int_equal(add(f, &other), CODE_OK);
	store_begin_write(f->store, &txn);
	identity_store_del_all(&txn, 5);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(find(f, GOOGLE, "1", &got), CODE_NOT_FOUND);
	assert_int_equal(find(f, ACME, "1", &got), CODE_NOT_FOUND);
	assert_int_equal(find(f, GOOGLE, "2", &got), CODE_OK);
	assert_int_equal(store_fixture_count(f->store, STORE_IDENTITY), 1);
	assert_int_equal(store_fixture_count(f->store, STORE_IDENTITY_BY_USER),
	                 1);
}

static void
what_is_out_of_bounds_is_refused(void **state)
{
	struct store_fixture *f = *state;
	char subject[IDENTITY_SUBJECT_MAX + 2] = "";
	struct identity identities[] = {
		identity_of("", "1", 5),         identity_of(GOOGLE, "", 5),
		identity_of(GOOGLE, subject, 5), identity_of(GOOGLE, "1", 0),
		identity_of(GOOGLE, "\xff", 5),
	};

	memset(subject, 'x', sizeof(subject) - 1);
	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++)
		assert_int_equal(add(f, &identities[i]), CODE_INVALID_ARGUMENT);
	subject[IDENTITY_SUBJECT_MAX] = '\0';
	assert_int_equal(add(f, &identities[2]), CODE_OK);
}

static void
a_full_arena_is_resource_exhausted(void **state)
{
	struct store_fixture *f = *state;
	const struct identity ada = identity_of(GOOGLE, "1", 5);
	uint8_t memory[8];
	struct arena arena;
	struct store_txn txn;

	arena_init(&arena, memory, sizeof(memory));
	store_begin_write(f->store, &txn);
	identity_store_add(&txn, &arena, &ada);
	assert_int_equal(store_end(&txn), CODE_RESOURCE_EXHAUSTED);
}

#define CASE(test)                                                             \
	cmocka_unit_test_setup_teardown(test, store_fixture_setup,             \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest identity_store[] = {
		CASE(an_identity_is_found_by_issuer_and_subject_together),
		CASE(an_identity_is_one_users),
		CASE(a_users_identities_go_together_and_nobody_elses),
		CASE(what_is_out_of_bounds_is_refused),
		CASE(a_full_arena_is_resource_exhausted),
	};

	return cmocka_run_group_tests(identity_store, NULL, NULL);
}
