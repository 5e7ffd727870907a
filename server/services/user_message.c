#include "server/services/user_message.h"

#include <string.h>

#include "server/domain/full_name.h"
#include "server/server.h"
#include "server/store/user_store.h"

/* fill_value shows what is stored, or null if it is not of the type now. */
static void
fill_value(Latchkey__V1__Attribute *m, const struct user_attribute *stored,
           enum attribute_type type)
{
	if (type == ATTRIBUTE_TEXT && stored->type == USER_ATTRIBUTE_TEXT) {
		m->value_case = LATCHKEY__V1__ATTRIBUTE__VALUE_TEXT;
		m->text = (char *)stored->text;
	}
	if (type == ATTRIBUTE_INTEGER &&
	    stored->type == USER_ATTRIBUTE_INTEGER) {
		m->value_case = LATCHKEY__V1__ATTRIBUTE__VALUE_INTEGER;
		m->integer = stored->integer;
	}
	if (type == ATTRIBUTE_FLAG && stored->type == USER_ATTRIBUTE_FLAG) {
		m->value_case = LATCHKEY__V1__ATTRIBUTE__VALUE_FLAG;
		m->flag = stored->flag;
	}
}

static void
fill_attribute(Latchkey__V1__Attribute *m, const struct user *user,
               const struct attribute_declaration *declared)
{
	latchkey__v1__attribute__init(m);
	m->name = (char *)declared->name;
	for (size_t i = 0; i < user->attribute_count; i++)
		if (strcmp(user->attributes[i].name, declared->name) == 0)
			fill_value(m, &user->attributes[i], declared->type);
}

static enum code
fill_attributes(struct arena *arena, const struct attribute_table *table,
                const struct user *user, Latchkey__V1__User *out)
{
	Latchkey__V1__Attribute *rows;

	if (table->count == 0)
		return CODE_OK;
	rows = arena_alloc(arena, table->count * sizeof(*rows));
	out->attributes = arena_alloc(arena, table->count * sizeof(void *));
	if (rows == NULL || out->attributes == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	for (size_t i = 0; i < table->count; i++) {
		fill_attribute(&rows[i], user, &table->rows[i]);
		out->attributes[i] = &rows[i];
	}
	out->n_attributes = table->count;
	return CODE_OK;
}

enum code
user_message_make(struct rpc_call *call, const struct user *user,
                  Latchkey__V1__User **out)
{
	struct arena *arena = call->arena;
	Latchkey__V1__User *m = arena_alloc(arena, sizeof(*m));
	enum code code;

	if (m == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	latchkey__v1__user__init(m);
	m->id = user->id;
	m->email = (char *)user->email;
	m->first_name = (char *)user->first_name;
	m->last_name = (char *)user->last_name;
	m->full_name = full_name_make(arena, user);
	if (m->full_name == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	m->name = *user->name != '\0' ? (char *)user->name : m->full_name;
	if (*user->avatar != '\0') {
		m->avatar_presence_case =
			LATCHKEY__V1__USER__AVATAR_PRESENCE_AVATAR;
		m->avatar = (char *)user->avatar;
	}
	m->is_staff = user->is_staff;
	m->is_superuser = user->is_superuser;
	m->roles = (char **)user->roles;
	m->n_roles = user->role_count;
	if (*user->username != '\0') {
		m->username_presence_case =
			LATCHKEY__V1__USER__USERNAME_PRESENCE_USERNAME;
		m->username = (char *)user->username;
	}
	m->is_active = user->is_active;
	m->email_verified = user->email_verified;
	m->joined_at_us = user->joined_at_us;
	if (user->last_login_at_us != 0) {
		m->last_login_presence_case =
			LATCHKEY__V1__USER__LAST_LOGIN_PRESENCE_LAST_LOGIN_AT_US;
		m->last_login_at_us = user->last_login_at_us;
	}
	code = fill_attributes(arena, &call->server->attributes, user, m);
	if (code == CODE_OK)
		*out = m;
	return code;
}
