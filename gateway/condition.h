#ifndef GATEWAY_CONDITION_H
#define GATEWAY_CONDITION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/code.h"
#include "proto/latchkey/rpc/v1/status.pb-c.h"

/*
 * Why a request is not answered with success, as profiles name it in their
 * "errors": the gateway's own conditions in lower case, and every
 * rpc.v1.Reason without its prefix, with "caller." before it when the status
 * is about the caller's access token.
 */
enum condition {
	CONDITION_FRAMING,         /* ambiguous or malformed HTTP */
	CONDITION_REQUEST_TIMEOUT, /* not whole in time */
	CONDITION_BODY_TOO_LARGE,  /* also: more than a request may use */
	CONDITION_URI_TOO_LONG,
	CONDITION_HEAD_TOO_LARGE,     /* request line and headers */
	CONDITION_NOT_FOUND,          /* no route, or nothing behind it */
	CONDITION_METHOD_NOT_ALLOWED, /* the path has other methods */
	CONDITION_NOT_ACCEPTABLE,     /* Accept excludes JSON */
	CONDITION_MEDIA_TYPE,         /* "media_type_unsupported" */
	CONDITION_JSON_MALFORMED,
	CONDITION_FORM_MALFORMED,        /* form or multipart body */
	CONDITION_BODY_NOT_OBJECT,       /* a JSON list, string, ... */
	CONDITION_BODY_NULL,             /* JSON null */
	CONDITION_FIELDS_INVALID,        /* one or more fields */
	CONDITION_CREDENTIALS_MISSING,   /* no Authorization: Bearer */
	CONDITION_CREDENTIALS_MALFORMED, /* not two parts */
	CONDITION_UNAUTHENTICATED,       /* any 401 not listed by reason */
	CONDITION_PERMISSION_DENIED,
	CONDITION_INVALID,     /* refused, no field to blame */
	CONDITION_UNAVAILABLE, /* the server cannot answer now */
	CONDITION_INTERNAL,    /* it or we failed */
	CONDITION_OWN_COUNT,
};

/* Own conditions and then two for each reason. */
#define CONDITION_REASON_MAX 96
#define CONDITION_MAX (CONDITION_OWN_COUNT + 2 * CONDITION_REASON_MAX)

/* condition_find finds a condition by the name profiles use. */
bool condition_find(const char *name, unsigned *out);

#define CONDITION_NAME_SIZE 64 /* bytes, with the NUL */

/* condition_write writes the name that profiles use and returns out. */
const char *condition_write(unsigned condition, char out[CONDITION_NAME_SIZE]);

/* condition_of_reason returns the condition of a refused call's reason. */
unsigned condition_of_reason(const Latchkey__Rpc__V1__Status *status);

/*
 * condition_of_code returns the own condition to fall back to when a profile
 * says nothing about the reason; code is not CODE_OK.
 */
enum condition condition_of_code(enum code code,
                                 const Latchkey__Rpc__V1__Status *status);

#endif
