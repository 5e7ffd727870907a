#ifndef SERVER_DOMAIN_MASTER_KEY_H
#define SERVER_DOMAIN_MASTER_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/code.h"

/*
 * The key that the signing keys are sealed with. It lies in a file of its own,
 * outside the data directory, and never enters a backup: whoever has the store
 * alone can sign nothing.
 */
#define MASTER_KEY_SIZE 32 /* bytes */

/*
 * master_key_make writes a new random key: a file of 64 hex digits and a line
 * end, 0400, durable. ALREADY_EXISTS if the path is taken, NOT_FOUND without
 * its folder, PERMISSION_DENIED, INTERNAL. Leaves no half-written file.
 */
NODISCARD enum code master_key_make(const char *path);

/*
 * master_key_load reads it. NOT_FOUND if it is not there; PERMISSION_DENIED
 * unless the file is a regular one (no symbolic link), belongs to the caller
 * and has the mode 0400; INVALID_ARGUMENT for other content. err gets one
 * sentence on failure that says what to do. The caller wipes *out.
 */
NODISCARD enum code master_key_load(const char *path,
                                    uint8_t out[MASTER_KEY_SIZE], char *err,
                                    size_t err_size);

#endif
