#include "client/ctl/table.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <unictype.h>
#include <unistr.h>
#include <uniwidth.h>

#define GAP 2 /* columns between two */
#define ENCODING "UTF-8"
#define ZERO_WIDTH_NON_JOINER 0x200c /* both belong to written languages */
#define ZERO_WIDTH_JOINER 0x200d

struct table_row {
	struct table_row *next;
	char *cells[];
};

void
table_init(struct table *table, struct arena *arena, size_t column_count)
{
	assert(column_count > 0 && column_count <= TABLE_COLUMNS_MAX);
	*table = (struct table){ .arena = arena, .column_count = column_count };
}

/* is_shown: no control, format, unassigned or private character. */
static bool
is_shown(ucs4_t point)
{
	return point == ZERO_WIDTH_NON_JOINER || point == ZERO_WIDTH_JOINER ||
	       !uc_is_general_category_withtable(
		       point, UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Zl |
				      UC_CATEGORY_MASK_Zp);
}

/* clean returns what may be shown of a text; bytes that are not UTF-8 are '?'.
 */
static char *
clean(struct arena *arena, const char *text)
{
	const uint8_t *from = (const uint8_t *)text;
	size_t left = strlen(text);
	char *out = arena_alloc(arena, left + 1);
	char *to = out;

	while (out != NULL && left > 0) {
		ucs4_t point;
		int step = u8_mbtoucr(&point, from, left);
		size_t len = step < 1 ? 1 : (size_t)step;

		if (step > 0 && is_shown(point)) {
			memcpy(to, from, len);
			to += len;
		} else {
			*to++ = '?';
		}
		from += len;
		left -= len;
	}
	return out;
}

static size_t
width(const char *text)
{
	int columns = u8_strwidth((const uint8_t *)text, ENCODING);

	return columns < 0 ? 0 : (size_t)columns;
}

void
table_add(struct table *table, const char *const *cells)
{
	struct table_row *row = arena_alloc(
		table->arena,
		sizeof(*row) + table->column_count * sizeof(char *));

	if (row == NULL) {
		table->failed = true;
		return;
	}
	for (size_t i = 0; i < table->column_count; i++) {
		row->cells[i] = clean(table->arena, cells[i]);
		if (row->cells[i] == NULL) {
			table->failed = true;
			return;
		}
		if (width(row->cells[i]) > table->widths[i])
			table->widths[i] = width(row->cells[i]);
	}
	if (table->last == NULL)
		table->first = row;
	else
		table->last->next = row;
	table->last = row;
}

static size_t
last_text(const struct table *table, const struct table_row *row)
{
	size_t last = table->column_count - 1;

	while (last > 0 && row->cells[last][0] == '\0')
		last--;
	return last;
}

static void
print_row(const struct table *table, const struct table_row *row, FILE *to)
{
	size_t last = last_text(table, row);

	for (size_t i = 0; i <= last; i++) {
		size_t pad = table->widths[i] - width(row->cells[i]) + GAP;

		(void)fputs(row->cells[i], to);
		if (i < last)
			(void)fprintf(to, "%*s", (int)pad, "");
	}
	(void)fputc('\n', to);
}

void
table_print(const struct table *table, FILE *to)
{
	for (const struct table_row *row = table->first; row != NULL;
	     row = row->next)
		print_row(table, row, to);
}
