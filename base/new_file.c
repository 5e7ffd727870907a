#include "base/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum code
new_file_code(int error)
{
	switch (error) {
	case 0:
		return CODE_OK;
	case EEXIST:
		return CODE_ALREADY_EXISTS;
	case ENOENT:
	case ENOTDIR:
		return CODE_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return CODE_PERMISSION_DENIED;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case ENOMEM:
		return CODE_RESOURCE_EXHAUSTED;
	case ENAMETOOLONG:
		return CODE_INVALID_ARGUMENT;
	default:
		return CODE_INTERNAL;
	}
}

static bool
write_all(int fd, struct bytes content)
{
	const char *at = content.data;

	while (content.len > 0) {
		ssize_t put = write(fd, at, content.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		at += put;
		content.len -= (size_t)put;
	}
	return true;
}

enum code
new_file_sync_directory(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return new_file_code(errno);
	if (fsync(fd) != 0)
		error = errno;
	(void)close(fd);
	return new_file_code(error);
}

static enum code
sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = ".";

	if (slash != NULL)
		(void)snprintf(dir, sizeof(dir), "%.*s",
		               (int)(slash - path) + 1, path);
	return new_file_sync_directory(dir);
}

/* fill writes the whole file under its temporary name. */
static bool
fill(int fd, struct bytes content, mode_t mode)
{
	return write_all(fd, content) && fchmod(fd, mode) == 0 &&
	       fsync(fd) == 0;
}

/* make_temporary writes PATH.XXXXXX and returns its name. */
static enum code
make_temporary(const char *path, struct bytes content, mode_t mode,
               char out[PATH_MAX])
{
	int len = snprintf(out, PATH_MAX, "%s.XXXXXX", path);
	int error = 0;
	int fd;

	if (len < 0 || len >= PATH_MAX)
		return CODE_INVALID_ARGUMENT;
	fd = mkostemp(out, O_CLOEXEC);
	if (fd < 0)
		return new_file_code(errno);
	if (!fill(fd, content, mode))
		error = errno;
	(void)close(fd);
	if (error != 0)
		(void)unlink(out);
	return new_file_code(error);
}

enum code
new_file_write(const char *path, struct bytes content, mode_t mode)
{
	char temporary[PATH_MAX];
	enum code code = make_temporary(path, content, mode, temporary);

	if (code != CODE_OK)
		return code;
	/* link, unlike rename, never replaces what is there. */
	if (link(temporary, path) != 0)
		code = new_file_code(errno);
	(void)unlink(temporary);
	if (code != CODE_OK)
		return code;
	code = sync_parent(path);
	if (code != CODE_OK)
		(void)unlink(path);
	return code;
}

enum code
new_file_replace(const char *path, struct bytes content, mode_t mode)
{
	char temporary[PATH_MAX];
	enum code code = make_temporary(path, content, mode, temporary);

	if (code != CODE_OK)
		return code;
	if (rename(temporary, path) != 0) {
		code = new_file_code(errno);
		(void)unlink(temporary);
		return code;
	}
	return sync_parent(path);
}
