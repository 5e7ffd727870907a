#include "server/domain/key_retirement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/domain/keyring.h"
#include "server/store/store.h"

#define US_PER_S ((int64_t)1000000)

/* The keys that one write transaction sees. */
struct work {
	struct store_txn txn;
	void *memory;
	struct arena arena;
	struct stored_key *keys;
	size_t count;
};

static enum code
begin(struct work *work, struct store *store)
{
	work->memory = malloc(KEYRING_LIST_SIZE);
	if (work->memory == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	arena_init(&work->arena, work->memory, KEYRING_LIST_SIZE);
	work->count = 0;
	store_begin_write(store, &work->txn);
	store_fail(&work->txn, key_store_list(&work->txn, &work->arena,
	                                      &work->keys, &work->count));
	return CODE_OK;
}

static enum code
end(struct work *work)
{
	enum code code = store_end(&work->txn);

	free(work->memory);
	return code;
}

static struct stored_key *
find(struct work *work, const char *kid)
{
	for (size_t i = 0; i < work->count; i++)
		if (strcmp(work->keys[i].kid, kid) == 0)
			return &work->keys[i];
	return NULL;
}

/* has_successor looks for another that signs by `signs_by_us`. */
static bool
has_successor(const struct work *work, const struct stored_key *key,
              int64_t signs_by_us)
{
	for (size_t i = 0; i < work->count; i++) {
		const struct stored_key *other = &work->keys[i];

		if (other != key && other->purpose == key->purpose &&
		    other->retired_at_us == 0 &&
		    other->signs_from_us <= signs_by_us)
			return true;
	}
	return false;
}

/* refuse fails the transaction and says why. */
static struct stored_key *
refuse(struct work *work, enum code code, const char *why, const char **out)
{
	store_fail(&work->txn, code);
	*out = why;
	return NULL;
}

/* choose returns the key if it may go this way, or NULL and why not. */
static struct stored_key *
choose(struct work *work, const struct key_retirement *retirement,
       const char **why)
{
	bool at_once = retirement->at_once;
	struct stored_key *key = find(work, retirement->kid);

	if (work->txn.code != CODE_OK)
		return NULL;
	if (key == NULL)
		return refuse(work, CODE_NOT_FOUND,
		              "there is no such key; latchkeyd keys list shows "
		              "them",
		              why);
	if (!at_once && key->retired_at_us != 0)
		return refuse(work, CODE_ALREADY_EXISTS,
		              "it is retired already", why);
	if (key->retired_at_us == 0 && !has_successor(work, key, INT64_MAX))
		return refuse(work, CODE_FAILED_PRECONDITION,
		              "no other key would sign in its place; latchkeyd "
		              "keys add makes one",
		              why);
	if (!at_once && !has_successor(work, key, retirement->now_us))
		return refuse(work, CODE_FAILED_PRECONDITION,
		              "the key that follows it does not sign yet; "
		              "latchkeyd keys list says from when on",
		              why);
	return key;
}

enum code
key_retire(struct store *store, const struct key_retirement *retirement,
           char *err, size_t err_size)
{
	struct stored_key *key;
	const char *why = NULL;
	struct work work;
	enum code code = begin(&work, store);

	if (code == CODE_OK) {
		key = choose(&work, retirement, &why);
		if (key != NULL && retirement->at_once) {
			key_store_del(&work.txn, key->kid);
		} else if (key != NULL) {
			key->retired_at_us = retirement->now_us;
			key_store_put(&work.txn, &work.arena, key);
		}
		code = end(&work);
	}
	if (code != CODE_OK)
		(void)snprintf(err, err_size, "%.64s: %s", retirement->kid,
		               why != NULL ? why : code_name(code));
	return code;
}

static int64_t
lifetime_s(const struct key_lifetimes *lifetimes, enum key_purpose purpose)
{
	return purpose == KEY_PURPOSE_REFRESH ? lifetimes->refresh_s
	                                      : lifetimes->access_s;
}

enum code
key_retirement_sweep(struct store *store, int64_t now_us,
                     const struct key_lifetimes *lifetimes, size_t *deleted)
{
	struct work work;
	enum code code = begin(&work, store);
	size_t count = 0;

	if (code != CODE_OK)
		return code;
	for (size_t i = 0; i < work.count; i++) {
		struct stored_key *key = &work.keys[i];

		if (key->retired_at_us == 0)
			continue;
		if (key->verifies_until_us == 0) {
			key->verifies_until_us =
				now_us + US_PER_S * (KEY_NOTICED_S +
			                             lifetime_s(lifetimes,
			                                        key->purpose));
			key_store_put(&work.txn, &work.arena, key);
		} else if (key->verifies_until_us <= now_us) {
			key_store_del(&work.txn, key->kid);
			count++;
		}
	}
	code = end(&work);
	if (code == CODE_OK)
		*deleted = count;
	return code;
}
