#include "gateway/condition.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name

static const char reason_prefix[] = "REASON_";
static const char caller_prefix[] = "caller.";

static const char *const own_names[CONDITION_OWN_COUNT] = {
	[CONDITION_FRAMING] = "framing",
	[CONDITION_REQUEST_TIMEOUT] = "request_timeout",
	[CONDITION_BODY_TOO_LARGE] = "body_too_large",
	[CONDITION_URI_TOO_LONG] = "uri_too_long",
	[CONDITION_HEAD_TOO_LARGE] = "head_too_large",
	[CONDITION_NOT_FOUND] = "not_found",
	[CONDITION_METHOD_NOT_ALLOWED] = "method_not_allowed",
	[CONDITION_NOT_ACCEPTABLE] = "not_acceptable",
	[CONDITION_MEDIA_TYPE] = "media_type_unsupported",
	[CONDITION_JSON_MALFORMED] = "json_malformed",
	[CONDITION_FORM_MALFORMED] = "form_malformed",
	[CONDITION_BODY_NOT_OBJECT] = "body_not_object",
	[CONDITION_BODY_NULL] = "body_null",
	[CONDITION_FIELDS_INVALID] = "fields_invalid",
	[CONDITION_CREDENTIALS_MISSING] = "credentials_missing",
	[CONDITION_CREDENTIALS_MALFORMED] = "credentials_malformed",
	[CONDITION_UNAUTHENTICATED] = "unauthenticated",
	[CONDITION_PERMISSION_DENIED] = "permission_denied",
	[CONDITION_INVALID] = "invalid",
	[CONDITION_UNAVAILABLE] = "unavailable",
	[CONDITION_INTERNAL] = "internal",
};

/* Reasons that mean something else than their code says. */
static const struct {
	Latchkey__Rpc__V1__Reason reason;
	enum condition condition;
} reason_classes[] = {
	/* The first three are the gateway's mistakes, not the client's. */
	{ REASON(ENVELOPE_MALFORMED), CONDITION_INTERNAL },
	{ REASON(METHOD_UNKNOWN), CONDITION_INTERNAL },
	{ REASON(PAYLOAD_MALFORMED), CONDITION_INTERNAL },
	{ REASON(MESSAGE_TOO_LARGE), CONDITION_BODY_TOO_LARGE },
	/* Waiting would not help: the same call needs the same memory. */
	{ REASON(MEMORY_EXHAUSTED), CONDITION_INTERNAL },
	{ REASON(RESPONSE_TOO_LARGE), CONDITION_INTERNAL },
	{ REASON(TOKEN_MISSING), CONDITION_CREDENTIALS_MISSING },
};

static bool
find_reason(const char *name, size_t *out)
{
	const ProtobufCEnumDescriptor *reasons =
		&latchkey__rpc__v1__reason__descriptor;

	for (size_t i = 0; i < reasons->n_values; i++) {
		const char *full = reasons->values[i].name;

		assert(strncmp(full, reason_prefix,
		               sizeof(reason_prefix) - 1) == 0);
		if (strcmp(full + sizeof(reason_prefix) - 1, name) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

static unsigned
reason_condition(size_t index, bool is_caller)
{
	assert(index < CONDITION_REASON_MAX);
	return CONDITION_OWN_COUNT + 2 * (unsigned)index + is_caller;
}

bool
condition_find(const char *name, unsigned *out)
{
	size_t prefix_len = sizeof(caller_prefix) - 1;
	bool is_caller = strncmp(name, caller_prefix, prefix_len) == 0;
	size_t index;

	for (unsigned i = 0; i < CONDITION_OWN_COUNT; i++) {
		if (strcmp(own_names[i], name) == 0) {
			*out = i;
			return true;
		}
	}
	if (!find_reason(is_caller ? name + prefix_len : name, &index))
		return false;
	*out = reason_condition(index, is_caller);
	return true;
}

const char *
condition_write(unsigned condition, char out[CONDITION_NAME_SIZE])
{
	unsigned index, is_caller;

	assert(condition < CONDITION_MAX);
	if (condition < CONDITION_OWN_COUNT) {
		(void)snprintf(out, CONDITION_NAME_SIZE, "%s",
		               own_names[condition]);
		return out;
	}
	index = (condition - CONDITION_OWN_COUNT) / 2;
	is_caller = (condition - CONDITION_OWN_COUNT) % 2;
	assert(index < latchkey__rpc__v1__reason__descriptor.n_values);
	(void)snprintf(
		out, CONDITION_NAME_SIZE, "%s%s",
		is_caller ? caller_prefix : "",
		latchkey__rpc__v1__reason__descriptor.values[index].name +
			sizeof(reason_prefix) - 1);
	return out;
}

unsigned
condition_of_reason(const Latchkey__Rpc__V1__Status *status)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
		&latchkey__rpc__v1__reason__descriptor, (int)status->reason);
	bool is_caller =
		status->subject == LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER;

	/* A newer server may know reasons that we do not. */
	if (value == NULL)
		return reason_condition(0, is_caller);
	return reason_condition(
		(size_t)(value - latchkey__rpc__v1__reason__descriptor.values),
		is_caller);
}

enum condition
condition_of_code(enum code code, const Latchkey__Rpc__V1__Status *status)
{
	for (size_t i = 0;
	     i < sizeof(reason_classes) / sizeof(reason_classes[0]); i++)
		if (reason_classes[i].reason == status->reason)
			return reason_classes[i].condition;
	switch (code) {
	case CODE_INVALID_ARGUMENT:
	case CODE_ALREADY_EXISTS:
	case CODE_FAILED_PRECONDITION:
		return status->n_violations > 0 ? CONDITION_FIELDS_INVALID
		                                : CONDITION_INVALID;
	case CODE_NOT_FOUND:
		return CONDITION_NOT_FOUND;
	case CODE_PERMISSION_DENIED:
		return CONDITION_PERMISSION_DENIED;
	case CODE_UNAUTHENTICATED:
		return CONDITION_UNAUTHENTICATED;
	case CODE_DEADLINE_EXCEEDED:
	case CODE_RESOURCE_EXHAUSTED:
	case CODE_UNAVAILABLE:
		return CONDITION_UNAVAILABLE;
	case CODE_OK:
	case CODE_UNIMPLEMENTED:
	case CODE_INTERNAL:
	case CODE_DATA_LOSS:
		break;
	}
	return CONDITION_INTERNAL;
}
