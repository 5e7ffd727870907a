#ifndef CLIENT_CTL_KEPT_LOGIN_H
#define CLIENT_CTL_KEPT_LOGIN_H

#include <limits.h>
#include <stdint.h>

#include "base/arena.h"
#include "client/ctl/connection.h"

/*
 * A login that lasts from one command to the next: `latchkeyctl login --keep`
 * writes its tokens to a file (0600) beside the client configuration, other
 * commands take them from there and renew them, logout removes them. A file
 * that others may read or that is somebody else's is refused. Every failure is
 * printed here; the functions return exit codes.
 */
#define KEPT_LOGIN_FILE "login.json"

#define KEPT_LOGIN_HELP                                                        \
	"  --login-file FILE where the login is kept; "                        \
	"default: " KEPT_LOGIN_FILE "\n"                                       \
	"                    beside the client configuration\n"

struct kept_login {
	char *access_token;
	char *refresh_token;
	int64_t access_expires_at; /* seconds since the Unix epoch */
};

/* kept_login_path writes the file's path; `file` is the option's or NULL. */
int kept_login_path(const struct connection_options *options, const char *file,
                    char out[PATH_MAX]);

/* kept_login_read: EXIT_CODE_LOGIN if there is none. */
int kept_login_read(struct arena *arena, const char *path,
                    struct kept_login *out);

/* kept_login_write replaces the file at once, durably. */
int kept_login_write(struct arena *arena, const char *path,
                     const struct kept_login *login);

/* kept_login_remove removes the file; absence is no failure. */
int kept_login_remove(const char *path);

/*
 * kept_login_use gives the connection an access token that is good for a while:
 * the one of --access-token, else that of the file, renewed if need be.
 * EXIT_CODE_LOGIN: there is none, or its session has ended.
 */
int kept_login_use(struct connection *connection, struct arena *arena,
                   const struct connection_options *options, const char *file);

#endif
