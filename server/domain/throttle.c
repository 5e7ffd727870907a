/*
 * Invariant: a subject's events are sorted, and none is kept that a window has
 * left behind.
 */
#include "server/domain/throttle.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <sodium.h>

#include "server/store/store.h"
#include "server/store/throttle_store.h"
#include "server/store/user_store.h"

#define US_PER_S ((int64_t)1000000)
#define WINDOW_MAX_S (30 * 24 * 3600)
#define SUBJECT_HASH_SIZE 32
#define UNREADABLE "?"

/*
 * Calls wait in queues, so that one that came later may be counted first. What
 * lies further ahead than this was counted by a clock that was wrong.
 */
#define AHEAD_MAX_US (60 * US_PER_S)

/* A scope and a subject as the store's key; fixed size, whatever the text. */
struct key {
	uint8_t text[1 + SUBJECT_HASH_SIZE];
};

_Static_assert(sizeof(struct key) <= THROTTLE_KEY_MAX, "a key fits the store");

static struct bytes
key_of(enum throttle_scope scope, const char *subject, struct key *key)
{
	int rc;

	assert((unsigned)scope < THROTTLE_SCOPE_COUNT);
	key->text[0] = (uint8_t)scope;
	rc = crypto_generichash(key->text + 1, SUBJECT_HASH_SIZE,
	                        (const uint8_t *)subject, strlen(subject), NULL,
	                        0);
	assert(rc == 0);
	(void)rc;
	return (struct bytes){ key->text, sizeof(key->text) };
}

/* Reads 1 to max in decimal without leading zeros, up to `end`. */
static bool
read_number(const char *text, const char *end, uint32_t max, uint32_t *out)
{
	uint32_t number = 0;

	if (text == end || *text == '0')
		return false;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = number * 10 + (uint32_t)(*text - '0');
		if (number > max)
			return false;
	}
	*out = number;
	return true;
}

bool
throttle_rate_read(const char *text, struct throttle_rate *out)
{
	const char *slash = strchr(text, '/');
	uint32_t limit, window_s;

	if (strcmp(text, "off") == 0) {
		*out = (struct throttle_rate){ 0 };
		return true;
	}
	if (slash == NULL ||
	    !read_number(text, slash, THROTTLE_EVENTS_MAX, &limit) ||
	    !read_number(slash + 1, slash + 1 + strlen(slash + 1), WINDOW_MAX_S,
	                 &window_s))
		return false;
	*out = (struct throttle_rate){ .limit = limit,
		                       .window_us = window_s * US_PER_S };
	return true;
}

/* The network that an IPv6 customer has at least: the first 64 bits. */
static void
write_ipv6(const struct in6_addr *address, char out[46])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct in6_addr network = *address;
	const char *text;

	if (memcmp(address, mapped, sizeof(mapped)) == 0) {
		text = inet_ntop(AF_INET, address->s6_addr + sizeof(mapped),
		                 out, INET_ADDRSTRLEN);
	} else {
		memset(network.s6_addr + 8, 0, 8);
		text = inet_ntop(AF_INET6, &network, out, INET6_ADDRSTRLEN);
	}
	assert(text != NULL);
	(void)text;
}

void
throttle_address(const char *address, char out[46])
{
	struct in6_addr ipv6;
	struct in_addr ipv4;
	char plain[INET6_ADDRSTRLEN];
	size_t len = strcspn(address, "%"); /* without a zone */

	out[0] = '\0';
	if (*address == '\0')
		return;
	memcpy(out, UNREADABLE, sizeof(UNREADABLE));
	if (len >= sizeof(plain))
		return;
	memcpy(plain, address, len);
	plain[len] = '\0';
	if (inet_pton(AF_INET6, plain, &ipv6) == 1)
		write_ipv6(&ipv6, out);
	else if (inet_pton(AF_INET, plain, &ipv4) == 1)
		(void)inet_ntop(AF_INET, &ipv4, out, INET_ADDRSTRLEN);
}

void
throttle_user(uint64_t user_id, char out[THROTTLE_USER_SIZE])
{
	(void)snprintf(out, THROTTLE_USER_SIZE, "%" PRIu64, user_id);
}

/*
 * Drops what has left the window. True if a wrong clock was seen: what it
 * counted would stay for as long as it was wrong, so that it counts from now
 * on instead, neither forgiven nor for longer than a window.
 */
