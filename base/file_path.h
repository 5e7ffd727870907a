#ifndef BASE_FILE_PATH_H
#define BASE_FILE_PATH_H

#include <limits.h>

#include "base/code.h"

/*
 * file_path_absolute writes a path that stays good when the working directory
 * changes; what it names need not be there. INVALID_ARGUMENT if it is empty or
 * too long, or the working directory is gone.
 */
NODISCARD enum code file_path_absolute(const char *path, char out[PATH_MAX]);

#endif
