#ifndef SERVER_STORE_SESSION_TALLY_H
#define SERVER_STORE_SESSION_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct store_txn;

#define SESSION_ID_SIZE 16 /* bytes, random */

/* Stored in SessionRecord; the numbers are on disk. */
enum session_end {
	SESSION_LIVES = 0,
	SESSION_ENDED_LOGOUT = 1,
	SESSION_ENDED_THEFT = 2,
	SESSION_ENDED_REVOKED = 3,
};

/*
 * How many sessions of a user are open, in which order they began, and the
 * epoch in which they did: an epoch that passes ends them all in one write. A
 * session is open until its record says that it ended; one that has only
 * expired counts until it is swept. Part of session_store, and of the migration
 * that begins it.
 */
struct session_tally {
	uint64_t epoch;
	uint64_t open_count;
	int64_t ended_at_us; /* the epoch before this one; 0: there is none */
	enum session_end end_reason;
};

/* Where an open session stands among its user's. */
struct session_place {
	uint64_t user_id;
	uint64_t epoch;
	int64_t created_at_us; /* not before 1970 */
	uint8_t id[SESSION_ID_SIZE];
};

/*
 * session_tally_find reads a user's tally; all zero without one, or when the
 * transaction fails.
 */
void session_tally_find(struct store_txn *txn, struct arena *arena,
                        uint64_t user_id, struct session_tally *out);

/* session_tally_enter adds an open session and sets its epoch: the present. */
void session_tally_enter(struct store_txn *txn, struct arena *arena,
                         struct session_place *place);

/*
 * session_tally_leave takes out a session that was open in its epoch, present
 * or past.
 */
void session_tally_leave(struct store_txn *txn, struct arena *arena,
                         const struct session_place *place);

/*
 * session_tally_next steps to the session that began next in the place's
 * epoch; begin with user and epoch alone. False after the last one, or when the
 * transaction fails.
 */
bool session_tally_next(struct store_txn *txn, struct session_place *place);

/* session_tally_advance begins a new epoch, in which no session is open. */
void session_tally_advance(struct store_txn *txn, struct arena *arena,
                           uint64_t user_id, int64_t now_us,
                           enum session_end reason);

/* session_tally_del forgets the tally: the user is going. */
void session_tally_del(struct store_txn *txn, uint64_t user_id);

/* session_tally_build writes the tallies of a store that has none yet. */
void session_tally_build(struct store_txn *txn);

#endif
