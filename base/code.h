#ifndef BASE_CODE_H
#define BASE_CODE_H

#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/*
 * How a call ended. One list for the whole tree: stores and handlers return
 * it and the reply envelope carries it. The numbers are those of
 * google.rpc.Code and are on the wire: never renumber.
 */
enum code {
	CODE_OK = 0,
	CODE_INVALID_ARGUMENT = 3,
	CODE_DEADLINE_EXCEEDED = 4,
	CODE_NOT_FOUND = 5,
	CODE_ALREADY_EXISTS = 6,
	CODE_PERMISSION_DENIED = 7,
	CODE_RESOURCE_EXHAUSTED = 8,
	CODE_FAILED_PRECONDITION = 9,
	CODE_UNIMPLEMENTED = 12,
	CODE_INTERNAL = 13,
	CODE_UNAVAILABLE = 14,
	CODE_DATA_LOSS = 15,
	CODE_UNAUTHENTICATED = 16,
};

/* code_name returns "NOT_FOUND" and the like; never NULL. */
const char *code_name(enum code code);

#endif
