#ifndef GATEWAY_PYTHON_TYPE_H
#define GATEWAY_PYTHON_TYPE_H

#include "base/json.h"

/* python_type returns how Django calls a JSON value's type: "list", "str". */
const char *python_type(const struct json *value);

#endif
