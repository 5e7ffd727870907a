#include "server/store/user_record.h"

#include <stddef.h>
#include <string.h>

#include "proto/latchkey/store/v1/user_record.pb-c.h"
#include "server/store/record.h"
#include "server/store/stored_text.h"

#define VALUE_TEXT LATCHKEY__STORE__V1__USER_RECORD__ATTRIBUTE__VALUE_TEXT
#define VALUE_INTEGER LATCHKEY__STORE__V1__USER_RECORD__ATTRIBUTE__VALUE_INTEGER
#define VALUE_FLAG LATCHKEY__STORE__V1__USER_RECORD__ATTRIBUTE__VALUE_FLAG

/* A limit on one string of struct user. */
static const struct limit {
	size_t offset;
	size_t max;
	bool in_characters;
} limits[] = {
	{ offsetof(struct user, email), USER_EMAIL_MAX, false },
	{ offsetof(struct user, username), USER_USERNAME_MAX, true },
	{ offsetof(struct user, first_name), USER_NAME_MAX, true },
	{ offsetof(struct user, last_name), USER_NAME_MAX, true },
	{ offsetof(struct user, name), USER_FULL_NAME_MAX, true },
	{ offsetof(struct user, password_hash), USER_PASSWORD_HASH_MAX, false },
	{ offsetof(struct user, avatar), USER_AVATAR_MAX, false },
};

static bool
roles_fit(const struct user *user)
{
	if (user->role_count > USER_ROLE_COUNT_MAX)
		return false;
	for (size_t i = 0; i < user->role_count; i++)
		if (!stored_text_fits_characters(user->roles[i],
		                                 USER_ROLE_NAME_MAX) ||
		    user->roles[i][0] == '\0' ||
		    (i > 0 && strcmp(user->roles[i - 1], user->roles[i]) >= 0))
			return false;
	return true;
}

static bool
attribute_fits(const struct user_attribute *attribute)
{
	return stored_text_fits_bytes(attribute->name,
	                              USER_ATTRIBUTE_NAME_MAX) &&
	       attribute->name[0] != '\0' &&
	       (attribute->type != USER_ATTRIBUTE_TEXT ||
	        stored_text_fits_characters(attribute->text,
	                                    USER_ATTRIBUTE_TEXT_MAX));
}

static bool
attributes_fit(const struct user *user)
{
	const struct user_attribute *list = user->attributes;

	if (user->attribute_count > USER_ATTRIBUTES_MAX)
		return false;
	for (size_t i = 0; i < user->attribute_count; i++)
		if (!attribute_fits(&list[i]) ||
		    (i > 0 && strcmp(list[i - 1].name, list[i].name) >= 0))
			return false;
	return true;
}

static bool
text_fits(const struct limit *limit, const struct user *user)
{
	const char *const *text =
		(const void *)((const char *)user + limit->offset);

	return limit->in_characters
	               ? stored_text_fits_characters(*text, limit->max)
	               : stored_text_fits_bytes(*text, limit->max);
}

enum code
user_record_check(const struct user *user)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (!text_fits(&limits[i], user))
			return CODE_INVALID_ARGUMENT;
	if (!roles_fit(user) || !attributes_fit(user) ||
	    (user->email[0] == '\0' && user->username[0] == '\0'))
		return CODE_INVALID_ARGUMENT;
	return CODE_OK;
}

/* The attributes as messages, and the array that a record points to. */
struct attribute_messages {
	Latchkey__Store__V1__UserRecord__Attribute
		messages[USER_ATTRIBUTES_MAX];
	Latchkey__Store__V1__UserRecord__Attribute *list[USER_ATTRIBUTES_MAX];
};

static void
fill_attribute(const struct user_attribute *attribute,
               Latchkey__Store__V1__UserRecord__Attribute *message)
{
	*message = (Latchkey__Store__V1__UserRecord__Attribute)
		LATCHKEY__STORE__V1__USER_RECORD__ATTRIBUTE__INIT;
	message->name = (char *)attribute->name;
	switch (attribute->type) {
	case USER_ATTRIBUTE_NULL:
		break;
	case USER_ATTRIBUTE_TEXT:
		message->value_case = VALUE_TEXT;
		message->text = (char *)attribute->text;
		break;
	case USER_ATTRIBUTE_INTEGER:
		message->value_case = VALUE_INTEGER;
		message->integer = attribute->integer;
		break;
	case USER_ATTRIBUTE_FLAG:
		message->value_case = VALUE_FLAG;
		message->flag = attribute->flag;
		break;
	}
}

