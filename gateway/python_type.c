#include "gateway/python_type.h"

#include <string.h>

const char *
python_type(const struct json *value)
{
	switch (value->type) {
	case JSON_LIST:
		return "list";
	case JSON_STRING:
		return "str";
	case JSON_FALSE:
	case JSON_TRUE:
		return "bool";
	case JSON_NUMBER:
		return strpbrk(value->text, ".eE") == NULL ? "int" : "float";
	case JSON_NULL:
		return "NoneType";
	case JSON_OBJECT:
		break;
	}
	return "dict";
}
