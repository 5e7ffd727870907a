#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdint.h>

#include "server/domain/attribute.h"
#include "server/domain/mailing.h"
#include "server/domain/session.h"
#include "server/domain/throttle.h"
#include "server/domain/token.h"

struct federation;
struct keyring;
struct mail_sender;
struct password_hasher;
struct store;
struct token_cache;

/* Who may make an account. */
enum registration_mode {
	REGISTRATION_CLOSED, /* staff only */
	REGISTRATION_OPEN,   /* anybody, with tokens at once */
	REGISTRATION_VERIFY, /* anybody, with tokens once verified */
};

/* What all handlers share. Built in main.c, read-only afterwards. */
struct server {
	struct store *store;
	const struct keyring *keyring;
	struct token_cache *token_cache; /* NULL: none */
	struct password_hasher *hasher;
	const struct federation *federation; /* NULL: no issuer is trusted */
	struct token_policy tokens;
	struct session_policy sessions;
	struct throttle_policy throttles;
	struct mailing_policy mailing;
	struct attribute_table attributes;
	enum registration_mode registration;
	struct mail_sender *mail_sender; /* woken after a commit with mail */
	int64_t started_at_us;
	const char *version;
	uint32_t jwks_max_age_s;
};

#endif
