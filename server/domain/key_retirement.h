#ifndef SERVER_DOMAIN_KEY_RETIREMENT_H
#define SERVER_DOMAIN_KEY_RETIREMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/code.h"

struct store;

/*
 * How a signing key comes to its end. A retired key signs nothing new and
 * verifies what it has signed until the last of that has expired; then it is
 * deleted. Each step is one transaction, so that a kill leaves the key in one
 * of these states and the others as they were.
 */
struct key_retirement {
	const char *kid;
	int64_t now_us;
	bool at_once; /* delete it: every token that it signed is refused */
};

/*
 * key_retire retires or deletes a key. NOT_FOUND: there is none of this kid;
 * ALREADY_EXISTS: it is retired and not to be deleted at once;
 * FAILED_PRECONDITION: no other key of its purpose would sign, or none signs
 * yet. err gets one sentence.
 */
NODISCARD enum code key_retire(struct store *store,
                               const struct key_retirement *retirement,
                               char *err, size_t err_size);

/* How long a token lives, by what it is. */
struct key_lifetimes {
	int64_t access_s;
	int64_t refresh_s;
};

/*
 * A server that serves notices within this time that a key was retired: so
 * long it may still sign with it.
 */
#define KEY_NOTICED_S 120

/*
 * key_retirement_sweep decides until when a newly retired key is kept, a
 * lifetime and KEY_NOTICED_S from now, and deletes those whose time is over;
 * *deleted is how many. To be called by who signs, often enough for
 * KEY_NOTICED_S, since it alone knows the lifetimes of what it signs.
 */
NODISCARD enum code key_retirement_sweep(struct store *store, int64_t now_us,
                                         const struct key_lifetimes *lifetimes,
                                         size_t *deleted);

#endif
