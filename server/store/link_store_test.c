#include "server/store/link_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/store_fixture.h"

#define KEPT_US (INT64_C(1000000) * LINK_KEPT_S)

static struct link
link_of(uint8_t number, uint64_t user_id, enum link_purpose purpose)
{
	struct link link = {
		.purpose = purpose,
		.user_id = user_id,
		.email = "ada@example.org",
		.created_at_us = 5,
		.expires_at_us = INT64_C(1000) * number,
	};

	memset(link.hash, number, sizeof(link.hash));
	return link;
}

static enum code
add(struct store_fixture *f, const struct link *link)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	link_store_add(&txn, &f->arena, link);
	return store_end(&txn);
}

static enum code
put(struct store_fixture *f, const struct link *link)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	link_store_put(&txn, &f->arena, link);
	return store_end(&txn);
}

static enum code
find(struct store_fixture *f, uint8_t number, struct link *out)
{
	struct store_txn txn;
	uint8_t hash[LINK_HASH_SIZE];
	enum code found, ended;

	memset(hash, number, sizeof(hash));
	store_begin_read(f->store, &txn);
	found = link_store_find(&txn, &f->arena, hash, out);
	ended = store_end(&txn);
	/* Absence does not fail the transaction, everything else does. */
	assert_int_equal(ended, found == CODE_NOT_FOUND ? CODE_OK : found);
	return found;
}

static enum code
end_all(struct store_fixture *f, uint64_t user_id, int64_t now_us)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	link_store_end_all(&txn, &f->arena, user_id, now_us);
	return store_end(&txn);
}

static enum code
end_purpose(struct store_fixture *f, uint64_t user_id,
            enum link_purpose purpose, int64_t now_us)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	link_store_end_purpose(&txn, &f->arena, user_id, purpose, now_us);
	return store_end(&txn);
}

static enum code
del_all(struct store_fixture *f, uint64_t user_id)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	link_store_del_all(&txn, &f->arena, user_id);
	return store_end(&txn);
}

static enum code
sweep(struct store_fixture *f, int64_t now_us, size_t max, size_t *deleted)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	link_store_sweep(&txn, &f->arena, now_us, max, deleted);
	return store_end(&txn);
}

static void
assert_count(struct store_fixture *f, size_t want)
{
	static const enum store_table tables[] = { STORE_LINK,
		                                   STORE_LINK_BY_USER,
		                                   STORE_LINK_BY_END };

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(store_fixture_count(f->store, tables[i]),
		                 want);
}

/* Links 1 to 6 of user 7, purposes in turn; 7 is another user's. */
static void
populate(struct store_fixture *f)
{
	for (uint8_t i = 1; i <= 7; i++) {
		struct link link = link_of(i, i == 7 ? 8 : 7, 1 + i % 3);

		if (i == 4)
			link.used_at_us = 3;
		assert_int_equal(add(f, &link), CODE_OK);
	}
}

static int64_t
used_at(struct store_fixture *f, uint8_t number)
{
	struct link got = { 0 };

	assert_int_equal(find(f, number, &got), CODE_OK);
	return got.used_at_us;
}

static void
a_link_comes_back_as_it_was_added(void **state)
{
	struct store_fixture *f = *state;
	struct link link = link_of(1, 7, LINK_INVITATION);
	struct link got = { .user_id = 99 };

	assert_int_equal(find(f, 1, &got), CODE_NOT_FOUND);
	assert_int_equal(got.user_id, 99);
	assert_int_equal(add(f, &link), CODE_OK);
	assert_int_equal(add(f, &link), CODE_ALREADY_EXISTS);
	store_fixture_reopen(f);
	assert_int_equal(find(f, 1, &got), CODE_OK);
	assert_memory_equal(got.hash, link.hash, LINK_HASH_SIZE);
	assert_int_equal(got.purpose, LINK_INVITATION);
	assert_int_equal(got.user_id, 7);
	assert_string_equal(got.email, "ada@example.org");
	assert_int_equal(got.created_at_us, 5);
	assert_int_equal(got.expires_at_us, 1000);
	assert_int_equal(got.used_at_us, 0);
}

