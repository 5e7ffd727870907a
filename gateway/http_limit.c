#include "gateway/http_limit.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct entry {
	struct entry *next; /* in its bucket, or of the unused */
	struct http_limit_key key;
	unsigned count;
};

struct http_limit {
	pthread_mutex_t mutex;
	uint64_t seed; /* so that nobody can choose addresses of one bucket */
	unsigned total;
	unsigned total_max;
	unsigned per_address_max;
	size_t bucket_count; /* a power of two */
	struct entry **buckets;
	struct entry *unused;
	struct entry entries[]; /* total_max */
};

enum code
http_limit_open(unsigned total_max, unsigned per_address_max,
                struct http_limit **out)
{
	struct http_limit *limit;
	size_t bucket_count = 1;

	assert(total_max > 0);
	while (bucket_count < total_max)
		bucket_count *= 2;
	limit = calloc(1, sizeof(*limit) + total_max * sizeof(struct entry));
	if (limit == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	limit->buckets = calloc(bucket_count, sizeof(struct entry *));
	if (limit->buckets == NULL ||
	    getrandom(&limit->seed, sizeof(limit->seed), 0) !=
	            (ssize_t)sizeof(limit->seed)) {
		free(limit->buckets);
		free(limit);
		return CODE_RESOURCE_EXHAUSTED;
	}
	(void)pthread_mutex_init(&limit->mutex, NULL);
	limit->total_max = total_max;
	limit->per_address_max =
		per_address_max > 0 ? per_address_max : total_max;
	limit->bucket_count = bucket_count;
	for (unsigned i = 0; i < total_max; i++) {
		limit->entries[i].next = limit->unused;
		limit->unused = &limit->entries[i];
	}
	*out = limit;
	return CODE_OK;
}

void
http_limit_close(struct http_limit *limit)
{
	if (limit == NULL)
		return;
	(void)pthread_mutex_destroy(&limit->mutex);
	free(limit->buckets);
	free(limit);
}

struct http_limit_key
http_limit_key(const struct sockaddr *address)
{
	struct http_limit_key key = { .family = address->sa_family };
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	if (address->sa_family == AF_INET) {
		memcpy(&four, address, sizeof(four));
		key.network = four.sin_addr.s_addr;
	} else if (address->sa_family == AF_INET6) {
		memcpy(&six, address, sizeof(six));
		if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {
			key.family = AF_INET;
			key.network = six.sin6_addr.s6_addr32[3];
		} else {
			memcpy(&key.network, &six.sin6_addr, 8);
		}
	}
	return key;
}

struct http_limit_key
http_limit_key_of(const char *address)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
		return http_limit_key((const struct sockaddr *)&four);
	if (inet_pton(AF_INET6, address, &six.sin6_addr) == 1)
		return http_limit_key((const struct sockaddr *)&six);
	return (struct http_limit_key){ 0 };
}

static struct entry **
find_slot(struct http_limit *limit, struct http_limit_key key)
{
	uint64_t hash = key.network + (uint64_t)key.family;
	struct entry **slot;

	hash = (hash ^ limit->seed) * 0x9e3779b97f4a7c15U;
	hash = (hash ^ (hash >> 32)) * (limit->seed | 1);
	slot = &limit->buckets[(hash >> 32) & (limit->bucket_count - 1)];
	while (*slot != NULL && ((*slot)->key.network != key.network ||
	                         (*slot)->key.family != key.family))
		slot = &(*slot)->next;
	return slot;
}

static bool
count_in(struct http_limit *limit, struct http_limit_key key)
{
	struct entry **slot = find_slot(limit, key);
	struct entry *entry = *slot;

	if (limit->total >= limit->total_max)
		return false;
	if (entry == NULL) {
		entry = limit->unused;
		assert(entry != NULL);
		limit->unused = entry->next;
		*entry = (struct entry){ .key = key };
		*slot = entry;
	}
	if (key.family != AF_UNSPEC && entry->count >= limit->per_address_max)
		return false;
	entry->count++;
	limit->total++;
	return true;
}

bool
http_limit_enter(struct http_limit *limit, struct http_limit_key key)
{
	bool entered;

	(void)pthread_mutex_lock(&limit->mutex);
	entered = count_in(limit, key);
	(void)pthread_mutex_unlock(&limit->mutex);
	return entered;
}

void
http_limit_leave(struct http_limit *limit, struct http_limit_key key)
{
	struct entry **slot;
	struct entry *entry;

	(void)pthread_mutex_lock(&limit->mutex);
	slot = find_slot(limit, key);
	entry = *slot;
	assert(entry != NULL && entry->count > 0);
	limit->total--;
	if (--entry->count == 0) {
		*slot = entry->next;
		entry->next = limit->unused;
		limit->unused = entry;
	}
	(void)pthread_mutex_unlock(&limit->mutex);
}
