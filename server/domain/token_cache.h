#ifndef SERVER_DOMAIN_TOKEN_CACHE_H
#define SERVER_DOMAIN_TOKEN_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/code.h"
#include "server/domain/token.h"

/*
 * The claims of access tokens that were verified already, so that the same
 * token's next call costs a hash and not an ES256 verification. It remembers
 * what a token says, never that it is good: token_verify holds the claims
 * against the time on every hit, its callers hold them against user and
 * session. A token is found by a BLAKE2b-256 of all of its text under a random
 * key of the process; the text itself is not kept.
 *
 * Fixed memory, about 2.2 MB, allocated at once. Safe from any thread. Belongs
 * to one keyring and one policy: with another policy, open another; when the
 * keyring has changed, forget what the old keys vouched for.
 */
#define TOKEN_CACHE_ENTRIES 16384
#define TOKEN_CACHE_WAYS 4 /* places that one token may lie in */

struct token_cache;

/* token_cache_open: RESOURCE_EXHAUSTED without memory. */
NODISCARD enum code token_cache_open(struct token_cache **out);

/* token_cache_close wipes and frees; it accepts NULL. */
void token_cache_close(struct token_cache *cache);

/*
 * token_cache_forget begins a new era: nothing of the one before is found any
 * more, nor kept if it comes late. token_cache_era is to be asked before the
 * keyring is, for token_cache_put; 0 of a NULL cache.
 */
void token_cache_forget(struct token_cache *cache);
unsigned token_cache_era(const struct token_cache *cache);

/* token_cache_find fills *out if the text is known; never in a NULL cache. */
bool token_cache_find(struct token_cache *cache, struct bytes text,
                      struct token_claims *out);

/*
 * token_cache_put remembers the claims of a text whose signature was verified.
 * It displaces an expired entry if it can, else one that came before; a token
 * that is expired itself, and any in a NULL cache, is not kept.
 */
void token_cache_put(struct token_cache *cache, struct bytes text, int64_t now,
                     const struct token_claims *claims, unsigned era);

#endif
