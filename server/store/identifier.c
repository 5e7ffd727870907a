/*
 * The one form in which e-mail addresses and usernames are compared. It is
 * declared in user_store.h.
 *
 * Invariant: normalising twice gives the same as once, so that a stored
 * identifier finds itself.
 */
#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include "server/store/store.h"
#include "server/store/user_store.h"

/* Before normalising: a username of four-byte characters is the longest. */
#define TYPED_MAX ((size_t)4 * USER_USERNAME_MAX) /* bytes */

/* Folding settles after one round but for a few characters. */
#define ROUNDS_MAX 4

struct text {
	uint8_t *bytes; /* malloc'ed, as libunistring hands it out */
	size_t len;
};

/* One round: NFKC, case folding without a language, NFKC. */
static bool
fold(const uint8_t *bytes, size_t len, struct text *out)
{
	size_t composed_len;
	uint8_t *composed =
		u8_normalize(UNINORM_NFKC, bytes, len, NULL, &composed_len);

	if (composed == NULL)
		return false;
	out->bytes = u8_casefold(composed, composed_len, NULL, UNINORM_NFKC,
	                         NULL, &out->len);
	free(composed);
	return out->bytes != NULL;
}

/* Folds until nothing changes. On false nothing is left to free. */
static bool
settle(const char *typed, struct text *out)
{
	struct text now, next;
	bool same = false;

	if (!fold((const uint8_t *)typed, strlen(typed), &now))
		return false;
	for (int i = 1; i < ROUNDS_MAX && !same; i++) {
		if (!fold(now.bytes, now.len, &next)) {
			free(now.bytes);
			return false;
		}
		same = now.len == next.len &&
		       memcmp(now.bytes, next.bytes, now.len) == 0;
		free(now.bytes);
		now = next;
	}
	*out = now;
	return true;
}

enum code
identifier_normalise(struct arena *arena, const char *text, char **out)
{
	size_t typed_len = strnlen(text, TYPED_MAX + 1);
	struct text settled;
	char *copy;

	if (typed_len == 0 || typed_len > TYPED_MAX ||
	    u8_check((const uint8_t *)text, typed_len) != NULL)
		return CODE_INVALID_ARGUMENT;
	if (!settle(text, &settled))
		return CODE_RESOURCE_EXHAUSTED;
	if (settled.len == 0 || settled.len > STORE_KEY_MAX) {
		free(settled.bytes);
		return CODE_INVALID_ARGUMENT;
	}
	copy = arena_memdup(arena, settled.bytes, settled.len);
	free(settled.bytes);
	if (copy == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	*out = copy;
	return CODE_OK;
}
