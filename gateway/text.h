#ifndef GATEWAY_TEXT_H
#define GATEWAY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"

/* UTF-8 text of requests: what its bytes mean to a person. */

/*
 * text_trim returns what is left without the white space at both ends: what
 * Python's str.strip takes away, so that passwords stored by Django still fit.
 */
struct bytes text_trim(const char *text, size_t len);

/* text_length returns the number of characters (code points). */
size_t text_length(const char *text, size_t len);

/*
 * text_percent_decode decodes %XX (RFC 3986, section 2.1), and '+' as a space
 * if plus_is_space, into the arena. The result may hold NULs; false if a % is
 * not followed by two digits, or the arena is full.
 */
bool text_percent_decode(struct arena *arena, struct bytes encoded,
                         bool plus_is_space, struct bytes *out);

#endif
