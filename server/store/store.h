#ifndef SERVER_STORE_STORE_H
#define SERVER_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/code.h"
#include "server/store/store_table.h"

/*
 * Transactions over ordered tables. It knows nothing of LMDB, the engine
 * behind it today (lmdb_*.c), and no file but the engine's includes the
 * engine's header.
 *
 * A transaction remembers its first failure. After that every call on it does
 * nothing, so a store writes its steps one under the other and reads the
 * outcome once, from store_end.
 *
 * Writes that wait at the same time share one commit and one fsync (group
 * commit), each in a nested transaction of its own: a failing write does not
 * harm its neighbours. store_end of a write returns CODE_OK only after the
 * fsync that covers it. No transaction stays open across a hash, a signature
 * or a send.
 */
struct store;

#define STORE_KEY_MAX 511 /* bytes: what the engine allows */

/* Records and layouts as this server writes them; see MetaRecord. */
#define STORE_SCHEMA_VERSION 4

struct store_options {
	const char *dir;      /* exists, 0700 */
	uint64_t size_max;    /* bytes; the file grows by itself up to this */
	unsigned readers_max; /* threads that read at the same time */
	unsigned group_max;   /* writes that share one commit at most */
	bool keep_schema;     /* refuse an older store: it may be served */
};

/* Why a store could not be opened, or why a write failed. */
enum store_fault {
	STORE_FAULT_NONE,
	STORE_FAULT_FULL,      /* size_max reached */
	STORE_FAULT_DISK_FULL, /* ENOSPC, EDQUOT, EFBIG */
	STORE_FAULT_DAMAGED,   /* a record or the file */
	STORE_FAULT_NEWER,     /* schema version above ours */
	STORE_FAULT_OLDER,     /* below ours, or no store yet: keep_schema */
	STORE_FAULT_OTHER,     /* see text */
};

/*
 * store_open opens or creates the store in options->dir. On failure *fault
 * says why and err holds one sentence for the operator: FAILED_PRECONDITION
 * for a newer schema, and with keep_schema for an older one; DATA_LOSS for a
 * damaged file, else INTERNAL and such.
 */
NODISCARD enum code store_open(const struct store_options *options,
                               struct store **out, enum store_fault *fault,
                               char *err, size_t err_size);

/*
 * A second open of the same directory in one process is FAILED_PRECONDITION;
 * other processes may have it open. A file of up to 1 GiB is checked
 * completely, page by page; of a larger one the records as they are read.
 *
 * store_close accepts NULL. No transaction may be open.
 */
void store_close(struct store *store);

/*
 * store_write_fault tells why writes fail now: the fault of the last group
 * that failed, NONE again after one succeeds. After DAMAGED nothing works any
 * more until the store is opened anew.
 *
 * Near size_max a reserve is kept: new records are refused with
 * RESOURCE_EXHAUSTED and FULL while replacements and deletes still go through,
 * so that sessions can be ended and swept. A record without a value is a
 * replacement too if the transaction has just deleted one of its table.
 */
enum store_fault store_write_fault(struct store *store);

/* Counters since store_open, for the benchmark and later for metrics. */
struct store_stats {
	uint64_t commits;   /* fsyncs */
	uint64_t writes;    /* write transactions that were committed */
	uint64_t size_used; /* bytes of the file in use */
};
void store_stats_get(struct store *store, struct store_stats *out);

/* Lives on the caller's stack. Read nothing in it but `code` and `fault`. */
struct store_txn {
	struct store *store;
	void *engine;
	enum code code;
	enum store_fault fault;
	bool write;
	unsigned slot;
	enum store_table freed_in; /* the table of the last delete */
	unsigned freed;            /* records that it lost in a row */
};

/*
 * Every begin is matched by one store_end, whatever happened in between. A
 * write waits for its turn: begin a second one in the same thread, and it
 * waits for itself. While a write is open all other writes wait.
 */
void store_begin_read(struct store *store, struct store_txn *txn);
void store_begin_write(struct store *store, struct store_txn *txn);

/*
 * store_get returns what is stored, or .data == NULL if nothing is. Absence is
 * not a failure. The bytes die at store_end or the next change: unpack or copy
 * them before. A damaged value fails the transaction with DATA_LOSS.
 */
struct bytes store_get(struct store_txn *txn, enum store_table table,
                       struct bytes key);

/* store_add fails the transaction with ALREADY_EXISTS if the key is taken. */
void store_add(struct store_txn *txn, enum store_table table, struct bytes key,
               struct bytes value);

/* store_put writes a new value or replaces one. */
void store_put(struct store_txn *txn, enum store_table table, struct bytes key,
               struct bytes value);

/* store_del removes a key; absence is not a failure. */
void store_del(struct store_txn *txn, enum store_table table, struct bytes key);

/*
 * store_fail gives the transaction a reason not to commit. CODE_OK is ignored,
 * so that the result of a step can be passed straight in.
 */
void store_fail(struct store_txn *txn, enum code code);

/*
 * store_end commits a write in which nothing failed and waits until it is
 * durable, abandons any other, and returns the first failure.
 */
NODISCARD enum code store_end(struct store_txn *txn);

#endif
