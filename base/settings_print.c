/*
 * The commented example of a configuration file, from the same table that the
 * parser is made of. What it writes settings_load reads back.
 */
#include <stdlib.h>
#include <string.h>

#include "base/setting_value.h"

#define WRAP_COLUMN 72

/* One "section.key=value" of the command line. */
struct assignment {
	const struct setting *row;
	const char *value;
};

struct assignments {
	struct assignment *items;
	size_t count;
};

/* print_comment wraps a text into indented comment lines. */
static void
print_comment(FILE *to, const char *indent, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (column > 0 && column + 1 + len > WRAP_COLUMN) {
			(void)fputc('\n', to);
			column = 0;
		}
		if (column == 0)
			(void)fprintf(to, "%s#", indent);
		(void)fprintf(to, " %.*s", (int)len, text);
		column += len + 1;
		text += len;
		text += strspn(text, " ");
	}
	(void)fputc('\n', to);
}

/* print_text quotes; '$' too, because libconfuse expands ${VARIABLE}. */
static void
print_text(FILE *to, const char *text)
{
	(void)fputc('"', to);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\' || *text == '$')
			(void)fputc('\\', to);
		(void)fputc(*text, to);
	}
	(void)fputc('"', to);
}

static void
print_list(FILE *to, const struct setting_list *list)
{
	(void)fputs("{", to);
	for (size_t i = 0; i < list->count; i++) {
		(void)fputs(i == 0 ? " " : ", ", to);
		print_text(to, list->items[i]);
	}
	(void)fputs(list->count == 0 ? "}" : " }", to);
}

/* print_value writes a value in its short form as the file wants it. */
static enum code
print_value(FILE *to, const struct setting *row, const char *text)
{
	struct setting_list list = { 0 };
	struct setting bare = *row;
	char why[256];
	enum code code;

	if (row->type != SETTING_LIST) {
		if (row->type == SETTING_TEXT)
			print_text(to, text);
		else
			(void)fputs(text, to);
		return CODE_OK;
	}
	bare.offset = 0;
	code = setting_value_read(&bare, text, &list, why, sizeof(why));
	if (code == CODE_OK)
		print_list(to, &list);
	setting_value_reset(&bare, &list);
	return code;
}

static const char *
find_assigned(const struct assignments *set, const struct setting *row)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].row == row)
			return set->items[i].value;
	return NULL;
}

static enum code
print_row(FILE *to, const struct setting *row, const char *assigned)
{
	char variable[SETTING_VARIABLE_MAX];
	enum code code;

	setting_variable(row, variable);
	print_comment(to, "\t", row->doc);
	(void)fprintf(to, "\t# Environment: %s\n", variable);
	(void)fprintf(to, "\t# %s = ", row->key);
	code = print_value(to, row, row->def);
	(void)fputc('\n', to);
	if (assigned != NULL && code == CODE_OK) {
		(void)fprintf(to, "\t%s = ", row->key);
		code = print_value(to, row, assigned);
		(void)fputc('\n', to);
	}
	return code;
}

static enum code
print_section(FILE *to, const struct settings_table *table, size_t first,
              const struct assignments *set)
{
	const char *section = table->rows[first].section;
	enum code code = CODE_OK;
	bool printed = false;

	(void)fprintf(to, "\n%s {\n", section);
	for (size_t i = first; i < table->count && code == CODE_OK; i++) {
		const struct setting *row = &table->rows[i];

		if (strcmp(row->section, section) != 0)
			continue;
		if (printed)
			(void)fputc('\n', to);
		code = print_row(to, row, find_assigned(set, row));
		printed = true;
	}
	(void)fputs("}\n", to);
	return code;
}

static enum code
print_all(FILE *to, const struct settings_table *table,
          const struct assignments *set)
{
	enum code code = CODE_OK;

	(void)fprintf(to, "# Configuration of %s.\n#\n", table->program);
	print_comment(to, "",
	              "Every setting stands below with its default commented "
	              "out. An environment variable overrides this file. Paths "
	              "are relative to the directory of this file. Lists are "
	              "written { \"one\", \"two\" }.");
	for (size_t i = 0; i < table->count && code == CODE_OK; i++) {
		bool first = true;

		for (size_t j = 0; j < i && first; j++)
			first = strcmp(table->rows[j].section,
			               table->rows[i].section) != 0;
		if (first)
			code = print_section(to, table, i, set);
	}
	return code;
}

/* check_value tries a value on memory of its own. */
static enum code
check_value(const struct setting *row, const char *text, char *err,
            size_t err_size)
{
	union {
		bool boolean;
		int64_t number;
		char *text;
		struct setting_list list;
	} member;
	struct setting bare = *row;
	enum code code;

	memset(&member, 0, sizeof(member));
	bare.offset = 0;
	code = setting_value_read(&bare, text, &member, err, err_size);
	setting_value_reset(&bare, &member);
	return code;
}

static enum code
read_assignment(const struct settings_table *table, const char *text,
                struct assignment *out, char *err, size_t err_size)
{
	const char *equals = strchr(text, '=');
	const char *dot = strchr(text, '.');
	char section[64], key[64];

	if (equals == NULL || dot == NULL || dot > equals) {
		(void)snprintf(err, err_size,
		               "not of the form section.key=value");
		return CODE_INVALID_ARGUMENT;
	}
	(void)snprintf(section, sizeof(section), "%.*s", (int)(dot - text),
	               text);
	(void)snprintf(key, sizeof(key), "%.*s", (int)(equals - dot - 1),
	               dot + 1);
	out->row = settings_find(table, section, key);
	out->value = equals + 1;
	if (out->row == NULL) {
		(void)snprintf(err, err_size, "%s has no setting %s.%s",
		               table->program, section, key);
		return CODE_INVALID_ARGUMENT;
	}
	return check_value(out->row, out->value, err, err_size);
}

static enum code
read_assignments(const struct settings_table *table,
                 const struct setting_list *set, struct assignments *out,
                 char *err, size_t err_size)
{
	for (; out->count < set->count; out->count++) {
		const char *text = set->items[out->count];
		struct assignment *item = &out->items[out->count];
		char why[512] = "out of memory";
		enum code code =
			read_assignment(table, text, item, why, sizeof(why));

		if (code == CODE_OK && find_assigned(out, item->row) != NULL) {
			(void)snprintf(why, sizeof(why), "set twice");
			code = CODE_INVALID_ARGUMENT;
		}
		if (code == CODE_OK)
			continue;
		(void)snprintf(err, err_size, "%s: %s", text, why);
		return code;
	}
	return CODE_OK;
}

enum code
settings_print(const struct settings_table *table, FILE *to,
               const struct setting_list *set, char *err, size_t err_size)
{
	static const struct setting_list none;
	struct assignments assignments = { NULL, 0 };
	enum code code;

	if (set == NULL)
		set = &none;
	/* One more, so that an empty list is no NULL. */
	assignments.items = calloc(set->count + 1, sizeof(struct assignment));
	if (assignments.items == NULL) {
		(void)snprintf(err, err_size, "out of memory");
		return CODE_RESOURCE_EXHAUSTED;
	}
	code = read_assignments(table, set, &assignments, err, err_size);
	if (code == CODE_OK) {
		code = print_all(to, table, &assignments);
		if (code == CODE_OK && ferror(to))
			code = CODE_INTERNAL;
		if (code != CODE_OK)
			(void)snprintf(err, err_size,
			               "the configuration cannot be written");
	}
	free(assignments.items);
	return code;
}
