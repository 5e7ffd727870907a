#ifndef SERVER_STORE_REPETITION_STORE_H
#define SERVER_STORE_REPETITION_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"

struct store_txn;

#define REPETITION_KEPT_S 3600
#define REPETITION_ID_SIZE 16     /* bytes */
#define REPETITION_METHOD_MAX 128 /* bytes */
#define REPETITION_DIGEST_SIZE 32 /* bytes, keyed BLAKE2b-256 */

/* A call that must not take effect twice; see RepetitionRecord. */
struct repetition {
	uint8_t request_id[REPETITION_ID_SIZE];
	uint64_t caller_id;
	const char *method;
	uint8_t digest[REPETITION_DIGEST_SIZE];
	uint64_t made_user_id;
	int64_t created_at_us;
};

/*
 * repetition_store_add fails the transaction with ALREADY_EXISTS for a known
 * request id, INVALID_ARGUMENT for an empty method or one over its limit.
 */
void repetition_store_add(struct store_txn *txn, struct arena *arena,
                          const struct repetition *repetition);

/*
 * repetition_store_find copies into the arena. NOT_FOUND does not fail the
 * transaction, other failures do; *out is then untouched.
 */
NODISCARD enum code
repetition_store_find(struct store_txn *txn, struct arena *arena,
                      const uint8_t request_id[REPETITION_ID_SIZE],
                      struct repetition *out);

/*
 * repetition_store_sweep deletes up to `max` that are older than
 * REPETITION_KEPT_S, oldest first, and counts them in *deleted.
 */
void repetition_store_sweep(struct store_txn *txn, struct arena *arena,
                            int64_t now_us, size_t max, size_t *deleted);

#endif
