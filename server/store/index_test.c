#include "server/store/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/store_fixture.h"

static struct index_entry
entry_of(uint64_t number, const char *id)
{
	return index_entry_of(number, (struct bytes){ id, strlen(id) });
}

static void
add(struct store_fixture *f, uint64_t number, const char *id)
{
	const struct index_entry entry = entry_of(number, id);
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	index_add(&txn, STORE_LINK_BY_END, &entry);
	assert_int_equal(store_end(&txn), CODE_OK);
}

static bool
next(struct store_fixture *f, struct index_entry *entry, enum code want)
{
	struct store_txn txn;
	bool found;

	store_begin_read(f->store, &txn);
	found = index_next(&txn, STORE_LINK_BY_END, entry);
	assert_int_equal(store_end(&txn), want);
	return found;
}

static void
entries_are_met_by_number_and_then_by_id(void **state)
{
	static const struct {
		uint64_t number;
		const char *id;
	} sorted[] = {
		{ 0, "a" },   { 0, "b" },    { 255, "z" },
		{ 256, "a" }, { 256, "aa" }, { UINT64_MAX, "a" },
	};
	struct store_fixture *f = *state;
	struct index_entry entry = { 0 };

	assert_false(next(f, &entry, CODE_OK));
	for (size_t i = 6; i > 0; i--)
		add(f, sorted[i - 1].number, sorted[i - 1].id);
	for (size_t i = 0; i < 6; i++) {
		assert_true(next(f, &entry, CODE_OK));
		assert_int_equal(entry.number, sorted[i].number);
		assert_int_equal(entry.id_len, strlen(sorted[i].id));
		assert_memory_equal(entry.id, sorted[i].id, entry.id_len);
	}
	assert_false(next(f, &entry, CODE_OK));
	/* A number alone is before its first entry. */
	entry = (struct index_entry){ .number = 256 };
	assert_true(next(f, &entry, CODE_OK));
	assert_int_equal(entry.id_len, 1);
	assert_int_equal(entry.number, 256);
}

static void
a_walk_goes_on_when_its_entry_is_deleted(void **state)
{
	struct store_fixture *f = *state;
	struct index_entry entry = { 0 };
	struct store_txn txn;

	add(f, 1, "a");
	add(f, 2, "b");
	store_begin_write(f->store, &txn);
	assert_true(index_next(&txn, STORE_LINK_BY_END, &entry));
	index_del(&txn, STORE_LINK_BY_END, &entry);
	assert_true(index_next(&txn, STORE_LINK_BY_END, &entry));
	assert_int_equal(entry.number, 2);
	index_del(&txn, STORE_LINK_BY_END, &entry);
	assert_false(index_next(&txn, STORE_LINK_BY_END, &entry));
	assert_int_equal(store_end(&txn), CODE_OK);
}

static void
the_longest_id_is_walked_over(void **state)
{
	struct store_fixture *f = *state;
	char id[INDEX_ID_MAX + 1] = { 0 };
	struct index_entry entry = { 0 };

	memset(id, 0x7f, INDEX_ID_MAX);
	add(f, 1, id);
	add(f, 2, "b");
	assert_true(next(f, &entry, CODE_OK));
	assert_int_equal(entry.id_len, INDEX_ID_MAX);
	assert_true(next(f, &entry, CODE_OK));
	assert_int_equal(entry.number, 2);
}

static void
an_id_that_goes_on_with_a_zero_byte_is_not_stepped_over(void **state)
{
	struct store_fixture *f = *state;
	struct index_entry entry =
		index_entry_of(1, (struct bytes){ "a\0", 2 });
	struct store_txn txn;

	add(f, 1, "a");
	store_begin_write(f->store, &txn);
	index_add(&txn, STORE_LINK_BY_END, &entry);
	assert_int_equal(store_end(&txn), CODE_OK);
	entry = (struct index_entry){ 0 };
	assert_true(next(f, &entry, CODE_OK));
	assert_int_equal(entry.id_len, 1);
	assert_true(next(f, &entry, CODE_OK));
	assert_int_equal(entry.id_len, 2);
	assert_false(next(f, &entry, CODE_OK));
}

static void
a_key_that_is_no_indexs_is_damage(void **state)
{
	struct store_fixture *f = *state;
	struct index_entry entry = { .number = 7 };
	uint8_t key[8 + INDEX_ID_MAX + 1] = { 0xff };

	store_fixture_spoil(f->store, STORE_LINK_BY_END,
	                    (struct bytes){ key, 8 });
	assert_false(next(f, &entry, CODE_DATA_LOSS));
	entry = (struct index_entry){ .number = UINT64_MAX };
	memset(key, 0xff, sizeof(key));
	store_fixture_spoil(f->store, STORE_LINK_BY_END,
	                    (struct bytes){ key, sizeof(key) });
	assert_false(next(f, &entry, CODE_DATA_LOSS));
	assert_int_equal(entry.id_len, 0);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, store_fixture_setup,               \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(entries_are_met_by_number_and_then_by_id),
		TEST(a_walk_goes_on_when_its_entry_is_deleted),
		TEST(the_longest_id_is_walked_over),
		TEST(an_id_that_goes_on_with_a_zero_byte_is_not_stepped_over),
		TEST(a_key_that_is_no_indexs_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
