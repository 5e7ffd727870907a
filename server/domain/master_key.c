#include "server/domain/master_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/encoding.h"

#define FILE_SIZE (2 * MASTER_KEY_SIZE + 1) /* digits and a line end */

static enum code
code_from_errno(int error)
{
	switch (error) {
	case EEXIST:
		return CODE_ALREADY_EXISTS;
	case ENOENT:
	case ENOTDIR:
		return CODE_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
	case ELOOP:
		return CODE_PERMISSION_DENIED;
	case ENOSPC:
	case EDQUOT:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return CODE_RESOURCE_EXHAUSTED;
	default:
		return CODE_INTERNAL;
	}
}

/* write_whole also makes the mode what it should be, whatever the umask. */
static bool
write_whole(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return fchmod(fd, 0400) == 0 && fsync(fd) == 0;
}

/* sync_folder makes the entry of `path` in its folder durable. */
static bool
sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL
	                       ? strdup(".")
	                       : strndup(path, (size_t)(slash - path) + 1);
	bool ok;
	int fd;

	if (folder == NULL)
		return false;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return false;
	ok = fsync(fd) == 0;
	(void)close(fd);
	return ok;
}

enum code
master_key_make(const char *path)
{
	uint8_t key[MASTER_KEY_SIZE];
	char text[FILE_SIZE + 1];
	bool ok;
	int fd;

	if (sodium_init() < 0)
		return CODE_INTERNAL;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	          0400);
	if (fd < 0)
		return code_from_errno(errno);
	randombytes_buf(key, sizeof(key));
	hex_encode(key, sizeof(key), text);
	text[FILE_SIZE - 1] = '\n';
	ok = write_whole(fd, text, FILE_SIZE);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(text, sizeof(text));
	if (close(fd) == 0 && ok && sync_folder(path))
		return CODE_OK;
	(void)unlink(path);
	return CODE_INTERNAL;
}

/* fault_of tells what is wrong with the file, or NULL. */
static const char *
fault_of(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file: put the key into one";
	if (st->st_uid != geteuid())
		return "belongs to another user: give it to the one that runs "
		       "the server with chown";
	if ((st->st_mode & 07777) != 0400)
		return "must be readable by its owner and nothing else: run "
		       "chmod 0400 on it";
	return NULL;
}

/* read_whole returns whether the file is exactly `size` bytes long. */
static bool
read_whole(int fd, char *out, size_t size)
{
	size_t used = 0;
	char beyond;
	ssize_t n;

	while (used < size) {
		n = read(fd, out + used, size - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		used += (size_t)n;
	}
	do
		n = read(fd, &beyond, 1);
	while (n < 0 && errno == EINTR);
	return n == 0;
}

static enum code
read_key(int fd, uint8_t out[MASTER_KEY_SIZE])
{
	char text[FILE_SIZE];
	bool ok = read_whole(fd, text, sizeof(text)) &&
	          text[FILE_SIZE - 1] == '\n';

	text[FILE_SIZE - 1] = '\0';
	ok = ok && hex_decode(text, out, MASTER_KEY_SIZE);
	sodium_memzero(text, sizeof(text));
	return ok ? CODE_OK : CODE_INVALID_ARGUMENT;
}

enum code
master_key_load(const char *path, uint8_t out[MASTER_KEY_SIZE], char *err,
                size_t err_size)
{
	/* O_NONBLOCK: opening a FIFO would wait for a writer. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *fault = "cannot be examined";
	enum code code = CODE_PERMISSION_DENIED;
	struct stat st;

	if (fd < 0) {
		(void)snprintf(err, err_size,
		               "the master key %s cannot be opened: %s", path,
		               errno == ELOOP ? "it is a symbolic link"
		                              : strerrordesc_np(errno));
		return code_from_errno(errno);
	}
	if (fstat(fd, &st) == 0)
		fault = fault_of(&st);
	if (fault == NULL) {
		code = read_key(fd, out);
		fault = "is not 64 lower-case hex digits and a line end: "
			"restore it from where it is kept";
	}
	(void)close(fd);
	if (code != CODE_OK)
		(void)snprintf(err, err_size, "the master key %s %s", path,
		               fault);
	return code;
}
