#ifndef SERVER_SERVICES_HEALTH_SERVICE_H
#define SERVER_SERVICES_HEALTH_SERVICE_H

#include "server/rpc/rpc.h"

/* latchkey.v1.HealthService. The contract of each is in the .proto. */
rpc_handler health_check;

#endif
