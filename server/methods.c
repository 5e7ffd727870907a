/*
 * The table of every call. To add one: the rpc in proto/, a handler in
 * services/<noun>_service.c, a row here and, if it has an HTTP face, a route in
 * gateway/profiles/. methods_test.c fails while a row is missing.
 */
#include "server/methods.h"

#include <string.h>

#include "base/message_limit.h"
#include "proto/latchkey/v1/account_service.pb-c.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "proto/latchkey/v1/health_service.pb-c.h"
#include "proto/latchkey/v1/key_service.pb-c.h"
#include "proto/latchkey/v1/role_service.pb-c.h"
#include "proto/latchkey/v1/session_service.pb-c.h"
#include "proto/latchkey/v1/user_service.pb-c.h"
#include "server/server.h"
#include "server/services/account_service.h"
#include "server/services/auth_service.h"
#include "server/services/health_service.h"
#include "server/services/key_service.h"
#include "server/services/role_service.h"
#include "server/services/session_service.h"
#include "server/services/user_service.h"
#include "server/store/avatar_store.h"

/* Room for a token of TOKEN_MAX and for the fields around it. */
#define PAYLOAD_TOKEN (TOKEN_MAX + 256)
/* An identifier of 254 and a password of 1024 bytes, with their tags. */
#define PAYLOAD_LOGIN 2048
/*
 * Two passwords of up to 1024 characters, so that one that is too long in
 * bytes only is told so by its field.
 */
#define PAYLOAD_PASSWORDS 8704
#define PAYLOAD_EMPTY 64
/*
 * A whole user: 32 attributes of 1024 characters, 64 roles of 80 characters,
 * names. Also what a JSON body of 64 KiB can become, whose members are passed
 * on because they might be attributes: at most twice as much.
 */
#define PAYLOAD_USER 163840
/*
 * A picture, and some more, so that one that is a little too large is told so
 * by its field; and with it what people may write about themselves.
 */
#define PAYLOAD_AVATAR (AVATAR_SIZE_MAX + 8192 + 64)
#define PAYLOAD_ME (40960 + PAYLOAD_AVATAR)
/* What an envelope may hold beside the payload: a token, a user agent. */
#define PAYLOAD_ENVELOPE (TOKEN_MAX + 1024)
/* 64 names of roles. */
#define PAYLOAD_ROLES 24576
/* 200 permissions of 100 bytes, a name, a description. */
#define PAYLOAD_ROLE 24576
/* A name of 80 or a permission of 100 characters, or a search. */
#define PAYLOAD_NAME 1024

#define TYPES(in_name, out_name)                                               \
	.in = &latchkey__v1__##in_name##__descriptor,                          \
	.out = &latchkey__v1__##out_name##__descriptor

