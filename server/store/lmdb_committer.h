#ifndef SERVER_STORE_LMDB_COMMITTER_H
#define SERVER_STORE_LMDB_COMMITTER_H

#include "server/store/lmdb_engine.h"
#include "server/store/lmdb_readers.h"

/*
 * Group commit. One thread owns LMDB's write transaction, since its mutex
 * belongs to a thread. Writers take turns in it, first come first served, each
 * in a nested transaction of its own; then they wait for the one commit of the
 * whole group. While that is being synced, the next writers queue and become
 * the next group.
 */
struct lmdb_committer;

/*
 * lmdb_committer_open starts the thread. It lends env and readers until
 * lmdb_committer_close. Returns 0 or an errno.
 */
NODISCARD int lmdb_committer_open(MDB_env *env, struct lmdb_readers *readers,
                                  unsigned group_max,
                                  struct lmdb_committer **out);

/* lmdb_committer_close accepts NULL. No writer may be inside. */
void lmdb_committer_close(struct lmdb_committer *committer);

/*
 * lmdb_committer_enter waits for a turn and begins the nested transaction. A
 * failure leaves nothing to do.
 */
NODISCARD struct lmdb_failure
lmdb_committer_enter(struct lmdb_committer *committer, MDB_txn **nested);

/*
 * lmdb_committer_commit ends the nested transaction and waits until the group
 * is on disk or has failed as a whole.
 */
NODISCARD struct lmdb_failure
lmdb_committer_commit(struct lmdb_committer *committer, MDB_txn *nested);

/* lmdb_committer_abort drops the nested transaction; `fault` tells why. */
void lmdb_committer_abort(struct lmdb_committer *committer, MDB_txn *nested,
                          enum store_fault fault);

/*
 * lmdb_committer_take_room tells, during a turn, whether a new record with a
 * value of `size` bytes may be written; see lmdb_space.h. Large ones of one
 * group are counted together: they could use up the reserve.
 */
bool lmdb_committer_take_room(struct lmdb_committer *committer, size_t size);

enum store_fault lmdb_committer_fault(struct lmdb_committer *committer);

void lmdb_committer_count(struct lmdb_committer *committer, uint64_t *commits,
                          uint64_t *writes);

#endif
