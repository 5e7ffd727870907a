#include "server/mail_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/new_file.h"
#include "base/secret_input.h"

#define NAME "mail.smtp_password_file"

static enum code
fail(enum code code, const char *path, const char *what, char *err,
     size_t err_size)
{
	(void)snprintf(err, err_size, NAME ": %s: %s", path, what);
	return code;
}

/* What is wrong with the file, or NULL. */
static const char *
fault_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return "cannot be examined";
	if (!S_ISREG(st.st_mode))
		return "is no regular file";
	if (st.st_uid != geteuid())
		return "belongs to another user";
	if ((st.st_mode & 07177) != 0)
		return "may be read by others: run chmod 0400 on it";
	return NULL;
}

static enum code
read_password(const char *path, struct mail_settings *out, char *err,
              size_t err_size)
{
	/* O_NONBLOCK: opening a FIFO would wait for a writer. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *fault;
	enum code code = CODE_PERMISSION_DENIED;

	if (fd < 0)
		return fail(new_file_code(errno), path, strerrordesc_np(errno),
		            err, err_size);
	fault = fault_of(fd);
	if (fault == NULL) {
		code = secret_read(fd, out->password, sizeof(out->password));
		fault = "is not one line of up to 256 bytes";
	}
	(void)close(fd);
	if (code != CODE_OK)
		return fail(code, path, fault, err, err_size);
	return CODE_OK;
}

static enum code
check_pair(const struct server_settings *s, char *err, size_t err_size)
{
	bool user = *s->mail.smtp_user != '\0';
	bool file = *s->mail.smtp_password_file != '\0';

	if (user == file)
		return CODE_OK;
	(void)snprintf(err, err_size,
	               "mail.smtp_user and " NAME " go together: set both or "
	               "neither");
	return CODE_INVALID_ARGUMENT;
}

enum code
mail_settings_read(const struct server_settings *s, struct mail_settings *out,
                   char *err, size_t err_size)
{
	bool is_smtp = strcmp(s->mail.transport, "smtp") == 0;
	enum code code = CODE_OK;

	*out = (struct mail_settings){
		.options = {
			.transport = is_smtp ? MAIL_SMTP : MAIL_MAILDIR,
			.maildir = s->mail.maildir,
			.smtp_url = s->mail.smtp_url,
			.smtp_user = s->mail.smtp_user,
			.smtp_password = out->password,
			.smtp_ca = s->mail.smtp_ca,
			.smtp_starttls = s->mail.smtp_starttls,
			.from = s->mail.from,
			.template_dir = s->mail.template_dir,
			.operator_name = s->server.operator_name,
			.message_id_domain = s->mail.message_id_domain,
			.timeout_ms = s->mail.timeout_ms,
			.retry_first_ms = s->mail.retry_first_ms,
		},
	};
	if (!is_smtp)
		return CODE_OK;
	code = check_pair(s, err, err_size);
	if (code == CODE_OK && *s->mail.smtp_password_file != '\0')
		code = read_password(s->mail.smtp_password_file, out, err,
		                     err_size);
	return code;
}

void
mail_settings_wipe(struct mail_settings *settings)
{
	explicit_bzero(settings->password, sizeof(settings->password));
}
