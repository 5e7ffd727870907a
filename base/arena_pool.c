#include "base/arena_pool.h"

#include <sys/mman.h>
#include <unistd.h>

static size_t
round_up(size_t size, size_t unit)
{
	return (size + unit - 1) / unit * unit;
}

enum code
arena_pool_open(struct arena_pool *pool, size_t count, size_t arena_size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t stride, size;
	void *data;

	if (arena_size > SIZE_MAX - page)
		return CODE_RESOURCE_EXHAUSTED;
	stride = round_up(arena_size, page);
	if (__builtin_mul_overflow(count, stride, &size))
		return CODE_RESOURCE_EXHAUSTED;
	*pool = (struct arena_pool){ .stride = stride,
		                     .arena_size = arena_size };
	if (size == 0)
		return CODE_OK;
	data = mmap(NULL, size, PROT_READ | PROT_WRITE,
	            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (data == MAP_FAILED)
		return CODE_RESOURCE_EXHAUSTED;
	(void)madvise(data, size, MADV_DONTDUMP);
	/* One touched byte would make 2 MiB resident. */
	(void)madvise(data, size, MADV_NOHUGEPAGE);
	pool->data = data;
	pool->size = size;
	return CODE_OK;
}

void
arena_pool_lend(const struct arena_pool *pool, size_t i, struct arena *arena)
{
	arena_init(arena,
	           pool->data == NULL ? NULL : pool->data + i * pool->stride,
	           pool->arena_size);
}

void
arena_pool_reset(struct arena *arena)
{
	size_t used = arena->used;

	arena_reset(arena);
	/* An arena begins at a page, and ARENA_POOL_KEPT is whole pages. */
	if (used > ARENA_POOL_KEPT)
		(void)madvise(arena->data + ARENA_POOL_KEPT,
		              used - ARENA_POOL_KEPT, MADV_DONTNEED);
}

void
arena_pool_close(struct arena_pool *pool)
{
	if (pool->data != NULL)
		(void)munmap(pool->data, pool->size);
	*pool = (struct arena_pool){ 0 };
}
