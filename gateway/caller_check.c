#include "gateway/caller_check.h"

#include "gateway/render.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"

bool
caller_check_begin(struct exchange *x)
{
	Latchkey__V1__VerifyTokenRequest *request;

	/* Of a path that leads nowhere everybody is told the same. */
	if (x->access_token == NULL || x->outcome.leads_nowhere)
		return false;
	request = arena_alloc(x->inquiry.arena, sizeof(*request));
	if (request == NULL)
		return false;
	latchkey__v1__verify_token_request__init(request);
	request->token = (char *)(uintptr_t)x->access_token;
	x->is_caller_check = true;
	x->rpc_name = "latchkey.v1.AuthService/VerifyToken";
	x->request = &request->base;
	x->reply_type = &latchkey__v1__verify_token_response__descriptor;
	return true;
}

static void
refuse(const struct translator *t, struct exchange *x,
       const Latchkey__Rpc__V1__Status *status)
{
	const struct error_table *errors =
		x->route == NULL ? t->profiles->errors : &x->route->errors;
	struct refusal refusal = {
		.condition = error_table_find(errors, (enum code)status->code,
		                              status),
	};

	refusal.source.variables[TEMPLATE_METHOD] = x->inquiry.method;
	render_error(t, x, &refusal);
}

static bool
has_rank(const struct route *route, const ProtobufCMessage *reply)
{
	const Latchkey__V1__VerifyTokenResponse *caller = (const void *)reply;

	if (route == NULL || route->rank == ROUTE_FOR_USERS)
		return true;
	return caller->is_superuser ||
	       (route->rank == ROUTE_FOR_STAFF && caller->is_staff);
}

void
caller_check_end(const struct translator *t, struct exchange *x, enum code code,
                 const Latchkey__Rpc__V1__Status *status,
                 const ProtobufCMessage *reply)
{
	Latchkey__Rpc__V1__Status about = LATCHKEY__RPC__V1__STATUS__INIT;

	about.code = (uint32_t)code;
	/* To the server the token is what the request is about. */
	about.subject = LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER;
	if (code == CODE_UNAUTHENTICATED) {
		about.reason = status->reason;
		refuse(t, x, &about);
	} else if (code == CODE_OK && reply != NULL &&
	           !has_rank(x->route, reply)) {
		about.code = CODE_PERMISSION_DENIED;
		about.reason = LATCHKEY__RPC__V1__REASON__REASON_ROLE_MISSING;
		refuse(t, x, &about);
	}
}
