#ifndef SERVER_STORE_STORE_CURSOR_H
#define SERVER_STORE_STORE_CURSOR_H

#include "base/bytes.h"
#include "server/store/store.h"

/* An ordered walk. Lives on the caller's stack, inside one transaction. */
struct store_cursor {
	struct store_txn *txn;
	void *engine;
	enum store_table table;
	struct bytes key; /* of the present record; .data NULL at the end */
	struct bytes value;
};

/*
 * store_seek stands on the first key >= `from`; no `from` is the first of all.
 * Every seek has one release, before store_end. A change to the table ends the
 * walk: release and seek again. A damaged record fails the transaction.
 */
void store_seek(struct store_txn *txn, enum store_table table,
                struct bytes from, struct store_cursor *cursor);
void store_next(struct store_cursor *cursor);
void store_cursor_release(struct store_cursor *cursor);

#endif
