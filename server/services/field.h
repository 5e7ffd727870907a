#ifndef SERVER_SERVICES_FIELD_H
#define SERVER_SERVICES_FIELD_H

#include <stddef.h>

#include "proto/latchkey/v1/account_service.pb-c.h"
#include "server/domain/password_policy.h"
#include "server/rpc/rpc.h"

/*
 * What is wrong with a field, said in Django's words, because the gateway
 * passes them on as they are. Each notes any number of violations; the
 * handler ends with rpc_fail_fields.
 */

/* field_require wants 1 to bytes_max bytes. */
void field_require(struct rpc_call *call, const char *field, const char *text,
                   size_t bytes_max);

/* field_note notes a sentence of server/domain/identity.h; NULL is none. */
void field_note(struct rpc_call *call, const char *field, const char *sentence);

/* A password that somebody wants to have. */
struct field_password {
	const char *field;
	const char *text;
	Latchkey__V1__PasswordPolicy policy;
	struct password_owner owner;
};

/*
 * field_judge_password notes everything that the policy holds against the
 * password; an empty or overlong one is told so instead.
 */
void field_judge_password(struct rpc_call *call,
                          const struct field_password *password);

#endif
