/*
 * store_backup: a copy of a store that serves. It is written under another
 * name, read back and checked page by page, synced, and only then named; so a
 * file with the backup's name is a whole store. What a killed backup leaves
 * behind has six more characters in its name.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/store/lmdb_engine.h"
#include "server/store/lmdb_file.h"
#include "server/store/lmdb_mark.h"
#include "server/store/lmdb_pages.h"
#include "server/store/store_backup.h"
#include "server/store/store_lock.h"

/* One backup in the making. */
struct copy {
	MDB_env *env;
	int lock_fd;
	int fd;
	char source[LMDB_PATH_MAX];
	char temporary[LMDB_PATH_MAX];
};

static enum code
open_source(struct copy *copy, const char *dir,
            const struct lmdb_report *report)
{
	enum code code = lmdb_path(dir, copy->source);
	int rc;

	if (code == CODE_OK && access(copy->source, F_OK) != 0)
		return lmdb_report_error(report, errno, "back up",
		                         copy->source);
	if (code == CODE_OK)
		code = lmdb_file_check(copy->source, report);
	if (code != CODE_OK)
		return code;
	copy->lock_fd = store_lock_take(dir);
	if (copy->lock_fd < 0)
		return lmdb_report_error(report, errno,
		                         "back up from the process that "
		                         "serves it",
		                         dir);
	rc = mdb_env_create(&copy->env);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(copy->env, LMDB_READER_SLOTS);
	if (rc == 0)
		rc = mdb_env_open(copy->env, dir, MDB_RDONLY | MDB_NOTLS, 0600);
	if (rc != 0)
		return lmdb_report_error(report, rc, "back up", copy->source);
	/* LMDB's copier trusts the pages it follows. */
	return lmdb_pages_check(copy->env, copy->source, report);
}

static enum code
open_target(struct copy *copy, const char *file,
            const struct lmdb_report *report)
{
	int len = snprintf(copy->temporary, sizeof(copy->temporary),
	                   "%s.XXXXXX", file);

	if (len < 0 || (size_t)len >= sizeof(copy->temporary)) {
		copy->temporary[0] = '\0';
		return lmdb_report_error(report, ENAMETOOLONG, "write", file);
	}
	if (access(file, F_OK) == 0) {
		copy->temporary[0] = '\0';
		return lmdb_report_error(report, EEXIST, "write", file);
	}
	copy->fd = mkostemp(copy->temporary, O_CLOEXEC);
	if (copy->fd >= 0)
		return CODE_OK;
	copy->temporary[0] = '\0';
	return lmdb_report_error(report, errno, "write", file);
}

/*
 * Compacting stumbles over pages that are neither used nor free, which do no
 * harm: then all pages are copied.
 */
static enum code
write_target(struct copy *copy, const char *file,
             const struct lmdb_report *report)
{
	int rc = mdb_env_copyfd2(copy->env, copy->fd, MDB_CP_COMPACT);
	enum code code;

	if (rc == MDB_INCOMPATIBLE) {
		if (ftruncate(copy->fd, 0) != 0 ||
		    lseek(copy->fd, 0, SEEK_SET) != 0)
			return lmdb_report_error(report, errno, "write", file);
		rc = mdb_env_copyfd2(copy->env, copy->fd, 0);
	}
	if (rc == 0)
		rc = lmdb_mark_copy(copy->temporary, clock_wall_us());
	if (rc != 0)
		return lmdb_report_error(report, rc, "write", file);
	code = lmdb_pages_check_copy(copy->fd, copy->temporary, report);
	if (code == CODE_OK && fsync(copy->fd) != 0)
		code = lmdb_report_error(report, errno, "write", file);
	return code;
}

/* Not every file system can rename without replacing; others can link. */
static int
give_name(const char *temporary, const char *file)
{
	if (renameat2(AT_FDCWD, temporary, AT_FDCWD, file, RENAME_NOREPLACE) ==
	    0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (link(temporary, file) != 0)
		return -1;
	(void)unlink(temporary);
	return 0;
}

static int
sync_parent(const char *file)
{
	char *name = strdup(file);
	int fd, rc = -1;

	if (name == NULL)
		return -1;
	fd = open(dirname(name), O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	free(name);
	if (fd >= 0) {
		rc = fsync(fd);
		(void)close(fd);
	}
	return rc;
}

static enum code
name_target(struct copy *copy, const char *file,
            const struct lmdb_report *report)
{
	if (give_name(copy->temporary, file) != 0)
		return lmdb_report_error(report, errno, "write", file);
	copy->temporary[0] = '\0';
	if (sync_parent(file) != 0)
		return lmdb_report_error(report, errno, "sync the directory of",
		                         file);
	return CODE_OK;
}

enum code
store_backup(const char *dir, const char *file, char *err, size_t err_size)
{
	struct lmdb_report report = { .text = err, .size = err_size };
	struct copy copy = { .lock_fd = -1, .fd = -1 };
	enum code code = open_source(&copy, dir, &report);

	if (code == CODE_OK)
		code = open_target(&copy, file, &report);
	if (code == CODE_OK)
		code = write_target(&copy, file, &report);
	if (code == CODE_OK)
		code = name_target(&copy, file, &report);
	if (copy.temporary[0] != '\0')
		(void)unlink(copy.temporary);
	if (copy.fd >= 0)
		(void)close(copy.fd);
	if (copy.env != NULL)
		mdb_env_close(copy.env);
	if (copy.lock_fd >= 0)
		(void)close(copy.lock_fd);
	return code;
}
