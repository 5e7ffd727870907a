#ifndef CLIENT_CTL_INPUT_H
#define CLIENT_CTL_INPUT_H

#include <stddef.h>

#include "base/arena.h"
#include "base/code.h"

/*
 * What a user hands over as "@FILE" or "-" (standard input), so that secrets
 * stay off the command line.
 */
#define INPUT_MAX ((size_t)512 * 1024) /* bytes: a picture in base64 */

/*
 * input_read reads it into the arena, NUL-terminated. On failure it has
 * printed a sentence.
 */
NODISCARD enum code input_read(struct arena *arena, const char *from,
                               char **out, size_t *len);

/* input_read_token does so for a token: white space at both ends is cut. */
NODISCARD enum code input_read_token(struct arena *arena, const char *from,
                                     char **out);

#endif
