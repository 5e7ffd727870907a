#ifndef SERVER_NEW_PASSWORD_H
#define SERVER_NEW_PASSWORD_H

#include "server/domain/password.h"
#include "server/domain/password_policy.h"

/*
 * A password that an operator gives to a command of latchkeyd, never on the
 * command line.
 */
#define NEW_PASSWORD_SIZE (PASSWORD_MAX + 2) /* bytes; overlong is seen */

#define NEW_PASSWORD_HELP                                                      \
	"The password is asked for twice on the terminal, or read from the\n"  \
	"file descriptor N to its end; never from the command line. Weak\n"    \
	"ones are warned of, not refused.\n"

/*
 * new_password_read asks twice on the terminal, or with `fd` (text; NULL:
 * none) reads that file descriptor. Returns an exit code after a sentence on
 * standard error; the caller wipes `out`.
 */
int new_password_read(const char *fd, char out[NEW_PASSWORD_SIZE]);

/* new_password_warn prints what the password policy holds against it. */
void new_password_warn(const char *password,
                       const struct password_owner *owner);

#endif
