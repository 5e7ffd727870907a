#include "base/settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/setting_value.h"

const struct setting *
settings_find(const struct settings_table *table, const char *section,
              const char *key)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->rows[i].section, section) == 0 &&
		    strcmp(table->rows[i].key, key) == 0)
			return &table->rows[i];
	return NULL;
}

void
setting_variable(const struct setting *row, char out[SETTING_VARIABLE_MAX])
{
	(void)snprintf(out, SETTING_VARIABLE_MAX, "LATCHKEY_%s_%s",
	               row->section, row->key);
	for (; *out != '\0'; out++)
		*out = (char)toupper((unsigned char)*out);
}

/* blame puts the source at fault before the clause that err holds. */
static enum code
blame(enum code code, const char *source, char *err, size_t err_size)
{
	char why[512];

	if (code == CODE_OK)
		return code;
	(void)snprintf(why, sizeof(why), "%s",
	               code == CODE_RESOURCE_EXHAUSTED ? "out of memory" : err);
	(void)snprintf(err, err_size, "%s: %s", source, why);
	return code;
}

static enum code
read_defaults(const struct settings_table *table, void *out, char *err,
              size_t err_size)
{
	enum code code = CODE_OK;

	for (size_t i = 0; i < table->count && code == CODE_OK; i++) {
		const struct setting *row = &table->rows[i];

		code = setting_value_read(row, row->def, out, err, err_size);
		code = blame(code, "built-in default", err, err_size);
	}
	return code;
}

static enum code
read_environment(const struct settings_table *table, void *out, char *err,
                 size_t err_size)
{
	enum code code = CODE_OK;

	for (size_t i = 0; i < table->count && code == CODE_OK; i++) {
		const struct setting *row = &table->rows[i];
		char variable[SETTING_VARIABLE_MAX];
		const char *text;

		setting_variable(row, variable);
		text = getenv(variable);
		if (text == NULL)
			continue;
		code = setting_value_read(row, text, out, err, err_size);
		code = blame(code, variable, err, err_size);
	}
	return code;
}

enum code
settings_load(const struct settings_table *table, const char *file, void *out,
              char *err, size_t err_size)
{
	enum code code;

	memset(out, 0, table->size);
	code = read_defaults(table, out, err, err_size);
	if (code == CODE_OK && file != NULL)
		code = settings_read_file(table, file, out, err, err_size);
	if (code == CODE_OK)
		code = read_environment(table, out, err, err_size);
	if (code != CODE_OK)
		settings_free(table, out);
	return code;
}

void
settings_free(const struct settings_table *table, void *out)
{
	for (size_t i = 0; i < table->count; i++)
		setting_value_reset(&table->rows[i], out);
	memset(out, 0, table->size);
}

char *
settings_path(const char *file, const char *text)
{
	const char *slash = file == NULL ? NULL : strrchr(file, '/');
	size_t dir_len = slash == NULL ? 0 : (size_t)(slash - file) + 1;
	size_t text_len = strlen(text);
	char *path;

	if (*text == '/' || *text == '\0')
		dir_len = 0;
	path = malloc(dir_len + text_len + 1);
	if (path == NULL)
		return NULL;
	if (dir_len > 0)
		memcpy(path, file, dir_len);
	memcpy(path + dir_len, text, text_len + 1);
	return path;
}
