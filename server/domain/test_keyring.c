#include "server/domain/test_keyring.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/store/store.h"

#define LIST_SIZE ((size_t)256 * 1024)

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "test_keyring: %s failed\n", what);
	abort();
}

void
test_keyring_init(struct test_keyring *test)
{
	struct store_options options = { .size_max = 16 << 20,
		                         .readers_max = 8,
		                         .group_max = 4 };
	enum store_fault fault;
	char err[256];

	*test = (struct test_keyring){ .dir = "/tmp/latchkey.XXXXXX" };
	memset(test->master, 7, sizeof(test->master));
	must(mkdtemp(test->dir) != NULL, "mkdtemp");
	options.dir = test->dir;
	must(store_open(&options, &test->store, &fault, err, sizeof(err)) ==
	             CODE_OK,
	     "store_open");
}

void
test_keyring_order(struct test_keyring *test, const struct key_order *order,
                   char kid[KEY_ID_MAX + 1])
{
	must(keyring_add(test->store, test->master, order, kid) == CODE_OK,
	     "keyring_add");
}

void
test_keyring_add(struct test_keyring *test, enum key_alg alg,
                 enum key_purpose purpose, int64_t now_us)
{
	const struct key_order order = { .alg = alg,
		                         .purpose = purpose,
		                         .now_us = now_us };

	test_keyring_order(test, &order, NULL);
}

void
test_keyring_change(struct test_keyring *test, test_key_change *change)
{
	void *memory = malloc(LIST_SIZE);
	struct stored_key *keys;
	struct store_txn txn;
	struct arena arena;
	size_t count = 0;

	must(memory != NULL, "malloc");
	arena_init(&arena, memory, LIST_SIZE);
	store_begin_write(test->store, &txn);
	must(key_store_list(&txn, &arena, &keys, &count) == CODE_OK,
	     "key_store_list");
	for (size_t i = 0; i < count; i++) {
		change(&keys[i]);
		key_store_put(&txn, &arena, &keys[i]);
	}
	must(store_end(&txn) == CODE_OK, "store_end");
	free(memory);
}

void
test_keyring_open(struct test_keyring *test)
{
	char err[256];

	keyring_close(test->keyring);
	test->keyring = NULL;
	must(keyring_open(test->store, test->master, &test->keyring, err,
	                  sizeof(err)) == CODE_OK,
	     "keyring_open");
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
test_keyring_reset(struct test_keyring *test)
{
	keyring_close(test->keyring);
	store_close(test->store);
	must(nftw(test->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS) == 0,
	     "remove");
}
