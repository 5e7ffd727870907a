/*
 * Damaged files: what store_open refuses, what a read notices, and that no
 * damage crashes either.
 */
#include <fcntl.h>
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

#include "proto/latchkey/store/v1/meta_record.pb-c.h"
#include "proto/latchkey/store/v1/session_record.pb-c.h"

#include "server/store/store_cursor.h"
#include "server/store/store_fixture.h"

#define RECORDS 300
#define VALUE_SIZE 400
#define BIG_SIZE 20000

/* The file as it was, to damage it over and over. */
struct image {
	uint8_t *bytes;
	size_t size;
};

static void
value_of(uint64_t key, uint8_t value[VALUE_SIZE])
{
	for (size_t i = 0; i < VALUE_SIZE; i++)
		value[i] = (uint8_t)(key * 31 + i);
}

/* Several levels of pages, a long value, free pages; closed afterwards. */
static void
populate(struct store_fixture *f)
{
	static const uint8_t big[BIG_SIZE] = "big";
	uint8_t value[VALUE_SIZE];
	struct store_txn txn;
	uint64_t be;

	store_begin_write(f->store, &txn);
	for (uint64_t i = 0; i < RECORDS; i++) {
		value_of(i, value);
		store_add(&txn, STORE_SESSION, store_fixture_key(i, &be),
		          (struct bytes){ value, sizeof(value) });
		store_add(&txn, STORE_SESSION_BY_USER,
		          store_fixture_key(i, &be), (struct bytes){ 0 });
	}
	store_add(&txn, STORE_USER, (struct bytes){ "big", 3 },
	          (struct bytes){ big, sizeof(big) });
	assert_int_equal(store_end(&txn), CODE_OK);
	for (uint64_t i = 0; i < 20; i++)
		assert_int_equal(store_fixture_del(f->store, i), CODE_OK);
	store_fixture_close(f);
}

static struct image
load(const char *file)
{
	struct image image;
	struct stat st;
	int fd = open(file, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	image.size = (size_t)st.st_size;
	image.bytes = malloc(image.size);
	assert_non_null(image.bytes);
	assert_int_equal(read(fd, image.bytes, image.size), st.st_size);
	(void)close(fd);
	return image;
}

static void
save(const char *file, const uint8_t *bytes, size_t size)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	(void)close(fd);
}

/* What store_open left behind when it refused. */
static void
assert_damaged(struct store_fixture *f)
{
	assert_null(f->store);
	assert_int_equal(f->fault, STORE_FAULT_DAMAGED);
	assert_non_null(strstr(f->err, f->file));
	assert_non_null(strstr(f->err, "stop the server and restore a backup"));
}

static void
assert_refused(struct store_fixture *f)
{
	assert_int_equal(store_fixture_try(f), CODE_DATA_LOSS);
	assert_damaged(f);
}

/* Everything that populate left must be there, and be right. */
static void
assert_whole(struct store_fixture *f)
{
	uint8_t value[VALUE_SIZE];
	struct store_txn txn;
	struct bytes got;
	uint64_t be;

	store_begin_read(f->store, &txn);
	for (uint64_t i = 20; i < RECORDS; i++) {
		value_of(i, value);
		got = store_get(&txn, STORE_SESSION, store_fixture_key(i, &be));
		assert_int_equal(got.len, sizeof(value));
		assert_memory_equal(got.data, value, sizeof(value));
		assert_non_null(store_get(&txn, STORE_SESSION_BY_USER,
		                          store_fixture_key(i, &be))
		                        .data);
	}
	got = store_get(&txn, STORE_USER, (struct bytes){ "big", 3 });
	assert_int_equal(got.len, BIG_SIZE);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(store_fixture_add(f->store, 1, 1), CODE_OK);
	assert_int_equal(store_fixture_del(f->store, 100), CODE_OK);
}

static void
a_truncated_file_is_refused_unless_nothing_was_lost(void **state)
{
	struct store_fixture *f = *state;
	struct image image;
	size_t whole = 0;

	populate(f);
	image = load(f->file);
	for (size_t size = 0; size < image.size; size += 4096 / 2) {
		save(f->file, image.bytes, size);
		if (store_fixture_try(f) != CODE_OK) {
			assert_damaged(f);
			assert_int_equal(whole, 0);
			continue;
		}
		/* Only free pages are missing. */
		assert_whole(f);
		store_fixture_close(f);
		whole++;
	}
	assert_true(whole < image.size / 4096 / 4);
	free(image.bytes);
}

