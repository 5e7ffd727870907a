#include "server/store/outbox_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/store_fixture.h"

static struct mail
mail_of(uint8_t number, int64_t due_at_us)
{
	struct mail mail = {
		.to = "ada@example.org",
		.template_name = "reset",
		.variables = { { "link", "http://x/?token=t" },
		               { "name", "" } },
		.variable_count = 2,
		.created_at_us = 5,
		.due_at_us = due_at_us,
		.last_error = "",
	};

	memset(mail.id, number, sizeof(mail.id));
	return mail;
}

static enum code
add(struct store_fixture *f, const struct mail *mail)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	outbox_store_add(&txn, &f->arena, mail);
	return store_end(&txn);
}

static enum code
due(struct store_fixture *f, int64_t now_us, struct mail *out, int64_t *next_us)
{
	struct store_txn txn;
	enum code found, ended;

	store_begin_read(f->store, &txn);
	found = outbox_store_due(&txn, &f->arena, now_us, out, next_us);
	ended = store_end(&txn);
	/* Absence does not fail the transaction, everything else does. */
	assert_int_equal(ended, found == CODE_NOT_FOUND ? CODE_OK : found);
	return found;
}

static enum code
postpone(struct store_fixture *f, const struct mail *mail, int64_t due_at_us,
         const char *error)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	outbox_store_postpone(&txn, &f->arena, mail, due_at_us, error);
	return store_end(&txn);
}

static enum code
del(struct store_fixture *f, const struct mail *mail)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	outbox_store_del(&txn, mail);
	return store_end(&txn);
}

static void
a_mail_comes_back_as_it_was_added_when_it_is_due(void **state)
{
	struct store_fixture *f = *state;
	struct mail mail = mail_of(1, 1000), got = { .attempts = 99 };
	int64_t next_us = 0;

	assert_int_equal(due(f, 5000, &got, &next_us), CODE_NOT_FOUND);
	assert_int_equal(next_us, INT64_MAX);
	assert_int_equal(add(f, &mail), CODE_OK);
	assert_int_equal(add(f, &mail), CODE_ALREADY_EXISTS);
	store_fixture_reopen(f);
	assert_int_equal(due(f, 999, &got, &next_us), CODE_NOT_FOUND);
	assert_int_equal(next_us, 1000);
	assert_int_equal(got.attempts, 99);
	next_us = 7;
	assert_int_equal(due(f, 1000, &got, &next_us), CODE_OK);
	assert_int_equal(next_us, 7);
	assert_memory_equal(got.id, mail.id, MAIL_ID_SIZE);
	assert_string_equal(got.to, "ada@example.org");
	assert_string_equal(got.template_name, "reset");
	assert_int_equal(got.variable_count, 2);
	assert_string_equal(got.variables[0].name, "link");
	assert_string_equal(got.variables[0].value, "http://x/?token=t");
	assert_string_equal(got.variables[1].value, "");
	assert_int_equal(got.created_at_us, 5);
	assert_int_equal(got.due_at_us, 1000);
	assert_int_equal(got.attempts, 0);
	assert_string_equal(got.last_error, "");
}

static void
mails_come_in_the_order_they_are_due(void **state)
{
	static const int64_t dues[] = { 300, 100000, 100, 256, 255 };
	static const uint8_t order[] = { 3, 5, 4, 1, 2 };
	struct store_fixture *f = *state;
	int64_t next_us;
	struct mail got;

	for (uint8_t i = 0; i < 5; i++) {
		struct mail mail = mail_of(i + 1, dues[i]);

		assert_int_equal(add(f, &mail), CODE_OK);
	}
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(due(f, INT64_MAX, &got, &next_us), CODE_OK);
		assert_int_equal(got.id[0], order[i]);
		assert_int_equal(del(f, &got), CODE_OK);
	}
	assert_int_equal(del(f, &got), CODE_OK);
	assert_int_equal(store_fixture_count(f->store, STORE_OUTBOX), 0);
}

