/* Invariant: what is in the table has passed the checks of every template. */
#include "server/domain/mail_template.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/domain/mail_slot.h"
#include "server/domain/mail_template_file.h"
#include "server/domain/mail_templates/builtin.h"
#include "server/store/outbox_store.h"

#define TEMPLATES_MAX 32 /* files */
#define PATH_SIZE 4096
#define SUBJECT "Subject: "

struct template
{
	const char *name;     /* of its file */
	char *own;            /* NULL if it is compiled in */
	struct bytes subject; /* in a text template; else empty */
	struct bytes body;
};

struct mail_templates {
	struct template items[TEMPLATES_MAX];
	size_t count;
};

static bool
is_text(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".txt") == 0;
}

/* A line without its end, and what follows it. */
static struct bytes
cut_line(struct bytes *text)
{
	const char *end = memchr(text->data, '\n', text->len);
	size_t len = end == NULL ? text->len
	                         : (size_t)(end - (const char *)text->data);
	struct bytes line = { text->data, len };

	if (end != NULL)
		len++;
	text->data = (const char *)text->data + len;
	text->len -= len;
	if (line.len > 0 && ((const char *)line.data)[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Splits a text template; false: it does not begin as it should. */
static bool
split(struct bytes text, struct template *out)
{
	struct bytes first = cut_line(&text);
	struct bytes second = cut_line(&text);
	const size_t begin = strlen(SUBJECT);

	if (first.len <= begin || memcmp(first.data, SUBJECT, begin) != 0 ||
	    second.len != 0)
		return false;
	out->subject = (struct bytes){ (const char *)first.data + begin,
		                       first.len - begin };
	out->body = text;
	return true;
}

/* Checks a template and fills the row; `path` is for people. */
static enum code
take(struct template *row, struct bytes text, const char *path, char *err,
     size_t err_size)
{
	const char *fault = "";
	size_t line = 0;
	bool ok = mail_slot_check(text, &line, &fault);

	row->subject = (struct bytes){ "", 0 };
	row->body = text;
	if (ok && is_text(row->name)) {
		line = 1;
		fault = "must begin with \"Subject: ...\" and an empty line";
		ok = split(text, row);
	}
	if (ok)
		return CODE_OK;
	(void)snprintf(err, err_size, "%s:%zu: %s", path, line, fault);
	return CODE_INVALID_ARGUMENT;
}

static enum code
take_builtin(struct mail_templates *templates, char *err, size_t err_size)
{
	enum code code = CODE_OK;

	assert(builtin_mail_templates_count <= TEMPLATES_MAX);
	for (size_t i = 0; code == CODE_OK && i < builtin_mail_templates_count;
	     i++) {
		const struct embedded_file *file = &builtin_mail_templates[i];
		struct template *row = &templates->items[templates->count++];

		row->name = file->name;
		code = take(row, (struct bytes){ file->data, file->len },
		            file->name, err, err_size);
	}
	return code;
}

static enum code
replace(struct template *row, const char *dir, char *err, size_t err_size)
{
	char path[PATH_SIZE];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, row->name);
	size_t len = 0;
	enum code code;

	if (n < 0 || (size_t)n >= sizeof(path)) {
		(void)snprintf(err, err_size, "%s: too long a path", dir);
		return CODE_INVALID_ARGUMENT;
	}
	code = mail_template_file_read(path, &row->own, &len, err, err_size);
	if (code == CODE_NOT_FOUND)
		return CODE_OK;
	if (code != CODE_OK)
		return code;
	return take(row, (struct bytes){ row->own, len }, path, err, err_size);
}

static bool
is_known(const char *name)
{
	for (size_t i = 0; i < builtin_mail_templates_count; i++)
		if (strcmp(builtin_mail_templates[i].name, name) == 0)
			return true;
	return false;
}

static enum code
take_dir(struct mail_templates *templates, const char *dir, char *err,
         size_t err_size)
{
	enum code code = mail_template_file_check(dir, is_known, err, err_size);

	for (size_t i = 0; code == CODE_OK && i < templates->count; i++)
		code = replace(&templates->items[i], dir, err, err_size);
	return code;
}

enum code
mail_templates_open(const char *dir, struct mail_templates **out, char *err,
                    size_t err_size)
{
	struct mail_templates *templates = calloc(1, sizeof(*templates));
	enum code code;

	if (templates == NULL) {
		(void)snprintf(err, err_size, "not enough memory");
		return CODE_RESOURCE_EXHAUSTED;
	}
	code = take_builtin(templates, err, err_size);
	if (code == CODE_OK && *dir != '\0')
		code = take_dir(templates, dir, err, err_size);
	if (code != CODE_OK) {
		mail_templates_close(templates);
		return code;
	}
	*out = templates;
	return CODE_OK;
}

void
mail_templates_close(struct mail_templates *templates)
{
	if (templates == NULL)
		return;
	for (size_t i = 0; i < templates->count; i++)
		free(templates->items[i].own);
	free(templates);
}

static const struct template *
find(const struct mail_templates *templates, const char *name, const char *end)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < templates->count; i++) {
		const char *file = templates->items[i].name;

		if (strncmp(file, name, len) == 0 &&
		    strcmp(file + len, end) == 0)
			return &templates->items[i];
	}
	return NULL;
}

/* NULL: the arena is full. */
static char *
fill(struct arena *arena, struct bytes template, const struct mail *mail,
     enum mail_format format)
{
	struct mail_buffer buffer = { 0 };

	mail_slot_fill(&buffer, template, mail, format);
	if (mail_buffer_alloc(&buffer, arena) != CODE_OK)
		return NULL;
	mail_slot_fill(&buffer, template, mail, format);
	return buffer.data;
}

/* Cuts between characters, not in one. */
static void
cut_subject(char *subject)
{
	size_t len = strlen(subject);

	if (len <= MAIL_SUBJECT_MAX)
		return;
	len = MAIL_SUBJECT_MAX;
	while (len > 0 && ((unsigned char)subject[len] & 0xc0) == 0x80)
		len--;
	subject[len] = '\0';
}

enum code
mail_templates_fill(const struct mail_templates *templates, struct arena *arena,
                    const struct mail *mail, struct mail_words *out)
{
	const struct template *text =
		find(templates, mail->template_name, ".txt");
	const struct template *html =
		find(templates, mail->template_name, ".html");
	struct mail_words words;
	char *subject;

	if (text == NULL || html == NULL)
		return CODE_NOT_FOUND;
	subject = fill(arena, text->subject, mail, MAIL_FORMAT_TEXT);
	words.text = fill(arena, text->body, mail, MAIL_FORMAT_TEXT);
	words.html = fill(arena, html->body, mail, MAIL_FORMAT_HTML);
	if (subject == NULL || words.text == NULL || words.html == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	cut_subject(subject);
	words.subject = subject;
	*out = words;
	return CODE_OK;
}