static bool
settle(struct throttle_events *events, int64_t window_us, int64_t now_us)
{
	size_t gone = 0, wrong = events->count;

	while (gone < events->count &&
	       events->events_us[gone] <= now_us - window_us)
		gone++;
	while (wrong > gone &&
	       events->events_us[wrong - 1] > now_us + AHEAD_MAX_US)
		events->events_us[--wrong] = now_us;
	events->count -= gone;
	memmove(events->events_us, events->events_us + gone,
	        events->count * sizeof(events->events_us[0]));
	return wrong < gone + events->count;
}

/* Adds an event where its time belongs. */
static void
add(struct throttle_events *events, int64_t now_us)
{
	size_t i = events->count++;

	assert(events->count <= THROTTLE_EVENTS_MAX);
	for (; i > 0 && events->events_us[i - 1] > now_us; i--)
		events->events_us[i] = events->events_us[i - 1];
	events->events_us[i] = now_us;
}

/* Removes the newest event up to a time. */
static void
remove_newest(struct throttle_events *events, int64_t now_us)
{
	size_t i = events->count;

	while (i > 0 && events->events_us[i - 1] > now_us)
		i--;
	if (i == 0)
		return;
	events->count--;
	memmove(events->events_us + i - 1, events->events_us + i,
	        (events->count - (i - 1)) * sizeof(events->events_us[0]));
}

/* What is known of a subject, as one call sees it. */
struct subject {
	struct key text;
	struct bytes key;
	struct throttle_rate rate;
	struct throttle_events events;
	bool was_wrong; /* a wrong clock was seen */
};

/* False: nothing is to be counted, or the transaction has failed. */
static bool
find(const struct throttle *throttle, enum throttle_scope scope,
     const char *text, struct subject *out)
{
	out->rate = throttle->policy->rates[scope];
	assert(out->rate.limit <= THROTTLE_EVENTS_MAX);
	if (out->rate.limit == 0)
		return false;
	out->key = key_of(scope, text, &out->text);
	if (throttle_store_find(throttle->txn, throttle->arena, out->key,
	                        &out->events) != CODE_OK)
		return false;
	out->was_wrong =
		settle(&out->events, out->rate.window_us, throttle->now_us);
	return true;
}

static void
put(const struct throttle *throttle, struct subject *subject)
{
	struct throttle_events *events = &subject->events;

	if (events->count > 0)
		events->expires_at_us = events->events_us[events->count - 1] +
		                        subject->rate.window_us;
	throttle_store_put(throttle->txn, throttle->arena, subject->key,
	                   events);
}

void
throttle_take(const struct throttle *throttle, enum throttle_scope scope,
              const char *subject, int64_t *wait_us)
{
	struct subject found;
	size_t count;

	*wait_us = 0;
	if (!find(throttle, scope, subject, &found))
		return;
	count = found.events.count;
	if (count < found.rate.limit) {
		add(&found.events, throttle->now_us);
		put(throttle, &found);
		return;
	}
	/* One more is allowed when this one has left the window. */
	*wait_us = found.events.events_us[count - found.rate.limit] +
	           found.rate.window_us - throttle->now_us;
	if (found.was_wrong)
		put(throttle, &found);
}

void
throttle_give(const struct throttle *throttle, enum throttle_scope scope,
              const char *subject)
{
	struct subject found;

	if (!find(throttle, scope, subject, &found))
		return;
	remove_newest(&found.events, throttle->now_us);
	put(throttle, &found);
}

void
throttle_clear(struct store_txn *txn, struct arena *arena,
               enum throttle_scope scope, const char *subject)
{
	static const struct throttle_events none;
	struct key text;

	throttle_store_put(txn, arena, key_of(scope, subject, &text), &none);
}

static void
forgive_login(struct store_txn *txn, struct arena *arena,
              const char *identifier)
{
	char *subject;

	if (txn->code != CODE_OK || *identifier == '\0')
		return;
	store_fail(txn, identifier_normalise(arena, identifier, &subject));
	if (txn->code == CODE_OK)
		throttle_clear(txn, arena, THROTTLE_LOGIN_ACCOUNT, subject);
}

void
throttle_forgive(struct store_txn *txn, struct arena *arena,
                 const struct user *user)
{
	char subject[THROTTLE_USER_SIZE];

	forgive_login(txn, arena, user->email);
	forgive_login(txn, arena, user->username);
	throttle_user(user->id, subject);
	throttle_clear(txn, arena, THROTTLE_OLD_PASSWORD, subject);
}
