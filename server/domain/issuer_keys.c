/*
 * Invariant: `fetching` is held through a fetch, `lock` never; whoever holds
 * both took `fetching` first.
 */
#include "server/domain/issuer_keys.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/domain/https_fetch.h"
#include "server/domain/issuer_json.h"
#include "server/domain/signing_key.h"

#define ERROR_SIZE 256

struct issuer_keys {
	struct issuer_keys_options options;
	pthread_mutex_t fetching; /* one fetch at a time */
	pthread_mutex_t lock;     /* all below */
	struct signing_key *items[ISSUER_KEYS_MAX];
	size_t count;
	uint64_t tries;          /* fetches that ended, well or not */
	int64_t expires_at_ms;   /* when the keys must not be used any more */
	int64_t may_fetch_at_ms; /* not before */
	bool has_failed;         /* the last fetch */
};

enum code
issuer_keys_open(const struct issuer_keys_options *options,
                 struct issuer_keys **out)
{
	struct issuer_keys *keys = calloc(1, sizeof(*keys));

	if (keys == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	keys->options = *options;
	(void)pthread_mutex_init(&keys->fetching, NULL);
	(void)pthread_mutex_init(&keys->lock, NULL);
	*out = keys;
	return CODE_OK;
}

static void
forget(struct issuer_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		signing_key_close(keys->items[i]);
	keys->count = 0;
}

void
issuer_keys_close(struct issuer_keys *keys)
{
	if (keys == NULL)
		return;
	forget(keys);
	(void)pthread_mutex_destroy(&keys->lock);
	(void)pthread_mutex_destroy(&keys->fetching);
	free(keys);
}

/* What a look at the keys at hand tells. */
struct look {
	enum { LOOK_GOOD, LOOK_BAD, LOOK_UNKNOWN, LOOK_STALE } result;
	uint64_t tries;
	int64_t may_fetch_at_ms;
	bool has_failed;
};

static bool
has_keys(const struct issuer_keys *keys, int64_t now_ms)
{
	return keys->count > 0 && now_ms < keys->expires_at_ms;
}

static const struct signing_key *
find(const struct issuer_keys *keys, const char *kid)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(signing_key_kid(keys->items[i]), kid) == 0)
			return keys->items[i];
	return NULL;
}

/* Some 30 us for a good signature: not worth counting who uses a key. */
static struct look
look_up(struct issuer_keys *keys, const struct issuer_signature *what,
        int64_t now_ms)
{
	struct look look = { .result = LOOK_STALE };
	const struct signing_key *key;

	(void)pthread_mutex_lock(&keys->lock);
	look.tries = keys->tries;
	look.may_fetch_at_ms = keys->may_fetch_at_ms;
	look.has_failed = keys->has_failed;
	if (has_keys(keys, now_ms)) {
		key = find(keys, what->kid);
		if (key == NULL)
			look.result = LOOK_UNKNOWN;
		else if (signing_key_verify(key, what->message,
		                            what->signature))
			look.result = LOOK_GOOD;
		else
			look.result = LOOK_BAD;
	}
	(void)pthread_mutex_unlock(&keys->lock);
	return look;
}

static int64_t
age_s(int64_t said_s)
{
	if (said_s < 0)
		return ISSUER_KEYS_AGE_S;
	if (said_s < ISSUER_KEYS_AGE_MIN_S)
		return ISSUER_KEYS_AGE_MIN_S;
	return said_s < ISSUER_KEYS_AGE_MAX_S ? said_s : ISSUER_KEYS_AGE_MAX_S;
}

/* A new set of keys, and for how long. */
struct news {
	struct signing_key *items[ISSUER_KEYS_MAX];
	size_t count;
	int64_t age_s;
};

