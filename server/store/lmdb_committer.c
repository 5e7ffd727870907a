#include "server/store/lmdb_committer.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "server/store/lmdb_space.h"

/* Groups between two looks for readers whose process died, a killed backup for
 * one: their pages would stay and the file would grow. */
#define READER_CHECK_GROUPS 256

/* Beyond the first a value has pages of its own; the second is what a record
 * takes beside them. Bytes, for pages of 4 KiB. */
#define LARGE_VALUE 2000
#define BESIDE_LARGE_VALUE 16384

/* A writer that waits, on its own stack: for its turn or for the commit. */
struct waiter {
	sem_t ready;
	struct lmdb_failure result;
	struct waiter *next;
};

struct queue {
	struct waiter *first;
	struct waiter **end;
};

/*
 * Invariant: `busy` is the turn. Who has it, and nobody else, uses `top`. It
 * is handed on under the lock; the committer takes `top` back when nobody has
 * the turn and nobody may get it any more.
 */
struct lmdb_committer {
	MDB_env *env;
	struct lmdb_readers *readers;
	unsigned group_max;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* only the committer's thread waits for it */
	struct queue waiting;
	struct queue done; /* this group's, waiting for its commit */
	MDB_txn *top;
	unsigned count;  /* writers in `done` */
	bool open;       /* turns are given */
	bool busy;       /* somebody has the turn */
	bool low;        /* of this group: no new records */
	bool room_known; /* `room` was looked up in this group */
	uint64_t room;   /* bytes that its large new values may take */
	bool group_full; /* somebody failed for lack of room */
	bool stop;
	unsigned groups; /* since the last look for dead readers */
	_Atomic enum store_fault fault;
	atomic_uint_fast64_t commits;
	atomic_uint_fast64_t writes;
};

static void
queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static void
queue_push(struct queue *queue, struct waiter *waiter)
{
	waiter->next = NULL;
	*queue->end = waiter;
	queue->end = &waiter->next;
}

static struct waiter *
queue_pop(struct queue *queue)
{
	struct waiter *first = queue->first;

	if (first != NULL)
		queue->first = first->next;
	if (queue->first == NULL)
		queue->end = &queue->first;
	return first;
}

/* Takes over the whole chain and leaves the queue empty. */
static struct waiter *
queue_take(struct queue *queue)
{
	struct waiter *first = queue->first;

	queue_init(queue);
	return first;
}

static void
waiter_init(struct waiter *waiter)
{
	waiter->result = (struct lmdb_failure){ CODE_OK, STORE_FAULT_NONE };
	(void)sem_init(&waiter->ready, 0, 0);
}

static struct lmdb_failure
waiter_wait(struct waiter *waiter)
{
	while (sem_wait(&waiter->ready) != 0)
		continue; /* interrupted by a signal */
	(void)sem_destroy(&waiter->ready);
	return waiter->result;
}

/* The waiter's memory is gone once it has been posted. */
static void
wake_all(struct waiter *first, struct lmdb_failure result)
{
	struct waiter *next;

	for (; first != NULL; first = next) {
		next = first->next;
		first->result = result;
		(void)sem_post(&first->ready);
	}
}

/* Under the lock. Hands the turn on; the caller posts the result unlocked. */
static struct waiter *
pass_turn(struct lmdb_committer *committer)
{
	struct waiter *next = NULL;

	if (committer->count < committer->group_max)
		next = queue_pop(&committer->waiting);
	committer->busy = next != NULL;
	if (next == NULL)
		(void)pthread_cond_signal(&committer->wake);
	return next;
}

