#ifndef SERVER_SERVICES_USER_SERVICE_H
#define SERVER_SERVICES_USER_SERVICE_H

#include "server/rpc/rpc.h"

/*
 * latchkey.v1.UserService. The contract of each is in the .proto; the story of
 * each in the file named.
 */

/* user_service.c */
rpc_handler user_get_user;
rpc_handler user_update_user;
rpc_handler user_delete_user;
rpc_handler user_activate_user;
rpc_handler user_deactivate_user;
rpc_handler user_set_user_roles;

/* user_list.c */
rpc_handler user_list_users;

/* user_creation.c */
rpc_handler user_create_user;

#endif
