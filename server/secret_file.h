#ifndef SERVER_SECRET_FILE_H
#define SERVER_SECRET_FILE_H

#include <stddef.h>

#include "base/code.h"

#define SECRET_FILE_MAX 1023 /* bytes */

/* An HS256 secret that is shared with a service; the caller wipes it. */
struct secret_file {
	char data[SECRET_FILE_MAX + 1];
	size_t len;
};

/*
 * secret_file_read reads a secret of 32 (RFC 7518, 3.2) to SECRET_FILE_MAX
 * bytes; one line end is cut. NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT
 * (its length); err gets one sentence that names the file.
 */
NODISCARD enum code secret_file_read(const char *path, struct secret_file *out,
                                     char *err, size_t err_size);

#endif
