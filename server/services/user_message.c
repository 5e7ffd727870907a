#include "server/services/user_message.h"

#include "server/store/user_store.h"

static char *
full_name(struct arena *arena, const struct user *user)
{
	const char *first = user->first_name, *last = user->last_name;

	if (*first == '\0' && *last == '\0')
		return arena_strdup(arena, user->name);
	return arena_printf(arena, "%s%s%s", first,
	                    *first != '\0' && *last != '\0' ? " " : "", last);
}

enum code
user_message_make(struct arena *arena, const struct user *user,
                  Latchkey__V1__User **out)
{
	Latchkey__V1__User *m = arena_alloc(arena, sizeof(*m));

	if (m == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	latchkey__v1__user__init(m);
	m->id = user->id;
	m->email = (char *)user->email;
	m->first_name = (char *)user->first_name;
	m->last_name = (char *)user->last_name;
	m->full_name = full_name(arena, user);
	if (m->full_name == NULL)
		return CODE_RESOURCE_EXHAUSTED;
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
	*out = m;
	return CODE_OK;
}
