#ifndef GATEWAY_PROFILE_FILE_H
#define GATEWAY_PROFILE_FILE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/code.h"

/* A profile as it lies on disk. */
#define PROFILE_FILE_MAX ((size_t)256 << 10) /* bytes */

struct profile_file {
	const char *name; /* its path */
	const char *text;
	size_t len;
};

/* Those of a directory; err gets one sentence of a failure. */
struct profile_listing {
	struct profile_file *files;
	size_t size; /* how many there may be */
	size_t count;
	char *err;
	size_t err_size;
};

/*
 * profile_file_list reads the *.json files of a directory, in the order of
 * their names, into the arena. NOT_FOUND, PERMISSION_DENIED, INTERNAL for what
 * cannot be read; INVALID_ARGUMENT for what is no file or too long.
 */
NODISCARD enum code profile_file_list(struct arena *arena, const char *dir,
                                      struct profile_listing *listing);

#endif
