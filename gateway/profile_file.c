/* The *.json files of the configured directory, in the order of their names. */
#include "gateway/profile_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum code
code_from_errno(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return CODE_NOT_FOUND;
	case EACCES:
	case EPERM:
		return CODE_PERMISSION_DENIED;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return CODE_RESOURCE_EXHAUSTED;
	default:
		return CODE_INTERNAL;
	}
}

static enum code
fail(struct profile_listing *l, enum code code, const char *path,
     const char *what)
{
	(void)snprintf(l->err, l->err_size, "%s: %s", path, what);
	return code;
}

/* Reads until the end; the size that fstat told may be outdated. */
static enum code
read_all(int fd, struct arena *arena, struct profile_file *file)
{
	char *text = arena_alloc(arena, PROFILE_FILE_MAX + 1);

	if (text == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	while (file->len <= PROFILE_FILE_MAX) {
		ssize_t n = read(fd, text + file->len,
		                 PROFILE_FILE_MAX + 1 - file->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return code_from_errno(errno);
		if (n == 0)
			break;
		file->len += (size_t)n;
	}
	file->text = text;
	return file->len > PROFILE_FILE_MAX ? CODE_INVALID_ARGUMENT : CODE_OK;
}

static enum code
read_file(struct arena *arena, const char *path, struct profile_listing *l)
{
	struct profile_file *file = &l->files[l->count++];
	struct stat st;
	enum code code;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	*file = (struct profile_file){ .name = path };
	if (fd < 0)
		return fail(l, code_from_errno(errno), path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		code = read_all(fd, arena, file);
	else
		code = CODE_INVALID_ARGUMENT;
	(void)close(fd);
	switch (code) {
	case CODE_OK:
		return CODE_OK;
	case CODE_INVALID_ARGUMENT:
		return fail(l, code, path,
		            "is not a regular file of up to 256 KiB");
	case CODE_RESOURCE_EXHAUSTED:
		return fail(l, code, path, "not enough memory");
	default:
		return fail(l, code, path, "cannot be read");
	}
}

static int
is_profile(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	       strcmp(entry->d_name + len - 5, ".json") == 0;
}

enum code
profile_file_list(struct arena *arena, const char *dir,
                  struct profile_listing *listing)
{
	struct dirent **entries = NULL;
	enum code code = CODE_OK;
	int n = scandir(dir, &entries, is_profile, alphasort);

	if (n < 0)
		return fail(listing, code_from_errno(errno), dir,
		            strerror(errno));
	if ((size_t)n > listing->size)
		code = fail(listing, CODE_INVALID_ARGUMENT, dir,
		            "has too many profiles");
	for (int i = 0; i < n && code == CODE_OK; i++) {
		const char *path =
			arena_printf(arena, "%s/%s", dir, entries[i]->d_name);

		code = path == NULL ? fail(listing, CODE_RESOURCE_EXHAUSTED,
		                           dir, "not enough memory")
		                    : read_file(arena, path, listing);
	}
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return code;
}
