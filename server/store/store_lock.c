#include "server/store/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool
store_lock_is_in_place(int fd, const char *path)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && lstat(path, &named) == 0 &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

/* A file of its own: LMDB loses its locks when lock.mdb is closed anywhere. */
static int
take(const char *dir, int open_flags, struct flock range)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/open.lock", dir);
	int fd, saved;

	errno = ENAMETOOLONG;
	if (len < 0 || (size_t)len >= sizeof(path))
		return -1;
	fd = open(path, open_flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	saved = EAGAIN;
	if (fcntl(fd, F_OFD_SETLK, &range) != 0)
		saved = errno == EACCES ? EAGAIN : errno;
	else if (store_lock_is_in_place(fd, path))
		return fd;
	(void)close(fd);
	errno = saved;
	return -1;
}

int
store_lock_take(const char *dir)
{
	return take(dir, O_RDWR | O_CREAT,
	            (struct flock){ .l_type = F_WRLCK,
	                            .l_whence = SEEK_SET,
	                            .l_start = getpid(),
	                            .l_len = 1 });
}

/* A length of 0 is all there is and may come. */
int
store_lock_take_all(const char *dir)
{
	return take(dir, O_RDWR | O_CREAT,
	            (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET });
}

int
store_lock_share_all(const char *dir)
{
	return take(dir, O_RDONLY,
	            (struct flock){ .l_type = F_RDLCK, .l_whence = SEEK_SET });
}
