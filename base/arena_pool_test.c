#include "base/arena_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZE ((size_t)1 << 20)

static size_t
resident_pages(const struct arena *arena)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t count = (arena->size + page - 1) / page, resident = 0;
	unsigned char *pages = calloc(count, 1);

	assert_non_null(pages);
	assert_int_equal(mincore(arena->data, arena->size, pages), 0);
	for (size_t i = 0; i < count; i++)
		resident += pages[i] & 1;
	free(pages);
	return resident;
}

static void
each_arena_has_the_size_asked_for_and_memory_of_its_own(void **state)
{
	struct arena_pool pool = { 0 };
	struct arena arenas[3];

	(void)state;
	assert_int_equal(arena_pool_open(&pool, 3, 5000), CODE_OK);
	for (size_t i = 0; i < 3; i++) {
		arena_pool_lend(&pool, i, &arenas[i]);
		assert_non_null(arena_alloc(&arenas[i], 5000));
		memset(arenas[i].data, (int)i + 1, 5000);
		assert_null(arena_alloc(&arenas[i], 1));
	}
	for (size_t i = 0; i < 3; i++)
		for (size_t at = 0; at < 5000; at++)
			assert_int_equal(arenas[i].data[at], i + 1);
	arena_pool_close(&pool);
}

static void
a_reset_wipes_and_keeps_only_the_first_part_resident(void **state)
{
	struct arena_pool pool = { 0 };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct arena arena;
	uint8_t *all;

	(void)state;
	assert_int_equal(arena_pool_open(&pool, 2, SIZE), CODE_OK);
	arena_pool_lend(&pool, 1, &arena);
	assert_int_equal(resident_pages(&arena), 0);
	all = arena_alloc(&arena, SIZE);
	assert_non_null(all);
	memset(all, 0x55, SIZE);
	assert_int_equal(resident_pages(&arena), SIZE / page);
	arena_pool_reset(&arena);
	assert_int_equal(resident_pages(&arena), ARENA_POOL_KEPT / page);
	assert_false(arena.full);
	for (size_t i = 0; i < SIZE; i++)
		assert_int_equal(all[i], 0);
	arena_pool_close(&pool);
}

static void
an_arena_of_no_bytes_is_full_at_once(void **state)
{
	struct arena_pool pool = { 0 };
	struct arena arena;

	(void)state;
	assert_int_equal(arena_pool_open(&pool, 4, 0), CODE_OK);
	arena_pool_lend(&pool, 3, &arena);
	assert_null(arena_alloc(&arena, 1));
	assert_true(arena.full);
	arena_pool_reset(&arena);
	arena_pool_close(&pool);
}

static void
more_than_there_is_address_space_is_refused(void **state)
{
	struct arena_pool pool = { 0 };

	(void)state;
	assert_int_equal(arena_pool_open(&pool, 2, SIZE_MAX),
	                 CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(arena_pool_open(&pool, SIZE_MAX / 4096, 8192),
	                 CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(arena_pool_open(&pool, 2, SIZE_MAX / 4),
	                 CODE_RESOURCE_EXHAUSTED);
	arena_pool_close(&pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_arena_has_the_size_asked_for_and_memory_of_its_own),
		cmocka_unit_test(
			a_reset_wipes_and_keeps_only_the_first_part_resident),
		cmocka_unit_test(an_arena_of_no_bytes_is_full_at_once),
		cmocka_unit_test(more_than_there_is_address_space_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
