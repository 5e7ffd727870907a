#ifndef GATEWAY_MEDIA_TYPE_H
#define GATEWAY_MEDIA_TYPE_H

#include <stdbool.h>

#include "base/code.h"
#include "gateway/spec.h"

/* Lists of media types in profiles, without parameters. */
#define MEDIA_TYPE_LIST_MAX 4 /* in one list */

/*
 * media_type_read_list reads a list of types (RFC 9110, section 8.3.1), with
 * ranges also of "image/" and a star, and ends *out with NULL.
 */
NODISCARD enum code
media_type_read_list(const struct spec *list, bool ranges,
                     const char *out[MEDIA_TYPE_LIST_MAX + 1]);

/* media_type_is_range tells whether it stands for several types. */
bool media_type_is_range(const char *type);

#endif
