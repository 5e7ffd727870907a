#ifndef CLIENT_CTL_CONNECTION_H
#define CLIENT_CTL_CONNECTION_H

#include <limits.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "client/ctl/method.h"

/*
 * latchkeyctl's connection: opened by a client configuration, for one call
 * after the other. Every failure is printed here; callers pass exit codes on.
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
 * connection_config writes the path of the client configuration that the
 * options name. Returns an exit code.
 */
int connection_config(const struct connection_options *options,
                      char out[PATH_MAX]);

struct connection;

/*
 * connection_open connects and returns an exit code. The arena, of
 * CONNECTION_ARENA_SIZE, holds the connection and what it reads; the caller
 * wipes it after connection_close, which must follow and accepts NULL.
 */
int connection_open(const struct connection_options *options,
                    struct arena *arena, struct connection **out);
void connection_close(struct connection *connection);

/* connection_set_token lends the access token of the calls that follow. */
void connection_set_token(struct connection *connection, char *access_token);

/*
 * connection_invoke calls a method by its full name. On EXIT_CODE_OK *reply is
 * in the arena; otherwise it has printed why.
 */
int connection_invoke(struct connection *connection, const char *method,
                      const ProtobufCMessage *request,
                      ProtobufCMessage **reply);

/* connection_print prints a message as JSON on standard output. */
int connection_print(struct arena *arena, const ProtobufCMessage *message);

/* connection_call opens, calls, prints the answer and closes. */
int connection_call(const struct connection_options *options,
                    struct arena *arena, const struct method *method,
                    const ProtobufCMessage *request);

#endif
