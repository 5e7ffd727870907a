#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdint.h>

#include "server/domain/session.h"
#include "server/domain/token.h"

struct keyring;
struct password_hasher;
struct store;
struct token_cache;

/* What all handlers share. Built in main.c, read-only afterwards. */
struct server {
	struct store *store;
	const struct keyring *keyring;
	struct token_cache *token_cache; /* NULL: none */
	struct password_hasher *hasher;
	struct token_policy tokens;
	struct session_policy sessions;
	int64_t started_at_us;
	const char *version;
	uint32_t jwks_max_age_s;
};

#endif
