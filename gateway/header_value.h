#ifndef GATEWAY_HEADER_VALUE_H
#define GATEWAY_HEADER_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"

/* The values of headers taken apart (RFC 9110, section 5.6). */

/* header_value_is tells whether the text before any ';' is token, any case. */
bool header_value_is(const char *value, const char *token);

/*
 * header_value_parameter finds "; name=value" or "; name=\"value\"". False if
 * it is not there, not well-formed, or the arena is full.
 */
bool header_value_parameter(struct arena *arena, const char *value,
                            const char *name, const char **out);

/*
 * header_value_names tells whether an Accept header names this very type, not
 * a range that it is in, and does not exclude it.
 */
bool header_value_names(const char *accept, const char *type);

/* header_value_accepts_json reads an Accept header; NULL accepts anything. */
bool header_value_accepts_json(const char *accept);

/*
 * header_value_bearer reads an Authorization header (RFC 6750): the token, or
 * NULL and whether the scheme was Bearer, exactly, with another number of
 * parts than two.
 */
const char *header_value_bearer(struct arena *arena, const char *value,
                                bool *malformed);

#endif
