#include "server/store/session_store.h"

#include <endian.h>
#include <string.h>

#include "proto/latchkey/store/v1/session_record.pb-c.h"
#include "server/store/record.h"
#include "server/store/store.h"

/* Of both indexes: a big-endian number, then the session it leads to. */
struct index_key {
	uint64_t big_endian;
	uint8_t id[SESSION_ID_SIZE];
};

_Static_assert(sizeof(struct index_key) == 8 + SESSION_ID_SIZE, "no padding");

static struct bytes
session_key(const uint8_t id[SESSION_ID_SIZE])
{
	return (struct bytes){ id, SESSION_ID_SIZE };
}

static struct bytes
index_key(uint64_t number, const uint8_t id[SESSION_ID_SIZE],
          struct index_key *key)
{
	key->big_endian = htobe64(number);
	memcpy(key->id, id, SESSION_ID_SIZE);
	return (struct bytes){ key, sizeof(*key) };
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
	static const struct bytes nothing;
	struct index_key by_user, by_end;

	store_fail(txn, check(session));
	store_add(txn, STORE_SESSION, session_key(session->id),
	          pack(txn, arena, session));
	store_add(txn, STORE_SESSION_BY_USER,
	          index_key(session->user_id, session->id, &by_user), nothing);
	store_add(txn, STORE_SESSION_BY_END,
	          index_key((uint64_t)session->expires_at_us, session->id,
	                    &by_end),
	          nothing);
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

/* The session that ends first, if it ended before `before_us`. */
static bool
first_ended(struct store_txn *txn, int64_t before_us, struct index_key *out)
{
	struct store_cursor cursor;
	bool found = false;

	store_seek(txn, STORE_SESSION_BY_END, (struct bytes){ 0 }, &cursor);
	if (cursor.key.data != NULL && cursor.key.len != sizeof(*out)) {
		store_fail(txn, CODE_DATA_LOSS);
	} else if (cursor.key.data != NULL) {
		memcpy(out, cursor.key.data, sizeof(*out));
		found = be64toh(out->big_endian) < (uint64_t)before_us;
	}
	store_cursor_release(&cursor);
	return found;
}

static void
del(struct store_txn *txn, struct arena *arena, const struct index_key *by_end)
{
	struct index_key by_user;
	struct session session;
	enum code code;

	code = session_store_find(txn, arena, by_end->id, &session);
	/* An entry of the index without its session: damage, so be loud. */
	store_fail(txn, code == CODE_NOT_FOUND ? CODE_DATA_LOSS : code);
	if (code != CODE_OK)
		return;
	store_del(txn, STORE_SESSION_BY_USER,
	          index_key(session.user_id, session.id, &by_user));
	store_del(txn, STORE_SESSION, session_key(session.id));
	store_del(txn, STORE_SESSION_BY_END,
	          (struct bytes){ by_end, sizeof(*by_end) });
}

void
session_store_sweep(struct store_txn *txn, struct arena *arena,
                    int64_t before_us, size_t max, size_t *deleted)
{
	struct index_key by_end;
	size_t count = 0;

	if (before_us < 0)
		before_us = 0;
	/* The walk begins anew each time: a change ends a cursor. */
	while (count < max && first_ended(txn, before_us, &by_end)) {
		del(txn, arena, &by_end);
		if (txn->code != CODE_OK)
			return;
		count++;
	}
	if (txn->code == CODE_OK)
		*deleted = count;
}
