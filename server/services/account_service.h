#ifndef SERVER_SERVICES_ACCOUNT_SERVICE_H
#define SERVER_SERVICES_ACCOUNT_SERVICE_H

#include "server/rpc/rpc.h"

/* latchkey.v1.AccountService. The contract of each is in the .proto. */
rpc_handler account_get_me;

#endif
