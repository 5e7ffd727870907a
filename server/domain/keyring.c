#include "server/domain/keyring.h"

#include <stdatomic.h>
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
#define US_PER_S 1000000

struct ring_key {
	struct signing_key *key;
	bool is_ours; /* else an older ring opened it */
	int64_t created_at_us;
	int64_t signs_from_us;
	bool is_retired;
	bool accept_without_kid;
};

/* The keys as they were at one time; read-only once it is the newest. */
struct ring {
	struct ring *older; /* somebody may still use it: freed at the end */
	size_t count;
	struct ring_key keys[KEYRING_MAX]; /* newest first */
};

struct keyring {
	_Atomic(struct ring *) newest;
	uint8_t digest_key[KEYRING_DIGEST_KEY_SIZE];
};

static const struct ring *
newest(const struct keyring *keyring)
{
	return atomic_load(&keyring->newest);
}

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
	void *memory = malloc(KEYRING_LIST_SIZE);
	struct stored_key *known;
	struct store_txn txn;
	struct arena arena;
	size_t count = 0;
	enum code code;

	if (memory == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	arena_init(&arena, memory, KEYRING_LIST_SIZE);
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
add_sealed(struct store *store, const uint8_t master[MASTER_KEY_SIZE],
           const struct stored_key *about, struct bytes private_key)
{
	struct stored_key stored = *about;
	uint8_t sealed[PRIVATE_KEY_MAX + SEAL_SIZE];
	struct signing_key *key;
	enum code code;

	/* Nothing is written that keyring_open would refuse. */
	code = signing_key_open(&stored, private_key, &key);
	if (code != CODE_OK)
		return code;
	signing_key_close(key);
	seal(master, stored.kid, private_key, sealed);
	stored.sealed = (struct bytes){ sealed, private_key.len + SEAL_SIZE };
	return write_key(store, &stored);
}

static bool
is_sensible(const struct key_order *order)
{
	bool is_given = order->secret.data != NULL;

	if (order->purpose == KEY_PURPOSE_REFRESH)
		return order->alg == KEY_HS256 && !is_given;
	return order->alg == KEY_HS256 || !is_given;
}

enum code
keyring_add(struct store *store, const uint8_t master[MASTER_KEY_SIZE],
            const struct key_order *order, char kid[KEY_ID_MAX + 1])
{
	uint8_t private_key[PRIVATE_KEY_MAX], random[KID_BYTES];
	char name[HEX_SIZE(KID_BYTES)];
	struct stored_key about = { .kid = name,
		                    .alg = key_alg_name(order->alg),
		                    .purpose = order->purpose,
		                    .created_at_us = order->now_us,
		                    .signs_from_us = order->signs_from_us };
	struct bytes secret = order->secret;
	size_t len = 0;
	enum code code = CODE_OK;

	if (!is_sensible(order))
		return CODE_INVALID_ARGUMENT;
	if (sodium_init() < 0)
		return CODE_INTERNAL;
	randombytes_buf(random, sizeof(random));
	hex_encode(random, sizeof(random), name);
	if (secret.data == NULL) {
		code = signing_key_make(order->alg, private_key, &len);
		secret = (struct bytes){ private_key, len };
	}
	if (code == CODE_OK)
		code = add_sealed(store, master, &about, secret);
	sodium_memzero(private_key, sizeof(private_key));
	if (code == CODE_OK && kid != NULL)
		(void)snprintf(kid, KEY_ID_MAX + 1, "%s", name);
	return code;
}

static enum code
open_key(const uint8_t master[MASTER_KEY_SIZE], const struct stored_key *stored,
         struct signing_key **out)
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
	*out = key;
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
insert(struct ring *ring, const struct stored_key *stored,
       struct signing_key *key, bool is_ours)
{
	int64_t from_us = stored->signs_from_us != 0 ? stored->signs_from_us
	                                             : stored->created_at_us;
	const struct ring_key new = {
		.key = key,
		.is_ours = is_ours,
		.created_at_us = stored->created_at_us,
		/* Tokens say whole seconds. */
		.signs_from_us = from_us - from_us % US_PER_S,
		.is_retired = stored->retired_at_us != 0,
		.accept_without_kid = stored->accept_without_kid,
	};
	size_t at = ring->count++;

	while (at > 0 && is_newer(&new, &ring->keys[at - 1])) {
		ring->keys[at] = ring->keys[at - 1];
		at--;
	}
	ring->keys[at] = new;
}

static const struct ring_key *
find_kid(const struct ring *ring, const char *kid)
{
	for (size_t i = 0; ring != NULL && i < ring->count; i++)
		if (strcmp(kid, signing_key_kid(ring->keys[i].key)) == 0)
			return &ring->keys[i];
	return NULL;
}

static const struct signing_key *
signer(const struct ring *ring, enum key_purpose purpose, int64_t issued_at_us)
{
	const struct ring_key *first = NULL;

	for (size_t i = 0; i < ring->count; i++) {
		const struct ring_key *key = &ring->keys[i];

		if (key->is_retired || signing_key_purpose(key->key) != purpose)
			continue;
		if (key->signs_from_us <= issued_at_us)
			return key->key;
		if (first == NULL || key->signs_from_us < first->signs_from_us)
			first = key;
	}
	return first == NULL ? NULL : first->key;
}

static enum code
add_key(struct ring *ring, const uint8_t *master,
        const struct stored_key *stored)
{
	const struct ring_key *known = find_kid(ring->older, stored->kid);
	struct signing_key *key;
	enum code code = CODE_UNAUTHENTICATED;

	if (known != NULL) {
		insert(ring, stored, known->key, false);
		return CODE_OK;
	}
	if (master != NULL)
		code = open_key(master, stored, &key);
	if (code == CODE_OK)
		insert(ring, stored, key, true);
	return code;
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
fill(struct ring *ring, struct store *store, const uint8_t *master,
     struct arena *arena, const char **fault)
{
	struct stored_key *stored;
	size_t count = 0;
	enum code code = list(store, arena, &stored, &count);

	*fault = "the signing keys cannot be read from the store";
	if (code == CODE_OK && count > KEYRING_MAX)
		code = CODE_RESOURCE_EXHAUSTED;
	for (size_t i = 0; code == CODE_OK && i < count; i++) {
		code = add_key(ring, master, &stored[i]);
		*fault = code == CODE_UNAUTHENTICATED
		                 ? "the master key is not the one that the "
		                   "signing keys were sealed with: use that one"
		                 : "a signing key in the store is damaged: "
		                   "restore a backup";
	}
	if (code != CODE_OK)
		return code;
	if (signer(ring, KEY_PURPOSE_ACCESS, INT64_MAX) != NULL &&
	    signer(ring, KEY_PURPOSE_REFRESH, INT64_MAX) != NULL)
		return CODE_OK;
	*fault = "the store has no key that may sign access tokens, or none "
		 "for refresh tokens: add one with latchkeyd keys add";
	return CODE_FAILED_PRECONDITION;
}

/* free_ring wipes the keys that this ring opened, not those before it. */
static void
free_ring(struct ring *ring)
{
	for (size_t i = 0; ring != NULL && i < ring->count; i++)
		if (ring->keys[i].is_ours)
			signing_key_close(ring->keys[i].key);
	free(ring);
}

/* make_ring reads the store; what `older` has opened is shared with it. */
static enum code
make_ring(struct store *store, const uint8_t *master, struct ring *older,
          struct ring **out, const char **fault)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	void *memory = malloc(KEYRING_LIST_SIZE);
	enum code code = CODE_RESOURCE_EXHAUSTED;
	struct arena arena;

	*fault = "there is no memory for the signing keys";
	if (ring != NULL && memory != NULL) {
		ring->older = older;
		arena_init(&arena, memory, KEYRING_LIST_SIZE);
		code = fill(ring, store, master, &arena, fault);
		arena_reset(&arena);
	}
	free(memory);
	if (code == CODE_OK)
		*out = ring;
	else
		free_ring(ring);
	return code;
}

enum code
keyring_open(struct store *store, const uint8_t master[MASTER_KEY_SIZE],
             struct keyring **out, char *err, size_t err_size)
{
	struct keyring *keyring = calloc(1, sizeof(*keyring));
	const char *fault = "there is no memory for the signing keys";
	enum code code = CODE_RESOURCE_EXHAUSTED;
	struct ring *ring = NULL;

	if (keyring != NULL) {
		(void)crypto_kdf_derive_from_key(
			keyring->digest_key, sizeof(keyring->digest_key),
			DIGEST_SUBKEY, KDF_CONTEXT, master);
		code = make_ring(store, master, NULL, &ring, &fault);
		atomic_init(&keyring->newest, ring);
	}
	if (code == CODE_OK) {
		*out = keyring;
		return CODE_OK;
	}
	keyring_close(keyring);
	(void)snprintf(err, err_size, "%s", fault);
	return code;
}

/* are_same compares what may change; keys are sorted alike. */
static bool
are_same(const struct ring *a, const struct ring *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->keys[i].key != b->keys[i].key ||
		    a->keys[i].is_retired != b->keys[i].is_retired ||
		    a->keys[i].accept_without_kid !=
		            b->keys[i].accept_without_kid)
			return false;
	return true;
}

