/*
 * The errors of LMDB and of the system under it, in the words of the store:
 * one table and the sentences an operator reads.
 */
#include <errno.h>
#include <stdio.h>

#include "server/store/lmdb_engine.h"

static const struct {
	int rc;
	struct lmdb_failure failure;
} rows[] = {
	{ MDB_SUCCESS, { CODE_OK, STORE_FAULT_NONE } },
	{ MDB_NOTFOUND, { CODE_NOT_FOUND, STORE_FAULT_NONE } },
	{ MDB_KEYEXIST, { CODE_ALREADY_EXISTS, STORE_FAULT_NONE } },
	{ EEXIST, { CODE_ALREADY_EXISTS, STORE_FAULT_NONE } },
	{ MDB_BAD_VALSIZE, { CODE_INVALID_ARGUMENT, STORE_FAULT_NONE } },
	{ MDB_MAP_FULL, { CODE_RESOURCE_EXHAUSTED, STORE_FAULT_FULL } },
	{ MDB_TXN_FULL, { CODE_RESOURCE_EXHAUSTED, STORE_FAULT_OTHER } },
	{ MDB_READERS_FULL, { CODE_RESOURCE_EXHAUSTED, STORE_FAULT_OTHER } },
	{ ENOMEM, { CODE_RESOURCE_EXHAUSTED, STORE_FAULT_OTHER } },
	{ ENOSPC, { CODE_RESOURCE_EXHAUSTED, STORE_FAULT_DISK_FULL } },
	{ EDQUOT, { CODE_RESOURCE_EXHAUSTED, STORE_FAULT_DISK_FULL } },
	{ EFBIG, { CODE_RESOURCE_EXHAUSTED, STORE_FAULT_DISK_FULL } },
	{ MDB_CORRUPTED, { CODE_DATA_LOSS, STORE_FAULT_DAMAGED } },
	{ MDB_PAGE_NOTFOUND, { CODE_DATA_LOSS, STORE_FAULT_DAMAGED } },
	{ MDB_INVALID, { CODE_DATA_LOSS, STORE_FAULT_DAMAGED } },
	{ MDB_VERSION_MISMATCH, { CODE_DATA_LOSS, STORE_FAULT_DAMAGED } },
	{ MDB_INCOMPATIBLE, { CODE_DATA_LOSS, STORE_FAULT_DAMAGED } },
	{ MDB_PANIC, { CODE_DATA_LOSS, STORE_FAULT_DAMAGED } },
};

struct lmdb_failure
lmdb_failure_of(int rc)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].rc == rc)
			return rows[i].failure;
	return (struct lmdb_failure){ CODE_INTERNAL, STORE_FAULT_OTHER };
}

enum code
lmdb_report_error(const struct lmdb_report *report, int rc, const char *what,
                  const char *where)
{
	struct lmdb_failure failure = lmdb_failure_of(rc);

	if (failure.fault == STORE_FAULT_DAMAGED)
		return lmdb_report_damage(report, where, mdb_strerror(rc));
	if (report->fault != NULL)
		*report->fault = failure.fault == STORE_FAULT_NONE
		                         ? STORE_FAULT_OTHER
		                         : failure.fault;
	(void)snprintf(report->text, report->size, "%s: cannot %s: %s", where,
	               what, mdb_strerror(rc));
	return failure.code;
}

enum code
lmdb_report_damage(const struct lmdb_report *report, const char *file,
                   const char *detail)
{
	if (report->fault != NULL)
		*report->fault = STORE_FAULT_DAMAGED;
	(void)snprintf(report->text, report->size, "%s is damaged (%s): %s",
	               file, detail,
	               report->cure != NULL ? report->cure
	                                    : "stop the server and restore a "
	                                      "backup");
	return CODE_DATA_LOSS;
}

enum code
lmdb_path(const char *dir, char out[LMDB_PATH_MAX])
{
	int len = snprintf(out, LMDB_PATH_MAX, "%s/data.mdb", dir);

	return len > 0 && len < LMDB_PATH_MAX ? CODE_OK : CODE_INVALID_ARGUMENT;
}
