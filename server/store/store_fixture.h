#ifndef SERVER_STORE_STORE_FIXTURE_H
#define SERVER_STORE_STORE_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "server/store/store.h"

/*
 * For the tests of the server: a store in a temporary directory of its own,
 * and an arena. The functions fail the running cmocka case when something goes
 * wrong; call them from its thread only.
 */
struct store_fixture {
	char dir[64];
	char file[80]; /* dir/data.mdb */
	struct store *store;
	struct store_options options;
	enum store_fault fault; /* of the last open */
	char err[512];
	struct arena arena;
	uint8_t memory[65536];
};

/* cmocka's setup and teardown: an open store, all gone afterwards. */
int store_fixture_setup(void **state);
int store_fixture_teardown(void **state);

void store_fixture_close(struct store_fixture *f);

/* store_fixture_try opens the closed store and returns what store_open said. */
NODISCARD enum code store_fixture_try(struct store_fixture *f);
void store_fixture_reopen(struct store_fixture *f);

/* store_fixture_make_dir makes an empty directory below /tmp, 0700. */
void store_fixture_make_dir(char out[64]);

/* store_fixture_remove_dir removes it with the files in it. */
void store_fixture_remove_dir(const char *dir);

/* One record in a transaction of its own; a number is the key or value. */
NODISCARD enum code store_fixture_add(struct store *store, uint64_t key,
                                      uint64_t value);
NODISCARD enum code store_fixture_del(struct store *store, uint64_t key);

/* store_fixture_get returns NOT_FOUND, or the value in *out. */
NODISCARD enum code store_fixture_get(struct store *store, uint64_t key,
                                      uint64_t *out);

/* store_fixture_count counts a table's records. */
size_t store_fixture_count(struct store *store, enum store_table table);

/* store_fixture_spoil puts a sound value of nonsense under the key. */
void store_fixture_spoil(struct store *store, enum store_table table,
                         struct bytes key);

/* store_fixture_write_version makes it a store of that schema, with no user. */
void store_fixture_write_version(struct store *store, uint32_t version);

/*
 * store_fixture_torture runs a step with an arena of 0, 8, 16... bytes until
 * it succeeds; every failure before must be RESOURCE_EXHAUSTED.
 */
void store_fixture_torture(struct store_fixture *f,
                           enum code (*step)(struct store_fixture *f));

/* store_fixture_key makes a key of a number, lying in *big_endian. */
struct bytes store_fixture_key(uint64_t number, uint64_t *big_endian);

#endif