enum code
keyring_reload(struct keyring *keyring, struct store *store,
               const uint8_t *master, bool *changed, const char **fault)
{
	struct ring *older = atomic_load(&keyring->newest), *ring = NULL;
	enum code code = make_ring(store, master, older, &ring, fault);

	if (code != CODE_OK)
		return code;
	*changed = !are_same(older, ring);
	if (*changed)
		atomic_store(&keyring->newest, ring);
	else
		free_ring(ring);
	return CODE_OK;
}

void
keyring_close(struct keyring *keyring)
{
	struct ring *ring, *older;

	if (keyring == NULL)
		return;
	for (ring = atomic_load(&keyring->newest); ring != NULL; ring = older) {
		older = ring->older;
		free_ring(ring);
	}
	sodium_memzero(keyring->digest_key, sizeof(keyring->digest_key));
	free(keyring);
}

const uint8_t *
keyring_digest_key(const struct keyring *keyring)
{
	return keyring->digest_key;
}

const struct signing_key *
keyring_signer(const struct keyring *keyring, enum key_purpose purpose,
               int64_t issued_at_us)
{
	return signer(newest(keyring), purpose, issued_at_us);
}

/* find_marked returns the newest key for tokens that name none. */
static const struct ring_key *
find_marked(const struct ring *ring)
{
	for (size_t i = 0; i < ring->count; i++)
		if (ring->keys[i].accept_without_kid)
			return &ring->keys[i];
	return NULL;
}

const struct signing_key *
keyring_find(const struct keyring *keyring, const char *kid, enum key_alg alg)
{
	const struct ring *ring = newest(keyring);
	const struct ring_key *key =
		kid == NULL ? find_marked(ring) : find_kid(ring, kid);

	return key != NULL && signing_key_alg(key->key) == alg ? key->key
	                                                       : NULL;
}

enum code
keyring_list_public(const struct keyring *keyring, struct arena *arena,
                    struct public_key **out, size_t *count)
{
	const struct ring *ring = newest(keyring);
	struct public_key *keys =
		arena_alloc(arena, ring->count * sizeof(*keys));
	size_t used = 0;

	if (keys == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	for (size_t i = 0; i < ring->count; i++) {
		const struct signing_key *key = ring->keys[i].key;
		enum code code;

		if (signing_key_purpose(key) != KEY_PURPOSE_ACCESS)
			continue;
		code = signing_key_public(key, arena, &keys[used]);
		if (code == CODE_OK)
			used++;
		else if (code != CODE_NOT_FOUND)
			return code;
	}
	*out = keys;
	*count = used;
	return CODE_OK;
}
