#ifndef GATEWAY_BODY_H
#define GATEWAY_BODY_H

#include "base/code.h"
#include "base/json.h"
#include "gateway/inquiry.h"

/*
 * The body of a request, by its Content-Type: JSON and both kinds of form end
 * as one JSON object. No body at all is an empty object.
 */
struct body {
	const struct json *object; /* NULL: refused */
	struct bytes raw;          /* data NULL: it was read */
	unsigned condition;        /* why (enum condition) */
	const char *what;          /* of a malformed body */
	struct json_error at;      /* of malformed JSON */
	const char *got;           /* a type's name in Python */
};

/*
 * body_read reads it, or, if it is of one of the raw types ("image/png",
 * "image/" and a star; NULL ends them), leaves it as it is. RESOURCE_EXHAUSTED
 * when the request's arena is full.
 */
NODISCARD enum code body_read(const struct inquiry *inquiry,
                              const char *const *raw_types, struct body *out);

#endif
