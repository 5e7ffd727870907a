#ifndef SERVER_STORE_SESSION_STORE_H
#define SERVER_STORE_SESSION_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"

struct store_txn;

#define SESSION_ID_SIZE 16 /* bytes, random */
#define SESSION_USER_AGENT_MAX 512
#define SESSION_ADDRESS_MAX 45

/* Stored in SessionRecord; the numbers are on disk. */
enum session_end {
	SESSION_LIVES = 0,
	SESSION_ENDED_LOGOUT = 1,
	SESSION_ENDED_THEFT = 2,
	SESSION_ENDED_REVOKED = 3,
};

/* One session; times as in SessionRecord, which explains each member. */
struct session {
	uint8_t id[SESSION_ID_SIZE];
	uint64_t user_id;
	int64_t created_at_us;
	int64_t expires_at_us;
	uint64_t counter;
	int64_t rotated_at_us;
	int64_t issued_at_us;
	int64_t refresh_expires_at;
	uint64_t late_step;
	int64_t ended_at_us; /* 0 while it lives */
	enum session_end end_reason;
	const char *user_agent;     /* "" is none */
	const char *client_address; /* "" is none */
};

/*
 * Both writes fail the transaction with INVALID_ARGUMENT for a user 0, an end
 * before 1970, an unknown reason or a text over its limit.
 */

/*
 * session_store_add writes a new session and its index entries. It fails the
 * transaction with ALREADY_EXISTS for a known id.
 */
void session_store_add(struct store_txn *txn, struct arena *arena,
                       const struct session *session);

/*
 * session_store_put replaces a session; id, user and expiry stay the same. It
 * fails the transaction with NOT_FOUND for an unknown id, INVALID_ARGUMENT for
 * another user or expiry.
 */
void session_store_put(struct store_txn *txn, struct arena *arena,
                       const struct session *session);

/*
 * session_store_find copies a session into the arena. NOT_FOUND does not fail
 * the transaction, other failures do; *out is then untouched.
 */
NODISCARD enum code session_store_find(struct store_txn *txn,
                                       struct arena *arena,
                                       const uint8_t id[SESSION_ID_SIZE],
                                       struct session *out);

/*
 * session_store_sweep deletes up to `max` sessions that expired before
 * `before_us`, oldest first, and counts them in *deleted.
 */
void session_store_sweep(struct store_txn *txn, struct arena *arena,
                         int64_t before_us, size_t max, size_t *deleted);

struct session_list {
	struct session *sessions;
	size_t count;
};

/*
 * session_store_list copies a user's sessions into the arena, ended ones
 * included, at most `max`: those that have not ended first, the newest first.
 */
NODISCARD enum code session_store_list(struct store_txn *txn,
                                       struct arena *arena, uint64_t user_id,
                                       size_t max, struct session_list *out);

/* What is asked of a session, ended or not. */
struct session_search {
	bool (*matches)(const struct session *session, void *context);
	void *context;
};

/*
 * session_store_any asks a user's sessions, in no particular order, until one
 * matches, and says in *found whether one did.
 */
NODISCARD enum code session_store_any(struct store_txn *txn,
                                      struct arena *arena, uint64_t user_id,
                                      const struct session_search *search,
                                      bool *found);

/* How several sessions end at once. */
struct session_ending {
	const uint8_t *except; /* the id of the one to spare; NULL is none */
	enum session_end reason;
	int64_t now_us;
};

/*
 * session_store_end_all ends those of a user's sessions that have not ended
 * yet, and counts them. INVALID_ARGUMENT for the reason SESSION_LIVES.
 */
void session_store_end_all(struct store_txn *txn, struct arena *arena,
                           uint64_t user_id,
                           const struct session_ending *ending, size_t *ended);

/* session_store_del_all deletes a user's sessions: the user is going. */
void session_store_del_all(struct store_txn *txn, struct arena *arena,
                           uint64_t user_id);

#endif
