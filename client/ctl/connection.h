#ifndef CLIENT_CTL_CONNECTION_H
#define CLIENT_CTL_CONNECTION_H

#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "client/ctl/method.h"

/*
 * latchkeyctl's one call: over a connection by a client configuration, its
 * answer as JSON on standard output. Every failure is printed here; callers
 * pass exit codes on.
 */
/* The options that every command with a connection takes. */
struct connection_options {
	const char *config;     /* client configuration, or NULL */
	const char *home;       /* state directory, or NULL: $LATCHKEY_HOME */
	const char *timeout;    /* milliseconds as text, or NULL */
	const char *token_from; /* "@FILE" or "-" of an access token, or NULL */
};

#define CONNECTION_OPTIONS                                                     \
	{ "config", required_argument, NULL, CONNECTION_CONFIG },              \
		{ "home", required_argument, NULL, CONNECTION_HOME },          \
		{ "timeout", required_argument, NULL, CONNECTION_TIMEOUT },    \
	{                                                                      \
		"access-token", required_argument, NULL, CONNECTION_TOKEN      \
	}

enum {
	CONNECTION_CONFIG = 1,
	CONNECTION_HOME,
	CONNECTION_TIMEOUT,
	CONNECTION_TOKEN,
	CONNECTION_OPTION_END,
};

#define CONNECTION_HELP                                                        \
	"  --config FILE     the client configuration, as `latchkeyctl pki\n"  \
	"                    issue` writes it\n"                               \
	"  --home DIR        use that of the state directory's operator;\n"    \
	"                    default: $LATCHKEY_HOME\n"                        \
	"  --timeout MS      how long to wait, 1 to 60000; default 10000\n"    \
	"  --access-token @FILE|-\n"                                           \
	"                    call on behalf of this token's user\n"

/* connection_set_option stores an option of getopt_long, or returns 0. */
int connection_set_option(struct connection_options *options, int option,
                          const char *value);

/* What connection_call and the messages around it need, in bytes. */
#define CONNECTION_ARENA_SIZE ((size_t)8 << 20)

/*
 * connection_call connects, calls, prints the answer and returns an exit code.
 * The arena, of CONNECTION_ARENA_SIZE, holds what it reads; the caller wipes
 * it.
 */
int connection_call(const struct connection_options *options,
                    struct arena *arena, const struct method *method,
                    const ProtobufCMessage *request);

#endif
