#ifndef CLIENT_CTL_USER_ARGUMENT_H
#define CLIENT_CTL_USER_ARGUMENT_H

#include "base/arena.h"
#include "client/ctl/connection.h"

/*
 * user_argument_find turns what a person calls a user by, an id, an e-mail
 * address or a username, into the id in decimal, in the arena. Digits alone are
 * an id. Returns an exit code after a sentence: EXIT_CODE_NOT_FOUND if nobody
 * is called so.
 */
int user_argument_find(struct connection *connection, struct arena *arena,
                       const char *text, char **id);

#endif
