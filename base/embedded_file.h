#ifndef BASE_EMBEDDED_FILE_H
#define BASE_EMBEDDED_FILE_H

#include <stddef.h>

/*
 * A file that was compiled in (bazel/embed.bzl): for text that people write
 * and programs carry, such as templates. A NUL follows its bytes.
 */
struct embedded_file {
	const char *name; /* without its folder */
	const unsigned char *data;
	size_t len;
};

#endif
