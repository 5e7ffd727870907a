#ifndef SERVER_SERVICES_AUTH_SERVICE_H
#define SERVER_SERVICES_AUTH_SERVICE_H

#include "server/rpc/rpc.h"

/* latchkey.v1.AuthService. The contract of each is in the .proto. */
rpc_handler auth_authenticate;
rpc_handler auth_refresh;
rpc_handler auth_verify_token;
rpc_handler auth_logout;
rpc_handler auth_exchange_id_token;

#endif
