#include "base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct memory {
	alignas(max_align_t) uint8_t bytes[64];
};

static void
memory_is_aligned_zeroed_and_bounded(void **state)
{
	struct memory memory;
	struct arena arena;
	uint8_t *one, *two;

	(void)state;
	memset(memory.bytes, 0xaa, sizeof(memory.bytes));
	arena_init(&arena, memory.bytes, sizeof(memory.bytes));
	one = arena_alloc(&arena, 1);
	two = arena_alloc(&arena, 32);
	assert_non_null(one);
	assert_non_null(two);
	assert_int_equal((uintptr_t)two % alignof(max_align_t), 0);
	assert_true(two > one);
	for (size_t i = 0; i < 32; i++)
		assert_int_equal(two[i], 0);
	assert_false(arena.full);
	assert_null(arena_alloc(&arena, 32));
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_true(arena.full);
}

static void
the_newest_piece_grows_where_it_is(void **state)
{
	struct memory memory;
	struct arena arena;
	uint8_t *one, *two;

	(void)state;
	memset(memory.bytes, 0xaa, sizeof(memory.bytes));
	arena_init(&arena, memory.bytes, sizeof(memory.bytes));
	one = arena_alloc(&arena, 16);
	assert_true(arena_extend(&arena, one, 16, 32));
	assert_int_equal(arena.used, 32);
	assert_int_equal(one[31], 0);
	two = arena_alloc(&arena, 16);
	assert_ptr_equal(two, one + 32);
	assert_false(arena_extend(&arena, one, 32, 33));
	assert_false(arena_extend(&arena, two, 16, 33));
	assert_false(arena_extend(&arena, two, 16, SIZE_MAX));
	assert_false(arena_extend(&arena, two, 16, 15));
	assert_int_equal(arena.used, 48);
	assert_false(arena.full);
	assert_true(arena_extend(&arena, two, 16, 32));
	assert_int_equal(arena.used, sizeof(memory.bytes));
}

static void
rewinding_wipes_what_came_after_the_mark_and_nothing_else(void **state)
{
	struct memory memory;
	struct arena arena;
	char *kept, *secret;
	size_t mark;

	(void)state;
	arena_init(&arena, memory.bytes, sizeof(memory.bytes));
	kept = arena_strdup(&arena, "kept");
	mark = arena.used;
	secret = arena_strdup(&arena, "secret");
	assert_non_null(secret);
	arena_rewind(&arena, mark);
	for (size_t i = 0; i < sizeof("secret"); i++)
		assert_int_equal(secret[i], 0);
	assert_string_equal(kept, "kept");
	assert_int_equal(arena.used, mark);
	assert_ptr_equal(arena_strdup(&arena, "again"), secret);
}

static void
a_reset_wipes_everything_and_forgets_that_it_was_full(void **state)
{
	struct memory memory;
	struct arena arena;

	(void)state;
	arena_init(&arena, memory.bytes, sizeof(memory.bytes));
	assert_non_null(arena_printf(&arena, "number %d", 7));
	assert_null(arena_alloc(&arena, 100));
	arena_reset(&arena);
	for (size_t i = 0; i < sizeof("number 7"); i++)
		assert_int_equal(memory.bytes[i], 0);
	assert_int_equal(arena.used, 0);
	assert_false(arena.full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_aligned_zeroed_and_bounded),
		cmocka_unit_test(the_newest_piece_grows_where_it_is),
		cmocka_unit_test(
			rewinding_wipes_what_came_after_the_mark_and_nothing_else),
		cmocka_unit_test(
			a_reset_wipes_everything_and_forgets_that_it_was_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
