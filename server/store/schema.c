#include "server/store/schema.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "proto/latchkey/store/v1/meta_record.pb-c.h"
#include "server/store/record.h"
#include "server/store/session_tally.h"
#include "server/store/store_cursor.h"

#define RECORD_MAX 64 /* bytes: four numbers */
#define US_PER_S 1000000

/* The bounded memory of one small record. */
struct scratch {
	uint8_t bytes[RECORD_MAX];
};

static const struct bytes meta_key = { RECORD_META_KEY,
	                               sizeof(RECORD_META_KEY) - 1 };

/* Changes records written under `from` into those of `from` + 1. */
struct migration {
	uint32_t from;
	void (*apply)(struct store_txn *txn);
};

/*
 * Versions 2 and 3 have more tables, which opening the store makes, and 2 has
 * members of records that read as absent where version 1 wrote none.
 */
static void
nothing_to_change(struct store_txn *txn)
{
	(void)txn;
}

/* In order; ends with an empty row. Version 1 is the first there is. */
static const struct migration migrations[] = {
	{ 1, nothing_to_change },
	{ 2, nothing_to_change },
	{ 3, session_tally_build },
	{ 0, NULL },
};

static void
write_meta(struct store_txn *txn, const Latchkey__Store__V1__MetaRecord *meta)
{
	struct scratch scratch;
	size_t len = latchkey__store__v1__meta_record__get_packed_size(meta);

	if (len > sizeof(scratch.bytes)) {
		store_fail(txn, CODE_INTERNAL);
		return;
	}
	(void)latchkey__store__v1__meta_record__pack(meta, scratch.bytes);
	store_put(txn, STORE_META, meta_key,
	          (struct bytes){ scratch.bytes, len });
}

/* A store without its meta record is new, unless somebody is in it. */
static void
found(struct store_txn *txn)
{
	Latchkey__Store__V1__MetaRecord meta =
		LATCHKEY__STORE__V1__META_RECORD__INIT;
	struct store_cursor cursor;

	store_seek(txn, STORE_USER, (struct bytes){ 0 }, &cursor);
	if (cursor.key.data != NULL)
		store_fail(txn, CODE_DATA_LOSS);
	store_cursor_release(&cursor);
	meta.schema_version = STORE_SCHEMA_VERSION;
	meta.created_at_us = clock_wall_us();
	meta.next_user_id = 1;
	write_meta(txn, &meta);
}

static void
migrate(struct store_txn *txn, Latchkey__Store__V1__MetaRecord *meta)
{
	for (const struct migration *step = migrations; step->apply != NULL;
	     step++) {
		if (step->from != meta->schema_version)
			continue;
		step->apply(txn);
		meta->schema_version++;
	}
	if (meta->schema_version == STORE_SCHEMA_VERSION)
		write_meta(txn, meta);
	else
		store_fail(txn, CODE_FAILED_PRECONDITION);
}

/*
 * From the time of opening, not of copying: the same backup may be restored
 * again, after users were made in it. A clock that was set back adds nothing.
 */
static void
pass_ids_by(struct store_txn *txn, Latchkey__Store__V1__MetaRecord *meta)
{
	int64_t age_us = clock_wall_us() - meta->copied_at_us;
	uint64_t ids = RESTORED_USER_IDS_MIN;

	if (age_us > 0)
		ids += (uint64_t)(age_us / US_PER_S) * RESTORED_USER_IDS_PER_S;
	if (meta->next_user_id == 0 || ids > UINT64_MAX - meta->next_user_id)
		store_fail(txn, CODE_DATA_LOSS);
	meta->next_user_id += ids;
	meta->copied_at_us = 0;
	write_meta(txn, meta);
}

