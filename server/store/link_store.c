#include "server/store/link_store.h"

#include <string.h>

#include "proto/latchkey/store/v1/link_record.pb-c.h"
#include "server/store/index.h"
#include "server/store/record.h"
#include "server/store/store.h"
#include "server/store/stored_text.h"
#include "server/store/user_store.h"

#define KEPT_US (INT64_C(1000000) * LINK_KEPT_S)
#define ANY_PURPOSE 0

static struct bytes
link_key(const uint8_t hash[LINK_HASH_SIZE])
{
	return (struct bytes){ hash, LINK_HASH_SIZE };
}

/* The link's two entries: by its user, and by when to forget it. */

static struct index_entry
by_user(const struct link *link)
{
	return index_entry_of(link->user_id, link_key(link->hash));
}

static struct index_entry
by_end(const struct link *link)
{
	return index_entry_of((uint64_t)(link->expires_at_us + KEPT_US),
	                      link_key(link->hash));
}

static enum code
check(const struct link *link)
{
	if (link->purpose < LINK_VERIFY_EMAIL ||
	    link->purpose > LINK_INVITATION || link->user_id == 0 ||
	    !stored_text_fits_bytes(link->email, USER_EMAIL_MAX) ||
	    link->created_at_us < 0 || link->expires_at_us < 0 ||
	    link->expires_at_us > INT64_MAX - KEPT_US || link->used_at_us < 0)
		return CODE_INVALID_ARGUMENT;
	return CODE_OK;
}

static struct bytes
pack(struct store_txn *txn, struct arena *arena, const struct link *link)
{
	Latchkey__Store__V1__LinkRecord record =
		LATCHKEY__STORE__V1__LINK_RECORD__INIT;
	struct bytes value = { 0 };

	record.purpose =
		(Latchkey__Store__V1__LinkRecord__Purpose)link->purpose;
	record.user_id = link->user_id;
	record.email = (char *)link->email;
	record.created_at_us = link->created_at_us;
	record.expires_at_us = link->expires_at_us;
	record.used_at_us = link->used_at_us;
	if (txn->code == CODE_OK)
		store_fail(txn, record_pack(arena, &record.base, &value));
	return value;
}

static enum code
unpack(struct arena *arena, struct bytes value,
       const uint8_t hash[LINK_HASH_SIZE], struct link *out)
{
	const Latchkey__Store__V1__LinkRecord *record;
	struct link link;
	void *message;
	enum code code;

	code = record_unpack(arena, value,
	                     &latchkey__store__v1__link_record__descriptor,
	                     &message);
	if (code != CODE_OK)
		return code;
	record = message;
	link = (struct link){
		.purpose = (enum link_purpose)record->purpose,
		.user_id = record->user_id,
		.email = record->email,
		.created_at_us = record->created_at_us,
		.expires_at_us = record->expires_at_us,
		.used_at_us = record->used_at_us,
	};
	memcpy(link.hash, hash, LINK_HASH_SIZE);
	if (check(&link) != CODE_OK)
		return CODE_DATA_LOSS;
	*out = link;
	return CODE_OK;
}

void
link_store_add(struct store_txn *txn, struct arena *arena,
               const struct link *link)
{
	struct index_entry of_user, of_end;

	store_fail(txn, check(link));
	if (txn->code != CODE_OK)
		return;
	of_user = by_user(link);
	of_end = by_end(link);
	store_add(txn, STORE_LINK, link_key(link->hash),
	          pack(txn, arena, link));
	index_add(txn, STORE_LINK_BY_USER, &of_user);
	index_add(txn, STORE_LINK_BY_END, &of_end);
}

void
link_store_put(struct store_txn *txn, struct arena *arena,
               const struct link *link)
{
	struct link old;
	enum code code;

	store_fail(txn, check(link));
	code = link_store_find(txn, arena, link->hash, &old);
	store_fail(txn, code);
	if (code != CODE_OK)
		return;
	/* The indexes are made of these two. */
	if (old.user_id != link->user_id ||
	    old.expires_at_us != link->expires_at_us)
		store_fail(txn, CODE_INVALID_ARGUMENT);
	store_put(txn, STORE_LINK, link_key(link->hash),
	          pack(txn, arena, link));
}

