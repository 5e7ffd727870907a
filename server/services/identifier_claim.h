#ifndef SERVER_SERVICES_IDENTIFIER_CLAIM_H
#define SERVER_SERVICES_IDENTIFIER_CLAIM_H

#include "server/rpc/rpc.h"
#include "server/store/store.h"

struct user;

/*
 * identifier_claim_check notes, in Django's words, a violation of "email" and
 * of "username" if it is anybody else's e-mail address or username; user->id 0
 * is a user to be. Only what it finds in a write transaction counts in the end.
 * A failure of the store fails the transaction.
 */
void identifier_claim_check(struct rpc_call *call, struct store_txn *txn,
                            const struct user *user);

/* The two halves, for who has something to say between them. */
void identifier_claim_check_email(struct rpc_call *call, struct store_txn *txn,
                                  const struct user *user);
void identifier_claim_check_username(struct rpc_call *call,
                                     struct store_txn *txn,
                                     const struct user *user);

#endif
