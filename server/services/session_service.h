#ifndef SERVER_SERVICES_SESSION_SERVICE_H
#define SERVER_SERVICES_SESSION_SERVICE_H

#include "server/rpc/rpc.h"

/* latchkey.v1.SessionService. The contract of each is in the .proto. */
rpc_handler session_list_sessions;
rpc_handler session_delete_session;
rpc_handler session_revoke_other_sessions;

#endif