static void
putting_changes_all_but_user_and_expiry_of_a_known_link(void **state)
{
	struct store_fixture *f = *state;
	struct link link = link_of(1, 7, LINK_RESET_PASSWORD);

	assert_int_equal(put(f, &link), CODE_NOT_FOUND);
	assert_int_equal(add(f, &link), CODE_OK);
	link.used_at_us = 9;
	assert_int_equal(put(f, &link), CODE_OK);
	assert_int_equal(used_at(f, 1), 9);
	link.expires_at_us++;
	assert_int_equal(put(f, &link), CODE_INVALID_ARGUMENT);
	link.expires_at_us--;
	link.user_id = 8;
	assert_int_equal(put(f, &link), CODE_INVALID_ARGUMENT);
	assert_count(f, 1);
}

static void
links_out_of_their_bounds_are_refused(void **state)
{
	struct store_fixture *f = *state;
	char email[256] = { 0 };
	struct link bad[8];

	for (size_t i = 0; i < 8; i++)
		bad[i] = link_of(1, 7, LINK_VERIFY_EMAIL);
	memset(email, 'e', 255);
	bad[0].purpose = 0;
	bad[1].purpose = 4;
	bad[2].user_id = 0;
	bad[3].expires_at_us = -1;
	bad[4].expires_at_us = INT64_MAX;
	bad[5].used_at_us = -1;
	bad[6].email = email;
	bad[7].email = NULL;
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(add(f, &bad[i]), CODE_INVALID_ARGUMENT);
	assert_count(f, 0);
	email[254] = '\0';
	assert_int_equal(add(f, &bad[6]), CODE_OK);
}

static void
ending_all_marks_only_the_users_unused_links(void **state)
{
	struct store_fixture *f = *state;

	populate(f);
	assert_int_equal(end_all(f, 7, 77), CODE_OK);
	for (uint8_t i = 1; i <= 6; i++)
		assert_int_equal(used_at(f, i), i == 4 ? 3 : 77);
	assert_int_equal(used_at(f, 7), 0);
	assert_int_equal(end_all(f, 9, 77), CODE_OK);
	assert_count(f, 7);
}

static void
ending_a_purpose_leaves_links_for_others(void **state)
{
	struct store_fixture *f = *state;

	populate(f);
	assert_int_equal(end_purpose(f, 7, LINK_RESET_PASSWORD, 77), CODE_OK);
	/* Of that purpose are 1, 4 and 7. */
	assert_int_equal(used_at(f, 1), 77);
	assert_int_equal(used_at(f, 4), 3);
	for (uint8_t i = 2; i <= 7; i++)
		assert_int_equal(used_at(f, i), i == 4 ? 3 : 0);
}

static void
deleting_all_leaves_only_other_users_links(void **state)
{
	struct store_fixture *f = *state;

	populate(f);
	assert_int_equal(del_all(f, 7), CODE_OK);
	assert_int_equal(del_all(f, 7), CODE_OK);
	assert_count(f, 1);
	assert_int_equal(used_at(f, 7), 0);
}

static void
sweeping_forgets_links_thirty_days_after_their_expiry(void **state)
{
	struct store_fixture *f = *state;
	size_t deleted = 99;
	struct link got;

	populate(f);
	assert_int_equal(sweep(f, KEPT_US + 1000, 10, &deleted), CODE_OK);
	assert_int_equal(deleted, 0);
	assert_int_equal(sweep(f, KEPT_US + 1001, 10, &deleted), CODE_OK);
	assert_int_equal(deleted, 1);
	assert_int_equal(find(f, 1, &got), CODE_NOT_FOUND);
	assert_int_equal(sweep(f, KEPT_US + 6001, 2, &deleted), CODE_OK);
	assert_int_equal(deleted, 2);
	assert_int_equal(find(f, 3, &got), CODE_NOT_FOUND);
	assert_int_equal(find(f, 4, &got), CODE_OK);
	assert_int_equal(sweep(f, KEPT_US + 6001, 10, &deleted), CODE_OK);
	assert_int_equal(deleted, 3);
	assert_int_equal(sweep(f, -1, 10, &deleted), CODE_OK);
	assert_int_equal(deleted, 0);
	assert_count(f, 1);
}

