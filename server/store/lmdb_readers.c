#include "server/store/lmdb_readers.h"

#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <stdalign.h>
#include <stdlib.h>

/* On a cache line of its own, since cores take neighbouring slots. */
struct reader {
	alignas(64) atomic_bool taken;
	MDB_txn *txn;
};

struct lmdb_readers {
	/* Counts free slots: who got past it finds one without waiting. */
	sem_t free;
	unsigned count;
	struct reader slots[];
};

int
lmdb_readers_open(MDB_env *env, unsigned count, struct lmdb_readers **out)
{
	size_t size = sizeof(struct lmdb_readers) +
	              (size_t)count * sizeof(struct reader);
	struct lmdb_readers *readers =
		aligned_alloc(alignof(struct reader), size);
	int rc = 0;

	if (readers == NULL)
		return ENOMEM;
	*readers = (struct lmdb_readers){ .count = 0 };
	(void)sem_init(&readers->free, 0, count);
	for (unsigned i = 0; i < count && rc == 0; i++) {
		atomic_init(&readers->slots[i].taken, false);
		rc = mdb_txn_begin(env, NULL, MDB_RDONLY,
		                   &readers->slots[i].txn);
		if (rc != 0)
			break;
		mdb_txn_reset(readers->slots[i].txn);
		readers->count++;
	}
	if (rc != 0) {
		lmdb_readers_close(readers);
		return rc;
	}
	*out = readers;
	return 0;
}

void
lmdb_readers_close(struct lmdb_readers *readers)
{
	if (readers == NULL)
		return;
	for (unsigned i = 0; i < readers->count; i++)
		mdb_txn_abort(readers->slots[i].txn);
	(void)sem_destroy(&readers->free);
	free(readers);
}

/* Starts at the core's own slot, so that its memory stays in its cache. */
static unsigned
claim(struct lmdb_readers *readers)
{
	unsigned slot = (unsigned)sched_getcpu() % readers->count;

	while (atomic_exchange_explicit(&readers->slots[slot].taken, true,
	                                memory_order_acquire))
		slot = (slot + 1) % readers->count;
	return slot;
}

int
lmdb_readers_take(struct lmdb_readers *readers, unsigned *slot, MDB_txn **txn)
{
	unsigned mine;
	int rc;

	while (sem_wait(&readers->free) != 0)
		continue; /* interrupted by a signal */
	mine = claim(readers);
	rc = mdb_txn_renew(readers->slots[mine].txn);
	if (rc != 0) {
		lmdb_readers_give(readers, mine);
		return rc;
	}
	*slot = mine;
	*txn = readers->slots[mine].txn;
	return 0;
}

void
lmdb_readers_give(struct lmdb_readers *readers, unsigned slot)
{
	mdb_txn_reset(readers->slots[slot].txn);
	atomic_store_explicit(&readers->slots[slot].taken, false,
	                      memory_order_release);
	(void)sem_post(&readers->free);
}
