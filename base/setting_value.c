#include "base/setting_value.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/code.h"

static const char *const true_words[] = { "true", "yes", "on", NULL };
static const char *const false_words[] = { "false", "no", "off", NULL };

static bool
is_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

/* read_number takes decimal digits with an optional minus and nothing else. */
static bool
read_number(const char *text, int64_t *out)
{
	const char *digits = text + (*text == '-');
	char *end;
	long long value;

	if (!isdigit((unsigned char)*digits))
		return false;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0')
		return false;
	*out = value;
	return true;
}

static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static bool
text_is_valid(const struct setting *row, const char *text)
{
	size_t len = strlen(text);

	if (!is_printable(text))
		return false;
	if (row->type == SETTING_LIST)
		return len > 0 && len <= SETTING_ITEM_MAX;
	if (row->choices != NULL)
		return is_one_of(text, row->choices);
	return (int64_t)len >= row->min && (int64_t)len <= row->max;
}

bool
setting_value_is_valid(const struct setting *row, const char *text)
{
	int64_t number;

	switch (row->type) {
	case SETTING_BOOL:
		return is_one_of(text, true_words) ||
		       is_one_of(text, false_words);
	case SETTING_NUMBER:
		return read_number(text, &number) && number >= row->min &&
		       number <= row->max;
	case SETTING_TEXT:
	case SETTING_LIST:
		return text_is_valid(row, text);
	}
	return false;
}

/* A sentence put together piece by piece; what does not fit is cut. */
struct sentence {
	char *data;
	size_t size;
	size_t len;
};

static void
say(struct sentence *s, const char *text)
{
	for (; *text != '\0' && s->len + 1 < s->size; text++)
		s->data[s->len++] = *text;
	if (s->size > 0)
		s->data[s->len] = '\0';
}

static void
say_number(struct sentence *s, int64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)number);
	say(s, text);
}

/* say_given quotes at most 40 bytes, unprintable ones as '?'. */
static void
say_given(struct sentence *s, const char *text)
{
	char shown[41];
	size_t len = 0;

	for (; text[len] != '\0' && len < sizeof(shown) - 1; len++) {
		shown[len] = text[len];
		if (!is_printable((char[]){ text[len], '\0' }))
			shown[len] = '?';
	}
	shown[len] = '\0';
	say(s, ", not \"");
	say(s, shown);
	say(s, text[len] == '\0' ? "\"" : "...\"");
}

static void
say_range(struct sentence *s, const struct setting *row, const char *unit)
{
	say_number(s, row->min);
	say(s, " to ");
	say_number(s, row->max);
	say(s, unit);
}

void
setting_value_explain(const struct setting *row, const char *text, char *err,
                      size_t err_size)
{
	struct sentence s = { err, err_size, 0 };

	say(&s, row->section);
	say(&s, ".");
	say(&s, row->key);
	switch (row->type) {
	case SETTING_BOOL:
		say(&s, " must be true or false");
		break;
	case SETTING_NUMBER:
		say(&s, " must be a whole number from ");
		say_range(&s, row, "");
		break;
	case SETTING_LIST:
		say(&s, " must be a list of texts of 1 to ");
		say_number(&s, SETTING_ITEM_MAX);
		say(&s, " bytes without control characters");
		break;
	case SETTING_TEXT:
		if (row->choices == NULL) {
			say(&s, " must be a text of ");
			say_range(&s, row, " bytes without control characters");
			break;
		}
		say(&s, " must be one of ");
		for (size_t i = 0; row->choices[i] != NULL; i++) {
			say(&s, i == 0 ? "" : ", ");
			say(&s, row->choices[i]);
		}
		break;
	}
	say_given(&s, text);
}

static enum code
append(struct setting_list *list, const char *text)
{
	char **items =
		realloc(list->items, (list->count + 1) * sizeof(*list->items));

	if (items == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	list->items = items;
	items[list->count] = strdup(text);
	if (items[list->count] == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	list->count++;
	return CODE_OK;
}

static enum code
replace(char **member, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	free(*member);
	*member = copy;
	return CODE_OK;
}

enum code
setting_value_store(const struct setting *row, const char *text, void *out)
{
	void *member = (char *)out + row->offset;

	switch (row->type) {
	case SETTING_BOOL:
		*(bool *)member = is_one_of(text, true_words);
		return CODE_OK;
	case SETTING_NUMBER:
		(void)read_number(text, member);
		return CODE_OK;
	case SETTING_TEXT:
		return replace(member, text);
	case SETTING_LIST:
		return append(member, text);
	}
	return CODE_INTERNAL;
}

void
setting_value_reset(const struct setting *row, void *out)
{
	void *member = (char *)out + row->offset;
	struct setting_list *list = member;

	switch (row->type) {
	case SETTING_BOOL:
		*(bool *)member = false;
		break;
	case SETTING_NUMBER:
		*(int64_t *)member = 0;
		break;
	case SETTING_TEXT:
		free(*(char **)member);
		*(char **)member = NULL;
		break;
	case SETTING_LIST:
		for (size_t i = 0; i < list->count; i++)
			free(list->items[i]);
		free(list->items);
		*list = (struct setting_list){ 0 };
		break;
	}
}

bool
setting_value_count_is_valid(const struct setting *row, const void *out,
                             char *err, size_t err_size)
{
	const struct setting_list *list =
		(const void *)((const char *)out + row->offset);

	if (row->type != SETTING_LIST || ((int64_t)list->count >= row->min &&
	                                  (int64_t)list->count <= row->max))
		return true;
	(void)snprintf(err, err_size, "%s.%s must have %lld to %lld items",
	               row->section, row->key, (long long)row->min,
	               (long long)row->max);
	return false;
}

static enum code
read_one(const struct setting *row, const char *text, void *out, char *err,
         size_t err_size)
{
	if (!setting_value_is_valid(row, text)) {
		setting_value_explain(row, text, err, err_size);
		return CODE_INVALID_ARGUMENT;
	}
	return setting_value_store(row, text, out);
}

/* trim cuts blanks at both ends, in place. */
static char *
trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	while (*text == ' ' || *text == '\t')
		text++;
	return text;
}

static enum code
read_items(const struct setting *row, char *text, void *out, char *err,
           size_t err_size)
{
	enum code code = CODE_OK;
	char *item;

	if (*trim(text) == '\0')
		return CODE_OK;
	while (code == CODE_OK && (item = strsep(&text, ",")) != NULL)
		code = read_one(row, trim(item), out, err, err_size);
	return code;
}

enum code
setting_value_read(const struct setting *row, const char *text, void *out,
                   char *err, size_t err_size)
{
	enum code code;
	char *copy;

	if (row->type != SETTING_LIST)
		return read_one(row, text, out, err, err_size);
	copy = strdup(text);
	if (copy == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	setting_value_reset(row, out);
	code = read_items(row, copy, out, err, err_size);
	free(copy);
	if (code == CODE_OK &&
	    !setting_value_count_is_valid(row, out, err, err_size))
		return CODE_INVALID_ARGUMENT;
	return code;
}
