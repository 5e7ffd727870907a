#include "server/store/lmdb_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0xBEEFC0DEU
#define DATA_VERSION 1U
#define PAGE_FLAGS_AT 10
#define PAGE_FLAG_META 0x08

/* Beyond this a number is damage, not a size: no machine maps so much. */
#define FILE_SIZE_MAX (1ULL << 46) /* bytes */

#define PAGE_SIZE_MIN 512
#define PAGE_SIZE_MAX 65536

/* Offsets behind the page header. */
enum meta_offset {
	META_MAGIC = 0,
	META_VERSION = 4,
	META_FREE_TREE = 24, /* its first word is the page size */
	META_MAIN_TREE = 72,
	META_LAST_PAGE = 120,
	META_TXN_ID = 128,
	META_SIZE = 136,
};

static const char *const table_names[STORE_TABLE_COUNT] = {
	[STORE_META] = "meta",
	[STORE_USER] = "user",
	[STORE_IDENTIFIER] = "identifier",
	[STORE_SESSION] = "session",
	[STORE_SESSION_BY_USER] = "session_by_user",
	[STORE_SESSION_BY_END] = "session_by_end",
	[STORE_SIGNING_KEY] = "signing_key",
	[STORE_ROLE] = "role",
	[STORE_LINK] = "link",
	[STORE_LINK_BY_USER] = "link_by_user",
	[STORE_LINK_BY_END] = "link_by_end",
	[STORE_OUTBOX] = "outbox",
	[STORE_AVATAR] = "avatar",
	[STORE_THROTTLE] = "throttle",
	[STORE_THROTTLE_BY_END] = "throttle_by_end",
	[STORE_REPETITION] = "repetition",
	[STORE_REPETITION_BY_END] = "repetition_by_end",
	[STORE_IDENTITY] = "identity",
	[STORE_IDENTITY_BY_USER] = "identity_by_user",
	[STORE_SESSION_TALLY] = "session_tally",
	[STORE_SESSION_OPEN] = "session_open",
};

const char *
lmdb_table_name(enum store_table table)
{
	return table_names[table];
}

static uint16_t
read_u16(const uint8_t *bytes)
{
	uint16_t v;

	memcpy(&v, bytes, sizeof(v));
	return v;
}

static uint32_t
read_u32(const uint8_t *bytes)
{
	uint32_t v;

	memcpy(&v, bytes, sizeof(v));
	return v;
}

static uint64_t
read_u64(const uint8_t *bytes)
{
	uint64_t v;

	memcpy(&v, bytes, sizeof(v));
	return v;
}

struct lmdb_tree
lmdb_tree_read(const uint8_t *bytes)
{
	return (struct lmdb_tree){ .flags = read_u16(bytes + 4),
		                   .depth = read_u16(bytes + 6),
		                   .entries = read_u64(bytes + 32),
		                   .root = read_u64(bytes + 40) };
}

static const char *
read_meta(int fd, off_t at, struct lmdb_meta *out)
{
	uint8_t page[LMDB_PAGE_HEADER + META_SIZE];
	const uint8_t *meta = page + LMDB_PAGE_HEADER;
	uint32_t size;

	if (pread(fd, page, sizeof(page), at) != sizeof(page))
		return "it ends before its first two pages";
	if ((read_u16(page + PAGE_FLAGS_AT) & PAGE_FLAG_META) == 0 ||
	    read_u32(meta + META_MAGIC) != MAGIC ||
	    read_u32(meta + META_VERSION) != DATA_VERSION)
		return "its first two pages are not a store's";
	size = read_u32(meta + META_FREE_TREE);
	if (size < PAGE_SIZE_MIN || size > PAGE_SIZE_MAX ||
	    (size & (size - 1)) != 0)
		return "its page size is impossible";
	*out = (struct lmdb_meta){
		.page_size = size,
		.last_page = read_u64(meta + META_LAST_PAGE),
		.txn_id = read_u64(meta + META_TXN_ID),
		.free = lmdb_tree_read(meta + META_FREE_TREE),
		.main = lmdb_tree_read(meta + META_MAIN_TREE),
	};
	if (out->last_page >= FILE_SIZE_MAX / size)
		return "the number of its last page is impossible";
	return NULL;
}

const char *
lmdb_file_metas(int fd, struct lmdb_meta out[2])
{
	const char *wrong = read_meta(fd, 0, &out[0]);

	if (wrong == NULL)
		wrong = read_meta(fd, out[0].page_size, &out[1]);
	if (wrong == NULL && out[0].page_size != out[1].page_size)
		wrong = "its page size is impossible";
	return wrong;
}

static const char *
check_open_file(int fd)
{
	struct lmdb_meta metas[2];
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return "it is not a regular file";
	/* LMDB would make a new store of it, and nobody would know why. */
	if (st.st_size == 0)
		return "it is empty: delete it if the store was never used";
	return lmdb_file_metas(fd, metas);
}

enum code
lmdb_file_check(const char *path, const struct lmdb_report *report)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *wrong;

	if (fd < 0 && errno == ENOENT)
		return CODE_OK;
	if (fd < 0)
		return lmdb_report_error(report, errno, "open the store", path);
	wrong = check_open_file(fd);
	(void)close(fd);
	if (wrong != NULL)
		return lmdb_report_damage(report, path, wrong);
	return CODE_OK;
}