/* Ends the caller's turn; `done` joins the group's commit, NULL does not. */
static void
end_turn(struct lmdb_committer *committer, struct waiter *done, bool full)
{
	struct waiter *next;

	(void)pthread_mutex_lock(&committer->lock);
	assert(committer->open && committer->busy);
	if (done != NULL) {
		queue_push(&committer->done, done);
		committer->count++;
	}
	if (full) {
		committer->group_full = true;
		/* Now: who is refused does not wait for the group. */
		atomic_store(&committer->fault, STORE_FAULT_FULL);
	}
	next = pass_turn(committer);
	(void)pthread_mutex_unlock(&committer->lock);
	if (next != NULL)
		(void)sem_post(&next->ready);
}

static struct lmdb_failure
wait_for_turn(struct lmdb_committer *committer)
{
	struct waiter me;

	(void)pthread_mutex_lock(&committer->lock);
	assert(!committer->stop);
	if (committer->open && !committer->busy &&
	    committer->waiting.first == NULL &&
	    committer->count < committer->group_max) {
		committer->busy = true;
		(void)pthread_mutex_unlock(&committer->lock);
		return (struct lmdb_failure){ CODE_OK, STORE_FAULT_NONE };
	}
	waiter_init(&me);
	if (committer->waiting.first == NULL)
		(void)pthread_cond_signal(&committer->wake);
	queue_push(&committer->waiting, &me);
	(void)pthread_mutex_unlock(&committer->lock);
	return waiter_wait(&me);
}

struct lmdb_failure
lmdb_committer_enter(struct lmdb_committer *committer, MDB_txn **nested)
{
	struct lmdb_failure failure = wait_for_turn(committer);
	int rc;

	if (failure.code != CODE_OK)
		return failure;
	rc = mdb_txn_begin(committer->env, committer->top, 0, nested);
	failure = lmdb_failure_of(rc);
	if (rc != 0)
		end_turn(committer, NULL, false);
	return failure;
}

struct lmdb_failure
lmdb_committer_commit(struct lmdb_committer *committer, MDB_txn *nested)
{
	struct lmdb_failure failure = lmdb_failure_of(mdb_txn_commit(nested));
	struct waiter me;

	if (failure.code != CODE_OK) {
		end_turn(committer, NULL, failure.fault == STORE_FAULT_FULL);
		return failure;
	}
	waiter_init(&me);
	end_turn(committer, &me, false);
	return waiter_wait(&me);
}

void
lmdb_committer_abort(struct lmdb_committer *committer, MDB_txn *nested,
                     enum store_fault fault)
{
	mdb_txn_abort(nested);
	end_turn(committer, NULL, fault == STORE_FAULT_FULL);
}

bool
lmdb_committer_take_room(struct lmdb_committer *committer, size_t size)
{
	if (committer->low || size < LARGE_VALUE)
		return !committer->low;
	if (!committer->room_known)
		committer->room =
			lmdb_space_left(committer->env, committer->readers);
	committer->room_known = true;
	if (size + BESIDE_LARGE_VALUE > committer->room)
		return false;
	committer->room -= size + BESIDE_LARGE_VALUE;
	return true;
}

/* LMDB could not begin: nobody in the queue can be served. */
static void
refuse_queue(struct lmdb_committer *committer, int rc)
{
	struct lmdb_failure failure = lmdb_failure_of(rc);
	struct waiter *first;

	(void)pthread_mutex_lock(&committer->lock);
	first = queue_take(&committer->waiting);
	(void)pthread_mutex_unlock(&committer->lock);
	atomic_store(&committer->fault, failure.fault);
	wake_all(first, failure);
}

/* Gives turns until the group closes; returns its writers. */
static struct waiter *
run_turns(struct lmdb_committer *committer)
{
	struct waiter *first;

	(void)pthread_mutex_lock(&committer->lock);
	committer->count = 0;
	committer->group_full = false;
	committer->open = true;
	first = pass_turn(committer);
	(void)pthread_mutex_unlock(&committer->lock);
	if (first != NULL)
		(void)sem_post(&first->ready);
	(void)pthread_mutex_lock(&committer->lock);
	while (committer->busy)
		(void)pthread_cond_wait(&committer->wake, &committer->lock);
	committer->open = false;
	first = queue_take(&committer->done);
	(void)pthread_mutex_unlock(&committer->lock);
	return first;
}

