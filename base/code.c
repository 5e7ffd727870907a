#include "base/code.h"

const char *
code_name(enum code code)
{
	switch (code) {
	case CODE_OK:
		return "OK";
	case CODE_INVALID_ARGUMENT:
		return "INVALID_ARGUMENT";
	case CODE_DEADLINE_EXCEEDED:
		return "DEADLINE_EXCEEDED";
	case CODE_NOT_FOUND:
		return "NOT_FOUND";
	case CODE_ALREADY_EXISTS:
		return "ALREADY_EXISTS";
	case CODE_PERMISSION_DENIED:
		return "PERMISSION_DENIED";
	case CODE_RESOURCE_EXHAUSTED:
		return "RESOURCE_EXHAUSTED";
	case CODE_FAILED_PRECONDITION:
		return "FAILED_PRECONDITION";
	case CODE_UNIMPLEMENTED:
		return "UNIMPLEMENTED";
	case CODE_INTERNAL:
		return "INTERNAL";
	case CODE_UNAVAILABLE:
		return "UNAVAILABLE";
	case CODE_DATA_LOSS:
		return "DATA_LOSS";
	case CODE_UNAUTHENTICATED:
		return "UNAUTHENTICATED";
	}
	return "UNKNOWN";
}
