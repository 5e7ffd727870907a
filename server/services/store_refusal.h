#ifndef SERVER_SERVICES_STORE_REFUSAL_H
#define SERVER_SERVICES_STORE_REFUSAL_H

#include "server/rpc/rpc.h"
#include "server/store/store.h"

/*
 * store_refuse turns a failed transaction, after its store_end, into the
 * call's refusal and writes a log line for the operator. Returns txn->code.
 */
enum code store_refuse(struct rpc_call *call, const struct store_txn *txn);

#endif
