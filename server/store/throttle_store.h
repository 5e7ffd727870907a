#ifndef SERVER_STORE_THROTTLE_STORE_H
#define SERVER_STORE_THROTTLE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"

struct store_txn;

#define THROTTLE_EVENTS_MAX 128
#define THROTTLE_KEY_MAX 48 /* bytes: scope and hash of the subject */

/* The counted events of one subject in one scope, oldest first. */
struct throttle_events {
	int64_t events_us[THROTTLE_EVENTS_MAX];
	size_t count;
	int64_t expires_at_us;
};

/*
 * throttle_store_find: an unknown key has no events; never NOT_FOUND. Keys are
 * 1 to THROTTLE_KEY_MAX bytes, else INVALID_ARGUMENT. A failure fails the
 * transaction, and leaves *out untouched.
 */
NODISCARD enum code throttle_store_find(struct store_txn *txn,
                                        struct arena *arena, struct bytes key,
                                        struct throttle_events *out);

/*
 * throttle_store_put replaces what is known of a key; without events it
 * forgets the key. It fails the transaction with INVALID_ARGUMENT for more
 * than THROTTLE_EVENTS_MAX events or an end before 1970.
 */
void throttle_store_put(struct store_txn *txn, struct arena *arena,
                        struct bytes key, const struct throttle_events *events);

/*
 * throttle_store_sweep deletes up to `max` keys that expired before now_us,
 * oldest first, and counts them in *deleted.
 */
void throttle_store_sweep(struct store_txn *txn, struct arena *arena,
                          int64_t now_us, size_t max, size_t *deleted);

#endif
