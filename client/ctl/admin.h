#ifndef CLIENT_CTL_ADMIN_H
#define CLIENT_CTL_ADMIN_H

#include <stddef.h>

#include "client/ctl/connection.h"
#include "client/ctl/kept_login.h"
#include "client/ctl/request.h"
#include "client/ctl/view.h"

/*
 * `latchkeyctl NOUN VERB ...` as tables: each verb is one call, made of its
 * options and arguments, and a view of the answer. --json prints the answer
 * itself.
 */
#define ADMIN_HELP                                                             \
	"  --json            print the answer as JSON\n" CONNECTION_HELP       \
		KEPT_LOGIN_HELP "\n"                                           \
	"Exit codes: 0 done, 1 refused by the server (why is on standard\n"    \
	"error), 2 wrong usage or a file at fault, 3 the server cannot be\n"   \
	"reached, 4 not logged in or not any more, 5 there is no such "        \
	"thing.\n"

/* What an argument that has no name is. */
enum admin_argument {
	ADMIN_NO_ARGUMENT,
	ADMIN_TEXT, /* fills the member as it is */
	ADMIN_USER, /* an id, an e-mail address or a username; fills an id */
};

struct admin_verb {
	const char *name;
	const char *method; /* full name */
	enum admin_argument argument;
	const char *argument_member;
	const char *rest_member; /* list of all further arguments, or NULL */
	const struct request_option *options;
	size_t option_count;
	struct view view;
};

struct admin_noun {
	const char *name;
	const struct admin_verb *verbs;
	size_t verb_count;
};

/*
 * admin_run runs the verb that argv[1] names and returns an exit code. An
 * option whose member is "user_id" takes a user as ADMIN_USER does.
 */
int admin_run(const struct admin_noun *noun, int argc, char **argv);

#endif
