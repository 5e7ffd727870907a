#include "server/store/store_fixture.h"

#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/latchkey/store/v1/meta_record.pb-c.h"
#include "server/store/record.h"
#include "server/store/store_cursor.h"

#define SIZE_MAX_DEFAULT (64U << 20)

void
store_fixture_make_dir(char out[64])
{
	(void)snprintf(out, 64, "/tmp/latchkey_store_test.XXXXXX");
	assert_non_null(mkdtemp(out));
}

void
store_fixture_remove_dir(const char *dir)
{
	DIR *handle = opendir(dir);
	struct dirent *entry;

	assert_non_null(handle);
	while ((entry = readdir(handle)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			assert_int_equal(
				unlinkat(dirfd(handle), entry->d_name, 0), 0);
	(void)closedir(handle);
	assert_int_equal(rmdir(dir), 0);
}

enum code
store_fixture_try(struct store_fixture *f)
{
	return store_open(&f->options, &f->store, &f->fault, f->err,
	                  sizeof(f->err));
}

void
store_fixture_close(struct store_fixture *f)
{
	store_close(f->store);
	f->store = NULL;
}

void
store_fixture_reopen(struct store_fixture *f)
{
	store_fixture_close(f);
	if (store_fixture_try(f) != CODE_OK)
		fail_msg("%s", f->err);
}

int
store_fixture_setup(void **state)
{
	struct store_fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	store_fixture_make_dir(f->dir);
	(void)snprintf(f->file, sizeof(f->file), "%s/data.mdb", f->dir);
	f->options = (struct store_options){ .dir = f->dir,
		                             .size_max = SIZE_MAX_DEFAULT,
		                             .readers_max = 8,
		                             .group_max = 64 };
	store_fixture_reopen(f);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	*state = f;
	return 0;
}

int
store_fixture_teardown(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_close(f);
	store_fixture_remove_dir(f->dir);
	free(f);
	return 0;
}

struct bytes
store_fixture_key(uint64_t number, uint64_t *big_endian)
{
	*big_endian = htobe64(number);
	return (struct bytes){ big_endian, sizeof(*big_endian) };
}

enum code
store_fixture_add(struct store *store, uint64_t key, uint64_t value)
{
	struct store_txn txn;
	uint64_t be;

	store_begin_write(store, &txn);
	store_add(&txn, STORE_SESSION, store_fixture_key(key, &be),
	          (struct bytes){ &value, sizeof(value) });
	return store_end(&txn);
}

enum code
store_fixture_del(struct store *store, uint64_t key)
{
	struct store_txn txn;
	uint64_t be;

	store_begin_write(store, &txn);
	store_del(&txn, STORE_SESSION, store_fixture_key(key, &be));
	return store_end(&txn);
}

enum code
store_fixture_get(struct store *store, uint64_t key, uint64_t *out)
{
	struct store_txn txn;
	struct bytes value;
	uint64_t be;

	store_begin_read(store, &txn);
	value = store_get(&txn, STORE_SESSION, store_fixture_key(key, &be));
	if (value.data == NULL || value.len != sizeof(*out))
		store_fail(&txn, CODE_NOT_FOUND);
	else
		memcpy(out, value.data, sizeof(*out));
	return store_end(&txn);
}

size_t
store_fixture_count(struct store *store, enum store_table table)
{
	struct store_cursor cursor;
	struct store_txn txn;
	size_t n = 0;

	store_begin_read(store, &txn);
	store_seek(&txn, table, (struct bytes){ 0 }, &cursor);
	for (; cursor.key.data != NULL; store_next(&cursor))
		n++;
	store_cursor_release(&cursor);
	assert_int_equal(store_end(&txn), CODE_OK);
	return n;
}

void
store_fixture_spoil(struct store *store, enum store_table table,
                    struct bytes key)
{
	struct store_txn txn;

	store_begin_write(store, &txn);
	store_put(&txn, table, key, (struct bytes){ "\xff\xff\xff", 3 });
	assert_int_equal(store_end(&txn), CODE_OK);
}

void
store_fixture_torture(struct store_fixture *f,
                      enum code (*step)(struct store_fixture *f))
{
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size;

	for (size = 0; size < sizeof(f->memory); size += 8) {
		arena_init(&f->arena, f->memory, size);
		code = step(f);
		if (code != CODE_RESOURCE_EXHAUSTED)
			break;
	}
	assert_int_equal(code, CODE_OK);
	assert_true(size > 0);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
}

void
store_fixture_write_version(struct store *store, uint32_t version)
{
	Latchkey__Store__V1__MetaRecord meta =
		LATCHKEY__STORE__V1__META_RECORD__INIT;
	const struct bytes key = { RECORD_META_KEY,
		                   sizeof(RECORD_META_KEY) - 1 };
	struct store_txn txn;
	uint8_t buf[64];
	size_t len;

	meta.schema_version = version;
	meta.next_user_id = 1;
	len = latchkey__store__v1__meta_record__pack(&meta, buf);
	store_begin_write(store, &txn);
	store_put(&txn, STORE_META, key, (struct bytes){ buf, len });
	assert_int_equal(store_end(&txn), CODE_OK);
}