static void
an_entry_without_its_link_is_damage(void **state)
{
	struct store_fixture *f = *state;
	struct link link = link_of(1, 7, LINK_VERIFY_EMAIL);
	struct store_txn txn;
	size_t deleted = 99;

	assert_int_equal(add(f, &link), CODE_OK);
	store_begin_write(f->store, &txn);
	store_del(&txn, STORE_LINK,
	          (struct bytes){ link.hash, LINK_HASH_SIZE });
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(end_all(f, 7, 77), CODE_DATA_LOSS);
	assert_int_equal(del_all(f, 7), CODE_DATA_LOSS);
	assert_int_equal(sweep(f, INT64_MAX, 10, &deleted), CODE_DATA_LOSS);
	assert_int_equal(deleted, 99);
}

static void
a_link_that_does_not_unpack_is_damage(void **state)
{
	struct store_fixture *f = *state;
	struct link link = link_of(1, 7, LINK_VERIFY_EMAIL);
	struct bytes key = { link.hash, LINK_HASH_SIZE };
	struct link got = { .user_id = 99 };
	struct store_txn txn;

	store_fixture_spoil(f->store, STORE_LINK, key);
	assert_int_equal(find(f, 1, &got), CODE_DATA_LOSS);
	/* A record of defaults: no purpose and nobody's. */
	store_begin_write(f->store, &txn);
	store_put(&txn, STORE_LINK, key, (struct bytes){ 0 });
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(find(f, 1, &got), CODE_DATA_LOSS);
	assert_int_equal(got.user_id, 99);
}

static enum code
add_one(struct store_fixture *f)
{
	struct link link = link_of(1, 7, LINK_VERIFY_EMAIL);

	return add(f, &link);
}

static enum code
put_one(struct store_fixture *f)
{
	struct link link = link_of(1, 7, LINK_VERIFY_EMAIL);

	return put(f, &link);
}

static enum code
find_one(struct store_fixture *f)
{
	struct link got = { .user_id = 99 };
	enum code code = find(f, 1, &got);

	assert_int_equal(got.user_id, code == CODE_OK ? 7 : 99);
	return code;
}

static enum code
end_one(struct store_fixture *f)
{
	return end_all(f, 7, 77);
}

static enum code
sweep_one(struct store_fixture *f)
{
	size_t deleted = 99;
	enum code code = sweep(f, INT64_MAX, 1, &deleted);

	assert_int_equal(deleted, code == CODE_OK ? 1 : 99);
	return code;
}

static enum code
del_one(struct store_fixture *f)
{
	return del_all(f, 7);
}

static void
fails_cleanly_when_the_request_is_out_of_memory(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_torture(f, add_one);
	store_fixture_torture(f, find_one);
	store_fixture_torture(f, put_one);
	store_fixture_torture(f, end_one);
	assert_int_equal(used_at(f, 1), 77);
	store_fixture_torture(f, sweep_one);
	store_fixture_torture(f, add_one);
	store_fixture_torture(f, del_one);
	assert_count(f, 0);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, store_fixture_setup,               \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_link_comes_back_as_it_was_added),
		TEST(putting_changes_all_but_user_and_expiry_of_a_known_link),
		TEST(links_out_of_their_bounds_are_refused),
		TEST(ending_all_marks_only_the_users_unused_links),
		TEST(ending_a_purpose_leaves_links_for_others),
		TEST(deleting_all_leaves_only_other_users_links),
		TEST(sweeping_forgets_links_thirty_days_after_their_expiry),
		TEST(an_entry_without_its_link_is_damage),
		TEST(a_link_that_does_not_unpack_is_damage),
		TEST(fails_cleanly_when_the_request_is_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
