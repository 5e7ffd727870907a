/* Copies of a store as files: see store_copy.h. */
#include "server/store/store_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/new_file.h"
#include "server/store/lmdb_engine.h"
#include "server/store/lmdb_file.h"
#include "server/store/lmdb_mark.h"
#include "server/store/lmdb_pages.h"
#include "server/store/lmdb_readers.h"
#include "server/store/schema.h"

#define US_PER_S 1000000
#define CURE "take another copy"
#define SEND_MAX ((size_t)1 << 30) /* bytes at a time */

static enum code
refuse(const struct lmdb_report *report, const char *file, const char *why)
{
	(void)snprintf(report->text, report->size, "%s %s", file, why);
	return CODE_INVALID_ARGUMENT;
}

/* Nonblocking: a pipe would wait for its other end. */
static enum code
open_file(const char *file, const struct lmdb_report *report, int *fd,
          struct stat *st)
{
	*fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*fd < 0 && errno == ELOOP)
		return refuse(report, file,
		              "is a symbolic link: name the file itself");
	if (*fd < 0 || fstat(*fd, st) != 0) {
		(void)snprintf(report->text, report->size, "%s: %s", file,
		               strerror(errno));
		return new_file_code(errno);
	}
	if (!S_ISREG(st->st_mode))
		return refuse(report, file, "is no regular file");
	return CODE_OK;
}

static int
open_env(const char *file, struct store *copy)
{
	int rc = mdb_env_create(&copy->env);

	if (rc == 0)
		rc = mdb_env_set_maxdbs(copy->env, STORE_TABLE_COUNT);
	if (rc == 0)
		rc = mdb_env_open(
			copy->env, file,
			MDB_RDONLY | MDB_NOLOCK | MDB_NOSUBDIR | MDB_NOTLS, 0);
	if (rc == 0)
		rc = lmdb_open_tables(copy, LMDB_MISSING_SKIPPED);
	if (rc == 0)
		rc = lmdb_readers_open(copy->env, 1, &copy->readers);
	return rc;
}

static enum code
judge_schema(const char *file, struct store *copy,
             const struct lmdb_report *report, struct schema_facts *out)
{
	if (schema_look(copy, out) != CODE_OK)
		return lmdb_report_damage(report, file,
		                          "its meta record is missing");
	if (out->version > STORE_SCHEMA_VERSION) {
		(void)snprintf(report->text, report->size,
		               "%s has schema version %" PRIu32
		               ", this program knows them up to %d: restore it "
		               "with the version that made it",
		               file, out->version, STORE_SCHEMA_VERSION);
		return CODE_FAILED_PRECONDITION;
	}
	if (copy->has_foreign)
		return lmdb_report_damage(report, file,
		                          "it names a table that is unknown");
	return CODE_OK;
}

static enum code
open_copy(const char *file, struct store *copy, struct store_copy_facts *facts,
          const struct lmdb_report *report)
{
	struct schema_facts schema = { 0 };
	struct stat st = { 0 };
	enum code code;
	int fd = -1, rc;

	code = open_file(file, report, &fd, &st);
	/* LMDB trusts the pages it follows. */
	if (code == CODE_OK)
		code = lmdb_pages_check_copy(fd, file, report);
	if (fd >= 0)
		(void)close(fd);
	if (code != CODE_OK)
		return code;
	rc = open_env(file, copy);
	if (rc != 0)
		return lmdb_report_error(report, rc, "read", file);
	code = judge_schema(file, copy, report, &schema);
	if (code != CODE_OK)
		return code;
	*facts = (struct store_copy_facts){
		.made_at_us = schema.copied_at_us,
		.is_backup = schema.copied_at_us != 0,
		.schema_version = schema.version,
		.size = (uint64_t)st.st_size,
	};
	if (!facts->is_backup)
		facts->made_at_us = (int64_t)st.st_mtime * US_PER_S;
	return CODE_OK;
}

enum code
store_copy_open(const char *file, struct store **out,
                struct store_copy_facts *facts, char *err, size_t err_size)
{
	const struct lmdb_report report = { .text = err,
		                            .size = err_size,
		                            .cure = CURE };
	struct store *copy = calloc(1, sizeof(*copy));
	enum code code;

	if (copy == NULL)
		return lmdb_report_error(&report, ENOMEM, "read", file);
	copy->lock_fd = -1;
	code = open_copy(file, copy, facts, &report);
	if (code == CODE_OK)
		*out = copy;
	else
		store_close(copy);
	return code;
}

/* Returns 0 or an errno. */
static int
send_all(int from, int to)
{
	ssize_t sent;

	do
		sent = sendfile(to, from, NULL, SEND_MAX);
	while (sent > 0 || (sent < 0 && errno == EINTR));
	return sent == 0 ? 0 : errno;
}

static enum code
copy_bytes(const char *file, const char *path, const struct lmdb_report *report)
{
	struct stat st;
	int from, to, rc;
	enum code code = open_file(file, report, &from, &st);

	if (code != CODE_OK) {
		if (from >= 0)
			(void)close(from);
		return code;
	}
	to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	rc = to < 0 ? errno : send_all(from, to);
	if (to >= 0 && close(to) != 0 && rc == 0)
		rc = errno;
	(void)close(from);
	return rc == 0 ? CODE_OK : lmdb_report_error(report, rc, "write", path);
}

/* After marking: what is checked and synced is what stays. */
static enum code
check_and_sync(const char *path, const struct lmdb_report *report)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	enum code code;

	if (fd < 0)
		return lmdb_report_error(report, errno, "check", path);
	code = lmdb_pages_check_copy(fd, path, report);
	if (code == CODE_OK && (fchmod(fd, 0600) != 0 || fsync(fd) != 0))
		code = lmdb_report_error(report, errno, "write", path);
	(void)close(fd);
	return code;
}

enum code
store_copy_put(const char *file, const struct store_copy_facts *facts,
               const char *dir, char *err, size_t err_size)
{
	const struct lmdb_report report = { .text = err,
		                            .size = err_size,
		                            .cure = CURE };
	char path[LMDB_PATH_MAX];
	enum code code = lmdb_path(dir, path);
	int rc;

	if (code != CODE_OK)
		return lmdb_report_error(&report, ENAMETOOLONG, "write", dir);
	code = copy_bytes(file, path, &report);
	if (code != CODE_OK)
		return code;
	rc = lmdb_mark_copy(path, facts->made_at_us);
	if (rc != 0)
		return lmdb_report_error(&report, rc, "write", path);
	return check_and_sync(path, &report);
}
