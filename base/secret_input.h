#ifndef BASE_SECRET_INPUT_H
#define BASE_SECRET_INPUT_H

#include <stddef.h>

#include "base/code.h"

/*
 * Passwords from where nobody else can see them: a file descriptor or a
 * terminal, never the command line. The caller wipes `out`.
 */

/*
 * secret_read reads a descriptor to its end, or a first line from a terminal,
 * and cuts one line end. INVALID_ARGUMENT: longer than size - 1 bytes, or a
 * NUL or line end inside; INTERNAL: it cannot be read. On failure out is wiped.
 */
NODISCARD enum code secret_read(int fd, char *out, size_t size);

/*
 * secret_prompt asks on the controlling terminal, without echo.
 * FAILED_PRECONDITION: there is none; UNAVAILABLE: cancelled (Ctrl-C,
 * Ctrl-D); else as secret_read.
 */
NODISCARD enum code secret_prompt(const char *prompt, char *out, size_t size);

#endif
