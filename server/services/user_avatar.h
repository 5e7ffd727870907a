#ifndef SERVER_SERVICES_USER_AVATAR_H
#define SERVER_SERVICES_USER_AVATAR_H

#include "server/domain/picture.h"
#include "server/rpc/rpc.h"

struct store_txn;
struct user;

/*
 * A user's picture: a record of its own, which user.avatar names. Whoever
 * changes one changes both, in one transaction.
 */

/*
 * user_avatar_check judges and cleans a picture that somebody sent, where it
 * lies in the request; *out lies there too. Notes a violation of `field`, and
 * leaves *out untouched, if it is none or too large.
 */
void user_avatar_check(struct rpc_call *call, const char *field,
                       const ProtobufCBinaryData *image, struct picture *out);

/*
 * user_avatar_replace writes the picture under a new name, removes the one
 * before, and sets user->avatar; user_store_put remains to be done. Needs the
 * picture's size and 512 bytes of the arena. Fails the transaction.
 */
void user_avatar_replace(struct rpc_call *call, struct store_txn *txn,
                         const struct picture *picture, struct user *user);

/* user_avatar_del removes the record; user->avatar remains to be emptied. */
void user_avatar_del(struct store_txn *txn, const struct user *user);

#endif
