#ifndef GATEWAY_TRANSLATE_H
#define GATEWAY_TRANSLATE_H

#include <stdbool.h>

#include "base/code.h"
#include "gateway/answer.h"
#include "gateway/body.h"
#include "gateway/cors.h"
#include "gateway/documents.h"
#include "gateway/field.h"
#include "gateway/inquiry.h"
#include "gateway/profile.h"
#include "proto/latchkey/rpc/v1/status.pb-c.h"

/*
 * What happens to a request, without sockets: from an inquiry to either an
 * answer or a call to make, and from the call's outcome to the answer. The
 * order of the checks is that of the service it replaces: path, Accept,
 * credentials, method, body, fields (caller_check.h).
 */
enum translate_confirm {
	TRANSLATE_CONFIRM_PEOPLE, /* a script's GET may change something */
	TRANSLATE_CONFIRM_NOBODY, /* every GET may; HEAD never may */
	TRANSLATE_CONFIRM_ALL,    /* no GET may */
};

struct translator {
	const struct profile_set *profiles;
	const struct cors *cors;
	const struct documents *documents; /* NULL: none */
	const char *public_base;           /* NULL: none */
	const char *operator_name;         /* on pages; NULL: none */
	enum translate_confirm confirm;
};

#define EXCHANGE_RESERVE 2048

/* One request on its way; lives in its arena, beside everything it names. */
struct exchange {
	struct inquiry inquiry; /* set by the caller */

	/* The call to make. */
	const struct route *route; /* NULL: none was found for the method */
	const char *rpc_name;
	ProtobufCMessage *request;
	const ProtobufCMessageDescriptor *reply_type;
	bool is_caller_check; /* the route's own call is not made: answer holds
	                         a refusal, if the caller may make the call */
	const char *access_token; /* NULL: none */
	const char *user_agent;   /* NULL: none or not UTF-8 */
	const char *traceparent;  /* NULL: none or not one */

	struct answer answer;
	struct arena *answer_arena; /* for a reply's own look; set by the
	                               caller, with the reply */
	bool failed;                /* the answer is an error */
	unsigned condition;         /* which, if failed */
	bool is_too_long; /* it is no answer: the call's is too long */

	/* Between the steps. */
	struct router_match match;
	struct field_parameter parameters[ROUTE_PARAMETER_MAX];
	struct body body;
	struct field_input input;
	struct field_outcome outcome;
	bool cookie_came_well; /* as the refresh cookie has to come */
	bool rules_broken;     /* every field is good by itself */
	char request_id[33];
	char retry_after[16];
	char retry_words[32]; /* "30 seconds" */
	char etag[40];
	uint8_t reserve[EXCHANGE_RESERVE]; /* for an answer when the arena is
	                                      full */
};

/*
 * translate_request returns true if the call described in *x is to be made,
 * and false if x->answer is the answer already. If that call cannot even be
 * begun, translate_reply is to hear of CODE_UNAVAILABLE.
 */
bool translate_request(const struct translator *t, struct exchange *x);

/* translate_reply makes the answer from how the call ended. */
void translate_reply(const struct translator *t, struct exchange *x,
                     enum code code, const Latchkey__Rpc__V1__Status *status,
                     const ProtobufCMessage *reply);

/* translate_refusal makes the answer to what HTTP itself has to refuse. */
void translate_refusal(const struct translator *t, struct exchange *x,
                       unsigned status);

#endif