static void
a_postponed_mail_moves_counts_and_keeps_its_failure(void **state)
{
	struct store_fixture *f = *state;
	struct mail first = mail_of(1, 100), second = mail_of(2, 200), got;
	int64_t next_us = 0;

	assert_int_equal(add(f, &first), CODE_OK);
	assert_int_equal(add(f, &second), CODE_OK);
	assert_int_equal(postpone(f, &first, 300, "451 later"), CODE_OK);
	assert_int_equal(store_fixture_count(f->store, STORE_OUTBOX), 2);
	assert_int_equal(due(f, 250, &got, &next_us), CODE_OK);
	assert_int_equal(got.id[0], 2);
	assert_int_equal(del(f, &got), CODE_OK);
	assert_int_equal(due(f, 250, &got, &next_us), CODE_NOT_FOUND);
	assert_int_equal(next_us, 300);
	assert_int_equal(due(f, 300, &got, &next_us), CODE_OK);
	assert_int_equal(got.id[0], 1);
	assert_int_equal(got.attempts, 1);
	assert_string_equal(got.last_error, "451 later");
	assert_string_equal(got.variables[0].value, "http://x/?token=t");
	/* To the same time as well: a clock may have been set back. */
	assert_int_equal(postpone(f, &got, 300, ""), CODE_OK);
	assert_int_equal(due(f, 300, &got, &next_us), CODE_OK);
	assert_int_equal(got.attempts, 2);
}

static void
a_mail_that_is_gone_or_has_moved_is_not_postponed(void **state)
{
	struct store_fixture *f = *state;
	struct mail mail = mail_of(1, 100);

	assert_int_equal(postpone(f, &mail, 300, "x"), CODE_NOT_FOUND);
	assert_int_equal(add(f, &mail), CODE_OK);
	assert_int_equal(postpone(f, &mail, 300, "x"), CODE_OK);
	assert_int_equal(postpone(f, &mail, 400, "x"), CODE_NOT_FOUND);
	assert_int_equal(store_fixture_count(f->store, STORE_OUTBOX), 1);
}

static void
a_long_failure_is_cut_between_characters_and_bad_bytes_end_it(void **state)
{
	struct store_fixture *f = *state;
	struct mail mail = mail_of(1, 100), got;
	char error[MAIL_LAST_ERROR_MAX + 10];
	int64_t next_us;

	memset(error, 'e', sizeof(error));
	error[sizeof(error) - 1] = '\0';
	memcpy(error + MAIL_LAST_ERROR_MAX - 1, "\u00e9", 2);
	assert_int_equal(add(f, &mail), CODE_OK);
	assert_int_equal(postpone(f, &mail, 200, error), CODE_OK);
	assert_int_equal(due(f, 200, &got, &next_us), CODE_OK);
	assert_int_equal(strlen(got.last_error), MAIL_LAST_ERROR_MAX - 1);
	assert_int_equal(postpone(f, &got, 200, "550 \xe9t\xe9"), CODE_OK);
	assert_int_equal(due(f, 200, &got, &next_us), CODE_OK);
	assert_string_equal(got.last_error, "550 ");
}

static void
mails_out_of_their_bounds_are_refused(void **state)
{
	static char value[MAIL_VALUE_MAX + 2];
	static char to[MAIL_TO_MAX + 2];
	static char name[MAIL_NAME_MAX + 2];
	struct store_fixture *f = *state;
	struct mail bad[9], big = mail_of(1, 1);

	memset(value, 'v', MAIL_VALUE_MAX + 1);
	memset(to, 't', MAIL_TO_MAX + 1);
	memset(name, 'n', MAIL_NAME_MAX + 1);
	for (size_t i = 0; i < 9; i++)
		bad[i] = mail_of(1, 1);
	bad[0].to = "";
	bad[1].to = to;
	bad[2].template_name = "";
	bad[3].template_name = name;
	bad[4].variables[1].name = "";
	bad[5].variables[1].value = value;
	bad[6].variable_count = MAIL_VARIABLES_MAX + 1;
	bad[7].due_at_us = -1;
	bad[8].variables[0].value = "\xff";
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(add(f, &bad[i]), CODE_INVALID_ARGUMENT);
	value[MAIL_VALUE_MAX] = '\0';
	to[MAIL_TO_MAX] = '\0';
	name[MAIL_NAME_MAX] = '\0';
	big.to = to;
	big.template_name = name;
	big.variables[1] = (struct mail_variable){ name, value };
	assert_int_equal(add(f, &big), CODE_OK);
}