static void
a_file_that_is_something_else_is_refused(void **state)
{
	struct store_fixture *f = *state;
	uint8_t noise[16384];

	store_fixture_close(f);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * 97);
	save(f->file, noise, sizeof(noise));
	assert_refused(f);
	memset(noise, 0, sizeof(noise));
	save(f->file, noise, sizeof(noise));
	assert_refused(f);
	assert_int_equal(unlink(f->file), 0);
	assert_int_equal(mkdir(f->file, 0700), 0);
	assert_refused(f);
	assert_int_equal(rmdir(f->file), 0);
}

/* Flips a bit of record 200 in every copy of its page, old ones included. */
static void
flip_value(struct image *image)
{
	uint8_t value[VALUE_SIZE];
	uint8_t *at = image->bytes;
	size_t count = 0;

	value_of(200, value);
	for (;;) {
		at = memmem(at, (size_t)(image->bytes + image->size - at),
		            value, sizeof(value));
		if (at == NULL)
			break;
		at[100] ^= 0x10;
		count++;
	}
	assert_true(count > 0);
}

static void
a_flipped_bit_in_a_value_is_refused_at_open(void **state)
{
	struct store_fixture *f = *state;
	struct image image;

	populate(f);
	image = load(f->file);
	flip_value(&image);
	save(f->file, image.bytes, image.size);
	assert_refused(f);
	assert_non_null(strstr(f->err, "checksum"));
	free(image.bytes);
}

static void
a_bit_that_flips_while_serving_is_data_loss_for_its_record_only(void **state)
{
	struct store_fixture *f = *state;
	struct store_cursor cursor;
	struct store_txn txn;
	struct image image;
	uint64_t be;
	int fd;

	populate(f);
	image = load(f->file);
	store_fixture_reopen(f);
	flip_value(&image);
	fd = open(f->file, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, image.bytes, image.size),
	                 (ssize_t)image.size);
	(void)close(fd);
	store_begin_read(f->store, &txn);
	assert_non_null(
		store_get(&txn, STORE_SESSION, store_fixture_key(199, &be))
			.data);
	assert_null(store_get(&txn, STORE_SESSION, store_fixture_key(200, &be))
	                    .data);
	assert_int_equal(txn.fault, STORE_FAULT_DAMAGED);
	assert_int_equal(store_end(&txn), CODE_DATA_LOSS);
	store_begin_read(f->store, &txn);
	store_seek(&txn, STORE_SESSION, store_fixture_key(199, &be), &cursor);
	assert_non_null(cursor.key.data);
	store_next(&cursor);
	assert_null(cursor.key.data);
	store_cursor_release(&cursor);
	assert_int_equal(store_end(&txn), CODE_DATA_LOSS);
	assert_int_equal(store_fixture_add(f->store, 1, 1), CODE_OK);
	free(image.bytes);
}

#define TABLE "throttle_by_end" /* the last one */
#define FOREIGN "throttle_by_enx"

/* Gives a table's name another last letter, in every copy of its page. */
static void
rename_table(const struct store_fixture *f, const char *from, char last)
{
	struct image image = load(f->file);
	uint8_t *at = image.bytes;
	size_t count = 0;

	for (;; count++) {
		at = memmem(at, (size_t)(image.bytes + image.size - at), from,
		            strlen(from));
		if (at == NULL)
			break;
		at[strlen(from) - 1] = (uint8_t)last;
	}
	assert_true(count > 0);
	save(f->file, image.bytes, image.size);
	free(image.bytes);
}

static void
a_table_under_another_name_is_damage(void **state)
{
	struct store_fixture *f = *state;

	populate(f);
	rename_table(f, TABLE, 'x');
	assert_refused(f);
	assert_non_null(strstr(f->err, "unknown"));
}

