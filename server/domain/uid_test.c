#include "server/domain/uid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/store/user_store.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* As Django's urlsafe_base64_encode writes them. */
static const struct row {
	uint64_t id;
	const char *text;
} rows[] = {
	{ 1, "MQ" },          { 9, "OQ" },
	{ 10, "MTA" },        { 42, "NDI" },
	{ 12345, "MTIzNDU" }, { USER_ID_MAX, "OTAwNzE5OTI1NDc0MDk5MQ" },
};

static void
an_id_is_written_as_django_writes_it(void **state)
{
	uint8_t memory[256];
	struct arena arena;

	(void)state;
	arena_init(&arena, memory, sizeof(memory));
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text;

		arena_reset(&arena);
		assert_int_equal(uid_write(&arena, rows[i].id, &text), CODE_OK);
		assert_string_equal(text, rows[i].text);
	}
}

static void
what_was_written_is_read_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t id = 0;

		assert_int_equal(uid_read(rows[i].text, &id), CODE_OK);
		assert_int_equal(id, rows[i].id);
	}
}

static void
all_else_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"M",
		"MQ==",
		"MR", /* not canonical */
		" MQ",
		"MA",                     /* 0 */
		"MDE",                    /* 01 */
		"LTE",                    /* -1 */
		"KzE",                    /* +1 */
		"MSA",                    /* 1 and a space */
		"MQA",                    /* 1 and NUL */
		"MWUx",                   /* 1e1 */
		"OTAwNzE5OTI1NDc0MDk5Mg", /* one too many */
		"OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk",
		"M2YyNTA0ZTAtNGY4OS0xMWQzLTlhMGMtMDMwNWU4MmMzMzAx", /* a UUID */
		"\xc3\xa4",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		uint64_t id = 7;

		if (uid_read(texts[i], &id) != CODE_INVALID_ARGUMENT)
			fail_msg("\"%s\" is read", texts[i]);
		assert_int_equal(id, 7);
	}
}

static void
a_full_arena_is_told(void **state)
{
	struct arena arena;
	uint8_t memory[8];
	char *text = NULL;

	(void)state;
	arena_init(&arena, memory, sizeof(memory));
	assert_int_equal(uid_write(&arena, 42, &text), CODE_RESOURCE_EXHAUSTED);
	assert_null(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_written_as_django_writes_it),
		cmocka_unit_test(what_was_written_is_read_again),
		cmocka_unit_test(all_else_is_refused),
		cmocka_unit_test(a_full_arena_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
