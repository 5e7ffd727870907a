#ifndef GATEWAY_HTTP_DEADLINE_H
#define GATEWAY_HTTP_DEADLINE_H

#include <stdint.h>

/*
 * Deadlines in the order in which they end. One list for each kind of waiting:
 * there nearly every new deadline is the last, so that a list needs no more
 * than a look at its end. Not thread-safe.
 */
struct http_deadline {
	struct http_deadline *prev, *next;
	int64_t at_ms; /* monotonic */
	void *owner;
};

/* Empty when all zero. */
struct http_deadlines {
	struct http_deadline *first, *last;
};

/* http_deadlines_add puts in a deadline that is in no list. */
void http_deadlines_add(struct http_deadlines *list,
                        struct http_deadline *deadline);

void http_deadlines_del(struct http_deadlines *list,
                        struct http_deadline *deadline);

#endif