static enum code
fetch(const struct issuer_keys *keys, struct news *out, char *err,
      size_t err_size)
{
	struct https_fetch what = { .url = keys->options.url,
		                    .ca = keys->options.ca,
		                    .timeout_ms = ISSUER_KEYS_TIMEOUT_MS,
		                    .out = malloc(ISSUER_KEYS_SIZE_MAX),
		                    .out_size = ISSUER_KEYS_SIZE_MAX };
	struct https_answer answer;
	enum code code = CODE_RESOURCE_EXHAUSTED;

	(void)snprintf(err, err_size, "no memory");
	if (what.out != NULL)
		code = https_fetch_run(&what, &answer, err, err_size);
	if (code == CODE_OK) {
		(void)snprintf(err, err_size, "no set of usable keys");
		code = issuer_keys_read((struct bytes){ what.out, answer.len },
		                        out->items, &out->count);
		out->age_s = age_s(answer.max_age_s);
	}
	free(what.out);
	return code;
}

/* The pause ends with the keys: nobody waits for some without having any. */
static int64_t
next_fetch_ms(const struct issuer_keys *keys, int64_t now_ms)
{
	int64_t soonest = now_ms + ISSUER_KEYS_RETRY_MS;
	int64_t latest = now_ms + ISSUER_KEYS_PAUSE_MS;

	if (!has_keys(keys, now_ms + ISSUER_KEYS_RETRY_MS))
		return soonest;
	return has_keys(keys, latest) ? latest : keys->expires_at_ms;
}

/* Keys that cannot be replaced are used until they expire. */
static void
settle(struct issuer_keys *keys, enum code code, const struct news *news,
       int64_t now_ms)
{
	(void)pthread_mutex_lock(&keys->lock);
	keys->tries++;
	keys->has_failed = code != CODE_OK;
	if (code == CODE_OK) {
		forget(keys);
		memcpy(keys->items, news->items, sizeof(keys->items));
		keys->count = news->count;
		keys->expires_at_ms = now_ms + news->age_s * 1000;
	}
	keys->may_fetch_at_ms = next_fetch_ms(keys, now_ms);
	(void)pthread_mutex_unlock(&keys->lock);
}

/*
 * Fetches unless it is too soon, or somebody else has done so since `seen`.
 * Returns whether the answer is as new as it can be.
 */
static bool
refresh(struct issuer_keys *keys, const struct look *seen, int64_t now_ms)
{
	struct news news = { .count = 0 };
	char err[ERROR_SIZE] = "";
	enum code code;

	if (now_ms < seen->may_fetch_at_ms)
		return !seen->has_failed;
	(void)pthread_mutex_lock(&keys->fetching);
	if (keys->tries != seen->tries) {
		(void)pthread_mutex_unlock(&keys->fetching);
		return true;
	}
	code = fetch(keys, &news, err, sizeof(err));
	settle(keys, code, &news, now_ms);
	(void)pthread_mutex_unlock(&keys->fetching);
	if (code == CODE_OK)
		LOG_EVENT(LOG_LEVEL_INFO, "issuer_keys_fetched",
		          LOG_T("issuer", keys->options.issuer),
		          LOG_N("keys", (int64_t)news.count),
		          LOG_N("for_s", news.age_s));
	else
		LOG_EVENT(LOG_LEVEL_WARN, "issuer_keys_failed",
		          LOG_T("issuer", keys->options.issuer),
		          LOG_T("url", keys->options.url),
		          LOG_T("reason", err));
	return code == CODE_OK;
}

enum code
issuer_keys_verify(struct issuer_keys *keys,
                   const struct issuer_signature *what, int64_t now_ms,
                   uint32_t *retry_ms)
{
	struct look look = look_up(keys, what, now_ms);
	bool is_certain = true;

	if (look.result == LOOK_UNKNOWN || look.result == LOOK_STALE) {
		is_certain = refresh(keys, &look, now_ms);
		look = look_up(keys, what, now_ms);
	}
	if (look.result == LOOK_GOOD)
		return CODE_OK;
	if (look.result == LOOK_STALE ||
	    (look.result == LOOK_UNKNOWN && !is_certain)) {
		*retry_ms = ISSUER_KEYS_RETRY_MS;
		if (look.may_fetch_at_ms > now_ms)
			*retry_ms = (uint32_t)(look.may_fetch_at_ms - now_ms);
		return CODE_UNAVAILABLE;
	}
	return CODE_UNAUTHENTICATED;
}
