#include "server/store/lmdb_space.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Of the whole map: an eighth, but at least and at most so many pages. */
#define RESERVE_SHARE 8
#define RESERVE_MIN 32
#define RESERVE_MAX 2048 /* 8 MiB: far more than the largest group changes */

/* What is tried when a disk may be full. */
#define PROBE_SIZE (1 << 20) /* bytes */

/* LMDB's own table of free pages; it has no name. */
#define FREE_TABLE 0

static uint64_t
reserve_of(uint64_t pages_max)
{
	uint64_t reserve = pages_max / RESERVE_SHARE;

	if (reserve < RESERVE_MIN)
		return RESERVE_MIN;
	return reserve < RESERVE_MAX ? reserve : RESERVE_MAX;
}

/* Each record of the table is a page count followed by that many numbers. */
static uint64_t
free_pages_of(MDB_txn *txn)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	uint64_t sum = 0;
	size_t count;

	if (mdb_cursor_open(txn, FREE_TABLE, &cursor) != 0)
		return 0;
	while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
		if (value.mv_size < sizeof(count))
			continue;
		memcpy(&count, value.mv_data, sizeof(count));
		sum += count;
	}
	mdb_cursor_close(cursor);
	return sum;
}

static uint64_t
free_pages(struct lmdb_readers *readers)
{
	MDB_txn *txn;
	unsigned slot;
	uint64_t sum;

	if (lmdb_readers_take(readers, &slot, &txn) != 0)
		return 0;
	sum = free_pages_of(txn);
	lmdb_readers_give(readers, slot);
	return sum;
}

static uint64_t
page_size_of(MDB_env *env)
{
	MDB_stat stat;

	(void)mdb_env_stat(env, &stat);
	return stat.ms_psize;
}

bool
lmdb_space_is_low(MDB_env *env, struct lmdb_readers *readers)
{
	MDB_envinfo info;
	uint64_t pages_max, pages, reserve;

	(void)mdb_env_info(env, &info);
	pages_max = info.me_mapsize / page_size_of(env);
	pages = info.me_last_pgno + 1;
	reserve = reserve_of(pages_max);
	if (pages + reserve <= pages_max)
		return false;
	return pages + reserve > pages_max + free_pages(readers);
}

uint64_t
lmdb_space_left(MDB_env *env, struct lmdb_readers *readers)
{
	uint64_t page_size = page_size_of(env);
	uint64_t idle = free_pages(readers);
	MDB_envinfo info;
	uint64_t taken, pages_max;

	(void)mdb_env_info(env, &info);
	pages_max = info.me_mapsize / page_size;
	taken = info.me_last_pgno + 1 + reserve_of(pages_max);
	if (taken >= pages_max + idle)
		return 0;
	return (pages_max + idle - taken) * page_size;
}

uint64_t
lmdb_space_used(MDB_env *env, struct lmdb_readers *readers)
{
	MDB_envinfo info;
	uint64_t idle = free_pages(readers);

	(void)mdb_env_info(env, &info);
	return (info.me_last_pgno + 1 - idle) * page_size_of(env);
}

int
lmdb_space_error(MDB_env *env)
{
	struct rlimit limit;
	struct stat st;
	int fd;

	if (mdb_env_get_fd(env, &fd) != 0 || fstat(fd, &st) != 0)
		return EIO;
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY &&
	    (uint64_t)st.st_size + PROBE_SIZE > limit.rlim_cur)
		return EFBIG;
	/* Room taken here is room that the next pages are written to. */
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, st.st_size, PROBE_SIZE) != 0 &&
	    (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
		return errno;
	return EIO;
}
