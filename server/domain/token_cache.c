#include "server/domain/token_cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define DIGEST_SIZE 32 /* bytes */
#define SETS (TOKEN_CACHE_ENTRIES / TOKEN_CACHE_WAYS)
#define LOCKS 64

_Static_assert((SETS & (SETS - 1)) == 0, "a set is found by masking");

struct entry {
	uint8_t digest[DIGEST_SIZE];
	struct token_claims claims; /* type 0: nobody lies here */
	unsigned era;
};

struct set {
	struct entry ways[TOKEN_CACHE_WAYS];
	unsigned next; /* the way that is given up next */
};

struct token_cache {
	uint8_t key[DIGEST_SIZE];
	atomic_uint era;
	pthread_mutex_t locks[LOCKS]; /* lock n guards sets n, n + LOCKS, … */
	struct set sets[SETS];
};

enum code
token_cache_open(struct token_cache **out)
{
	struct token_cache *cache;

	if (sodium_init() < 0)
		return CODE_INTERNAL;
	cache = calloc(1, sizeof(*cache));
	if (cache == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	randombytes_buf(cache->key, sizeof(cache->key));
	for (size_t i = 0; i < LOCKS; i++)
		(void)pthread_mutex_init(&cache->locks[i], NULL);
	*out = cache;
	return CODE_OK;
}

void
token_cache_close(struct token_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < LOCKS; i++)
		(void)pthread_mutex_destroy(&cache->locks[i]);
	sodium_memzero(cache, sizeof(*cache));
	free(cache);
}

void
token_cache_forget(struct token_cache *cache)
{
	atomic_fetch_add(&cache->era, 1);
}

unsigned
token_cache_era(const struct token_cache *cache)
{
	return cache == NULL ? 0 : atomic_load(&cache->era);
}

static size_t
digest(const struct token_cache *cache, struct bytes text,
       uint8_t out[DIGEST_SIZE])
{
	(void)crypto_generichash(out, DIGEST_SIZE, text.data, text.len,
	                         cache->key, sizeof(cache->key));
	return (out[0] | (size_t)out[1] << 8) & (SETS - 1);
}

static struct entry *
find(struct set *set, const uint8_t wanted[DIGEST_SIZE])
{
	for (size_t i = 0; i < TOKEN_CACHE_WAYS; i++)
		if (set->ways[i].claims.type != 0 &&
		    memcmp(set->ways[i].digest, wanted, DIGEST_SIZE) == 0)
			return &set->ways[i];
	return NULL;
}

/* Empty places have expired long ago. */
static struct entry *
choose(struct set *set, int64_t now)
{
	struct entry *way;

	for (size_t i = 0; i < TOKEN_CACHE_WAYS; i++)
		if (set->ways[i].claims.expires_at <= now)
			return &set->ways[i];
	way = &set->ways[set->next];
	set->next = (set->next + 1) % TOKEN_CACHE_WAYS;
	return way;
}

bool
token_cache_find(struct token_cache *cache, struct bytes text,
                 struct token_claims *out)
{
	uint8_t wanted[DIGEST_SIZE];
	const struct entry *entry;
	size_t at;

	if (cache == NULL)
		return false;
	at = digest(cache, text, wanted);
	(void)pthread_mutex_lock(&cache->locks[at % LOCKS]);
	entry = find(&cache->sets[at], wanted);
	if (entry != NULL && entry->era != atomic_load(&cache->era))
		entry = NULL;
	if (entry != NULL)
		*out = entry->claims;
	(void)pthread_mutex_unlock(&cache->locks[at % LOCKS]);
	return entry != NULL;
}

void
token_cache_put(struct token_cache *cache, struct bytes text, int64_t now,
                const struct token_claims *claims, unsigned era)
{
	uint8_t wanted[DIGEST_SIZE];
	struct entry *entry;
	size_t at;

	if (cache == NULL || claims->expires_at <= now)
		return;
	at = digest(cache, text, wanted);
	(void)pthread_mutex_lock(&cache->locks[at % LOCKS]);
	entry = find(&cache->sets[at], wanted);
	if (entry == NULL)
		entry = choose(&cache->sets[at], now);
	memcpy(entry->digest, wanted, DIGEST_SIZE);
	entry->claims = *claims;
	entry->era = era;
	(void)pthread_mutex_unlock(&cache->locks[at % LOCKS]);
}
