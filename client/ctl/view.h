#ifndef CLIENT_CTL_VIEW_H
#define CLIENT_CTL_VIEW_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/*
 * How an answer is shown to people: its list as a table with these columns, or
 * its object member by member, or one sentence.
 */
struct view_column {
	const char *head;
	const char *member; /* of a row; "..._us" is a time */
};

struct view {
	const char *list;   /* member of the answer that holds rows, or NULL */
	const char *object; /* member that holds the object, or NULL */
	const char *done;   /* sentence, if neither */
	const struct view_column *columns;
	size_t column_count;
};

/* view_print prints an answer on standard output; returns an exit code. */
int view_print(const struct view *view, struct arena *arena,
               const ProtobufCMessage *answer);

#endif
