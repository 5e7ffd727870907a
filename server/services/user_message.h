#ifndef SERVER_SERVICES_USER_MESSAGE_H
#define SERVER_SERVICES_USER_MESSAGE_H

#include "proto/latchkey/v1/user.pb-c.h"
#include "server/rpc/rpc.h"

struct user;

/*
 * user_message_make makes the message that shows a user, in the call's arena:
 * with every configured attribute in the order of the configuration. The
 * user's strings are lent to it. RESOURCE_EXHAUSTED: the arena is full.
 */
NODISCARD enum code user_message_make(struct rpc_call *call,
                                      const struct user *user,
                                      Latchkey__V1__User **out);

#endif
