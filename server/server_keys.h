#ifndef SERVER_SERVER_KEYS_H
#define SERVER_SERVER_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/code.h"
#include "server/domain/master_key.h"
#include "server/settings.h"

struct keyring;
struct store;
struct token_cache;

/*
 * The signing keys of a serving latchkeyd: opened with the master key at the
 * start, and read again while it serves, because `latchkeyd keys` adds and
 * retires some beside it.
 */

/*
 * server_keys_load_master reads store.master_key, which may not lie where a
 * copy of the store would take it along (FAILED_PRECONDITION). The caller
 * wipes it; err gets one sentence.
 */
NODISCARD enum code server_keys_load_master(const struct server_settings *s,
                                            uint8_t out[MASTER_KEY_SIZE],
                                            char *err, size_t err_size);

/* server_keys_open: see keyring_open. */
NODISCARD enum code server_keys_open(const struct server_settings *s,
                                     struct store *store, struct keyring **out,
                                     char *err, size_t err_size);

/* What keys that are in use belong to. */
struct server_keys {
	const struct server_settings *settings;
	struct store *store;
	struct keyring *keyring;
	struct token_cache *cache; /* of this keyring */
};

/*
 * server_keys_renew takes over what has changed and deletes retired keys whose
 * tokens have all expired; to be called every minute or so. Logs what changed,
 * or that it failed; then the keys stay as they are, in the store too: one that
 * was retired may still sign.
 */
void server_keys_renew(const struct server_keys *keys, int64_t now_us);

#endif