static void
a_newer_store_with_a_table_unknown_to_us_is_newer_not_damaged(void **state)
{
	struct store_fixture *f = *state;
	Latchkey__Store__V1__MetaRecord meta =
		LATCHKEY__STORE__V1__META_RECORD__INIT;
	struct store_txn txn;
	uint8_t buf[64];

	meta.schema_version = STORE_SCHEMA_VERSION + 1;
	store_begin_write(f->store, &txn);
	store_put(&txn, STORE_META, (struct bytes){ "meta", 4 },
	          (struct bytes){ buf, latchkey__store__v1__meta_record__pack(
					       &meta, buf) });
	assert_int_equal(store_end(&txn), CODE_OK);
	populate(f);
	rename_table(f, TABLE, 'x');
	assert_int_equal(store_fixture_try(f), CODE_FAILED_PRECONDITION);
	assert_int_equal(f->fault, STORE_FAULT_NEWER);
}

/* A session of version 3, and much else. */
static void
fill_old(struct store_fixture *f)
{
	static const uint8_t much[1 << 21], id[16] = { 1 };
	Latchkey__Store__V1__SessionRecord session =
		LATCHKEY__STORE__V1__SESSION_RECORD__INIT;
	const struct bytes key = { id, sizeof(id) };
	struct store_txn txn;
	uint8_t buf[64];

	session.id.data = (uint8_t *)id;
	session.id.len = sizeof(id);
	session.user_id = 7;
	session.created_at_us = 1;
	store_fixture_write_version(f->store, 3);
	store_begin_write(f->store, &txn);
	store_put(
		&txn, STORE_SESSION, key,
		(struct bytes){ buf, latchkey__store__v1__session_record__pack(
					     &session, buf) });
	store_put(&txn, STORE_AVATAR, key,
	          (struct bytes){ much, sizeof(much) });
	assert_int_equal(store_end(&txn), CODE_OK);
}

/* So the server that wrote it finds no table in it that it does not know. */
static void
a_store_too_full_for_a_new_schema_stays_as_it_was(void **state)
{
	struct store_fixture *f = *state;
	uint64_t size_max = f->options.size_max;
	struct stat st;

	fill_old(f);
	store_fixture_close(f);
	assert_int_equal(stat(f->file, &st), 0);
	rename_table(f, TABLE, 'x');
	/* Room for a table, and less than the reserve. */
	f->options.size_max = (uint64_t)st.st_size + (1 << 16);
	assert_int_equal(store_fixture_try(f), CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(f->fault, STORE_FAULT_FULL);
	assert_non_null(strstr(f->err, "store.size_max_mib"));
	f->options.size_max = size_max;
	rename_table(f, FOREIGN, 'd');
	store_fixture_reopen(f);
}

/* A simple generator, so that each run flips the same. */
static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return *seed >> 8;
}

/* Structure is where a flip would make LMDB itself stumble. */
static size_t
pick_place(const struct image *image, uint32_t *seed)
{
	size_t place = next_random(seed) % image->size;

	if (next_random(seed) % 2 == 0)
		return place;
	return place / 4096 * 4096 + place % 160;
}

#define FLIPS 800

static void
no_flipped_byte_crashes_or_changes_an_answer(void **state)
{
	struct store_fixture *f = *state;
	struct image image;
	uint32_t seed = 1;
	unsigned refused = 0;

	populate(f);
	image = load(f->file);
	for (unsigned i = 0; i < FLIPS; i++) {
		size_t at = pick_place(&image, &seed);
		uint8_t mask = (uint8_t)(1U << (next_random(&seed) % 8));
		enum code code;

		image.bytes[at] ^= mask;
		save(f->file, image.bytes, image.size);
		code = store_fixture_try(f);
		if (code == CODE_OK)
			assert_whole(f);
		else
			refused++;
		store_fixture_close(f);
		image.bytes[at] ^= mask;
	}
	assert_true(refused > FLIPS / 4);
	free(image.bytes);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, store_fixture_setup,               \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_truncated_file_is_refused_unless_nothing_was_lost),
		TEST(a_file_that_is_something_else_is_refused),
		TEST(a_flipped_bit_in_a_value_is_refused_at_open),
		TEST(a_bit_that_flips_while_serving_is_data_loss_for_its_record_only),
		TEST(a_table_under_another_name_is_damage),
		TEST(a_store_too_full_for_a_new_schema_stays_as_it_was),
		TEST(a_newer_store_with_a_table_unknown_to_us_is_newer_not_damaged),
		TEST(no_flipped_byte_crashes_or_changes_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
