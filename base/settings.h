#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/code.h"

/*
 * A program's settings as one table. From it come the parser, the checks, the
 * environment overrides and the commented example that ships, so that none of
 * them can disagree. To add a setting: a member in the program's struct and a
 * row in its table.
 */
enum setting_type {
	SETTING_BOOL,   /* bool */
	SETTING_NUMBER, /* int64_t, min..max */
	SETTING_TEXT,   /* char *, never NULL, min..max bytes */
	SETTING_LIST,   /* struct setting_list, min..max texts */
};

struct setting_list {
	char **items;
	size_t count;
};

struct setting {
	const char *section;
	const char *key;
	enum setting_type type;
	size_t offset;   /* of the member in the program's struct */
	const char *def; /* as written in the file; lists: comma-separated */
	int64_t min, max;
	const char *const *choices; /* SETTING_TEXT: NULL-terminated, or NULL */
	const char *doc; /* complete sentences, with unit and range */
};

struct settings_table {
	const char *program; /* "latchkeyd" */
	const struct setting *rows;
	size_t count;
	size_t size;     /* of the program's struct */
	bool is_partial; /* the file has more, which is not looked at */
};

/*
 * settings_load fills *out from defaults, then the file (NULL: none), then
 * environment variables LATCHKEY_<SECTION>_<KEY>. On failure it returns
 * CODE_INVALID_ARGUMENT, writes one sentence that names the file and line or
 * the variable into err, and leaves *out empty. Unknown sections and keys are
 * failures, unless the table is partial, and so is a key set twice. A variable
 * that names no row is another program's and ignored. Not for two threads at
 * the same time.
 */
NODISCARD enum code settings_load(const struct settings_table *table,
                                  const char *file, void *out, char *err,
                                  size_t err_size);

/* settings_free frees what settings_load allocated in *out and empties it. */
void settings_free(const struct settings_table *table, void *out);

/*
 * settings_path resolves a path that a setting holds: relative ones begin at
 * the directory of `file` (NULL: the current one), "" stays "". NULL without
 * memory; the caller frees it.
 */
char *settings_path(const char *file, const char *text);

/*
 * settings_print writes the commented example: every key with its doc, its
 * default commented out, its variable's name. Keys named in `set` (NULL: none;
 * items "section.key=value", lists comma-separated) are written uncommented
 * with that value; CODE_INVALID_ARGUMENT and a sentence in err if one is
 * unknown or bad, and nothing is written then.
 */
NODISCARD enum code settings_print(const struct settings_table *table, FILE *to,
                                   const struct setting_list *set, char *err,
                                   size_t err_size);

#endif
