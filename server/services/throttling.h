#ifndef SERVER_SERVICES_THROTTLING_H
#define SERVER_SERVICES_THROTTLING_H

#include <stdint.h>

#include "server/domain/throttle.h"
#include "server/rpc/rpc.h"

/*
 * throttling_subject writes the form in which an identifier is counted: as it
 * compares, whether or not anybody has it. RESOURCE_EXHAUSTED: the arena is
 * full.
 */
NODISCARD enum code throttling_subject(struct rpc_call *call,
                                       const char *identifier,
                                       const char **out);

/*
 * throttling_take counts an event, durably, in a write transaction of its own,
 * or refuses the call with THROTTLED. `what` names the throttle in the log.
 */
NODISCARD enum code throttling_take(struct rpc_call *call,
                                    enum throttle_scope scope,
                                    const char *subject, const char *what);

/*
 * throttling_refuse answers RESOURCE_EXHAUSTED (THROTTLED) with the time after
 * which one more try is allowed, rounded up.
 */
enum code throttling_refuse(struct rpc_call *call, const char *what,
                            int64_t wait_us);

#endif
