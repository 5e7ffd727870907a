#include "server/rpc/rpc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"

/* A text that was cut may end within a character. */
static void
cut_whole(char *text)
{
	size_t len = strlen(text);

	while (!utf8_is_valid(text, len))
		text[--len] = '\0';
}

enum code
rpc_fail(struct rpc_call *call, enum code code,
         Latchkey__Rpc__V1__Reason reason, const char *fmt, ...)
{
	va_list ap;

	assert(code != CODE_OK);
	call->reason = reason;
	call->subject = LATCHKEY__RPC__V1__SUBJECT__SUBJECT_REQUEST;
	va_start(ap, fmt);
	(void)vsnprintf(call->message, sizeof(call->message), fmt, ap);
	va_end(ap);
	cut_whole(call->message);
	return code;
}

void
rpc_violation(struct rpc_call *call, const char *field, const char *code,
              const char *message)
{
	if (call->violation_count == RPC_VIOLATIONS_MAX)
		return;
	call->violations[call->violation_count++] =
		(struct rpc_violation){ field, code, message };
}

enum code
rpc_fail_fields(struct rpc_call *call)
{
	if (call->violation_count == 0)
		return CODE_OK;
	return rpc_fail(call, CODE_INVALID_ARGUMENT,
	                LATCHKEY__RPC__V1__REASON__REASON_FIELD_INVALID,
	                "%s: %s", call->violations[0].field,
	                call->violations[0].message);
}
