/*
 * A session's end stands in its record, or follows from the epoch in which it
 * began (session_tally.h). Whoever asks is told of either.
 */
#include "server/store/session_store.h"

#include <string.h>

#include "proto/latchkey/store/v1/session_record.pb-c.h"
#include "server/store/index.h"
#include "server/store/record.h"
#include "server/store/store.h"

static struct bytes
session_key(const uint8_t id[SESSION_ID_SIZE])
{
	return (struct bytes){ id, SESSION_ID_SIZE };
}

/* A session as its record has it. */
struct stored {
	struct session session;
	uint64_t epoch;
};

static bool
has_device(const struct session *session)
{
	static const uint8_t none[SESSION_DEVICE_SIZE];

	return memcmp(session->device, none, sizeof(none)) != 0;
}

/* The session's two entries: by its user, and by its end. */

static struct index_entry
by_user(const struct session *session)
{
	uint8_t id[SESSION_DEVICE_SIZE + SESSION_ID_SIZE];

	if (!has_device(session))
		return index_entry_of(session->user_id,
		                      session_key(session->id));
	memcpy(id, session->device, SESSION_DEVICE_SIZE);
	memcpy(id + SESSION_DEVICE_SIZE, session->id, SESSION_ID_SIZE);
	return index_entry_of(session->user_id,
	                      (struct bytes){ id, sizeof(id) });
}

static struct index_entry
by_end(const struct session *session)
{
	return index_entry_of((uint64_t)session->expires_at_us,
	                      session_key(session->id));
}

static struct session_place
place_of(const struct stored *stored)
{
	struct session_place place = {
		.user_id = stored->session.user_id,
		.epoch = stored->epoch,
		.created_at_us = stored->session.created_at_us,
	};

	memcpy(place.id, stored->session.id, SESSION_ID_SIZE);
	return place;
}

static enum code
check(const struct session *session)
{
	if (session->user_id == 0 || session->created_at_us < 0 ||
	    session->expires_at_us < 0 || session->end_reason < SESSION_LIVES ||
	    session->end_reason > SESSION_ENDED_REVOKED ||
	    session->user_agent == NULL || session->client_address == NULL)
		return CODE_INVALID_ARGUMENT;
	if (strlen(session->user_agent) > SESSION_USER_AGENT_MAX ||
	    strlen(session->client_address) > SESSION_ADDRESS_MAX)
		return CODE_INVALID_ARGUMENT;
	return CODE_OK;
}

static struct bytes
pack(struct store_txn *txn, struct arena *arena, const struct session *session,
     uint64_t epoch)
{
	Latchkey__Store__V1__SessionRecord record =
		LATCHKEY__STORE__V1__SESSION_RECORD__INIT;
	struct bytes value = { 0 };

	record.id.data = (uint8_t *)session->id;
	record.id.len = SESSION_ID_SIZE;
	record.user_id = session->user_id;
	record.created_at_us = session->created_at_us;
	record.expires_at_us = session->expires_at_us;
	record.counter = session->counter;
	record.rotated_at_us = session->rotated_at_us;
	record.issued_at_us = session->issued_at_us;
	record.late_step = session->late_step;
	record.ended_at_us = session->ended_at_us;
	record.end_reason = (Latchkey__Store__V1__SessionRecord__EndReason)
	                            session->end_reason;
	record.user_agent = (char *)session->user_agent;
	record.client_address = (char *)session->client_address;
	record.refresh_expires_at = session->refresh_expires_at;
	record.device.data = (uint8_t *)session->device;
	record.device.len = has_device(session) ? SESSION_DEVICE_SIZE : 0;
	record.epoch = epoch;
	if (txn->code == CODE_OK)
		store_fail(txn, record_pack(arena, &record.base, &value));
	return value;
}

