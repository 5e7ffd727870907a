#ifndef CLIENT_CTL_REQUEST_H
#define CLIENT_CTL_REQUEST_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/code.h"

/*
 * A request made of options of the command line, by a table: which option fills
 * which member of the message, and how.
 */
enum request_kind {
	REQUEST_TEXT,      /* --name VALUE */
	REQUEST_NUMBER,    /* --page N */
	REQUEST_YES_NO,    /* --active yes|no */
	REQUEST_TRUE,      /* --staff */
	REQUEST_FALSE,     /* --inactive */
	REQUEST_LIST,      /* --role NAME, any number of times */
	REQUEST_NONE,      /* --no-roles: an empty list */
	REQUEST_ATTRIBUTE, /* --attribute NAME=VALUE, likewise */
	REQUEST_UNSET,     /* --unset-attribute NAME, likewise */
	REQUEST_SECRET,    /* --password-fd N: read from there to its end */
};

struct request_option {
	const char *name;   /* without the dashes */
	const char *member; /* "roles", or "roles.names" in a member of it */
	enum request_kind kind;
};

/* One given option, or an argument that has no name. */
struct request_value {
	const struct request_option *option;
	char *text; /* NULL for those without a value */
};

/* request_takes_value: TRUE, FALSE and NONE take none. */
int request_takes_value(enum request_kind kind);

/*
 * request_make makes the message in the arena and returns an exit code; what is
 * wrong with a value has been printed. Of a scalar given twice the last counts.
 */
int request_make(struct arena *arena, const ProtobufCMessageDescriptor *type,
                 const struct request_value *values, size_t count,
                 ProtobufCMessage **out);

#endif
