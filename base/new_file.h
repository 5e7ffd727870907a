#ifndef BASE_NEW_FILE_H
#define BASE_NEW_FILE_H

#include <sys/types.h>

#include "base/bytes.h"
#include "base/code.h"

/*
 * Files that are there whole and durable, or not at all.
 *
 * new_file_write writes a file that must not exist yet, with exactly this
 * mode, and returns once it would survive a power cut. ALREADY_EXISTS,
 * NOT_FOUND (its directory), PERMISSION_DENIED, RESOURCE_EXHAUSTED (disk
 * full), INTERNAL; then nothing is left behind.
 */
NODISCARD enum code new_file_write(const char *path, struct bytes content,
                                   mode_t mode);

/*
 * new_file_replace does it for a file that may exist: whoever opens it finds
 * the old content or the new. On failure the old file is there, or the new one
 * if only the directory could not be synced; a kill can leave PATH.XXXXXX.
 */
NODISCARD enum code new_file_replace(const char *path, struct bytes content,
                                     mode_t mode);

/*
 * new_file_sync_directory makes what was made, renamed or removed in a
 * directory durable. Codes as above.
 */
NODISCARD enum code new_file_sync_directory(const char *dir);

/* new_file_code translates an errno of the file system. */
enum code new_file_code(int error);

#endif
