#ifndef SERVER_SERVICES_USER_MESSAGE_H
#define SERVER_SERVICES_USER_MESSAGE_H

#include "base/arena.h"
#include "base/code.h"
#include "proto/latchkey/v1/user.pb-c.h"

struct user;

/*
 * user_message_make makes the message that shows a user, in the arena. The
 * user's strings are lent to it. RESOURCE_EXHAUSTED: the arena is full.
 */
NODISCARD enum code user_message_make(struct arena *arena,
                                      const struct user *user,
                                      Latchkey__V1__User **out);

#endif
