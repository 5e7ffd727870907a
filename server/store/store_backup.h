#ifndef SERVER_STORE_STORE_BACKUP_H
#define SERVER_STORE_STORE_BACKUP_H

#include <stddef.h>

#include "base/code.h"

/*
 * store_backup copies the store in `dir`, open elsewhere or not, to a new file
 * while it serves: a consistent snapshot, compacted, fsynced, 0600, complete
 * or absent. ALREADY_EXISTS if the file is there. Call it from a process that
 * has no store open on `dir`.
 */
NODISCARD enum code store_backup(const char *dir, const char *file, char *err,
                                 size_t err_size);

#endif
