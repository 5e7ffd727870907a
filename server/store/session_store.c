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

/* The session's two entries: by its user, and by its end. */

static struct index_entry
by_user(const struct session *session)
{
	return index_entry_of(session->user_id, session_key(session->id));
}

static struct index_entry
by_end(const struct session *session)
{
	return index_entry_of((uint64_t)session->expires_at_us,
	                      session_key(session->id));
}

static enum code
check(const struct session *session)
{
	if (session->user_id == 0 || session->expires_at_us < 0 ||
	    session->end_reason < SESSION_LIVES ||
	    session->end_reason > SESSION_ENDED_REVOKED ||
	    session->user_agent == NULL || session->client_address == NULL)
		return CODE_INVALID_ARGUMENT;
	if (strlen(session->user_agent) > SESSION_USER_AGENT_MAX ||
	    strlen(session->client_address) > SESSION_ADDRESS_MAX)
		return CODE_INVALID_ARGUMENT;
	return CODE_OK;
}

static struct bytes
pack(struct store_txn *txn, struct arena *arena, const struct session *session)
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
	if (txn->code == CODE_OK)
		store_fail(txn, record_pack(arena, &record.base, &value));
	return value;
}

static enum code
unpack(struct arena *arena, struct bytes value,
       const uint8_t id[SESSION_ID_SIZE], struct session *out)
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
	    (int)record->end_reason < SESSION_LIVES ||
	    (int)record->end_reason > SESSION_ENDED_REVOKED)
		return CODE_DATA_LOSS;
	*out = (struct session){
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
	memcpy(out->id, id, SESSION_ID_SIZE);
	return CODE_OK;
}

void
session_store_add(struct store_txn *txn, struct arena *arena,
                  const struct session *session)
{
	const struct index_entry of_user = by_user(session);
	const struct index_entry of_end = by_end(session);

	store_fail(txn, check(session));
	store_add(txn, STORE_SESSION, session_key(session->id),
	          pack(txn, arena, session));
	index_add(txn, STORE_SESSION_BY_USER, &of_user);
	index_add(txn, STORE_SESSION_BY_END, &of_end);
}

void
session_store_put(struct store_txn *txn, struct arena *arena,
                  const struct session *session)
{
	struct session old;
	enum code code;

	store_fail(txn, check(session));
	code = session_store_find(txn, arena, session->id, &old);
	store_fail(txn, code);
	if (code != CODE_OK)
		return;
	/* The indexes are made of these two. */
	if (old.user_id != session->user_id ||
	    old.expires_at_us != session->expires_at_us)
		store_fail(txn, CODE_INVALID_ARGUMENT);
	store_put(txn, STORE_SESSION, session_key(session->id),
	          pack(txn, arena, session));
}

enum code
session_store_find(struct store_txn *txn, struct arena *arena,
                   const uint8_t id[SESSION_ID_SIZE], struct session *out)
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

/* The session that an entry of an index leads to. */
static enum code
get_indexed(struct store_txn *txn, struct arena *arena,
            const struct index_entry *entry, struct session *out)
{
	enum code code = CODE_NOT_FOUND;

	if (entry->id_len == SESSION_ID_SIZE)
		code = session_store_find(txn, arena, entry->id, out);
	/* An entry of the index without its session: damage, so be loud. */
	if (code == CODE_NOT_FOUND)
		code = CODE_DATA_LOSS;
	store_fail(txn, code);
	return code;
}

static void
del(struct store_txn *txn, const struct session *session)
{
	const struct index_entry of_user = by_user(session);
	const struct index_entry of_end = by_end(session);

	store_del(txn, STORE_SESSION, session_key(session->id));
	index_del(txn, STORE_SESSION_BY_USER, &of_user);
	index_del(txn, STORE_SESSION_BY_END, &of_end);
}

void
session_store_sweep(struct store_txn *txn, struct arena *arena,
                    int64_t before_us, size_t max, size_t *deleted)
{
	uint64_t before = before_us > 0 ? (uint64_t)before_us : 0;
	struct index_entry entry = { 0 };
	size_t mark = arena->used, count = 0;
	struct session session;

	while (count < max && index_next(txn, STORE_SESSION_BY_END, &entry) &&
	       entry.number < before) {
		if (get_indexed(txn, arena, &entry, &session) != CODE_OK)
			return;
		del(txn, &session);
		arena_rewind(arena, mark);
		count++;
	}
	if (txn->code == CODE_OK)
		*deleted = count;
}

/* Steps from a user's session to the next; begin with { .number = user }. */
static bool
next_of_user(struct store_txn *txn, struct arena *arena,
             struct index_entry *entry, struct session *out)
{
	uint64_t user_id = entry->number;

