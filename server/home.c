#include "server/home.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "server/store/store.h"
#include "server/store/store_lock.h"

#define LOCK_NAME "serve.lock" /* in the data directory */
#define MIB ((uint64_t)1024 * 1024)

static enum code
check_marker(const char *dir, char *err, size_t err_size)
{
	char text[128] = "";
	ssize_t len;
	int fd = open(HOME_MARKER, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0) {
		(void)snprintf(err, err_size,
		               "%s is not a Latchkey state directory; "
		               "latchkeyd init makes one",
		               dir);
		return CODE_FAILED_PRECONDITION;
	}
	len = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (len > 0 && strcmp(text, HOME_MARKER_TEXT) == 0)
		return CODE_OK;
	(void)snprintf(err, err_size,
	               "%s was made by another version of Latchkey: its %s is "
	               "not this version's",
	               dir, HOME_MARKER);
	return CODE_FAILED_PRECONDITION;
}

static enum code
change_to(const char *dir, char *err, size_t err_size)
{
	if (chdir(dir) == 0)
		return CODE_OK;
	(void)snprintf(err, err_size, "%s: %s", dir, strerror(errno));
	return errno == EACCES ? CODE_PERMISSION_DENIED : CODE_NOT_FOUND;
}

/* enter_file changes to a file's directory and returns the file's own name. */
static enum code
enter_file(const char *path, const char **name, char *err, size_t err_size)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int len;

	*name = slash == NULL ? path : slash + 1;
	if (slash == NULL)
		return CODE_OK;
	len = snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path) + 1, path);
	if (len < 0 || (size_t)len >= sizeof(dir)) {
		(void)snprintf(err, err_size, "%s: too long a path", path);
		return CODE_INVALID_ARGUMENT;
	}
	return change_to(dir, err, err_size);
}

enum code
home_enter(const char *dir, const char *file, struct server_settings *out,
           char *err, size_t err_size)
{
	const char *name = HOME_CONFIG;
	enum code code;

	if (file != NULL) {
		code = enter_file(file, &name, err, err_size);
	} else {
		code = change_to(dir, err, err_size);
		if (code == CODE_OK)
			code = check_marker(dir, err, err_size);
	}
	if (code != CODE_OK)
		return code;
	return settings_load(&server_settings_table, name, out, err, err_size);
}

/* say_locked names the directory as anybody can find it. */
static void
say_locked(const char *dir, char *err, size_t err_size)
{
	char absolute[PATH_MAX];

	(void)snprintf(err, err_size, "another latchkeyd serves %s already",
	               realpath(dir, absolute) != NULL ? absolute : dir);
}

int
home_lock(const struct server_settings *settings, char *err, size_t err_size)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/" LOCK_NAME,
	                   settings->store.dir);
	int fd = -1;

	errno = ENAMETOOLONG;
	if (len > 0 && (size_t)len < sizeof(path))
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		          0600);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		if (store_lock_is_in_place(fd, path))
			return fd;
		errno = EWOULDBLOCK;
	}
	if (errno == EWOULDBLOCK)
		say_locked(settings->store.dir, err, err_size);
	else
		(void)snprintf(err, err_size, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

void
home_store_options(const struct server_settings *settings,
                   struct store_options *out)
{
	*out = (struct store_options){
		.dir = settings->store.dir,
		.size_max = (uint64_t)settings->store.size_max_mib * MIB,
		.readers_max = (unsigned)settings->store.readers_max,
		.group_max = (unsigned)settings->store.group_max,
	};
}

enum code
home_open_store(const struct server_settings *settings, struct store **out,
                char *err, size_t err_size)
{
	struct store_options options;
	enum store_fault fault;
	char ignored[512];
	enum code code;
	int lock;

	home_store_options(settings, &options);
	options.readers_max = 1; /* a server has its own beside it */
	options.keep_schema = true;
	code = store_open(&options, out, &fault, err, err_size);
	if (code == CODE_OK || fault != STORE_FAULT_OLDER)
		return code;
	lock = home_lock(settings, ignored, sizeof(ignored));
	if (lock < 0)
		return code;
	options.keep_schema = false;
	code = store_open(&options, out, &fault, err, err_size);
	(void)close(lock);
	return code;
}
