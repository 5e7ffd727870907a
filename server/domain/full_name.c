#include "server/domain/full_name.h"

char *
full_name_make(struct arena *arena, const struct user *user)
{
	const char *first = user->first_name, *last = user->last_name;

	if (*first == '\0' && *last == '\0')
		return arena_strdup(arena, user->name);
	return arena_printf(arena, "%s%s%s", first,
	                    *first != '\0' && *last != '\0' ? " " : "", last);
}
