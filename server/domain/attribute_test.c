#include "server/domain/attribute.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NAME_40 "abcdefghij_123456789_abcdefghij_12345678"

static enum code
read_list(const char *const *items, size_t count, struct attribute_table *out,
          char err[256])
{
	struct setting_list list = { (char **)items, count };

	return attribute_table_read(&list, out, err, 256);
}

static void
declarations_are_read_in_their_order(void **state)
{
	static const char longest[] = NAME_40 ":text:user";
	static const char *const items[] = {
		"nickname:text:user",
		"points:integer:staff",
		"legacy_id:integer:nobody",
		"newsletter:flag:user",
		longest,
	};
	struct attribute_table table;
	char err[256];

	(void)state;
	assert_int_equal(read_list(items, COUNT(items), &table, err), CODE_OK);
	assert_int_equal(table.count, 5);
	assert_string_equal(table.rows[0].name, "nickname");
	assert_int_equal(table.rows[0].type, ATTRIBUTE_TEXT);
	assert_int_equal(table.rows[0].writer, ATTRIBUTE_BY_USER);
	assert_string_equal(table.rows[1].name, "points");
	assert_int_equal(table.rows[1].type, ATTRIBUTE_INTEGER);
	assert_int_equal(table.rows[1].writer, ATTRIBUTE_BY_STAFF);
	assert_int_equal(table.rows[2].writer, ATTRIBUTE_BY_NOBODY);
	assert_int_equal(table.rows[3].type, ATTRIBUTE_FLAG);
	assert_string_equal(table.rows[4].name, NAME_40);
}

static void
a_list_may_be_empty(void **state)
{
	struct attribute_table table = { .count = 7 };
	char err[256];

	(void)state;
	assert_int_equal(read_list(NULL, 0, &table, err), CODE_OK);
	assert_int_equal(table.count, 0);
	assert_null(attribute_find(&table, "nickname"));
}

static void
a_declaration_is_found_by_its_name(void **state)
{
	static const char *const items[] = { "nick:text:user",
		                             "nickname:flag:user" };
	struct attribute_table table;
	char err[256];

	(void)state;
	assert_int_equal(read_list(items, COUNT(items), &table, err), CODE_OK);
	assert_ptr_equal(attribute_find(&table, "nickname"), &table.rows[1]);
	assert_ptr_equal(attribute_find(&table, "nick"), &table.rows[0]);
	assert_null(attribute_find(&table, "nic"));
	assert_null(attribute_find(&table, "NICK"));
	assert_null(attribute_find(&table, ""));
}

static void
a_bad_declaration_is_refused_by_name(void **state)
{
	static const struct {
		const char *item;
		const char *word; /* in the sentence */
	} rows[] = {
		{ "", "name:type:writer" },
		{ "nick", "name:type:writer" },
		{ "nick:text", "name:type:writer" },
		{ ":text:user", "begins with a letter" },
		{ "1st:text:user", "begins with a letter" },
		{ "_x:text:user", "begins with a letter" },
		{ "Nick:text:user", "begins with a letter" },
		{ "nick name:text:user", "begins with a letter" },
		{ " nick:text:user", "begins with a letter" },
		{ "n\xc3\xa4:text:user", "begins with a letter" },
		{ NAME_40 "x:text:user", "up to 40" },
		{ "nick:string:user", "text, integer or flag" },
		{ "nick::user", "text, integer or flag" },
		{ "nick:tex:user", "text, integer or flag" },
		{ "nick:text:", "user, staff or nobody" },
		{ "nick:text:owner", "user, staff or nobody" },
		{ "nick:text:user:x", "user, staff or nobody" },
		{ "nick:text:user ", "user, staff or nobody" },
		{ "first:text:user", "already" },
	};
	char err[256], quoted[128];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *items[] = { "first:text:user", rows[i].item };
		struct attribute_table table = { .count = 7 };

		assert_int_equal(read_list(items, 2, &table, err),
		                 CODE_INVALID_ARGUMENT);
		assert_int_equal(table.count, 7);
		(void)snprintf(quoted, sizeof(quoted), "\"%s\"", rows[i].item);
		if (strstr(err, quoted) == NULL ||
		    strstr(err, rows[i].word) == NULL)
			fail_msg("%s: %s", rows[i].item, err);
	}
}

static void
names_of_the_user_object_and_of_requests_are_refused(void **state)
{
	static const char *const names[] = {
		"id",          "email",        "first_name",
		"last_name",   "full_name",    "avatar",
		"is_staff",    "is_superuser", "roles",
		"username",    "is_active",    "email_verified",
		"date_joined", "last_login",   "password",
		"name",        "old_password", "confirm_password",
		"token",       "access",       "refresh",
		"detail",      "user",         "non_field_errors",
	};
	struct attribute_table table;
	char item[64], err[256];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *const items[] = { item };

		(void)snprintf(item, sizeof(item), "%s:text:user", names[i]);
		assert_int_equal(read_list(items, 1, &table, err),
		                 CODE_INVALID_ARGUMENT);
		assert_non_null(strstr(err, names[i]));
		assert_non_null(strstr(err, "the API uses this name already"));
	}
}

static void
there_may_be_32_attributes(void **state)
{
	char texts[ATTRIBUTES_MAX + 1][32];
	const char *items[ATTRIBUTES_MAX + 1];
	struct attribute_table table;
	char err[256];

	(void)state;
	for (int i = 0; i <= ATTRIBUTES_MAX; i++) {
		(void)snprintf(texts[i], sizeof(texts[i]), "a%d:text:user", i);
		items[i] = texts[i];
	}
	assert_int_equal(read_list(items, ATTRIBUTES_MAX, &table, err),
	                 CODE_OK);
	assert_int_equal(table.count, ATTRIBUTES_MAX);
	assert_int_equal(read_list(items, ATTRIBUTES_MAX + 1, &table, err),
	                 CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(err, "33"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(declarations_are_read_in_their_order),
		cmocka_unit_test(a_list_may_be_empty),
		cmocka_unit_test(a_declaration_is_found_by_its_name),
		cmocka_unit_test(a_bad_declaration_is_refused_by_name),
		cmocka_unit_test(
			names_of_the_user_object_and_of_requests_are_refused),
		cmocka_unit_test(there_may_be_32_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