static const struct rpc_method methods[] = {
	{ .name = "latchkey.v1.AuthService/Authenticate",
	  .handler = auth_authenticate,
	  .role = ROLE_NONE,
	  .lane = LANE_HASH,
	  .mutating = true,
	  .payload_max = PAYLOAD_LOGIN,
	  TYPES(authenticate_request, authenticate_response) },
	{ .name = "latchkey.v1.AuthService/Refresh",
	  .handler = auth_refresh,
	  .role = ROLE_NONE,
	  .lane = LANE_WRITE, /* INLINE without rotation: see methods_make */
	  .mutating = true,
	  .payload_max = PAYLOAD_TOKEN,
	  TYPES(refresh_request, refresh_response) },
	{ .name = "latchkey.v1.AuthService/VerifyToken",
	  .handler = auth_verify_token,
	  .role = ROLE_NONE,
	  .lane = LANE_INLINE,
	  .payload_max = PAYLOAD_TOKEN,
	  TYPES(verify_token_request, verify_token_response) },
	{ .name = "latchkey.v1.AuthService/Logout",
	  .handler = auth_logout,
	  .role = ROLE_NONE,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_TOKEN,
	  TYPES(logout_request, logout_response) },
	{ .name = "latchkey.v1.AuthService/ExchangeIdToken",
	  .handler = auth_exchange_id_token,
	  .role = ROLE_NONE,
	  .lane = LANE_NET, /* may fetch the issuer's keys */
	  .mutating = true,
	  .payload_max = PAYLOAD_TOKEN,
	  TYPES(exchange_id_token_request, exchange_id_token_response) },
	{ .name = "latchkey.v1.AccountService/GetMe",
	  .handler = account_get_me,
	  .role = ROLE_USER,
	  .lane = LANE_INLINE,
	  .payload_max = PAYLOAD_EMPTY,
	  TYPES(get_me_request, get_me_response) },
	{ .name = "latchkey.v1.AccountService/RegisterAccount",
	  .handler = account_register,
	  .role = ROLE_NONE,
	  .lane = LANE_HASH,
	  .mutating = true,
	  .payload_max = PAYLOAD_USER,
	  TYPES(register_account_request, register_account_response) },
	{ .name = "latchkey.v1.AccountService/UpdateMe",
	  .handler = account_update_me,
	  .role = ROLE_USER,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_ME,
	  TYPES(update_me_request, update_me_response) },
	{ .name = "latchkey.v1.AccountService/SetAvatar",
	  .handler = account_set_avatar,
	  .role = ROLE_USER,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_AVATAR,
	  TYPES(set_avatar_request, set_avatar_response) },
	{ .name = "latchkey.v1.AccountService/DeleteAvatar",
	  .handler = account_delete_avatar,
	  .role = ROLE_USER,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_EMPTY,
	  TYPES(delete_avatar_request, delete_avatar_response) },
	{ .name = "latchkey.v1.AccountService/GetAvatar",
	  .handler = account_get_avatar,
	  .role = ROLE_NONE,
	  .lane = LANE_READ, /* reads and checks up to 65 pages */
	  .payload_max = PAYLOAD_NAME,
	  TYPES(get_avatar_request, get_avatar_response) },
	{ .name = "latchkey.v1.AccountService/ChangePassword",
	  .handler = account_change_password,
	  .role = ROLE_USER,
	  .lane = LANE_HASH,
	  .mutating = true,
	  .payload_max = PAYLOAD_PASSWORDS,
	  TYPES(change_password_request, change_password_response) },
	{ .name = "latchkey.v1.AccountService/ResendVerification",
	  .handler = account_resend_verification,
	  .role = ROLE_NONE,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_NAME,
	  TYPES(resend_verification_request, resend_verification_response) },
	{ .name = "latchkey.v1.AccountService/VerifyEmail",
	  .handler = account_verify_email,
	  .role = ROLE_NONE,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_NAME,
	  TYPES(verify_email_request, verify_email_response) },
	{ .name = "latchkey.v1.AccountService/RequestPasswordReset",
	  .handler = account_request_password_reset,
	  .role = ROLE_NONE,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_NAME,
	  TYPES(request_password_reset_request,
	        request_password_reset_response) },
	{ .name = "latchkey.v1.AccountService/ConfirmPasswordReset",
	  .handler = account_confirm_password_reset,
	  .role = ROLE_NONE,
	  .lane = LANE_HASH,
	  .mutating = true,
	  .payload_max = PAYLOAD_PASSWORDS,
	  TYPES(confirm_password_reset_request,
	        confirm_password_reset_response) },
	{ .name = "latchkey.v1.AccountService/CheckLink",
	  .handler = account_check_link,
	  .role = ROLE_NONE,
	  .lane = LANE_INLINE,
	  .payload_max = PAYLOAD_NAME,
	  TYPES(check_link_request, check_link_response) },
	{ .name = "latchkey.v1.SessionService/ListSessions",
	  .handler = session_list_sessions,
	  .role = ROLE_USER,
	  .lane = LANE_READ, /* may read thousands */
	  .payload_max = PAYLOAD_EMPTY,
	  TYPES(list_sessions_request, list_sessions_response) },
	{ .name = "latchkey.v1.SessionService/DeleteSession",
	  .handler = session_delete_session,
	  .role = ROLE_USER,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_EMPTY,
	  TYPES(delete_session_request, delete_session_response) },
	{ .name = "latchkey.v1.SessionService/RevokeOtherSessions",
	  .handler = session_revoke_other_sessions,
	  .role = ROLE_USER,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_EMPTY,
	  TYPES(revoke_other_sessions_request,
	        revoke_other_sessions_response) },
	{ .name = "latchkey.v1.KeyService/GetJwks",
	  .handler = key_get_jwks,
	  .role = ROLE_NONE,
	  .lane = LANE_INLINE,
	  .payload_max = PAYLOAD_EMPTY,
	  TYPES(get_jwks_request, get_jwks_response) },
	{ .name = "latchkey.v1.HealthService/Check",
	  .handler = health_check,
	  .role = ROLE_NONE,
	  .lane = LANE_INLINE,
	  .payload_max = PAYLOAD_EMPTY,
	  TYPES(check_request, check_response) },
	{ .name = "latchkey.v1.UserService/ListUsers",
	  .handler = user_list_users,
	  .role = ROLE_STAFF,
	  .lane = LANE_READ, /* a walk over all */
	  .payload_max = PAYLOAD_NAME,
	  TYPES(list_users_request, list_users_response) },
	{ .name = "latchkey.v1.UserService/GetUser",
	  .handler = user_get_user,
	  .role = ROLE_STAFF,
	  .lane = LANE_INLINE,
	  .payload_max = PAYLOAD_EMPTY,
	  TYPES(get_user_request, get_user_response) },
	{ .name = "latchkey.v1.UserService/CreateUser",
	  .handler = user_create_user,
	  .role = ROLE_STAFF,
	  .lane = LANE_HASH,
	  .mutating = true,
	  .payload_max = PAYLOAD_USER,
	  TYPES(create_user_request, create_user_response) },
	{ .name = "latchkey.v1.UserService/UpdateUser",
	  .handler = user_update_user,
	  .role = ROLE_STAFF,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_USER,
	  TYPES(update_user_request, update_user_response) },
	{ .name = "latchkey.v1.UserService/DeleteUser",
	  .handler = user_delete_user,
	  .role = ROLE_STAFF,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_EMPTY,
	  TYPES(delete_user_request, delete_user_response) },
	{ .name = "latchkey.v1.UserService/ActivateUser",
	  .handler = user_activate_user,
	  .role = ROLE_STAFF,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_EMPTY,
	  TYPES(activate_user_request, activate_user_response) },
	{ .name = "latchkey.v1.UserService/DeactivateUser",
	  .handler = user_deactivate_user,
	  .role = ROLE_STAFF,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_EMPTY,
	  TYPES(deactivate_user_request, deactivate_user_response) },
	{ .name = "latchkey.v1.UserService/SetUserRoles",
	  .handler = user_set_user_roles,
	  .role = ROLE_STAFF,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_ROLES,
	  TYPES(set_user_roles_request, set_user_roles_response) },
	{ .name = "latchkey.v1.RoleService/ListRoles",
	  .handler = role_list_roles,
	  .role = ROLE_STAFF,
	  .lane = LANE_READ, /* copies them all */
	  .payload_max = PAYLOAD_EMPTY,
	  TYPES(list_roles_request, list_roles_response) },
	{ .name = "latchkey.v1.RoleService/GetRole",
	  .handler = role_get_role,
	  .role = ROLE_STAFF,
	  .lane = LANE_INLINE,
	  .payload_max = PAYLOAD_NAME,
	  TYPES(get_role_request, get_role_response) },
	{ .name = "latchkey.v1.RoleService/CreateRole",
	  .handler = role_create_role,
	  .role = ROLE_SUPERUSER,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_ROLE,
	  TYPES(create_role_request, create_role_response) },
	{ .name = "latchkey.v1.RoleService/UpdateRole",
	  .handler = role_update_role,
	  .role = ROLE_SUPERUSER,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_ROLE,
	  TYPES(update_role_request, update_role_response) },
	{ .name = "latchkey.v1.RoleService/DeleteRole",
	  .handler = role_delete_role,
	  .role = ROLE_SUPERUSER,
	  .lane = LANE_WRITE,
	  .mutating = true,
	  .payload_max = PAYLOAD_NAME,
	  TYPES(delete_role_request, delete_role_response) },
	{ .name = "latchkey.v1.RoleService/CheckPermission",
	  .handler = role_check_permission,
	  .role = ROLE_USER,
	  .lane = LANE_INLINE,
	  .payload_max = PAYLOAD_NAME,
	  TYPES(check_permission_request, check_permission_response) },
};

_Static_assert(sizeof(methods) / sizeof(methods[0]) <= METHODS_MAX,
               "METHODS_MAX is too small for the table");
_Static_assert(PAYLOAD_ME + PAYLOAD_ENVELOPE <= MESSAGE_LIMIT,
               "the largest request is longer than a message may be");

size_t
methods_make(const struct server *server, struct rpc_method rows[METHODS_MAX])
{
	size_t count = sizeof(methods) / sizeof(methods[0]);

	memcpy(rows, methods, sizeof(methods));
	for (size_t i = 0; i < count; i++) {
		if (rows[i].handler != auth_refresh || server->sessions.rotate)
			continue;
		rows[i].lane = LANE_INLINE;
		rows[i].mutating = false;
	}
	return count;
}