/* `top` ends here whatever happens. */
static struct lmdb_failure
commit_group(struct lmdb_committer *committer)
{
	MDB_txn *top = committer->top;
	int rc;

	committer->top = NULL;
	rc = mdb_txn_commit(top);
	if (rc == EIO)
		rc = lmdb_space_error(committer->env);
	if (rc == 0) {
		atomic_fetch_add(&committer->commits, 1);
		atomic_fetch_add(&committer->writes, committer->count);
	}
	return lmdb_failure_of(rc);
}

static void
drop_dead_readers(struct lmdb_committer *committer)
{
	int dead;

	if (++committer->groups < READER_CHECK_GROUPS && !committer->low)
		return;
	committer->groups = 0;
	(void)mdb_reader_check(committer->env, &dead);
}

static void
run_group(struct lmdb_committer *committer)
{
	struct lmdb_failure failure = { CODE_OK, STORE_FAULT_NONE };
	struct waiter *done;
	int rc;

	rc = mdb_txn_begin(committer->env, NULL, 0, &committer->top);
	if (rc != 0) {
		refuse_queue(committer, rc);
		return;
	}
	committer->low = lmdb_space_is_low(committer->env, committer->readers);
	committer->room_known = false;
	drop_dead_readers(committer);
	done = run_turns(committer);
	if (done != NULL)
		failure = commit_group(committer);
	else
		mdb_txn_abort(committer->top);
	if (done != NULL && (failure.code != CODE_OK || !committer->group_full))
		atomic_store(&committer->fault, failure.fault);
	wake_all(done, failure);
}

static bool
wait_for_writers(struct lmdb_committer *committer)
{
	bool more;

	(void)pthread_mutex_lock(&committer->lock);
	while (committer->waiting.first == NULL && !committer->stop)
		(void)pthread_cond_wait(&committer->wake, &committer->lock);
	more = committer->waiting.first != NULL;
	(void)pthread_mutex_unlock(&committer->lock);
	return more;
}

static void *
run(void *arg)
{
	struct lmdb_committer *committer = arg;

	while (wait_for_writers(committer))
		run_group(committer);
	return NULL;
}

int
lmdb_committer_open(MDB_env *env, struct lmdb_readers *readers,
                    unsigned group_max, struct lmdb_committer **out)
{
	struct lmdb_committer *committer = calloc(1, sizeof(*committer));
	int rc;

	if (committer == NULL)
		return ENOMEM;
	committer->env = env;
	committer->readers = readers;
	committer->group_max = group_max;
	queue_init(&committer->waiting);
	queue_init(&committer->done);
	(void)pthread_mutex_init(&committer->lock, NULL);
	(void)pthread_cond_init(&committer->wake, NULL);
	rc = pthread_create(&committer->thread, NULL, run, committer);
	if (rc != 0) {
		free(committer);
		return rc;
	}
	*out = committer;
	return 0;
}

void
lmdb_committer_close(struct lmdb_committer *committer)
{
	if (committer == NULL)
		return;
	(void)pthread_mutex_lock(&committer->lock);
	assert(committer->waiting.first == NULL && !committer->busy);
	committer->stop = true;
	(void)pthread_cond_signal(&committer->wake);
	(void)pthread_mutex_unlock(&committer->lock);
	(void)pthread_join(committer->thread, NULL);
	(void)pthread_cond_destroy(&committer->wake);
	(void)pthread_mutex_destroy(&committer->lock);
	free(committer);
}

enum store_fault
lmdb_committer_fault(struct lmdb_committer *committer)
{
	return atomic_load(&committer->fault);
}

void
lmdb_committer_count(struct lmdb_committer *committer, uint64_t *commits,
                     uint64_t *writes)
{
	*commits = atomic_load(&committer->commits);
	*writes = atomic_load(&committer->writes);
}
