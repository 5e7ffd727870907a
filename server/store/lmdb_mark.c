#include "server/store/lmdb_mark.h"

#include "proto/latchkey/store/v1/meta_record.pb-c.h"
#include "server/store/checksum.h"
#include "server/store/lmdb_file.h"
#include "server/store/record.h"

#define MARK_MAX 128 /* bytes: a MetaRecord and its checksum */

/* Bytes: changing one page takes room, which a full store's copy lacks. */
#define MARK_ROOM ((size_t)1 << 20)

/* The record that the copy's MetaRecord becomes, with its checksum. */
static int
mark_record(MDB_val *key, MDB_val *value, int64_t made_at_us,
            uint8_t out[MARK_MAX])
{
	const struct bytes k = { key->mv_data, key->mv_size };
	Latchkey__Store__V1__MetaRecord *meta;
	struct bytes record;
	size_t len;

	if (!checksum_open(STORE_META, k,
	                   (struct bytes){ value->mv_data, value->mv_size },
	                   &record))
		return MDB_CORRUPTED;
	meta = latchkey__store__v1__meta_record__unpack(NULL, record.len,
	                                                record.data);
	if (meta == NULL)
		return MDB_CORRUPTED;
	/* The copy of a copy is as old as that. */
	if (meta->copied_at_us == 0)
		meta->copied_at_us = made_at_us > 0 ? made_at_us : 1;
	len = latchkey__store__v1__meta_record__get_packed_size(meta);
	if (CHECKSUM_SIZE + len <= MARK_MAX)
		(void)latchkey__store__v1__meta_record__pack(
			meta, out + CHECKSUM_SIZE);
	latchkey__store__v1__meta_record__free_unpacked(meta, NULL);
	if (CHECKSUM_SIZE + len > MARK_MAX)
		return MDB_CORRUPTED;
	record = (struct bytes){ out + CHECKSUM_SIZE, len };
	checksum_compute(STORE_META, k, record, out);
	*value = (MDB_val){ CHECKSUM_SIZE + len, out };
	return 0;
}

static int
mark_in(MDB_txn *txn, int64_t made_at_us)
{
	MDB_val key = { sizeof(RECORD_META_KEY) - 1, RECORD_META_KEY }, value;
	uint8_t out[MARK_MAX];
	MDB_dbi dbi;
	int rc = mdb_dbi_open(txn, lmdb_table_name(STORE_META), 0, &dbi);

	if (rc == 0)
		rc = mdb_get(txn, dbi, &key, &value);
	if (rc == 0)
		rc = mark_record(&key, &value, made_at_us, out);
	return rc == 0 ? mdb_put(txn, dbi, &key, &value, 0) : rc;
}

int
lmdb_mark_copy(const char *path, int64_t made_at_us)
{
	MDB_envinfo info;
	MDB_env *env;
	MDB_txn *txn;
	int rc = mdb_env_create(&env);

	if (rc != 0)
		return rc;
	rc = mdb_env_set_maxdbs(env, STORE_TABLE_COUNT);
	if (rc == 0)
		rc = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600);
	if (rc == 0)
		rc = mdb_env_info(env, &info);
	if (rc == 0)
		rc = mdb_env_set_mapsize(env, info.me_mapsize + MARK_ROOM);
	if (rc == 0)
		rc = mdb_txn_begin(env, NULL, 0, &txn);
	if (rc == 0) {
		rc = mark_in(txn, made_at_us);
		if (rc == 0)
			rc = mdb_txn_commit(txn);
		else
			mdb_txn_abort(txn);
	}
	mdb_env_close(env);
	return rc;
}