static enum code
unpack(struct arena *arena, struct bytes value,
       const uint8_t id[SESSION_ID_SIZE], struct stored *out)
{
	const Latchkey__Store__V1__SessionRecord *record;
	void *message;
	enum code code;

	code = record_unpack(arena, value,
	                     &latchkey__store__v1__session_record__descriptor,
	                     &message);
	if (code != CODE_OK)
		return code;
	record = message;
	if (record->id.len != SESSION_ID_SIZE ||
	    memcmp(record->id.data, id, SESSION_ID_SIZE) != 0 ||
	    (record->device.len != 0 &&
	     record->device.len != SESSION_DEVICE_SIZE) ||
	    (int)record->end_reason < SESSION_LIVES ||
	    (int)record->end_reason > SESSION_ENDED_REVOKED)
		return CODE_DATA_LOSS;
	out->epoch = record->epoch;
	out->session = (struct session){
		.user_id = record->user_id,
		.created_at_us = record->created_at_us,
		.expires_at_us = record->expires_at_us,
		.counter = record->counter,
		.rotated_at_us = record->rotated_at_us,
		.issued_at_us = record->issued_at_us,
		.refresh_expires_at = record->refresh_expires_at,
		.late_step = record->late_step,
		.ended_at_us = record->ended_at_us,
		.end_reason = (enum session_end)record->end_reason,
		.user_agent = record->user_agent,
		.client_address = record->client_address,
	};
	memcpy(out->session.id, id, SESSION_ID_SIZE);
	if (record->device.len != 0)
		memcpy(out->session.device, record->device.data,
		       SESSION_DEVICE_SIZE);
	return CODE_OK;
}

void
session_store_add(struct store_txn *txn, struct arena *arena,
                  const struct session *session)
{
	struct stored stored = { .session = *session };
	struct index_entry of_user, of_end;
	struct session_place place;

	store_fail(txn, check(session));
	if (txn->code != CODE_OK)
		return;
	of_user = by_user(session);
	of_end = by_end(session);
	place = place_of(&stored);
	if (session->ended_at_us == 0)
		session_tally_enter(txn, arena, &place);
	store_add(txn, STORE_SESSION, session_key(session->id),
	          pack(txn, arena, session, place.epoch));
	index_add(txn, STORE_SESSION_BY_USER, &of_user);
	index_add(txn, STORE_SESSION_BY_END, &of_end);
}

/* The record, whatever the epoch says. */
static enum code
find_stored(struct store_txn *txn, struct arena *arena,
            const uint8_t id[SESSION_ID_SIZE], struct stored *out)
{
	struct bytes value = store_get(txn, STORE_SESSION, session_key(id));
	enum code code;

	if (txn->code != CODE_OK)
		return txn->code;
	if (value.data == NULL)
		return CODE_NOT_FOUND;
	code = unpack(arena, value, id, out);
	store_fail(txn, code);
	return code;
}

/* Whether all that the indexes and the tally are made of is the same. */
static bool
may_replace(const struct session *old, const struct session *new)
{
	const bool is_same_device =
		memcmp(old->device, new->device, SESSION_DEVICE_SIZE) == 0;

	return is_same_device && old->user_id == new->user_id &&
	       old->created_at_us == new->created_at_us &&
	       old->expires_at_us == new->expires_at_us &&
	       (old->ended_at_us == 0 || new->ended_at_us != 0);
}

void
session_store_put(struct store_txn *txn, struct arena *arena,
                  const struct session *session)
{
	struct session_place place;
	struct stored old = { .epoch = 0 };
	enum code code;

	store_fail(txn, check(session));
	code = find_stored(txn, arena, session->id, &old);
	store_fail(txn, code);
	if (code != CODE_OK)
		return;
	if (!may_replace(&old.session, session))
		store_fail(txn, CODE_INVALID_ARGUMENT);
	place = place_of(&old);
	if (old.session.ended_at_us == 0 && session->ended_at_us != 0)
		session_tally_leave(txn, arena, &place);
	store_put(txn, STORE_SESSION, session_key(session->id),
	          pack(txn, arena, session, old.epoch));
}

/* A session of a past epoch ended with it. */
static void
apply_epoch(struct store_txn *txn, struct arena *arena, struct stored *stored)
{
	struct session *session = &stored->session;
	struct session_tally tally;

	if (session->ended_at_us != 0)
		return;
	session_tally_find(txn, arena, session->user_id, &tally);
	if (tally.epoch == stored->epoch)
		return;
	/* Without a tally the user is going: it ended some time. */
	session->end_reason = SESSION_ENDED_REVOKED;
	session->ended_at_us = session->expires_at_us;
	if (tally.end_reason != SESSION_LIVES) {
		session->end_reason = tally.end_reason;
		session->ended_at_us = tally.ended_at_us;
	}
}

