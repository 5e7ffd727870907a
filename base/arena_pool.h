#ifndef BASE_ARENA_POOL_H
#define BASE_ARENA_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"

/*
 * Memory for a fixed number of arenas of one size, each for one request at a
 * time. Nearly all requests need little and a few need much, so an arena is
 * address space first: what was never touched costs nothing, and pages beyond
 * the first ARENA_POOL_KEPT bytes go back to the system after the request that
 * touched them. Never in a core dump, never in huge pages.
 */
struct arena_pool {
	uint8_t *data;
	size_t size;
	size_t stride;
	size_t arena_size;
};

#define ARENA_POOL_KEPT 65536 /* bytes of each arena that stay */

/* arena_pool_open reserves `count` arenas; RESOURCE_EXHAUSTED. */
NODISCARD enum code arena_pool_open(struct arena_pool *pool, size_t count,
                                    size_t arena_size);

/* arena_pool_lend makes the arena at place i, below count, usable. */
void arena_pool_lend(const struct arena_pool *pool, size_t i,
                     struct arena *arena);

/* arena_pool_reset resets a lent arena and gives back what it need not keep. */
void arena_pool_reset(struct arena *arena);

/* arena_pool_close accepts a pool of zeroes. The arenas are gone with it. */
void arena_pool_close(struct arena_pool *pool);

#endif
