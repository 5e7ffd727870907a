#include "client/ctl/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COLUMNS 2

struct fixture {
	uint8_t memory[16384];
	struct arena arena;
	struct table table;
	char *printed;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	table_init(&f->table, &f->arena, COLUMNS);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	free(f->printed);
	free(f);
	return 0;
}

static void
add(struct fixture *f, const char *left, const char *right)
{
	const char *cells[COLUMNS] = { left, right };

	table_add(&f->table, cells);
}

static const char *
print(struct fixture *f)
{
	size_t len = 0;
	FILE *to = open_memstream(&f->printed, &len);

	assert_non_null(to);
	table_print(&f->table, to);
	assert_int_equal(fclose(to), 0);
	return f->printed;
}

static void
columns_are_as_wide_as_their_widest_text(void **state)
{
	struct fixture *f = *state;

	add(f, "ID", "NAME");
	add(f, "1234", "Ada");
	assert_string_equal(print(f), "ID    NAME\n1234  Ada\n");
}

static void
width_is_what_a_terminal_shows(void **state)
{
	struct fixture *f = *state;

	add(f, "\xc3\xa9\xc3\xa9", "two wide, four bytes");
	add(f, "\xe6\xbc\xa2\xe5\xad\x97", "four wide, six bytes");
	add(f, "e\xcc\x81", "one wide");
	assert_string_equal(print(f),
	                    "\xc3\xa9\xc3\xa9    two wide, four bytes\n"
	                    "\xe6\xbc\xa2\xe5\xad\x97  four wide, six bytes\n"
	                    "e\xcc\x81     one wide\n");
}

static void
lines_do_not_end_in_white_space(void **state)
{
	struct fixture *f = *state;

	add(f, "a", "");
	add(f, "", "");
	assert_string_equal(print(f), "a\n\n");
}

static void
no_text_commands_the_terminal(void **state)
{
	static const char override[] = { (char)0xe2, (char)0x80, (char)0xae,
		                         'r', 0 };
	struct fixture *f = *state;

	add(f, "\x1b[2J", "a\nb\rc\x7f");
	add(f,
	    "\xc2\x9b"
	    "1m",
	    override);
	add(f, "\xff\xc3", "\xe2\x80\xa8");
	assert_string_equal(print(f), "?[2J  a?b?c?\n"
	                              "?1m   ?r\n"
	                              "??    ?\n");
}

static void
a_full_arena_is_told(void **state)
{
	struct fixture *f = *state;

	f->arena.size = 64;
	add(f, "a", "b");
	add(f, "a", "b");
	assert_true(f->table.failed);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(columns_are_as_wide_as_their_widest_text),
		CASE(width_is_what_a_terminal_shows),
		CASE(lines_do_not_end_in_white_space),
		CASE(no_text_commands_the_terminal),
		CASE(a_full_arena_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
