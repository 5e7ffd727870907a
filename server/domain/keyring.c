#include "server/domain/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/encoding.h"
#include "server/store/store.h"

#define NONCE_SIZE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define SEAL_SIZE (NONCE_SIZE + crypto_aead_xchacha20poly1305_ietf_ABYTES)
#define KID_BYTES 8
/* What is derived from the master key: crypto_kdf's context and numbers. */
#define KDF_CONTEXT "latchkey"
#define DIGEST_SUBKEY 1
/* Room for KEYRING_MAX stored keys with all that belongs to them. */
#define LIST_SIZE ((size_t)KEYRING_MAX * (PRIVATE_KEY_MAX + 1024))

struct ring_key {
	struct signing_key *key;
	int64_t created_at_us;
	bool is_retired;
	bool accept_without_kid;
};

struct keyring {
	struct ring_key keys[KEYRING_MAX]; /* newest first */
	size_t count;
	uint8_t digest_key[KEYRING_DIGEST_KEY_SIZE];
};

/* seal writes nonce and ciphertext: private_key.len + SEAL_SIZE bytes. */
static void
seal(const uint8_t master[MASTER_KEY_SIZE], const char *kid,
     struct bytes private_key, uint8_t *out)
{
	randombytes_buf(out, NONCE_SIZE);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(
		out + NONCE_SIZE, NULL, private_key.data, private_key.len,
		(const uint8_t *)kid, strlen(kid), NULL, out, master);
}

static enum code
unseal(const uint8_t master[MASTER_KEY_SIZE], const struct stored_key *stored,
       uint8_t out[PRIVATE_KEY_MAX], size_t *out_len)
{
	const uint8_t *sealed = stored->sealed.data;
	unsigned long long len;

	if (stored->sealed.len < SEAL_SIZE ||
	    stored->sealed.len > SEAL_SIZE + PRIVATE_KEY_MAX)
		return CODE_DATA_LOSS;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    out, &len, NULL, sealed + NONCE_SIZE,
		    stored->sealed.len - NONCE_SIZE,
		    (const uint8_t *)stored->kid, strlen(stored->kid), sealed,
		    master) != 0)
		return CODE_UNAUTHENTICATED;
	*out_len = len;
	return CODE_OK;
}