static void
pack_attributes(const struct user *user, struct attribute_messages *out,
                Latchkey__Store__V1__UserRecord *record)
{
	for (size_t i = 0; i < user->attribute_count; i++) {
		fill_attribute(&user->attributes[i], &out->messages[i]);
		out->list[i] = &out->messages[i];
	}
	record->n_attributes = user->attribute_count;
	record->attributes = out->list;
}

static enum code
unpack_attributes(struct arena *arena,
                  const Latchkey__Store__V1__UserRecord *record,
                  struct user *out)
{
	struct user_attribute *list;

	if (record->n_attributes == 0)
		return CODE_OK;
	if (record->n_attributes > USER_ATTRIBUTES_MAX)
		return CODE_DATA_LOSS;
	list = arena_alloc(arena, record->n_attributes * sizeof(*list));
	if (list == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	for (size_t i = 0; i < record->n_attributes; i++) {
		const Latchkey__Store__V1__UserRecord__Attribute *message =
			record->attributes[i];

		list[i] = (struct user_attribute){ .name = message->name,
			                           .text = "" };
		if (message->value_case == VALUE_TEXT) {
			list[i].type = USER_ATTRIBUTE_TEXT;
			list[i].text = message->text;
		} else if (message->value_case == VALUE_INTEGER) {
			list[i].type = USER_ATTRIBUTE_INTEGER;
			list[i].integer = message->integer;
		} else if (message->value_case == VALUE_FLAG) {
			list[i].type = USER_ATTRIBUTE_FLAG;
			list[i].flag = message->flag;
		}
	}
	out->attributes = list;
	out->attribute_count = record->n_attributes;
	return CODE_OK;
}

enum code
user_record_pack(struct arena *arena, const struct user *user,
                 struct bytes *out)
{
	Latchkey__Store__V1__UserRecord record =
		LATCHKEY__STORE__V1__USER_RECORD__INIT;
	struct attribute_messages attributes;

	record.id = user->id;
	record.email = (char *)user->email;
	record.username = (char *)user->username;
	record.first_name = (char *)user->first_name;
	record.last_name = (char *)user->last_name;
	record.name = (char *)user->name;
	record.password_hash = (char *)user->password_hash;
	record.avatar = (char *)user->avatar;
	record.is_active = user->is_active;
	record.is_staff = user->is_staff;
	record.is_superuser = user->is_superuser;
	record.email_verified = user->email_verified;
	record.n_roles = user->role_count;
	record.roles = (char **)user->roles;
	record.joined_at_us = user->joined_at_us;
	record.last_login_at_us = user->last_login_at_us;
	record.password_set_at_us = user->password_set_at_us;
	pack_attributes(user, &attributes, &record);
	return record_pack(arena, &record.base, out);
}

enum code
user_record_unpack(struct arena *arena, struct bytes value, uint64_t id,
                   struct user *out)
{
	const Latchkey__Store__V1__UserRecord *record;
	struct user user;
	void *message;
	enum code code;

	code = record_unpack(arena, value,
	                     &latchkey__store__v1__user_record__descriptor,
	                     &message);
	if (code != CODE_OK)
		return code;
	record = message;
	if (record->id != id)
		return CODE_DATA_LOSS;
	user = (struct user){
		.id = record->id,
		.email = record->email,
		.username = record->username,
		.first_name = record->first_name,
		.last_name = record->last_name,
		.name = record->name,
		.password_hash = record->password_hash,
		.avatar = record->avatar,
		.is_active = record->is_active,
		.is_staff = record->is_staff,
		.is_superuser = record->is_superuser,
		.email_verified = record->email_verified,
		.roles = (const char *const *)record->roles,
		.role_count = record->n_roles,
		.joined_at_us = record->joined_at_us,
		.last_login_at_us = record->last_login_at_us,
		.password_set_at_us = record->password_set_at_us,
	};
	code = unpack_attributes(arena, record, &user);
	if (code == CODE_OK)
		*out = user;
	return code;
}