static void
settle(struct store_txn *txn, bool keep, uint32_t *version)
{
	Latchkey__Store__V1__MetaRecord *meta;
	struct bytes record = store_get(txn, STORE_META, meta_key);

	if (txn->code != CODE_OK)
		return;
	if (record.data == NULL) {
		found(txn);
		return;
	}
	meta = latchkey__store__v1__meta_record__unpack(NULL, record.len,
	                                                record.data);
	if (meta == NULL) {
		store_fail(txn, CODE_DATA_LOSS);
		return;
	}
	*version = meta->schema_version;
	if (*version > STORE_SCHEMA_VERSION ||
	    (keep && *version < STORE_SCHEMA_VERSION))
		store_fail(txn, CODE_FAILED_PRECONDITION);
	else if (*version < STORE_SCHEMA_VERSION)
		migrate(txn, meta);
	if (meta->copied_at_us != 0)
		pass_ids_by(txn, meta);
	latchkey__store__v1__meta_record__free_unpacked(meta, NULL);
}

enum code
schema_look(struct store *store, struct schema_facts *out)
{
	Latchkey__Store__V1__MetaRecord *meta = NULL;
	struct store_txn txn;
	struct bytes record;

	store_begin_read(store, &txn);
	record = store_get(&txn, STORE_META, meta_key);
	if (record.data != NULL)
		meta = latchkey__store__v1__meta_record__unpack(
			NULL, record.len, record.data);
	if (meta == NULL || meta->schema_version == 0)
		store_fail(&txn, CODE_DATA_LOSS);
	else
		*out = (struct schema_facts){ meta->schema_version,
			                      meta->copied_at_us };
	latchkey__store__v1__meta_record__free_unpacked(meta, NULL);
	return store_end(&txn);
}

static void
explain(const struct store_txn *txn, uint32_t version, char *err,
        size_t err_size)
{
	enum code code = txn->code;

	if (txn->fault == STORE_FAULT_FULL)
		(void)snprintf(
			err, err_size,
			"the store is too full to be brought from schema "
			"version %" PRIu32 " to %d: raise "
			"store.size_max_mib; nothing has been changed",
			version, STORE_SCHEMA_VERSION);
	else if (code == CODE_FAILED_PRECONDITION)
		(void)snprintf(err, err_size,
		               "the store has schema version %" PRIu32
		               ", this server works with version %d: start the "
		               "version of the server that wrote it",
		               version, STORE_SCHEMA_VERSION);
	else if (code == CODE_DATA_LOSS)
		(void)snprintf(
			err, err_size,
			"%s: stop the server and restore a backup",
			version < STORE_SCHEMA_VERSION
				? "a record of the store is damaged, so "
				  "that it cannot be brought to the "
				  "schema of this version"
				: "the store's meta record is damaged or "
				  "missing");
	else
		(void)snprintf(err, err_size,
		               "cannot write the store's meta record (%s)",
		               code_name(code));
}

enum code
schema_refuse_older(enum store_fault *fault, char *err, size_t err_size)
{
	*fault = STORE_FAULT_OLDER;
	(void)snprintf(err, err_size,
	               "the store is of an older version than this program, "
	               "and a server may still serve it: restart the server "
	               "in this version first");
	return CODE_FAILED_PRECONDITION;
}

enum code
schema_settle(struct store *store, bool keep, enum store_fault *fault,
              char *err, size_t err_size)
{
	struct store_txn txn;
	uint32_t version = STORE_SCHEMA_VERSION;
	enum code code;

	store_begin_write(store, &txn);
	settle(&txn, keep, &version);
	code = store_end(&txn);
	if (code == CODE_OK)
		return CODE_OK;
	if (keep && version < STORE_SCHEMA_VERSION)
		return schema_refuse_older(fault, err, err_size);
	*fault = txn.fault;
	if (version > STORE_SCHEMA_VERSION)
		*fault = STORE_FAULT_NEWER;
	else if (*fault == STORE_FAULT_NONE)
		*fault = STORE_FAULT_OTHER;
	explain(&txn, version, err, err_size);
	return code;
}
