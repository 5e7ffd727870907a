#include "server/domain/attribute.h"

#include <stdio.h>
#include <string.h>

#include "server/store/user_store.h"

_Static_assert(ATTRIBUTES_MAX <= USER_ATTRIBUTES_MAX,
               "a user has room for every attribute");

/*
 * Names that the API gives a meaning already: members of the user object, of
 * the answers that carry one, and of the requests that carry attributes.
 */
static const char *const reserved[] = {
	"access",
	"access_token",
	"attributes",
	"avatar",
	"code",
	"confirm_password",
	"credential",
	"date_joined",
	"detail",
	"email",
	"email_verified",
	"first_name",
	"full_name",
	"id",
	"id_token",
	"is_active",
	"is_staff",
	"is_superuser",
	"last_login",
	"last_name",
	"message",
	"messages",
	"name",
	"new_password",
	"non_field_errors",
	"old_password",
	"password",
	"permissions",
	"policy",
	"refresh",
	"refresh_token",
	"roles",
	"sessions",
	"status",
	"token",
	"uid",
	"user",
	"user_id",
	"username",
	"username_or_email",
};

static const struct type_row {
	const char *word;
	enum attribute_type type;
} types[] = {
	{ "text", ATTRIBUTE_TEXT },
	{ "integer", ATTRIBUTE_INTEGER },
	{ "flag", ATTRIBUTE_FLAG },
};

static const struct writer_row {
	const char *word;
	enum attribute_writer writer;
} writers[] = {
	{ "user", ATTRIBUTE_BY_USER },
	{ "staff", ATTRIBUTE_BY_STAFF },
	{ "nobody", ATTRIBUTE_BY_NOBODY },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A declaration taken apart; the parts lie in the declaration. */
struct parts {
	const char *name;
	size_t name_len;
	const char *type;
	size_t type_len;
	const char *writer;
};

static bool
take_apart(const char *text, struct parts *out)
{
	const char *first = strchr(text, ':');
	const char *second = first == NULL ? NULL : strchr(first + 1, ':');

	if (second == NULL)
		return false;
	*out = (struct parts){
		.name = text,
		.name_len = (size_t)(first - text),
		.type = first + 1,
		.type_len = (size_t)(second - first) - 1,
		.writer = second + 1,
	};
	return true;
}

static bool
is_name(const char *text, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	static const char all[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

	return len >= 1 && len <= ATTRIBUTE_NAME_MAX &&
	       strchr(letters, text[0]) != NULL && strspn(text, all) == len;
}

static bool
is_reserved(const char *name)
{
	for (size_t i = 0; i < COUNT(reserved); i++)
		if (strcmp(reserved[i], name) == 0)
			return true;
	return false;
}

static bool
read_type(const char *word, size_t len, enum attribute_type *out)
{
	for (size_t i = 0; i < COUNT(types); i++) {
		if (strlen(types[i].word) == len &&
		    memcmp(types[i].word, word, len) == 0) {
			*out = types[i].type;
			return true;
		}
	}
	return false;
}

static bool
read_writer(const char *word, enum attribute_writer *out)
{
	for (size_t i = 0; i < COUNT(writers); i++) {
		if (strcmp(writers[i].word, word) == 0) {
			*out = writers[i].writer;
			return true;
		}
	}
	return false;
}

/* What is wrong with a declaration, or NULL; *out is then complete. */
static const char *
read_declaration(const char *text, struct attribute_declaration *out)
{
	struct parts parts;

	if (!take_apart(text, &parts))
		return "write name:type:writer";
	if (!is_name(parts.name, parts.name_len))
		return "the name begins with a letter, has only a to z, 0 to 9 "
		       "and _, and up to 40 of them";
	*out = (struct attribute_declaration){ 0 };
	memcpy(out->name, parts.name, parts.name_len);
	if (is_reserved(out->name))
		return "the API uses this name already";
	if (!read_type(parts.type, parts.type_len, &out->type))
		return "the type is text, integer or flag";
	if (!read_writer(parts.writer, &out->writer))
		return "the writer is user, staff or nobody";
	return NULL;
}

enum code
attribute_table_read(const struct setting_list *list,
                     struct attribute_table *out, char *err, size_t err_size)
{
	struct attribute_table table = { 0 };

	if (list->count > ATTRIBUTES_MAX) {
		(void)snprintf(err, err_size,
		               "%zu attributes are too many; there may be %d",
		               list->count, ATTRIBUTES_MAX);
		return CODE_INVALID_ARGUMENT;
	}
	for (size_t i = 0; i < list->count; i++) {
		struct attribute_declaration row;
		const char *fault = read_declaration(list->items[i], &row);

		if (fault == NULL && attribute_find(&table, row.name) != NULL)
			fault = "there is one of this name already";
		if (fault != NULL) {
			(void)snprintf(err, err_size, "\"%s\": %s",
			               list->items[i], fault);
			return CODE_INVALID_ARGUMENT;
		}
		table.rows[table.count++] = row;
	}
	*out = table;
	return CODE_OK;
}

const struct attribute_declaration *
attribute_find(const struct attribute_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->rows[i].name, name) == 0)
			return &table->rows[i];
	return NULL;
}
