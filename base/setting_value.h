#ifndef BASE_SETTING_VALUE_H
#define BASE_SETTING_VALUE_H

#include "base/settings.h"

/*
 * The value of one row as text: checked, stored, written. Private to
 * settings*.c. Whoever stores a value has checked it before.
 */
#define SETTING_ITEM_MAX 1024 /* bytes of one text in a list */

/* setting_value_is_valid; a list's row is asked about one of its items. */
bool setting_value_is_valid(const struct setting *row, const char *text);

/* setting_value_explain writes what the row allows and what it got. */
void setting_value_explain(const struct setting *row, const char *text,
                           char *err, size_t err_size);

/*
 * setting_value_store replaces a bool, number or text, or appends to a list,
 * in the struct `out`. RESOURCE_EXHAUSTED: no memory, nothing changed.
 */
NODISCARD enum code setting_value_store(const struct setting *row,
                                        const char *text, void *out);

/* setting_value_reset frees what `out` holds for the row and zeroes it. */
void setting_value_reset(const struct setting *row, void *out);

/*
 * setting_value_read checks and stores a value in its short form, in which a
 * list is comma-separated. INVALID_ARGUMENT and a clause in err, or
 * RESOURCE_EXHAUSTED.
 */
NODISCARD enum code setting_value_read(const struct setting *row,
                                       const char *text, void *out, char *err,
                                       size_t err_size);

/*
 * setting_value_count_is_valid checks how many items a list in `out` has;
 * other rows pass. On failure err gets a clause.
 */
bool setting_value_count_is_valid(const struct setting *row, const void *out,
                                  char *err, size_t err_size);

/* settings_find returns a table's row, or NULL. */
const struct setting *settings_find(const struct settings_table *table,
                                    const char *section, const char *key);

/*
 * settings_read_file reads a configuration file into *out, over what is
 * there; errors as settings_load's.
 */
NODISCARD enum code settings_read_file(const struct settings_table *table,
                                       const char *file, void *out, char *err,
                                       size_t err_size);

#define SETTING_VARIABLE_MAX 128 /* bytes, NUL included */

/* setting_variable writes the name of a row's environment variable. */
void setting_variable(const struct setting *row,
                      char out[SETTING_VARIABLE_MAX]);

#endif
