/*
 * Invariant: a session of a user is in STORE_SESSION_OPEN, under its epoch,
 * exactly as long as its record says no end; open_count is the number of those
 * of the present epoch.
 */
#include "server/store/session_tally.h"

#include <endian.h>
#include <string.h>

#include "proto/latchkey/store/v1/session_record.pb-c.h"
#include "server/store/index.h"
#include "server/store/record.h"
#include "server/store/store.h"
#include "server/store/store_cursor.h"

#define BUILD_ARENA_SIZE 8192 /* bytes: a session and a tally */

/* What follows the user's id in the key of an open session. */
struct place_id {
	uint64_t epoch;         /* big-endian */
	uint64_t created_at_us; /* likewise */
	uint8_t session[SESSION_ID_SIZE];
};

_Static_assert(sizeof(struct place_id) == 32, "no padding");
_Static_assert(sizeof(struct place_id) <= INDEX_ID_MAX, "it is indexed");

static struct bytes
tally_key(uint64_t user_id, uint64_t *big_endian)
{
	*big_endian = htobe64(user_id);
	return (struct bytes){ big_endian, sizeof(*big_endian) };
}

static struct index_entry
entry_of(const struct session_place *place)
{
	struct place_id id = {
		.epoch = htobe64(place->epoch),
		.created_at_us = htobe64((uint64_t)place->created_at_us),
	};

	memcpy(id.session, place->id, SESSION_ID_SIZE);
	return index_entry_of(place->user_id,
	                      (struct bytes){ &id, sizeof(id) });
}

static bool
read_entry(const struct index_entry *entry, struct session_place *out)
{
	struct place_id id;

	if (entry->id_len != sizeof(id))
		return false;
	memcpy(&id, entry->id, sizeof(id));
	out->user_id = entry->number;
	out->epoch = be64toh(id.epoch);
	out->created_at_us = (int64_t)be64toh(id.created_at_us);
	memcpy(out->id, id.session, SESSION_ID_SIZE);
	return true;
}

static enum code
unpack(struct arena *arena, struct bytes value, struct session_tally *out)
{
	const Latchkey__Store__V1__SessionTallyRecord *record;
	void *message;
	enum code code = record_unpack(
		arena, value,
		&latchkey__store__v1__session_tally_record__descriptor,
		&message);

	if (code != CODE_OK)
		return code;
	record = message;
	if ((int)record->end_reason < SESSION_LIVES ||
	    (int)record->end_reason > SESSION_ENDED_REVOKED)
		return CODE_DATA_LOSS;
	*out = (struct session_tally){
		.epoch = record->epoch,
		.open_count = record->open_count,
		.ended_at_us = record->ended_at_us,
		.end_reason = (enum session_end)record->end_reason,
	};
	return CODE_OK;
}

void
session_tally_find(struct store_txn *txn, struct arena *arena, uint64_t user_id,
                   struct session_tally *out)
{
	size_t mark = arena->used;
	uint64_t big_endian;
	struct bytes value;

	*out = (struct session_tally){ 0 };
	value = store_get(txn, STORE_SESSION_TALLY,
	                  tally_key(user_id, &big_endian));
	if (value.data == NULL)
		return;
	store_fail(txn, unpack(arena, value, out));
	arena_rewind(arena, mark);
}

static void
put(struct store_txn *txn, struct arena *arena, uint64_t user_id,
    const struct session_tally *tally)
{
	Latchkey__Store__V1__SessionTallyRecord record =
		LATCHKEY__STORE__V1__SESSION_TALLY_RECORD__INIT;
	size_t mark = arena->used;
	struct bytes value = { 0 };
	uint64_t big_endian;

	record.epoch = tally->epoch;
	record.open_count = tally->open_count;
	record.ended_at_us = tally->ended_at_us;
	record.end_reason = (Latchkey__Store__V1__SessionRecord__EndReason)
	                            tally->end_reason;
	if (txn->code == CODE_OK)
		store_fail(txn, record_pack(arena, &record.base, &value));
	store_put(txn, STORE_SESSION_TALLY, tally_key(user_id, &big_endian),
	          value);
	arena_rewind(arena, mark);
}