enum code
session_store_find(struct store_txn *txn, struct arena *arena,
                   const uint8_t id[SESSION_ID_SIZE], struct session *out)
{
	struct stored stored = { .epoch = 0 };
	enum code code = find_stored(txn, arena, id, &stored);

	if (code != CODE_OK)
		return code;
	apply_epoch(txn, arena, &stored);
	if (txn->code == CODE_OK)
		*out = stored.session;
	return txn->code;
}

/* The record that an index leads to. */
static enum code
get_stored(struct store_txn *txn, struct arena *arena,
           const uint8_t id[SESSION_ID_SIZE], struct stored *out)
{
	enum code code = find_stored(txn, arena, id, out);

	/* An entry of the index without its session: damage, so be loud. */
	if (code == CODE_NOT_FOUND)
		code = CODE_DATA_LOSS;
	store_fail(txn, code);
	return code;
}

/* An entry of BY_USER or BY_END: the session's id comes last in both. */
static enum code
get_indexed(struct store_txn *txn, struct arena *arena,
            const struct index_entry *entry, struct stored *out)
{
	if (entry->id_len < SESSION_ID_SIZE) {
		store_fail(txn, CODE_DATA_LOSS);
		return txn->code;
	}
	return get_stored(txn, arena,
	                  entry->id + entry->id_len - SESSION_ID_SIZE, out);
}

static void
del(struct store_txn *txn, struct arena *arena, const struct stored *stored)
{
	const struct session *session = &stored->session;
	const struct index_entry of_user = by_user(session);
	const struct index_entry of_end = by_end(session);
	const struct session_place place = place_of(stored);

	store_del(txn, STORE_SESSION, session_key(session->id));
	index_del(txn, STORE_SESSION_BY_USER, &of_user);
	index_del(txn, STORE_SESSION_BY_END, &of_end);
	if (session->ended_at_us == 0)
		session_tally_leave(txn, arena, &place);
}

void
session_store_sweep(struct store_txn *txn, struct arena *arena,
                    int64_t before_us, size_t max, size_t *deleted)
{
	uint64_t before = before_us > 0 ? (uint64_t)before_us : 0;
	struct index_entry entry = { 0 };
	size_t mark = arena->used, count = 0;
	struct stored stored = { .epoch = 0 };

	while (count < max && index_next(txn, STORE_SESSION_BY_END, &entry) &&
	       entry.number < before) {
		if (get_indexed(txn, arena, &entry, &stored) != CODE_OK)
			return;
		del(txn, arena, &stored);
		arena_rewind(arena, mark);
		count++;
	}
	if (txn->code == CODE_OK)
		*deleted = count;
}

/* Steps to the next open session, whose place and record must agree. */
static bool
next_open(struct store_txn *txn, struct arena *arena,
          struct session_place *place, struct stored *out)
{
	struct session_place own;

	if (!session_tally_next(txn, place) ||
	    get_stored(txn, arena, place->id, out) != CODE_OK)
		return false;
	own = place_of(out);
	if (own.user_id != place->user_id || own.epoch != place->epoch ||
	    out->session.ended_at_us != 0)
		store_fail(txn, CODE_DATA_LOSS);
	return txn->code == CODE_OK;
}

/*
 * The newest come last, so what is over the list's room is passed by, and the
 * list filled from its end.
 */
static void
fill(struct store_txn *txn, struct arena *arena, struct session_place *place,
     size_t to_skip, struct session_list *list)
{
	struct stored stored = { .epoch = 0 };
	size_t left = list->count;

	for (; to_skip > 0; to_skip--)
		if (!session_tally_next(txn, place))
			store_fail(txn, CODE_DATA_LOSS);
	while (left > 0 && next_open(txn, arena, place, &stored))
		list->sessions[--left] = stored.session;
	/* Fewer than the tally says. */
	if (left > 0)
		store_fail(txn, CODE_DATA_LOSS);
}

enum code
session_store_list(struct store_txn *txn, struct arena *arena, uint64_t user_id,
                   size_t max, struct session_list *out)
{
	struct session_place place = { .user_id = user_id };
	struct session_list list = { 0 };
	struct session_tally tally;

	session_tally_find(txn, arena, user_id, &tally);
	place.epoch = tally.epoch;
	list.count = tally.open_count < max ? tally.open_count : max;
	/* One more: none is no reason to fail. */
	list.sessions =
		arena_alloc(arena, (list.count + 1) * sizeof(*list.sessions));
	if (list.sessions == NULL)
		store_fail(txn, CODE_RESOURCE_EXHAUSTED);
	else
		fill(txn, arena, &place, tally.open_count - list.count, &list);
	if (txn->code == CODE_OK)
		*out = list;
	return txn->code;
}