/* write_key adds the record, unless the store holds as many as fit. */
static enum code
write_key(struct store *store, const struct stored_key *key)
{
	void *memory = malloc(LIST_SIZE);
	struct stored_key *known;
	struct store_txn txn;
	struct arena arena;
	size_t count = 0;
	enum code code;

	if (memory == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	arena_init(&arena, memory, LIST_SIZE);
	store_begin_write(store, &txn);
	code = key_store_list(&txn, &arena, &known, &count);
	store_fail(&txn, code);
	if (count >= KEYRING_MAX)
		store_fail(&txn, CODE_FAILED_PRECONDITION);
	key_store_add(&txn, &arena, key);
	code = store_end(&txn);
	arena_reset(&arena);
	free(memory);
	return code;
}

static enum code
add(struct store *store, const uint8_t master[MASTER_KEY_SIZE],
    const struct stored_key *about, struct bytes private_key)
{
	struct stored_key stored = *about;
	uint8_t sealed[PRIVATE_KEY_MAX + SEAL_SIZE], random[KID_BYTES];
	char kid[HEX_SIZE(KID_BYTES)];
	struct signing_key *key;
	enum code code;

	randombytes_buf(random, sizeof(random));
	hex_encode(random, sizeof(random), kid);
	stored.kid = kid;
	/* Nothing is written that keyring_open would refuse. */
	code = signing_key_open(&stored, private_key, &key);
	if (code != CODE_OK)
		return code;
	signing_key_close(key);
	seal(master, kid, private_key, sealed);
	stored.sealed = (struct bytes){ sealed, private_key.len + SEAL_SIZE };
	return write_key(store, &stored);
}

enum code
keyring_add_key(struct store *store, const uint8_t master[MASTER_KEY_SIZE],
                enum key_alg alg, enum key_purpose purpose, int64_t now_us)
{
	struct stored_key about = { .alg = key_alg_name(alg),
		                    .purpose = purpose,
		                    .created_at_us = now_us };
	uint8_t private_key[PRIVATE_KEY_MAX];
	size_t len = 0;
	enum code code;

	if (purpose == KEY_PURPOSE_REFRESH && alg != KEY_HS256)
		return CODE_INVALID_ARGUMENT;
	code = signing_key_make(alg, private_key, &len);
	if (code == CODE_OK)
		code = add(store, master, &about,
		           (struct bytes){ private_key, len });
	sodium_memzero(private_key, sizeof(private_key));
	return code;
}

enum code
keyring_add_secret(struct store *store, const uint8_t master[MASTER_KEY_SIZE],
                   struct bytes secret, int64_t now_us)
{
	struct stored_key about = { .alg = key_alg_name(KEY_HS256),
		                    .purpose = KEY_PURPOSE_ACCESS,
		                    .created_at_us = now_us };

	if (sodium_init() < 0)
		return CODE_INTERNAL;
	return add(store, master, &about, secret);
}

static enum code
open_key(const uint8_t master[MASTER_KEY_SIZE], const struct stored_key *stored,
         struct ring_key *out)
{
	uint8_t private_key[PRIVATE_KEY_MAX];
	struct signing_key *key = NULL;
	size_t len = 0;
	enum code code;

	if (stored->purpose != KEY_PURPOSE_ACCESS &&
	    stored->purpose != KEY_PURPOSE_REFRESH)
		return CODE_DATA_LOSS;
	code = unseal(master, stored, private_key, &len);
	if (code == CODE_OK) {
		code = signing_key_open(
			stored, (struct bytes){ private_key, len }, &key);
		if (code == CODE_INVALID_ARGUMENT)
			code = CODE_DATA_LOSS;
	}
	sodium_memzero(private_key, sizeof(private_key));
	if (code != CODE_OK)
		return code;
	*out = (struct ring_key){
		.key = key,
		.created_at_us = stored->created_at_us,
		.is_retired = stored->retired_at_us != 0,
		.accept_without_kid = stored->accept_without_kid,
	};
	return CODE_OK;
}

/* is_newer breaks a tie by kid, so that the order is always the same. */
static bool
is_newer(const struct ring_key *a, const struct ring_key *b)
{
	if (a->created_at_us != b->created_at_us)
		return a->created_at_us > b->created_at_us;
	return strcmp(signing_key_kid(a->key), signing_key_kid(b->key)) > 0;
}

static void
insert(struct keyring *keyring, const struct ring_key *key)
{
	size_t at = keyring->count++;

	while (at > 0 && is_newer(key, &keyring->keys[at - 1])) {
		keyring->keys[at] = keyring->keys[at - 1];
		at--;
	}
	keyring->keys[at] = *key;
}

static enum code
list(struct store *store, struct arena *arena, struct stored_key **out,
     size_t *count)
{
	struct store_txn txn;
	enum code code;

	store_begin_read(store, &txn);
	code = key_store_list(&txn, arena, out, count);
	store_fail(&txn, code);
	return store_end(&txn);
}

static enum code
open_keys(struct store *store, const uint8_t master[MASTER_KEY_SIZE],
          struct arena *arena, struct keyring *keyring, const char **fault)
{
	struct stored_key *stored;
	struct ring_key key;
	size_t count = 0;
	enum code code = list(store, arena, &stored, &count);

	*fault = "the signing keys cannot be read from the store";
	if (code == CODE_OK && count > KEYRING_MAX)
		code = CODE_RESOURCE_EXHAUSTED;
	for (size_t i = 0; code == CODE_OK && i < count; i++) {
		code = open_key(master, &stored[i], &key);
		if (code == CODE_OK)
			insert(keyring, &key);
		*fault = code == CODE_UNAUTHENTICATED
		                 ? "the master key is not the one that the "
		                   "signing keys were sealed with: use that one"
		                 : "a signing key in the store is damaged: "
		                   "restore a backup";
	}
	if (code != CODE_OK)
		return code;
	if (keyring_signer(keyring, KEY_PURPOSE_ACCESS) != NULL &&
	    keyring_signer(keyring, KEY_PURPOSE_REFRESH) != NULL)
		return CODE_OK;
	*fault = "the store has no key that may sign access tokens, or none "
		 "for refresh tokens: add one";
	return CODE_FAILED_PRECONDITION;
}

enum code
keyring_open(struct store *store, const uint8_t master[MASTER_KEY_SIZE],
             struct keyring **out, char *err, size_t err_size)
{
	struct keyring *keyring = calloc(1, sizeof(*keyring));
	void *memory = malloc(LIST_SIZE);
	const char *fault = "there is no memory for the signing keys";
	enum code code = CODE_RESOURCE_EXHAUSTED;
	struct arena arena;

	if (keyring != NULL && memory != NULL) {
		arena_init(&arena, memory, LIST_SIZE);
		(void)crypto_kdf_derive_from_key(
			keyring->digest_key, sizeof(keyring->digest_key),
			DIGEST_SUBKEY, KDF_CONTEXT, master);
		code = open_keys(store, master, &arena, keyring, &fault);
		arena_reset(&arena);
	}
	free(memory);
	if (code == CODE_OK) {
		*out = keyring;
		return CODE_OK;
	}
	keyring_close(keyring);
	(void)snprintf(err, err_size, "%s", fault);
	return code;
}

void
keyring_close(struct keyring *keyring)
{
	if (keyring == NULL)
		return;
	for (size_t i = 0; i < keyring->count; i++)
		signing_key_close(keyring->keys[i].key);
	sodium_memzero(keyring->digest_key, sizeof(keyring->digest_key));
	free(keyring);
}

const uint8_t *
keyring_digest_key(const struct keyring *keyring)
{
	return keyring->digest_key;
}

const struct signing_key *
keyring_signer(const struct keyring *keyring, enum key_purpose purpose)
{
	for (size_t i = 0; i < keyring->count; i++)
		if (!keyring->keys[i].is_retired &&
		    signing_key_purpose(keyring->keys[i].key) == purpose)
			return keyring->keys[i].key;
	return NULL;
}

const struct signing_key *
keyring_find(const struct keyring *keyring, const char *kid, enum key_alg alg)
{
	for (size_t i = 0; i < keyring->count; i++) {
		const struct ring_key *key = &keyring->keys[i];

		if (kid == NULL ? key->accept_without_kid
		                : strcmp(kid, signing_key_kid(key->key)) == 0)
			return signing_key_alg(key->key) == alg ? key->key
			                                        : NULL;
	}
	return NULL;
}

enum code
keyring_list_public(const struct keyring *keyring, struct arena *arena,
                    struct public_key **out, size_t *count)
{
	struct public_key *list =
		arena_alloc(arena, keyring->count * sizeof(*list));
	size_t used = 0;

	if (list == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	for (size_t i = 0; i < keyring->count; i++) {
		const struct signing_key *key = keyring->keys[i].key;
		enum code code;

		if (signing_key_purpose(key) != KEY_PURPOSE_ACCESS)
			continue;
		code = signing_key_public(key, arena, &list[used]);
		if (code == CODE_OK)
			used++;
		else if (code != CODE_NOT_FOUND)
			return code;
	}
	*out = list;
	*count = used;
	return CODE_OK;
}
