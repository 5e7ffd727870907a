#ifndef SERVER_SERVICES_TOKEN_GRANT_H
#define SERVER_SERVICES_TOKEN_GRANT_H

#include <stdint.h>

#include "server/rpc/rpc.h"

struct session;
struct user;

/*
 * The two tokens of a living session. Strings live in the call's arena.
 * RESOURCE_EXHAUSTED: the arena is full; INTERNAL: a key does not sign;
 * FAILED_PRECONDITION: more roles than a token has room for.
 */

/* grant_access issues a new access token; it never outlives its session. */
NODISCARD enum code grant_access(struct rpc_call *call, const struct user *user,
                                 const struct session *session, char **token,
                                 int64_t *expires_at);

/* grant_refresh issues token n: the same bytes each time it is asked for. */
NODISCARD enum code grant_refresh(struct rpc_call *call,
                                  const struct session *session, char **token);

#endif
