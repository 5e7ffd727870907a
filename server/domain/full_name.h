#ifndef SERVER_DOMAIN_FULL_NAME_H
#define SERVER_DOMAIN_FULL_NAME_H

#include "base/arena.h"
#include "server/store/user_store.h"

/*
 * full_name_make writes the name by which people call a user: first and last
 * name, or the one `name` when both are empty; "" is none. NULL when the arena
 * is full.
 */
char *full_name_make(struct arena *arena, const struct user *user);

#endif
