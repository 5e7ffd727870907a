#include "server/store/throttle_store.h"

#include <stdbool.h>
#include <string.h>

#include "proto/latchkey/store/v1/throttle_record.pb-c.h"
#include "server/store/index.h"
#include "server/store/record.h"
#include "server/store/store.h"

_Static_assert(THROTTLE_KEY_MAX <= INDEX_ID_MAX, "keys are indexed");

static enum code
check(struct bytes key, const struct throttle_events *events)
{
	if (key.data == NULL || key.len == 0 || key.len > THROTTLE_KEY_MAX ||
	    events->count > THROTTLE_EVENTS_MAX || events->expires_at_us < 0)
		return CODE_INVALID_ARGUMENT;
	return CODE_OK;
}

static struct bytes
pack(struct store_txn *txn, struct arena *arena,
     const struct throttle_events *events)
{
	Latchkey__Store__V1__ThrottleRecord record =
		LATCHKEY__STORE__V1__THROTTLE_RECORD__INIT;
	struct bytes value = { 0 };

	record.n_events_us = events->count;
	record.events_us = (int64_t *)events->events_us;
	record.expires_at_us = events->expires_at_us;
	if (txn->code == CODE_OK)
		store_fail(txn, record_pack(arena, &record.base, &value));
	return value;
}

static enum code
unpack(struct arena *arena, struct bytes value, struct throttle_events *out)
{
	const Latchkey__Store__V1__ThrottleRecord *record;
	void *message;
	enum code code;

	code = record_unpack(arena, value,
	                     &latchkey__store__v1__throttle_record__descriptor,
	                     &message);
	if (code != CODE_OK)
		return code;
	record = message;
	if (record->n_events_us == 0 ||
	    record->n_events_us > THROTTLE_EVENTS_MAX ||
	    record->expires_at_us < 0)
		return CODE_DATA_LOSS;
	*out = (struct throttle_events){ .count = record->n_events_us,
		                         .expires_at_us =
		                                 record->expires_at_us };
	memcpy(out->events_us, record->events_us,
	       out->count * sizeof(out->events_us[0]));
	return CODE_OK;
}

enum code
throttle_store_find(struct store_txn *txn, struct arena *arena,
                    struct bytes key, struct throttle_events *out)
{
	static const struct throttle_events none;
	size_t mark = arena->used;
	struct bytes value;
	enum code code;

	store_fail(txn, check(key, &none));
	value = store_get(txn, STORE_THROTTLE, key);
	if (txn->code != CODE_OK)
		return txn->code;
	if (value.data == NULL) {
		*out = none;
		return CODE_OK;
	}
	code = unpack(arena, value, out);
	arena_rewind(arena, mark);
	store_fail(txn, code);
	return code;
}

static void
del(struct store_txn *txn, struct bytes key,
    const struct throttle_events *events)
{
	const struct index_entry by_end =
		index_entry_of((uint64_t)events->expires_at_us, key);

	store_del(txn, STORE_THROTTLE, key);
	index_del(txn, STORE_THROTTLE_BY_END, &by_end);
}

void
throttle_store_put(struct store_txn *txn, struct arena *arena, struct bytes key,
                   const struct throttle_events *events)
{
	struct throttle_events old;
	struct index_entry by_end;

	store_fail(txn, check(key, events));
	if (throttle_store_find(txn, arena, key, &old) != CODE_OK)
		return;
	if (old.count > 0 && (events->count == 0 ||
	                      old.expires_at_us != events->expires_at_us)) {
		del(txn, key, &old);
		old.count = 0;
	}
	if (events->count == 0)
		return;
	store_put(txn, STORE_THROTTLE, key, pack(txn, arena, events));
	if (old.count > 0)
		return;
	by_end = index_entry_of((uint64_t)events->expires_at_us, key);
	index_add(txn, STORE_THROTTLE_BY_END, &by_end);
}

void
throttle_store_sweep(struct store_txn *txn, struct arena *arena, int64_t now_us,
                     size_t max, size_t *deleted)
{
	uint64_t now = now_us > 0 ? (uint64_t)now_us : 0;
	struct index_entry entry = { 0 };
	struct throttle_events events;
	size_t count = 0;

	while (count < max && index_next(txn, STORE_THROTTLE_BY_END, &entry) &&
	       entry.number < now) {
		struct bytes key = { entry.id, entry.id_len };

		if (throttle_store_find(txn, arena, key, &events) != CODE_OK)
			return;
		/* An entry of the index without its record: damage. */
		if ((uint64_t)events.expires_at_us != entry.number)
			store_fail(txn, CODE_DATA_LOSS);
		del(txn, key, &events);
		count++;
	}
	if (txn->code == CODE_OK)
		*deleted = count;
}
