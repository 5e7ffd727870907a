#ifndef SERVER_SERVICES_ACCOUNT_SERVICE_H
#define SERVER_SERVICES_ACCOUNT_SERVICE_H

#include "server/rpc/rpc.h"

/*
 * latchkey.v1.AccountService. The contract of each is in the .proto; the story
 * of each in the file named.
 */

/* account_service.c */
rpc_handler account_get_me;
rpc_handler account_update_me;

/* account_registration.c */
rpc_handler account_register;

/* account_password.c */
rpc_handler account_change_password;
rpc_handler account_confirm_password_reset;

/* account_mail.c */
rpc_handler account_resend_verification;
rpc_handler account_request_password_reset;

/* account_link.c */
rpc_handler account_verify_email;
rpc_handler account_check_link;

/* account_avatar.c */
rpc_handler account_set_avatar;
rpc_handler account_delete_avatar;
rpc_handler account_get_avatar;

#endif
