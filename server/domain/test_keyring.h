#ifndef SERVER_DOMAIN_TEST_KEYRING_H
#define SERVER_DOMAIN_TEST_KEYRING_H

#include "server/domain/keyring.h"

struct store;

/*
 * For tests: a real store in a new temporary folder, and the keyring of the
 * keys that the test added to it. Every failure ends the program.
 */
struct test_keyring {
	char dir[32];
	struct store *store;
	struct keyring *keyring;
	uint8_t master[MASTER_KEY_SIZE];
};

/* test_keyring_init makes folder, store and master key, and no keyring yet. */
void test_keyring_init(struct test_keyring *test);

/* test_keyring_add adds a key and returns nothing: see test_keyring_open. */
void test_keyring_add(struct test_keyring *test, enum key_alg alg,
                      enum key_purpose purpose, int64_t now_us);

/* test_keyring_order adds the key that is ordered; kid may be NULL. */
void test_keyring_order(struct test_keyring *test,
                        const struct key_order *order,
                        char kid[KEY_ID_MAX + 1]);

/* How a test changes what keys say about themselves on disk. */
typedef void test_key_change(struct stored_key *key);

/* test_keyring_change lets `change` edit every stored key. */
void test_keyring_change(struct test_keyring *test, test_key_change *change);

/* test_keyring_open opens the keyring, anew if it was open. */
void test_keyring_open(struct test_keyring *test);

/* test_keyring_reset closes everything and removes the folder. */
void test_keyring_reset(struct test_keyring *test);

#endif