void
session_tally_enter(struct store_txn *txn, struct arena *arena,
                    struct session_place *place)
{
	struct index_entry entry;
	struct session_tally tally;

	session_tally_find(txn, arena, place->user_id, &tally);
	place->epoch = tally.epoch;
	entry = entry_of(place);
	index_add(txn, STORE_SESSION_OPEN, &entry);
	tally.open_count++;
	put(txn, arena, place->user_id, &tally);
}

void
session_tally_leave(struct store_txn *txn, struct arena *arena,
                    const struct session_place *place)
{
	const struct index_entry entry = entry_of(place);
	struct session_tally tally;

	index_del(txn, STORE_SESSION_OPEN, &entry);
	session_tally_find(txn, arena, place->user_id, &tally);
	/* None are left of a past epoch, nor of a user who is gone. */
	if (tally.epoch != place->epoch || tally.open_count == 0)
		return;
	tally.open_count--;
	put(txn, arena, place->user_id, &tally);
}

bool
session_tally_next(struct store_txn *txn, struct session_place *place)
{
	struct index_entry entry = entry_of(place);
	struct session_place next;

	if (!index_next(txn, STORE_SESSION_OPEN, &entry))
		return false;
	if (!read_entry(&entry, &next)) {
		store_fail(txn, CODE_DATA_LOSS);
		return false;
	}
	if (next.user_id != place->user_id || next.epoch != place->epoch)
		return false;
	*place = next;
	return true;
}

void
session_tally_advance(struct store_txn *txn, struct arena *arena,
                      uint64_t user_id, int64_t now_us, enum session_end reason)
{
	struct session_tally tally;

	session_tally_find(txn, arena, user_id, &tally);
	/* Nothing to end, and in a full store no room to say so. */
	if (tally.epoch == 0 && tally.open_count == 0)
		return;
	tally = (struct session_tally){ .epoch = tally.epoch + 1,
		                        .ended_at_us = now_us,
		                        .end_reason = reason };
	put(txn, arena, user_id, &tally);
}

void
session_tally_del(struct store_txn *txn, uint64_t user_id)
{
	uint64_t big_endian;

	store_del(txn, STORE_SESSION_TALLY, tally_key(user_id, &big_endian));
}

/* Enters the session of a record, unless it has ended. */
static void
enter_record(struct store_txn *txn, struct arena *arena, struct bytes value)
{
	const Latchkey__Store__V1__SessionRecord *record;
	struct session_place place = { 0 };
	void *message;
	enum code code = record_unpack(
		arena, value, &latchkey__store__v1__session_record__descriptor,
		&message);

	store_fail(txn, code);
	if (code != CODE_OK)
		return;
	record = message;
	if (record->id.len != SESSION_ID_SIZE || record->created_at_us < 0) {
		store_fail(txn, CODE_DATA_LOSS);
		return;
	}
	place.user_id = record->user_id;
	place.created_at_us = record->created_at_us;
	memcpy(place.id, record->id.data, SESSION_ID_SIZE);
	if (record->ended_at_us == 0)
		session_tally_enter(txn, arena, &place);
}

void
session_tally_build(struct store_txn *txn)
{
	uint8_t memory[BUILD_ARENA_SIZE];
	struct store_cursor cursor;
	struct arena arena;

	arena_init(&arena, memory, sizeof(memory));
	store_seek(txn, STORE_SESSION, (struct bytes){ 0 }, &cursor);
	for (; cursor.key.data != NULL; store_next(&cursor)) {
		enter_record(txn, &arena, cursor.value);
		arena_reset(&arena);
	}
	store_cursor_release(&cursor);
}
