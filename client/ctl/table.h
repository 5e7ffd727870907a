#ifndef CLIENT_CTL_TABLE_H
#define CLIENT_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"

/*
 * A table for people: columns as wide as their widest text on a terminal, East
 * Asian and combining characters counted as they are shown. Whatever a stranger
 * may have written in a name cannot reach the terminal as a command: control
 * and formatting characters become '?'.
 */
#define TABLE_COLUMNS_MAX 16

struct table {
	struct arena *arena;
	size_t column_count;
	size_t widths[TABLE_COLUMNS_MAX];
	struct table_row *first, *last;
	bool failed; /* sticky: the arena is full */
};

/* table_init makes an empty table of 1 to TABLE_COLUMNS_MAX columns. */
void table_init(struct table *table, struct arena *arena, size_t column_count);

/* table_add appends a row of column_count UTF-8 texts. */
void table_add(struct table *table, const char *const *cells);

/* table_print prints the rows; no white space at the ends of lines. */
void table_print(const struct table *table, FILE *to);

#endif
