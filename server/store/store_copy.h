#ifndef SERVER_STORE_STORE_COPY_H
#define SERVER_STORE_STORE_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/code.h"

/*
 * Reading the file of a store that nobody writes to, as store_backup makes it:
 * whether it is whole, what is in it, and how it becomes a store again.
 */
struct store;

struct store_copy_facts {
	/* When store_backup made it, microseconds since the Unix epoch; or when
	 * the file was last written, if no backup made it or it was opened. */
	int64_t made_at_us;
	bool is_backup; /* it was made by store_backup, and nobody opened it */
	uint32_t schema_version;
	uint64_t size; /* bytes */
};

/*
 * store_copy_open looks at every page and record of a file and opens it for
 * reading only; nothing in it or beside it is made or changed. A table that an
 * older schema lacks cannot be read. DATA_LOSS: it is damaged;
 * FAILED_PRECONDITION: a newer schema; INVALID_ARGUMENT: a symbolic link or no
 * regular file; NOT_FOUND, PERMISSION_DENIED and such. err gets one sentence
 * that names the file. Close it with store_close.
 */
NODISCARD enum code store_copy_open(const char *file, struct store **out,
                                    struct store_copy_facts *facts, char *err,
                                    size_t err_size);

/*
 * store_copy_put writes the file as the new store of a directory, 0600, whole
 * and durable, marked as a copy of facts->made_at_us. RESOURCE_EXHAUSTED if the
 * disk is full; on failure something may be left in the directory.
 */
NODISCARD enum code store_copy_put(const char *file,
                                   const struct store_copy_facts *facts,
                                   const char *dir, char *err, size_t err_size);

#endif
