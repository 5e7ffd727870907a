#ifndef SERVER_RESTORE_H
#define SERVER_RESTORE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "base/code.h"
#include "server/settings.h"
#include "server/store/store_copy.h"

/*
 * Putting a copy of the store in the place of the data directory. The new
 * directory is made beside it, opened as a server would, and then the two
 * change places in one step: whatever kills it, and whenever, the data
 * directory is the old one or the new one, whole. Nothing of the old one is
 * changed or deleted.
 *
 * A kill can leave DATA.tmp-XXXXXX or, just before the step, the copy under
 * the name that is meant for the old directory. Both may be deleted.
 */
struct restore_order {
	const struct server_settings *settings; /* of the working directory */
	const char *from; /* absolute; a file, or a folder with data.mdb */
	int64_t now_us;
};

/* What was or would be done; paths are absolute. */
struct restore_report {
	char copy[PATH_MAX];
	struct store_copy_facts facts;
	char data[PATH_MAX];
	char kept[PATH_MAX]; /* the directory that was there; "": none was */
};

/*
 * restore_check looks a copy over and changes nothing: all of its pages and
 * records, its schema, and whether the master key opens its signing keys. A
 * server may run. Fails as store_copy_open, master_key_load and keyring_open
 * do, with PERMISSION_DENIED if the data directory belongs to another user, and
 * with FAILED_PRECONDITION if the copy is its own file or is open; err gets one
 * sentence.
 */
NODISCARD enum code restore_check(const struct restore_order *order,
                                  struct restore_report *out, char *err,
                                  size_t err_size);

/*
 * restore_run checks the copy and restores it; durable when it returns.
 * UNAVAILABLE if a server or a command has the store open, RESOURCE_EXHAUSTED
 * without room on the disk, else as restore_check. On failure the data
 * directory is as it was, but if err says otherwise.
 */
NODISCARD enum code restore_run(const struct restore_order *order,
                                struct restore_report *out, char *err,
                                size_t err_size);

#endif
