#ifndef SERVER_SERVICES_KEY_SERVICE_H
#define SERVER_SERVICES_KEY_SERVICE_H

#include "server/rpc/rpc.h"

/* latchkey.v1.KeyService. The contract of each is in the .proto. */
rpc_handler key_get_jwks;

#endif
