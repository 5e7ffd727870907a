#include "server/store/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A file of its own: LMDB loses its locks when lock.mdb is closed anywhere. */
static int
open_file(const char *dir)
{
	int dir_fd = open(dir, O_DIRECTORY | O_CLOEXEC | O_RDONLY);
	int fd;

	if (dir_fd < 0)
		return -1;
	fd = openat(dir_fd, "open.lock",
	            O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	(void)close(dir_fd);
	return fd;
}

int
store_lock_take(const char *dir)
{
	struct flock byte = { .l_type = F_WRLCK,
		              .l_whence = SEEK_SET,
		              .l_start = getpid(),
		              .l_len = 1 };
	int fd = open_file(dir);
	int saved;

	if (fd < 0)
		return -1;
	if (fcntl(fd, F_OFD_SETLK, &byte) == 0)
		return fd;
	saved = errno == EACCES ? EAGAIN : errno;
	(void)close(fd);
	errno = saved;
	return -1;
}
