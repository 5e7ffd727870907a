/*
 * The configuration file, by libconfuse. Its syntax is libconfuse's; what the
 * values may be is the table's: libconfuse sees every value as a text, and the
 * table checks it while the line is known.
 *
 * libconfuse hands its callbacks no context. Every option of ours therefore
 * carries the address of its slot in the numeric default, which options
 * without a default do not use.
 */
#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/setting_value.h"

#define FILE_MAX_BYTES ((size_t)256 * 1024)

struct reader {
	const struct settings_table *table;
	const char *file;
	char *err;
	size_t err_size;
	bool failed;          /* err holds the first failure */
	struct slot *slots;   /* one per row, then one for all sections */
	cfg_opt_t *options;   /* of all sections, one after the other */
	cfg_opt_t *sections;  /* of the file */
	size_t option_count;  /* used in options */
	size_t section_count; /* used in sections */
};

/* What an option leads to. */
struct slot {
	struct reader *reader;
	const struct setting *row; /* NULL: a section */
	bool seen;
};

static struct slot *
option_slot(const cfg_opt_t *option)
{
	/* The address went in as a long and comes out of one. */
	return (struct slot *)option->def.number; // NOLINT
}

static void
fail_at(struct reader *reader, int line, const char *what)
{
	if (!reader->failed)
		(void)snprintf(reader->err, reader->err_size, "%s:%d: %s",
		               reader->file, line, what);
	reader->failed = true;
}

static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char what[512];

	(void)vsnprintf(what, sizeof(what), fmt, ap);
	fail_at(option_slot(&cfg->opts[0])->reader, cfg->line, what);
}

/* on_value checks a value where its line is known; it is stored later. */
static int
on_value(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
	struct slot *slot = option_slot(option);
	char why[512];

	/* The first value of an assignment is the only one so far. */
	if (slot->seen && option->nvalues <= 1) {
		(void)snprintf(why, sizeof(why), "%s.%s is set twice",
		               slot->row->section, slot->row->key);
		fail_at(slot->reader, cfg->line, why);
		return -1;
	}
	slot->seen = true;
	if (!setting_value_is_valid(slot->row, value)) {
		setting_value_explain(slot->row, value, why, sizeof(why));
		fail_at(slot->reader, cfg->line, why);
		return -1;
	}
	*(const char **)result = value;
	return 0;
}

static bool
is_first_of_section(const struct settings_table *table, size_t row)
{
	for (size_t i = 0; i < row; i++)
		if (strcmp(table->rows[i].section, table->rows[row].section) ==
		    0)
			return false;
	return true;
}

static void
add_option(struct reader *reader, struct slot *slot)
{
	cfg_opt_t option =
		CFG_STR_CB(slot->row->key, NULL, CFGF_NODEFAULT, on_value);

	if (slot->row->type == SETTING_LIST)
		option.flags |= CFGF_LIST;
	option.def.number = (long)slot;
	reader->options[reader->option_count++] = option;
}

static void
add_section(struct reader *reader, const char *name)
{
	const struct settings_table *table = reader->table;
	cfg_opt_t *first = &reader->options[reader->option_count];
	cfg_opt_t section = CFG_SEC(name, first, CFGF_NONE);

	section.def.number = (long)&reader->slots[table->count];
	for (size_t i = 0; i < table->count; i++) {
		reader->slots[i].reader = reader;
		reader->slots[i].row = &table->rows[i];
		if (strcmp(table->rows[i].section, name) == 0)
			add_option(reader, &reader->slots[i]);
	}
	reader->options[reader->option_count++] = (cfg_opt_t)CFG_END();
	reader->sections[reader->section_count++] = section;
}

/* make_parser turns the table into libconfuse's options; NULL: no memory. */
static cfg_t *
make_parser(struct reader *reader)
{
	const struct settings_table *table = reader->table;
	cfg_t *cfg;

	/* At worst every row has a section of its own, each with an end. */
	reader->slots = calloc(table->count + 1, sizeof(struct slot));
	reader->options = calloc(2 * table->count + 1, sizeof(cfg_opt_t));
	reader->sections = calloc(table->count + 1, sizeof(cfg_opt_t));
	if (reader->slots == NULL || reader->options == NULL ||
	    reader->sections == NULL)
		return NULL;
	reader->slots[table->count].reader = reader;
	for (size_t i = 0; i < table->count; i++)
		if (is_first_of_section(table, i))
			add_section(reader, table->rows[i].section);
	reader->sections[reader->section_count] = (cfg_opt_t)CFG_END();
	cfg = cfg_init(reader->sections,
	               table->is_partial ? CFGF_IGNORE_UNKNOWN : CFGF_NONE);
	if (cfg != NULL)
		(void)cfg_set_error_function(cfg, on_error);
	return cfg;
}

static enum code
store_option(const struct setting *row, cfg_opt_t *option, void *out)
{
	enum code code = CODE_OK;

	if ((option->flags & CFGF_MODIFIED) == 0)
		return CODE_OK;
	setting_value_reset(row, out);
	for (unsigned i = 0; i < cfg_opt_size(option) && code == CODE_OK; i++)
		code = setting_value_store(row, cfg_opt_getnstr(option, i),
		                           out);
	return code;
}

/* store_all takes over what the file set, all of it valid. */
static enum code
store_all(struct reader *reader, cfg_t *cfg, void *out)
{
	const struct settings_table *table = reader->table;
	char why[256];

	for (size_t i = 0; i < table->count; i++) {
		const struct setting *row = &table->rows[i];
		cfg_t *section = cfg_getsec(cfg, row->section);
		cfg_opt_t *option = cfg_getopt(section, row->key);
		enum code code = store_option(row, option, out);

		if (code != CODE_OK)
			return code;
		if (!setting_value_count_is_valid(row, out, why, sizeof(why)))
			fail_at(reader, section->line, why);
	}
	return reader->failed ? CODE_INVALID_ARGUMENT : CODE_OK;
}

