#ifndef SERVER_DOMAIN_TOKEN_H
#define SERVER_DOMAIN_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"
#include "server/store/session_store.h"

struct keyring;

/*
 * JSON Web Tokens (RFC 7519) as compact JWS (RFC 7515), with the claims of
 * SimpleJWT and of this server. A token is text from a stranger: its structure
 * is checked here before the libraries see it.
 */
#define TOKEN_MAX 4096   /* bytes */
#define TOKEN_ID_SIZE 16 /* bytes; `jti` is its 32 hex digits */

enum token_type {
	TOKEN_ACCESS = 1,
	TOKEN_REFRESH = 2,
};

/* What is wrong with a token, in the order in which it is found out. */
enum token_fault {
	TOKEN_OK,
	TOKEN_FAULT_INVALID, /* structure, header, key, algorithm, signature */
	TOKEN_FAULT_NO_EXPIRY,
	TOKEN_FAULT_EXPIRED, /* exp <= now; the claims are filled in all the
	                        same */
	TOKEN_FAULT_NO_TYPE,
	TOKEN_FAULT_WRONG_TYPE,
	TOKEN_FAULT_NO_ID,
	TOKEN_FAULT_NO_USER_ID,
	TOKEN_FAULT_NO_MEMORY, /* not the token's fault */
};

/* token_fault_name returns "expired" and the like, for logs. */
const char *token_fault_name(enum token_fault fault);

struct token_claims {
	enum token_type type;
	uint8_t id[TOKEN_ID_SIZE];
	uint64_t user_id;
	uint8_t session_id[SESSION_ID_SIZE];
	uint64_t counter;   /* refresh tokens only */
	int64_t issued_at;  /* Unix seconds */
	int64_t expires_at; /* Unix seconds */
	/* Written when issued, not filled by token_verify. */
	const char *const *roles;
	size_t role_count;
};

/* What all tokens of this server carry; from the configuration. */
struct token_policy {
	const char *issuer;   /* `iss`; "" leaves it out */
	const char *audience; /* `aud`; "" leaves it out */
	bool user_id_is_number;
	bool with_roles; /* access tokens name the user's roles */
};

/*
 * token_issue signs a token with the newest key of its type's purpose. *out
 * lives in the arena. Equal claims give the same refresh token again, byte for
 * byte (HS256 has no randomness).
 */
NODISCARD enum code token_issue(const struct keyring *keyring,
                                const struct token_policy *policy,
                                struct arena *arena,
                                const struct token_claims *claims, char **out);

/*
 * token_verify checks a token and fills *claims. Types in `accepted` (bit set:
 * 1 << TOKEN_ACCESS | ...) are accepted. A refresh token without user_id, sid
 * or ctr, and an access token without sid, is INVALID: this server never made
 * it. With a configured issuer or audience, another one is INVALID too.
 */
enum token_fault token_verify(const struct keyring *keyring,
                              const struct token_policy *policy,
                              struct arena *arena, const char *text,
                              unsigned accepted, int64_t now,
                              struct token_claims *claims);

#endif
