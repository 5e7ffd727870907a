#ifndef SERVER_DOMAIN_MAIL_TEMPLATE_FILE_H
#define SERVER_DOMAIN_MAIL_TEMPLATE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/code.h"

/* An operator's templates as they lie on disk. */

/*
 * mail_template_file_read reads a file whole: *out is the caller's to free,
 * with a NUL behind it. NOT_FOUND: there is none, err stays as it is. Others:
 * it is no regular file, too long (INVALID_ARGUMENT), or cannot be read.
 */
NODISCARD enum code mail_template_file_read(const char *path, char **out,
                                            size_t *len, char *err,
                                            size_t err_size);

/*
 * mail_template_file_check looks for *.txt and *.html files in the directory
 * that is_known does not know: a misspelt name would be a template that is
 * silently not used. INVALID_ARGUMENT names the first.
 */
NODISCARD enum code mail_template_file_check(const char *dir,
                                             bool (*is_known)(const char *name),
                                             char *err, size_t err_size);

#endif