enum code
session_store_knows(struct store_txn *txn, uint64_t user_id,
                    const uint8_t device[SESSION_DEVICE_SIZE], bool *known)
{
	struct index_entry entry = index_entry_of(
		user_id, (struct bytes){ device, SESSION_DEVICE_SIZE });
	bool found = index_next(txn, STORE_SESSION_BY_USER, &entry) &&
	             entry.number == user_id &&
	             entry.id_len == SESSION_DEVICE_SIZE + SESSION_ID_SIZE &&
	             memcmp(entry.id, device, SESSION_DEVICE_SIZE) == 0;

	if (txn->code == CODE_OK)
		*known = found;
	return txn->code;
}

/* Finds the one that is to live on, if it is the user's and lives. */
static bool
find_spared(struct store_txn *txn, struct arena *arena, uint64_t user_id,
            const struct session_ending *ending, struct stored *out)
{
	struct stored view;

	if (ending->except == NULL ||
	    find_stored(txn, arena, ending->except, out) != CODE_OK)
		return false;
	view = *out;
	apply_epoch(txn, arena, &view);
	return txn->code == CODE_OK && view.session.user_id == user_id &&
	       view.session.ended_at_us == 0;
}

void
session_store_end_all(struct store_txn *txn, struct arena *arena,
                      uint64_t user_id, const struct session_ending *ending,
                      size_t *ended)
{
	struct session_tally tally;
	struct session_place place;
	struct stored spared = { .epoch = 0 };
	bool spares;

	if (ending->reason == SESSION_LIVES)
		store_fail(txn, CODE_INVALID_ARGUMENT);
	spares = find_spared(txn, arena, user_id, ending, &spared);
	if (spares) {
		place = place_of(&spared);
		session_tally_leave(txn, arena, &place);
	}
	session_tally_find(txn, arena, user_id, &tally);
	session_tally_advance(txn, arena, user_id, ending->now_us,
	                      ending->reason);
	if (spares) {
		session_tally_enter(txn, arena, &place);
		store_put(txn, STORE_SESSION, session_key(spared.session.id),
		          pack(txn, arena, &spared.session, place.epoch));
	}
	if (txn->code == CODE_OK)
		*ended = tally.open_count;
}

void
session_store_make_room(struct store_txn *txn, struct arena *arena,
                        const struct session_room *room, size_t *ended)
{
	struct session_place place = { .user_id = room->user_id };
	size_t mark = arena->used, count = 0;
	struct session_tally tally;
	struct stored oldest = { .epoch = 0 };

	session_tally_find(txn, arena, room->user_id, &tally);
	place.epoch = tally.epoch;
	while (count < SESSION_ROOM_STEPS &&
	       tally.open_count - count >= room->max &&
	       next_open(txn, arena, &place, &oldest)) {
		oldest.session.ended_at_us = room->now_us;
		oldest.session.end_reason = SESSION_ENDED_REVOKED;
		session_store_put(txn, arena, &oldest.session);
		arena_rewind(arena, mark);
		count++;
	}
	if (txn->code == CODE_OK)
		*ended = count;
}

void
session_store_del_some(struct store_txn *txn, struct arena *arena,
                       uint64_t user_id, size_t max, size_t *deleted)
{
	struct index_entry entry = { .number = user_id };
	size_t mark = arena->used, count = 0;
	struct stored stored = { .epoch = 0 };

	session_tally_del(txn, user_id);
	while (count < max && index_next(txn, STORE_SESSION_BY_USER, &entry) &&
	       entry.number == user_id) {
		if (get_indexed(txn, arena, &entry, &stored) != CODE_OK)
			return;
		if (stored.session.user_id != user_id)
			store_fail(txn, CODE_DATA_LOSS);
		del(txn, arena, &stored);
		arena_rewind(arena, mark);
		count++;
	}
	if (txn->code == CODE_OK)
		*deleted = count;
}
