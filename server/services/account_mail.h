#ifndef SERVER_SERVICES_ACCOUNT_MAIL_H
#define SERVER_SERVICES_ACCOUNT_MAIL_H

#include "server/domain/mailing.h"
#include "server/rpc/rpc.h"

struct store_txn;

/* account_mail_of is where the call writes its mails, in the transaction. */
struct mailing account_mail_of(struct rpc_call *call, struct store_txn *txn);

/* account_mail_wake tells the sender, if there is one, of mail committed. */
void account_mail_wake(const struct rpc_call *call);

#endif
