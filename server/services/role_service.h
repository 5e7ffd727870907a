#ifndef SERVER_SERVICES_ROLE_SERVICE_H
#define SERVER_SERVICES_ROLE_SERVICE_H

#include "server/rpc/rpc.h"

/* latchkey.v1.RoleService. The contract of each is in the .proto. */
rpc_handler role_list_roles;
rpc_handler role_get_role;
rpc_handler role_create_role;
rpc_handler role_update_role;
rpc_handler role_delete_role;
rpc_handler role_check_permission;

#endif
