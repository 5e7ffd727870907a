#include "client/ctl/kept_login.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/new_file.h"
#include "client/ctl/commands.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"

#define FILE_MAX 16384 /* bytes: two tokens and what is around them */
#define EARLY_S 30     /* renew a token that expires before a call would */
#define US_PER_S 1000000

static int
fail(const char *path, const char *why)
{
	(void)command_fail(EXIT_CODE_USAGE, PROGRAM, "%s: %s", path, why);
	return EXIT_CODE_USAGE;
}

static int
fail_login(const char *why)
{
	(void)command_fail(EXIT_CODE_FAILED, PROGRAM,
	                   "%s; log in with latchkeyctl login --keep", why);
	return EXIT_CODE_LOGIN;
}

int
kept_login_path(const struct connection_options *options, const char *file,
                char out[PATH_MAX])
{
	char config[PATH_MAX];
	int status, len;
	char *slash;

	if (file != NULL) {
		len = snprintf(out, PATH_MAX, "%s", file);
		return len > 0 && len < PATH_MAX ? EXIT_CODE_OK
		                                 : fail(file, "no path");
	}
	status = connection_config(options, config);
	if (status != EXIT_CODE_OK)
		return status;
	slash = strrchr(config, '/');
	if (slash != NULL)
		slash[1] = '\0';
	else
		config[0] = '\0';
	len = snprintf(out, PATH_MAX, "%s%s", config, KEPT_LOGIN_FILE);
	return len < PATH_MAX ? EXIT_CODE_OK : fail(config, "too long a path");
}

/* open_own opens a file that is ours alone; -1 after a sentence. */
static int
open_own(const char *path, int *status)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0) {
		*status = errno == ENOENT ? fail_login("you are not logged in")
		                          : fail(path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		*status = fail(path, "not a regular file");
	else if (st.st_uid != geteuid())
		*status = fail(path, "it belongs to somebody else");
	else if ((st.st_mode & 077) != 0)
		*status = fail(path, "others may read it: chmod 600 it, or "
		                     "log in anew");
	else
		return fd;
	(void)close(fd);
	return -1;
}

/* text_member copies a member that must be a text. */
static char *
text_member(const struct json *json, const char *name)
{
	const struct json *member = json_member(json, name);

	return member != NULL && member->type == JSON_STRING ? member->text
	                                                     : NULL;
}

static int
parse(struct arena *arena, const char *path, const char *text, size_t len,
      struct kept_login *out)
{
	const struct json *expiry;
	struct json_error err;
	struct json *json = NULL;

	if (json_read(arena, text, len, &json, &err) != CODE_OK)
		return fail(path, "not a kept login");
	out->access_token = text_member(json, "access_token");
	out->refresh_token = text_member(json, "refresh_token");
	expiry = json_member(json, "access_expires_at");
	if (out->access_token == NULL || out->refresh_token == NULL ||
	    expiry == NULL || expiry->type != JSON_NUMBER)
		return fail(path, "not a kept login");
	out->access_expires_at = strtoll(expiry->text, NULL, 10);
	return EXIT_CODE_OK;
}

int
kept_login_read(struct arena *arena, const char *path, struct kept_login *out)
{
	char *text = arena_alloc(arena, FILE_MAX);
	int status = EXIT_CODE_OK, fd = open_own(path, &status);
	size_t len = 0;
	ssize_t got;

	if (fd < 0)
		return status;
	if (text == NULL) {
		(void)close(fd);
		return fail(path, "out of memory");
	}
	do {
		got = read(fd, text + len, FILE_MAX - len);
		if (got > 0)
			len += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	(void)close(fd);
	if (got < 0)
		return fail(path, strerror(errno));
	if (len == FILE_MAX)
		return fail(path, "not a kept login");
	return parse(arena, path, text, len, out);
}

static void
put(struct json_out *out, const char *name, const char *text)
{
	json_out_string(out, name, strlen(name));
	json_out_raw(out, ":", 1);
	json_out_string(out, text, strlen(text));
	json_out_raw(out, ",", 1);
}

int
kept_login_write(struct arena *arena, const char *path,
                 const struct kept_login *login)
{
	static const char expiry[] = "\"access_expires_at\":";
	struct json_out out;
	enum code code;

	json_out_init(&out, arena);
	json_out_raw(&out, "{", 1);
	put(&out, "access_token", login->access_token);
	put(&out, "refresh_token", login->refresh_token);
	json_out_raw(&out, expiry, strlen(expiry));
	json_out_int(&out, login->access_expires_at);
	json_out_raw(&out, "}\n", 2);
	if (json_out_end(&out) != CODE_OK)
		return fail(path, "out of memory");
	code = new_file_replace(path, (struct bytes){ out.data, out.len },
	                        0600);
	return code == CODE_OK ? EXIT_CODE_OK : fail(path, code_name(code));
}

int
kept_login_remove(const char *path)
{
	if (unlink(path) == 0 || errno == ENOENT)
		return EXIT_CODE_OK;
	return fail(path, strerror(errno));
}

static int
renew(struct connection *connection, struct arena *arena, const char *path,
      struct kept_login *login)
{
	Latchkey__V1__RefreshRequest request =
		LATCHKEY__V1__REFRESH_REQUEST__INIT;
	const Latchkey__V1__RefreshResponse *response;
	ProtobufCMessage *reply = NULL;
	int status;

	request.refresh_token = login->refresh_token;
	status =
		connection_invoke(connection, "latchkey.v1.AuthService/Refresh",
	                          &request.base, &reply);
	if (status == EXIT_CODE_FAILED)
		return fail_login("the login cannot be renewed");
	if (status != EXIT_CODE_OK)
		return status;
	response = (const Latchkey__V1__RefreshResponse *)reply;
	login->access_token = response->access_token;
	login->access_expires_at = response->access_expires_at;
	if (response->refresh_token_presence_case != 0)
		login->refresh_token = response->refresh_token;
	return kept_login_write(arena, path, login);
}

int
kept_login_use(struct connection *connection, struct arena *arena,
               const struct connection_options *options, const char *file)
{
	struct kept_login login = { 0 };
	char path[PATH_MAX];
	int status;

	if (options->token_from != NULL)
		return EXIT_CODE_OK;
	status = kept_login_path(options, file, path);
	if (status == EXIT_CODE_OK)
		status = kept_login_read(arena, path, &login);
	if (status == EXIT_CODE_OK &&
	    login.access_expires_at <= clock_wall_us() / US_PER_S + EARLY_S)
		status = renew(connection, arena, path, &login);
	if (status == EXIT_CODE_OK)
		connection_set_token(connection, login.access_token);
	return status;
}
