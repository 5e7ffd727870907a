#ifndef SERVER_SERVICES_REPEAT_H
#define SERVER_SERVICES_REPEAT_H

#include <stdint.h>

#include "server/rpc/rpc.h"
#include "server/store/store.h"

/*
 * Calls that must not take effect twice, such as making a user: known again by
 * their request id for at least REPETITION_KEPT_S. What is remembered of the
 * request is a keyed digest: the request holds a password, and the store must
 * not help anybody to guess it.
 */

/*
 * repeat_find looks for an earlier call with this one's request id. NOT_FOUND:
 * the call is new. OK: it came before, from the same caller with the same
 * method and request, and *user_id is the user that it made. ALREADY_EXISTS:
 * it was another call; refused (REQUEST_ID_REUSED). None of these fails the
 * transaction; a failure of the store does and is left for store_refuse.
 *
 * What a repetition may be told is the handler's: no secret is remembered, so
 * RegisterAccount opens a session for it only after hashing once more.
 */
NODISCARD enum code repeat_find(struct rpc_call *call, struct store_txn *txn,
                                const ProtobufCMessage *in, uint64_t *user_id);

/* repeat_add remembers a new call in the transaction of its effect. */
void repeat_add(struct rpc_call *call, struct store_txn *txn,
                const ProtobufCMessage *in, uint64_t user_id);

#endif
