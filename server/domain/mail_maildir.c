#include "server/domain/mail_maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/log.h"
#include "base/new_file.h"
#include "server/store/outbox_store.h"

struct mail_maildir {
	char path[PATH_MAX]; /* absolute: it goes to the log */
};

static enum code
fail(const char *path, char *err, size_t err_size)
{
	enum code code = new_file_code(errno);

	(void)snprintf(err, err_size, "%s: %s", path, strerrordesc_np(errno));
	return code;
}

static enum code
make_dir(const char *path, char *err, size_t err_size)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return CODE_OK;
	return fail(path, err, err_size);
}

static enum code
make_all(const char *path, char *err, size_t err_size)
{
	static const char *const folders[] = { "tmp", "new", "cur" };
	enum code code = make_dir(path, err, err_size);
	char folder[PATH_MAX];

	for (size_t i = 0; code == CODE_OK && i < 3; i++) {
		int len = snprintf(folder, sizeof(folder), "%s/%s", path,
		                   folders[i]);

		errno = ENAMETOOLONG;
		code = len < 0 || (size_t)len >= sizeof(folder)
		               ? fail(path, err, err_size)
		               : make_dir(folder, err, err_size);
	}
	return code == CODE_OK ? new_file_sync_directory(path) : code;
}

enum code
mail_maildir_open(const char *path, struct mail_maildir **out, char *err,
                  size_t err_size)
{
	struct mail_maildir *maildir;
	enum code code = make_all(path, err, err_size);

	if (code != CODE_OK)
		return code;
	maildir = calloc(1, sizeof(*maildir));
	if (maildir == NULL) {
		(void)snprintf(err, err_size, "not enough memory");
		return CODE_RESOURCE_EXHAUSTED;
	}
	if (realpath(path, maildir->path) == NULL) {
		free(maildir);
		return fail(path, err, err_size);
	}
	*out = maildir;
	return CODE_OK;
}

void
mail_maildir_close(struct mail_maildir *maildir)
{
	free(maildir);
}

static bool
write_all(int fd, struct bytes content)
{
	const char *at = content.data;

	while (content.len > 0) {
		ssize_t n = write(fd, at, content.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		at += n;
		content.len -= (size_t)n;
	}
	return fsync(fd) == 0;
}

/* Replaces what an interrupted try has left. */
static bool
write_file(const char *path, struct bytes content)
{
	int fd = open(path,
	              O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
	              0600);
	int error;
	bool ok;

	if (fd < 0)
		return false;
	ok = write_all(fd, content);
	error = errno;
	(void)close(fd);
	errno = error;
	return ok;
}

/* Its file in one of the maildir's folders; false: too long a path. */
static bool
make_path(const struct mail_maildir *maildir, const struct mail *mail,
          const char *folder, char out[PATH_MAX])
{
	char id[HEX_SIZE(MAIL_ID_SIZE)];
	int len;

	hex_encode(mail->id, MAIL_ID_SIZE, id);
	len = snprintf(out, PATH_MAX, "%s/%s/%s.latchkey", maildir->path,
	               folder, id);
	errno = ENAMETOOLONG;
	return len > 0 && len < PATH_MAX;
}

/* Puts the file at `path`; errno says why not. */
static bool
put_file(const struct mail_maildir *maildir,
         const struct mail_delivery *delivery, char path[PATH_MAX])
{
	char temporary[PATH_MAX], folder[PATH_MAX];
	int error;

	if (!make_path(maildir, delivery->mail, "tmp", temporary) ||
	    !make_path(maildir, delivery->mail, "new", path))
		return false;
	if (!write_file(temporary, delivery->message) ||
	    rename(temporary, path) != 0) {
		error = errno;
		(void)unlink(temporary);
		errno = error;
		return false;
	}
	(void)snprintf(folder, sizeof(folder), "%.*s",
	               (int)(strrchr(path, '/') - path), path);
	errno = EIO;
	return new_file_sync_directory(folder) == CODE_OK;
}

static const char *
link_of(const struct mail *mail)
{
	for (size_t i = 0; i < mail->variable_count; i++)
		if (strcmp(mail->variables[i].name, "link") == 0)
			return mail->variables[i].value;
	return NULL;
}

enum mail_outcome
mail_maildir_deliver(struct mail_maildir *maildir,
                     const struct mail_delivery *delivery)
{
	char path[PATH_MAX];

	if (!put_file(maildir, delivery, path)) {
		(void)snprintf(delivery->error, delivery->error_size, "%s: %s",
		               maildir->path, strerrordesc_np(errno));
		return MAIL_UNREACHABLE;
	}
	LOG_EVENT(LOG_LEVEL_INFO, "mail", LOG_T("to", delivery->to),
	          LOG_T("template", delivery->mail->template_name),
	          LOG_T("link", link_of(delivery->mail)), LOG_T("path", path));
	return MAIL_ACCEPTED;
}