static void
a_mail_that_does_not_unpack_or_is_anothers_is_damage(void **state)
{
	struct store_fixture *f = *state;
	struct mail mail = mail_of(1, 1000), got = { .attempts = 99 };
	uint8_t key[8 + MAIL_ID_SIZE] = { 0 }, copy[256];
	struct store_txn txn;
	struct bytes value;
	int64_t next_us = 7;

	assert_int_equal(add(f, &mail), CODE_OK);
	memset(key + 8, 1, MAIL_ID_SIZE);
	key[6] = 1000 >> 8;
	key[7] = 1000 & 0xff;
	store_begin_write(f->store, &txn);
	value = store_get(&txn, STORE_OUTBOX,
	                  (struct bytes){ key, sizeof(key) });
	assert_non_null(value.data);
	assert_true(value.len <= sizeof(copy));
	memcpy(copy, value.data, value.len);
	value.data = copy;
	key[8] = 2;
	key[6] = 0;
	store_put(&txn, STORE_OUTBOX, (struct bytes){ key, sizeof(key) },
	          value);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(due(f, 5000, &got, &next_us), CODE_DATA_LOSS);
	store_fixture_spoil(f->store, STORE_OUTBOX,
	                    (struct bytes){ key, sizeof(key) });
	assert_int_equal(due(f, 5000, &got, &next_us), CODE_DATA_LOSS);
	store_fixture_spoil(f->store, STORE_OUTBOX, (struct bytes){ key, 3 });
	assert_int_equal(due(f, 5000, &got, &next_us), CODE_DATA_LOSS);
	assert_int_equal(got.attempts, 99);
	assert_int_equal(next_us, 7);
}

static enum code
add_one(struct store_fixture *f)
{
	struct mail mail = mail_of(1, 100);

	return add(f, &mail);
}

static enum code
due_one(struct store_fixture *f)
{
	struct mail got = { .attempts = 99 };
	int64_t next_us = 7;
	enum code code = due(f, 100, &got, &next_us);

	assert_int_equal(got.attempts, code == CODE_OK ? 0 : 99);
	assert_int_equal(next_us, 7);
	return code;
}

static enum code
postpone_one(struct store_fixture *f)
{
	struct mail mail = mail_of(1, 100);

	return postpone(f, &mail, 200, "an error");
}

static void
fails_cleanly_when_the_request_is_out_of_memory(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_torture(f, add_one);
	store_fixture_torture(f, due_one);
	store_fixture_torture(f, postpone_one);
	assert_int_equal(store_fixture_count(f->store, STORE_OUTBOX), 1);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, store_fixture_setup,               \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_mail_comes_back_as_it_was_added_when_it_is_due),
		TEST(mails_come_in_the_order_they_are_due),
		TEST(a_postponed_mail_moves_counts_and_keeps_its_failure),
		TEST(a_mail_that_is_gone_or_has_moved_is_not_postponed),
		TEST(a_long_failure_is_cut_between_characters_and_bad_bytes_end_it),
		TEST(mails_out_of_their_bounds_are_refused),
		TEST(a_mail_that_does_not_unpack_or_is_anothers_is_damage),
		TEST(fails_cleanly_when_the_request_is_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