	if (!index_next(txn, STORE_SESSION_BY_USER, entry) ||
	    entry->number != user_id ||
	    get_indexed(txn, arena, entry, out) != CODE_OK)
		return false;
	if (out->user_id != user_id)
		store_fail(txn, CODE_DATA_LOSS);
	return txn->code == CODE_OK;
}

static size_t
count_of_user(struct store_txn *txn, struct arena *arena, uint64_t user_id)
{
	struct index_entry entry = { .number = user_id };
	size_t mark = arena->used, count = 0;
	struct session session;

	while (next_of_user(txn, arena, &entry, &session)) {
		arena_rewind(arena, mark);
		count++;
	}
	return count;
}

static bool
comes_before(const struct session *a, const struct session *b)
{
	bool a_lives = a->ended_at_us == 0, b_lives = b->ended_at_us == 0;

	if (a_lives != b_lives)
		return a_lives;
	return a->created_at_us > b->created_at_us;
}

/* Puts a session in its place; beyond max the last one falls out. */
static void
insert(struct session_list *list, size_t max, const struct session *session)
{
	size_t at = list->count;

	while (at > 0 && comes_before(session, &list->sessions[at - 1]))
		at--;
	if (at == max)
		return;
	if (list->count < max)
		list->count++;
	memmove(&list->sessions[at + 1], &list->sessions[at],
	        (list->count - 1 - at) * sizeof(*session));
	list->sessions[at] = *session;
}

/* Once without the texts, which may be many, and then those that stay. */
static void
fill(struct store_txn *txn, struct arena *arena, uint64_t user_id, size_t max,
     struct session_list *list)
{
	struct index_entry entry = { .number = user_id };
	size_t mark = arena->used;
	struct session session;

	while (next_of_user(txn, arena, &entry, &session)) {
		insert(list, max, &session);
		arena_rewind(arena, mark);
	}
	for (size_t i = 0; i < list->count; i++) {
		entry = by_user(&list->sessions[i]);
		if (get_indexed(txn, arena, &entry, &list->sessions[i]) !=
		    CODE_OK)
			return;
	}
}

enum code
session_store_list(struct store_txn *txn, struct arena *arena, uint64_t user_id,
                   size_t max, struct session_list *out)
{
	struct session_list list = { 0 };
	size_t room = count_of_user(txn, arena, user_id);

	if (max > room)
		max = room;
	if (txn->code != CODE_OK)
		return txn->code;
	/* One more: none is no reason to fail. */
	list.sessions = arena_alloc(arena, (max + 1) * sizeof(*list.sessions));
	if (list.sessions == NULL)
		store_fail(txn, CODE_RESOURCE_EXHAUSTED);
	else
		fill(txn, arena, user_id, max, &list);
	if (txn->code == CODE_OK)
		*out = list;
	return txn->code;
}

enum code
session_store_any(struct store_txn *txn, struct arena *arena, uint64_t user_id,
                  const struct session_search *search, bool *found)
{
	struct index_entry entry = { .number = user_id };
	size_t mark = arena->used;
	struct session session;
	bool matched = false;

	while (!matched && next_of_user(txn, arena, &entry, &session)) {
		matched = search->matches(&session, search->context);
		arena_rewind(arena, mark);
	}
	if (txn->code == CODE_OK)
		*found = matched;
	return txn->code;
}

void
session_store_end_all(struct store_txn *txn, struct arena *arena,
                      uint64_t user_id, const struct session_ending *ending,
                      size_t *ended)
{
	struct index_entry entry = { .number = user_id };
	size_t mark = arena->used, count = 0;
	struct session session;

	if (ending->reason == SESSION_LIVES)
		store_fail(txn, CODE_INVALID_ARGUMENT);
	while (next_of_user(txn, arena, &entry, &session)) {
		bool spared = ending->except != NULL &&
		              memcmp(session.id, ending->except,
		                     SESSION_ID_SIZE) == 0;

		if (session.ended_at_us == 0 && !spared) {
			session.ended_at_us = ending->now_us;
			session.end_reason = ending->reason;
			session_store_put(txn, arena, &session);
			count++;
		}
		arena_rewind(arena, mark);
	}
	if (txn->code == CODE_OK)
		*ended = count;
}

void
session_store_del_all(struct store_txn *txn, struct arena *arena,
                      uint64_t user_id)
{
	struct index_entry entry = { .number = user_id };
	size_t mark = arena->used;
	struct session session;

	while (next_of_user(txn, arena, &entry, &session)) {
		del(txn, &session);
		arena_rewind(arena, mark);
	}
}
