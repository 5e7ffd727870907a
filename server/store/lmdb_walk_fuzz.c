/*
 * The walk over a damaged file must neither crash nor read outside of it. The
 * input is a list of patches to a sound file, four bytes each: page, offset in
 * the page, new byte. Random bytes alone would never get past the first page.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/lmdb_file.h"
#include "server/store/lmdb_walk.h"
#include "server/store/store.h"
#include "tests/fuzz/fuzz.h"

#define PAGE_SIZE 4096
#define IMAGE_MAX ((size_t)256 * PAGE_SIZE)
#define PATCH_SIZE 4
#define PATCHES_MAX 64

/* The sound file, made once, and a descriptor of the copy that is patched. */
static struct {
	uint8_t bytes[IMAGE_MAX];
	size_t size;
	int fd;
} image;

static void
write_records(struct store *store)
{
	static const uint8_t value[9000] = { 1 };

	for (uint64_t i = 0; i < 60; i++) {
		struct store_txn txn;
		uint64_t key = i * 0x9e3779b97f4a7c15;
		enum code code;

		store_begin_write(store, &txn);
		store_put(&txn, STORE_SESSION,
		          (struct bytes){ &key, sizeof(key) },
		          (struct bytes){ value, i % 20 == 0 ? 9000 : 300 });
		code = store_end(&txn);
		assert(code == CODE_OK);
	}
}

static void
load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	assert(fd >= 0);
	size = read(fd, image.bytes, sizeof(image.bytes));
	assert(size > 0 && (size_t)size < sizeof(image.bytes));
	image.size = (size_t)size;
	(void)close(fd);
	image.fd = memfd_create("image", MFD_CLOEXEC);
	assert(image.fd >= 0);
	size = pwrite(image.fd, image.bytes, image.size, 0);
	assert(size == (ssize_t)image.size);
}

static void
make_image(void)
{
	static const char *const names[] = { "data.mdb", "lock.mdb",
		                             "open.lock" };
	char dir[] = "/tmp/lmdb_walk_fuzz.XXXXXX", path[64], err[256];
	struct store_options options = { .dir = dir,
		                         .size_max = 8 << 20,
		                         .readers_max = 1,
		                         .group_max = 1 };
	enum store_fault fault;
	struct store *store;
	enum code code;

	if (mkdtemp(dir) == NULL)
		abort();
	code = store_open(&options, &store, &fault, err, sizeof(err));
	assert(code == CODE_OK);
	write_records(store);
	store_close(store);
	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
	load(path);
	for (int i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

static off_t
place_of(const uint8_t *patch)
{
	size_t page = patch[0] % (image.size / PAGE_SIZE);

	return (off_t)(page * PAGE_SIZE +
	               (patch[1] | (size_t)patch[2] << 8) % PAGE_SIZE);
}

static void
walk(void)
{
	struct lmdb_meta metas[2];
	char detail[160];

	if (lmdb_file_metas(image.fd, metas) != NULL)
		return;
	for (int i = 0; i < 2; i++) {
		enum code code = lmdb_walk_check(image.fd, &metas[i], detail,
		                                 sizeof(detail));

		assert(code == CODE_OK || code == CODE_DATA_LOSS);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count = size / PATCH_SIZE;

	if (image.size == 0)
		make_image();
	if (count > PATCHES_MAX)
		count = PATCHES_MAX;
	for (size_t i = 0; i < count; i++)
		(void)!pwrite(image.fd, data + i * PATCH_SIZE + 3, 1,
		              place_of(data + i * PATCH_SIZE));
	walk();
	for (size_t i = 0; i < count; i++) {
		off_t at = place_of(data + i * PATCH_SIZE);

		(void)!pwrite(image.fd, image.bytes + at, 1, at);
	}
	return 0;
}
