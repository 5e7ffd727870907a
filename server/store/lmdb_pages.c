#include "server/store/lmdb_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/lmdb_file.h"
#include "server/store/lmdb_walk.h"

#define DETAIL_SIZE 160

/* Whether to walk at all; see LMDB_PAGES_CHECK_MAX. */
static bool
is_needed(int fd, const struct lmdb_meta *meta)
{
	uint64_t size = (meta->last_page + 1) * meta->page_size;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return true;
	/* Pages freed in the transaction that made them are never written: a
	 * file may lack its last page and be whole. Only a walk tells. */
	return size <= LMDB_PAGES_CHECK_MAX || (uint64_t)st.st_size < size;
}

static enum code
check_state(int fd, const struct lmdb_meta *meta, const char *path,
            const struct lmdb_report *report)
{
	char detail[DETAIL_SIZE];
	enum code code = lmdb_walk_check(fd, meta, detail, sizeof(detail));

	if (code == CODE_DATA_LOSS)
		return lmdb_report_damage(report, path, detail);
	if (code != CODE_OK)
		return lmdb_report_error(report, ENOMEM, "check", path);
	return CODE_OK;
}

static bool
pick_state(const struct lmdb_meta metas[2], uint64_t id, struct lmdb_meta *out)
{
	for (int i = 0; i < 2; i++) {
		if (metas[i].txn_id != id)
			continue;
		*out = metas[i];
		return true;
	}
	return false;
}

/*
 * Finds the state that a read transaction holds: while it lives no other
 * process reuses a page of it. The state's own page may have been overwritten
 * already by two later commits; then a newer state is taken.
 */
static const char *
find_state(MDB_txn *txn, int fd, struct lmdb_meta *out)
{
	struct lmdb_meta metas[2];
	const char *wrong;

	for (int tries = 0; tries < 100; tries++) {
		wrong = lmdb_file_metas(fd, metas);
		if (wrong != NULL)
			return wrong;
		if (pick_state(metas, mdb_txn_id(txn), out))
			return NULL;
		mdb_txn_reset(txn);
		if (mdb_txn_renew(txn) != 0)
			break;
	}
	return "its newest state is not in it";
}

enum code
lmdb_pages_check(MDB_env *env, const char *path,
                 const struct lmdb_report *report)
{
	struct lmdb_meta meta;
	enum code code = CODE_OK;
	const char *wrong;
	MDB_txn *txn;
	int fd, rc;

	rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
	if (rc != 0)
		return lmdb_report_error(report, rc, "check", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		mdb_txn_abort(txn);
		return lmdb_report_error(report, errno, "check", path);
	}
	wrong = find_state(txn, fd, &meta);
	if (wrong != NULL)
		code = lmdb_report_damage(report, path, wrong);
	else if (is_needed(fd, &meta))
		code = check_state(fd, &meta, path, report);
	(void)close(fd);
	mdb_txn_abort(txn);
	return code;
}

enum code
lmdb_pages_check_copy(int fd, const char *path,
                      const struct lmdb_report *report)
{
	struct lmdb_meta metas[2];
	const char *wrong = lmdb_file_metas(fd, metas);

	if (wrong != NULL)
		return lmdb_report_damage(report, path, wrong);
	return check_state(fd, &metas[metas[1].txn_id > metas[0].txn_id], path,
	                   report);
}
