#ifndef SERVER_STORE_CHECKSUM_H
#define SERVER_STORE_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "server/store/store.h"

/*
 * Every stored value begins with a checksum of itself, its key and its table,
 * so that a flipped bit, or a value under another's key, is noticed and never
 * answered with. SipHash-2-4 under a fixed key: it finds accidents. It is no
 * proof against somebody who can write the file. The result is on disk: it is
 * the same on every machine and never changes within a schema version.
 */
#define CHECKSUM_SIZE 8 /* bytes */

void checksum_compute(enum store_table table, struct bytes key,
                      struct bytes value, uint8_t out[CHECKSUM_SIZE]);

/*
 * checksum_open checks a stored value and points *value at what follows the
 * checksum; false, and *value untouched, if it is damaged.
 */
bool checksum_open(enum store_table table, struct bytes key,
                   struct bytes stored, struct bytes *value);

#endif
