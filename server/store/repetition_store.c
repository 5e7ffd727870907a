#include "server/store/repetition_store.h"

#include <string.h>

#include "proto/latchkey/store/v1/repetition_record.pb-c.h"
#include "server/store/index.h"
#include "server/store/record.h"
#include "server/store/store.h"
#include "server/store/stored_text.h"

#define KEPT_US (INT64_C(1000000) * REPETITION_KEPT_S)

static struct bytes
request_key(const uint8_t request_id[REPETITION_ID_SIZE])
{
	return (struct bytes){ request_id, REPETITION_ID_SIZE };
}

static struct index_entry
by_end(const struct repetition *repetition)
{
	return index_entry_of((uint64_t)(repetition->created_at_us + KEPT_US),
	                      request_key(repetition->request_id));
}

static enum code
check(const struct repetition *repetition)
{
	if (!stored_text_fits_bytes(repetition->method,
	                            REPETITION_METHOD_MAX) ||
	    repetition->method[0] == '\0' || repetition->created_at_us < 0 ||
	    repetition->created_at_us > INT64_MAX - KEPT_US)
		return CODE_INVALID_ARGUMENT;
	return CODE_OK;
}

static struct bytes
pack(struct store_txn *txn, struct arena *arena,
     const struct repetition *repetition)
{
	Latchkey__Store__V1__RepetitionRecord record =
		LATCHKEY__STORE__V1__REPETITION_RECORD__INIT;
	struct bytes value = { 0 };

	record.caller_id = repetition->caller_id;
	record.method = (char *)repetition->method;
	record.digest.data = (uint8_t *)repetition->digest;
	record.digest.len = REPETITION_DIGEST_SIZE;
	record.made_user_id = repetition->made_user_id;
	record.created_at_us = repetition->created_at_us;
	if (txn->code == CODE_OK)
		store_fail(txn, record_pack(arena, &record.base, &value));
	return value;
}

static enum code
unpack(struct arena *arena, struct bytes value,
       const uint8_t request_id[REPETITION_ID_SIZE], struct repetition *out)
{
	const Latchkey__Store__V1__RepetitionRecord *record;
	struct repetition repetition;
	void *message;
	enum code code;

	code = record_unpack(
		arena, value,
		&latchkey__store__v1__repetition_record__descriptor, &message);
	if (code != CODE_OK)
		return code;
	record = message;
	repetition = (struct repetition){
		.caller_id = record->caller_id,
		.method = record->method,
		.made_user_id = record->made_user_id,
		.created_at_us = record->created_at_us,
	};
	if (record->digest.len != REPETITION_DIGEST_SIZE ||
	    check(&repetition) != CODE_OK)
		return CODE_DATA_LOSS;
	memcpy(repetition.request_id, request_id, REPETITION_ID_SIZE);
	memcpy(repetition.digest, record->digest.data, REPETITION_DIGEST_SIZE);
	*out = repetition;
	return CODE_OK;
}

void
repetition_store_add(struct store_txn *txn, struct arena *arena,
                     const struct repetition *repetition)
{
	struct index_entry of_end;

	store_fail(txn, check(repetition));
	if (txn->code != CODE_OK)
		return;
	of_end = by_end(repetition);
	store_add(txn, STORE_REPETITION, request_key(repetition->request_id),
	          pack(txn, arena, repetition));
	index_add(txn, STORE_REPETITION_BY_END, &of_end);
}

enum code
repetition_store_find(struct store_txn *txn, struct arena *arena,
                      const uint8_t request_id[REPETITION_ID_SIZE],
                      struct repetition *out)
{
	struct bytes value =
		store_get(txn, STORE_REPETITION, request_key(request_id));
	enum code code;

	if (txn->code != CODE_OK)
		return txn->code;
	if (value.data == NULL)
		return CODE_NOT_FOUND;
	code = unpack(arena, value, request_id, out);
	store_fail(txn, code);
	return code;
}

void
repetition_store_sweep(struct store_txn *txn, struct arena *arena,
                       int64_t now_us, size_t max, size_t *deleted)
{
	uint64_t now = now_us > 0 ? (uint64_t)now_us : 0;
	struct index_entry entry = { 0 };
	size_t count = 0;

	/* The key is all there is to know: no record needs to be read. */
	(void)arena;
	while (count < max &&
	       index_next(txn, STORE_REPETITION_BY_END, &entry) &&
	       entry.number < now) {
		if (entry.id_len != REPETITION_ID_SIZE)
			store_fail(txn, CODE_DATA_LOSS);
		store_del(txn, STORE_REPETITION, request_key(entry.id));
		index_del(txn, STORE_REPETITION_BY_END, &entry);
		count++;
	}
	if (txn->code == CODE_OK)
		*deleted = count;
}
