#ifndef SERVER_STORE_SESSION_STORE_H
#define SERVER_STORE_SESSION_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"
#include "server/store/session_tally.h"

struct store_txn;

#define SESSION_DEVICE_SIZE 16 /* bytes, a hash */
#define SESSION_USER_AGENT_MAX 512
#define SESSION_ADDRESS_MAX 45

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
	uint8_t device[SESSION_DEVICE_SIZE]; /* all zero: not known */
	const char *user_agent;              /* "" is none */
	const char *client_address;          /* "" is none */
};

/*
 * Both writes fail the transaction with INVALID_ARGUMENT for a user 0, a
 * beginning or an end before 1970, an unknown reason or a text over its limit.
 */

/*
 * session_store_add writes a new session and its index entries. It fails the
 * transaction with ALREADY_EXISTS for a known id.
 */
void session_store_add(struct store_txn *txn, struct arena *arena,
                       const struct session *session);

/*
 * session_store_put replaces a session; only its counters and its end may
 * differ from what is stored, and one that has ended stays so. It fails the
 * transaction with NOT_FOUND for an unknown id, INVALID_ARGUMENT for another
 * user, device, beginning or expiry.
 */
void session_store_put(struct store_txn *txn, struct arena *arena,
                       const struct session *session);

/*
 * session_store_find copies a session into the arena; one that
 * session_store_end_all ended has its end. NOT_FOUND does not fail the
 * transaction, other failures do; *out is then untouched.
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
 * session_store_list copies a user's sessions that have not ended into the
 * arena, at most `max`, the newest first.
 */
NODISCARD enum code session_store_list(struct store_txn *txn,
                                       struct arena *arena, uint64_t user_id,
                                       size_t max, struct session_list *out);

/*
 * session_store_knows says in *known whether the store has a session of the
 * user, ended or not, that began at the device: one look, however many there
 * are, and the same one for a user 0, who has none.
 */
NODISCARD enum code
session_store_knows(struct store_txn *txn, uint64_t user_id,
                    const uint8_t device[SESSION_DEVICE_SIZE], bool *known);

/* How several sessions end at once. */
struct session_ending {
	const uint8_t *except; /* the id of the one to spare; NULL is none */
	enum session_end reason;
	int64_t now_us;
};

/*
 * session_store_end_all ends those of a user's sessions that have not ended
 * yet, and counts them: at once and for the same few writes, however many they
 * are. INVALID_ARGUMENT for the reason SESSION_LIVES.
 */
void session_store_end_all(struct store_txn *txn, struct arena *arena,
                           uint64_t user_id,
                           const struct session_ending *ending, size_t *ended);

/* What a new session needs. */
struct session_room {
	uint64_t user_id;
	size_t max; /* sessions that may be open with it; at least 1 */
	int64_t now_us;
};

#define SESSION_ROOM_STEPS 8 /* sessions that one call of it ends */

/*
 * session_store_make_room ends the user's oldest sessions until fewer than
 * room->max are open, or SESSION_ROOM_STEPS of them: of an excess from before
 * the limit each login takes some away. It counts them in *ended.
 */
void session_store_make_room(struct store_txn *txn, struct arena *arena,
                             const struct session_room *room, size_t *ended);

/*
 * session_store_del_some deletes up to `max` of a user's sessions, who is
 * going, and counts them in *deleted: fewer than `max`, and none is left.
 */
void session_store_del_some(struct store_txn *txn, struct arena *arena,
                            uint64_t user_id, size_t max, size_t *deleted);

#endif
