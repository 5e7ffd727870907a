#ifndef SERVER_SERVICES_THROTTLE_REFUSAL_H
#define SERVER_SERVICES_THROTTLE_REFUSAL_H

#include <stdint.h>

#include "server/rpc/rpc.h"

/*
 * throttle_refuse answers RESOURCE_EXHAUSTED (THROTTLED) with the time after
 * which one more try is allowed, rounded up. `what` names the throttle in the
 * log.
 */
enum code throttle_refuse(struct rpc_call *call, const char *what,
                          int64_t wait_us);

#endif
