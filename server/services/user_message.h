#ifndef SERVER_SERVICES_USER_MESSAGE_H
#define SERVER_SERVICES_USER_MESSAGE_H

#include "proto/latchkey/v1/user.pb-c.h"
#include "server/domain/attribute.h"
#include "server/rpc/rpc.h"
#include "server/store/role_store.h"
#include "server/store/user_store.h"

/*
 * Bytes of the longest message, packed: e-mail, username and avatar; 4 bytes
 * for each character of first and last name, and both again, or the name of
 * sign-up, in full_name and name; the roles, whose tags are shorter than the
 * quotes and commas that ROLE_LIST_MAX counts; the attributes' texts, and the
 * name of each with its tags or its number; everything else has 1 to 11 bytes
 * a field. Whoever has more of roles and texts than may be given today is left
 * out.
 */
#define USER_MESSAGE_MAX                                                       \
	(2 * USER_IDENTIFIER_MAX + USER_AVATAR_MAX + 2 * 4 * USER_NAME_MAX +   \
	 2 * 4 * USER_FULL_NAME_MAX + ROLE_LIST_MAX + ATTRIBUTE_TEXTS_MAX +    \
	 ATTRIBUTES_MAX * (ATTRIBUTE_NAME_MAX + 20) + 16 * 11)

/*
 * user_message_make makes the message that shows a user, in the call's arena:
 * with every configured attribute in the order of the configuration. The
 * user's strings are lent to it. RESOURCE_EXHAUSTED: the arena is full.
 */
NODISCARD enum code user_message_make(struct rpc_call *call,
                                      const struct user *user,
                                      Latchkey__V1__User **out);

#endif
