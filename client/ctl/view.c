#include "client/ctl/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "client/ctl/commands.h"
#include "client/ctl/message_json.h"
#include "client/ctl/table.h"

#define US_PER_S 1000000

/* A text that grows in the arena; NULL once it did not fit. */
static const char *
join(struct arena *arena, const char *before, const char *text)
{
	if (before == NULL || text == NULL)
		return NULL;
	if (*before == '\0')
		return text;
	return arena_printf(arena, "%s, %s", before, text);
}

static const char *
show_time(struct arena *arena, const char *number)
{
	time_t seconds = (time_t)(strtoll(number, NULL, 10) / US_PER_S);
	char text[32];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%SZ", &tm) == 0)
		return number;
	return arena_strdup(arena, text);
}

static bool
is_time(const char *member)
{
	size_t len = strlen(member);

	return len > 3 && strcmp(member + len - 3, "_us") == 0;
}

/* show_plain shows what is neither list nor object. */
static const char *
show_plain(struct arena *arena, const char *member, const struct json *value)
{
	if (value == NULL || value->type == JSON_NULL)
		return "";
	if (value->type == JSON_TRUE)
		return "yes";
	if (value->type == JSON_FALSE)
		return "no";
	if (value->type == JSON_NUMBER && is_time(member))
		return show_time(arena, value->text);
	return value->text == NULL ? "" : value->text;
}

/* show_named shows an attribute: {"name":N, "text" or whichever: V}. */
static const char *
show_named(struct arena *arena, const struct json *object)
{
	const char *name = "", *text = "";

	for (const struct json *m = object->first; m != NULL; m = m->next)
		if (strcmp(m->key, "name") == 0)
			name = show_plain(arena, m->key, m);
		else
			text = show_plain(arena, m->key, m);
	return arena_printf(arena, "%s=%s", name, text);
}

static const char *
show(struct arena *arena, const char *member, const struct json *value)
{
	const char *text = "";

	if (value == NULL || value->type != JSON_LIST)
		return show_plain(arena, member, value);
	for (const struct json *item = value->first; item != NULL;
	     item = item->next)
		text = join(arena, text,
		            item->type == JSON_OBJECT
		                    ? show_named(arena, item)
		                    : show_plain(arena, member, item));
	return text;
}

static const char *
or_nothing(struct table *table, const char *text)
{
	if (text == NULL)
		table->failed = true;
	return text == NULL ? "" : text;
}

static void
fill_list(const struct view *view, struct table *table, const struct json *rows)
{
	const char *cells[TABLE_COLUMNS_MAX];

	for (size_t i = 0; i < view->column_count; i++)
		cells[i] = view->columns[i].head;
	table_add(table, cells);
	for (const struct json *row = rows == NULL ? NULL : rows->first;
	     row != NULL; row = row->next) {
		for (size_t i = 0; i < view->column_count; i++) {
			const char *member = view->columns[i].member;

			cells[i] = or_nothing(table,
			                      show(table->arena, member,
			                           json_member(row, member)));
		}
		table_add(table, cells);
	}
}

static void
fill_object(struct table *table, const struct json *object)
{
	for (const struct json *m = object == NULL ? NULL : object->first;
	     m != NULL; m = m->next) {
		const char *cells[2] = {
			m->key,
			or_nothing(table, show(table->arena, m->key, m)),
		};

		table_add(table, cells);
	}
}

/* print_rest prints what an answer says beside its list or object. */
static void
print_rest(const struct view *view, struct arena *arena,
           const struct json *answer)
{
	const struct json *page = json_member(answer, "page");
	const struct json *total = json_member(answer, "total_count");
	const struct json *warnings = json_member(answer, "password_warnings");

	if (view->list != NULL && page != NULL && total != NULL)
		(void)printf("\n%s in all, page %s\n", total->text, page->text);
	for (const struct json *w = warnings == NULL ? NULL : warnings->first;
	     w != NULL; w = w->next)
		(void)fprintf(stderr, "warning: %s\n",
		              show_plain(arena, "", w));
}

static int
print(const struct view *view, struct arena *arena, const struct json *answer)
{
	struct table table;

	if (view->list == NULL && view->object == NULL) {
		(void)puts(view->done);
		return EXIT_CODE_OK;
	}
	if (view->list != NULL) {
		table_init(&table, arena, view->column_count);
		fill_list(view, &table, json_member(answer, view->list));
	} else {
		table_init(&table, arena, 2);
		fill_object(&table, json_member(answer, view->object));
	}
	if (table.failed)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
	table_print(&table, stdout);
	print_rest(view, arena, answer);
	return EXIT_CODE_OK;
}

int
view_print(const struct view *view, struct arena *arena,
           const ProtobufCMessage *answer)
{
	struct json *json = NULL;
	struct json_error err;
	struct json_out out;
	int status;

	json_out_init(&out, arena);
	message_to_json(&out, answer);
	if (json_out_end(&out) != CODE_OK ||
	    json_read(arena, out.data, out.len, &json, &err) != CODE_OK)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
	status = print(view, arena, json);
	if (fflush(stdout) != 0 && status == EXIT_CODE_OK)
		status = command_fail(EXIT_CODE_USAGE, PROGRAM,
		                      "standard output cannot be written");
	return status;
}