static enum code
parse(struct reader *reader, const char *text, void *out)
{
	cfg_t *cfg = make_parser(reader);
	enum code code = CODE_RESOURCE_EXHAUSTED;

	if (cfg != NULL && cfg_parse_buf(cfg, text) != CFG_SUCCESS) {
		fail_at(reader, cfg->line, "this line cannot be understood");
		code = CODE_INVALID_ARGUMENT;
	} else if (cfg != NULL) {
		code = store_all(reader, cfg, out);
	}
	if (cfg != NULL)
		(void)cfg_free(cfg);
	free(reader->slots);
	free(reader->options);
	free(reader->sections);
	if (code == CODE_RESOURCE_EXHAUSTED)
		(void)snprintf(reader->err, reader->err_size,
		               "%s: out of memory", reader->file);
	return code;
}

static const char *
read_all(int fd, char *text)
{
	struct stat st;
	size_t len = 0;
	ssize_t got;

	/* libconfuse's scanner ends the process when it cannot read. */
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return "not a regular file";
	do {
		got = read(fd, text + len, FILE_MAX_BYTES + 1 - len);
		if (got < 0)
			return strerror(errno);
		len += (size_t)got;
	} while (got > 0 && len <= FILE_MAX_BYTES);
	if (len > FILE_MAX_BYTES)
		return "longer than 256 KiB";
	text[len] = '\0';
	return strlen(text) == len ? NULL : "a NUL byte in it";
}

static const char *
read_file(const char *file, char *text)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *why;

	if (fd < 0)
		return strerror(errno);
	why = read_all(fd, text);
	(void)close(fd);
	return why;
}

/* comment_length returns the length of the comment at `text`, or 0. */
static size_t
comment_length(const char *text)
{
	const char *end;

	if (text[0] == '#' || (text[0] == '/' && text[1] == '/'))
		return strcspn(text, "\n");
	if (text[0] != '/' || text[1] != '*')
		return 0;
	end = strstr(text + 2, "*/");
	return end == NULL ? 0 : (size_t)(end - text) + 2;
}

static size_t
quoted_length(const char *text)
{
	size_t len = 1;

	while (text[len] != '\0' && text[len] != text[0])
		len += text[len] == '\\' && text[len + 1] != '\0' ? 2 : 1;
	return text[len] == '\0' ? len : len + 1;
}

static void
blank(char *from, const char *to)
{
	for (; from < to; from++)
		if (*from != '\n')
			*from = ' ';
}

/*
 * blank_comments overwrites comments with spaces: libconfuse 3.3 counts the
 * line of a one-line comment twice, and our example is mostly comments. It
 * also takes the end of the file for a closing brace; so this returns how
 * many are missing.
 */
static int
blank_comments(char *text)
{
	int open_count = 0;

	while (*text != '\0') {
		size_t len = comment_length(text);

		blank(text, text + len);
		if (len == 0 && (*text == '"' || *text == '\''))
			len = quoted_length(text);
		open_count += (*text == '{') - (*text == '}');
		text += len == 0 ? 1 : len;
	}
	return open_count;
}

static bool
has_section(const struct settings_table *table, const char *name, size_t len)
{
	for (size_t i = 0; i < table->count; i++)
		if (strlen(table->rows[i].section) == len &&
		    memcmp(table->rows[i].section, name, len) == 0)
			return true;
	return false;
}

/*
 * blank_foreign overwrites the sections that a partial table does not have:
 * libconfuse 3.3 can pass over an unknown key, but not over an unknown section.
 */
static void
blank_foreign(const struct settings_table *table, char *text)
{
	static const char space[] = " \t\r\n";
	char *name = text;
	size_t name_len = 0;
	int depth = 0;

	while (*text != '\0') {
		size_t len =
			*text == '"' || *text == '\'' ? quoted_length(text) : 1;

		if (depth == 0 && strchr(space, *text) == NULL &&
		    *text != '{') {
			name = text;
			len = name_len = strcspn(text, " \t\r\n{");
		}
		depth += (*text == '{') - (*text == '}');
		if (*text == '}' && depth == 0 &&
		    !has_section(table, name, name_len))
			blank(name, text + 1);
		text += len;
	}
}

enum code
settings_read_file(const struct settings_table *table, const char *file,
                   void *out, char *err, size_t err_size)
{
	struct reader reader = {
		.table = table, .file = file, .err = err, .err_size = err_size
	};
	char *text = calloc(1, FILE_MAX_BYTES + 2);
	enum code code = CODE_INVALID_ARGUMENT;
	const char *why;
	int missing = 0;

	if (text == NULL) {
		(void)snprintf(err, err_size, "%s: out of memory", file);
		return CODE_RESOURCE_EXHAUSTED;
	}
	why = read_file(file, text);
	if (why == NULL)
		missing = blank_comments(text);
	if (why == NULL && table->is_partial)
		blank_foreign(table, text);
	if (why != NULL)
		(void)snprintf(err, err_size, "%s: cannot be read: %s", file,
		               why);
	else
		code = parse(&reader, text, out);
	if (code == CODE_OK && missing > 0) {
		(void)snprintf(err, err_size, "%s: a closing brace is missing",
		               file);
		code = CODE_INVALID_ARGUMENT;
	}
	free(text);
	return code;
}