enum code
link_store_find(struct store_txn *txn, struct arena *arena,
                const uint8_t hash[LINK_HASH_SIZE], struct link *out)
{
	struct bytes value = store_get(txn, STORE_LINK, link_key(hash));
	enum code code;

	if (txn->code != CODE_OK)
		return txn->code;
	if (value.data == NULL)
		return CODE_NOT_FOUND;
	code = unpack(arena, value, hash, out);
	store_fail(txn, code);
	return code;
}

/* The link that an entry of an index leads to. */
static enum code
get_indexed(struct store_txn *txn, struct arena *arena,
            const struct index_entry *entry, struct link *out)
{
	enum code code = CODE_NOT_FOUND;

	if (entry->id_len == LINK_HASH_SIZE)
		code = link_store_find(txn, arena, entry->id, out);
	/* An entry of the index without its link: damage, so be loud. */
	if (code == CODE_NOT_FOUND)
		code = CODE_DATA_LOSS;
	store_fail(txn, code);
	return code;
}

static void
del(struct store_txn *txn, const struct link *link)
{
	const struct index_entry of_user = by_user(link);
	const struct index_entry of_end = by_end(link);

	store_del(txn, STORE_LINK, link_key(link->hash));
	index_del(txn, STORE_LINK_BY_USER, &of_user);
	index_del(txn, STORE_LINK_BY_END, &of_end);
}

/* Steps from a user's link to the next; begin with { .number = user }. */
static bool
next_of_user(struct store_txn *txn, struct arena *arena,
             struct index_entry *entry, struct link *out)
{
	uint64_t user_id = entry->number;

	if (!index_next(txn, STORE_LINK_BY_USER, entry) ||
	    entry->number != user_id ||
	    get_indexed(txn, arena, entry, out) != CODE_OK)
		return false;
	if (out->user_id != user_id)
		store_fail(txn, CODE_DATA_LOSS);
	return txn->code == CODE_OK;
}

void
link_store_end_purpose(struct store_txn *txn, struct arena *arena,
                       uint64_t user_id, enum link_purpose purpose,
                       int64_t now_us)
{
	struct index_entry entry = { .number = user_id };
	size_t mark = arena->used;
	struct link link;

	while (next_of_user(txn, arena, &entry, &link)) {
		bool meant = purpose == ANY_PURPOSE || link.purpose == purpose;

		if (meant && link.used_at_us == 0) {
			link.used_at_us = now_us;
			link_store_put(txn, arena, &link);
		}
		arena_rewind(arena, mark);
	}
}

void
link_store_end_all(struct store_txn *txn, struct arena *arena, uint64_t user_id,
                   int64_t now_us)
{
	link_store_end_purpose(txn, arena, user_id, ANY_PURPOSE, now_us);
}

void
link_store_del_all(struct store_txn *txn, struct arena *arena, uint64_t user_id)
{
	struct index_entry entry = { .number = user_id };
	size_t mark = arena->used;
	struct link link;

	while (next_of_user(txn, arena, &entry, &link)) {
		del(txn, &link);
		arena_rewind(arena, mark);
	}
}

void
link_store_sweep(struct store_txn *txn, struct arena *arena, int64_t now_us,
                 size_t max, size_t *deleted)
{
	uint64_t now = now_us > 0 ? (uint64_t)now_us : 0;
	struct index_entry entry = { 0 };
	size_t mark = arena->used, count = 0;
	struct link link;

	while (count < max && index_next(txn, STORE_LINK_BY_END, &entry) &&
	       entry.number < now) {
		if (get_indexed(txn, arena, &entry, &link) != CODE_OK)
			return;
		del(txn, &link);
		arena_rewind(arena, mark);
		count++;
	}
	if (txn->code == CODE_OK)
		*deleted = count;
}
