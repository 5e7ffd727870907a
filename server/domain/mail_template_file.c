#include "server/domain/mail_template_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/new_file.h"
#include "server/domain/mail_template.h"

static enum code
fail(enum code code, const char *path, const char *what, char *err,
     size_t err_size)
{
	(void)snprintf(err, err_size, "%s: %s", path, what);
	return code;
}

/* Reads until the end; returns the length, or -1. */
static ssize_t
read_all(int fd, char *out, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, out + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static enum code
read_open(int fd, const char *path, char *text, char *err, size_t err_size)
{
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return fail(CODE_INVALID_ARGUMENT, path,
		            "is not a regular file", err, err_size);
	len = read_all(fd, text, MAIL_TEMPLATE_SIZE_MAX + 1);
	if (len < 0)
		return fail(CODE_INTERNAL, path, "cannot be read", err,
		            err_size);
	if (len > MAIL_TEMPLATE_SIZE_MAX)
		return fail(CODE_INVALID_ARGUMENT, path,
		            "is longer than 64 KiB", err, err_size);
	if (memchr(text, '\0', (size_t)len) != NULL)
		return fail(CODE_INVALID_ARGUMENT, path, "has a NUL in it", err,
		            err_size);
	return CODE_OK;
}

enum code
mail_template_file_read(const char *path, char **out, size_t *len, char *err,
                        size_t err_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum code code;
	char *text;

	if (fd < 0 && errno == ENOENT)
		return CODE_NOT_FOUND;
	if (fd < 0)
		return fail(new_file_code(errno), path, strerrordesc_np(errno),
		            err, err_size);
	text = calloc(1, MAIL_TEMPLATE_SIZE_MAX + 2);
	code = text == NULL ? fail(CODE_RESOURCE_EXHAUSTED, path,
	                           "not enough memory", err, err_size)
	                    : read_open(fd, path, text, err, err_size);
	(void)close(fd);
	if (code != CODE_OK) {
		free(text);
		return code;
	}
	*out = text;
	*len = strlen(text);
	return CODE_OK;
}

static bool
ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len > end_len && strcmp(name + len - end_len, end) == 0;
}

static bool
is_template(const char *name)
{
	return name[0] != '.' &&
	       (ends_in(name, ".txt") || ends_in(name, ".html"));
}

enum code
mail_template_file_check(const char *dir, bool (*is_known)(const char *name),
                         char *err, size_t err_size)
{
	DIR *handle = opendir(dir);
	enum code code = CODE_OK;
	const struct dirent *entry;

	if (handle == NULL)
		return fail(new_file_code(errno), dir, strerrordesc_np(errno),
		            err, err_size);
	while (code == CODE_OK && (entry = readdir(handle)) != NULL) {
		if (!is_template(entry->d_name) || is_known(entry->d_name))
			continue;
		(void)snprintf(err, err_size,
		               "%s/%s: no mail template has this name", dir,
		               entry->d_name);
		code = CODE_INVALID_ARGUMENT;
	}
	(void)closedir(handle);
	return code;
}
