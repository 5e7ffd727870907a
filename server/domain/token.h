#ifndef SERVER_DOMAIN_TOKEN_H
#define SERVER_DOMAIN_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"
#include "server/store/session_store.h"

struct keyring;
struct token_cache;

/*
 * JSON Web Tokens (RFC 7519) as compact JWS (RFC 7515), with the claims of
 * SimpleJWT and of this server. A token is text from a stranger: its structure
 * is checked here before the libraries see it.
 */
#define TOKEN_MAX 4096         /* bytes */
#define TOKEN_ISSUER_MAX 255   /* bytes of `iss`, as they stand in JSON */
#define TOKEN_AUDIENCE_MAX 255 /* bytes of `aud`, likewise */
#define TOKEN_ID_SIZE 16       /* bytes; `jti` is its 32 hex digits */

enum token_type {
	TOKEN_ACCESS = 1,
	TOKEN_REFRESH = 2,
};

/* Beside the types in `accepted`: being expired is no fault, as for a logout.
 */
#define TOKEN_ACCEPT_EXPIRED (1U << 8)

/*
 * What is wrong with a token, in the order in which it is found out. INVALID
 * comes first: structure, header, key, algorithm, signature, a type that is
 * not the key's purpose, another issuer or audience, not valid yet, or a claim
 * that is there and makes no sense. What is merely absent comes in its place.
 * INVALID again comes last, for what this server never makes: an access token
 * without sid, a refresh token without user_id, sid or ctr.
 */
enum token_fault {
	TOKEN_OK,
	TOKEN_FAULT_INVALID,
	TOKEN_FAULT_NO_EXPIRY,
	TOKEN_FAULT_EXPIRED, /* exp <= now */
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
	int64_t not_before; /* Unix seconds; 0 without one; never issued */
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
 * byte (HS256 has no randomness). FAILED_PRECONDITION: the roles make it longer
 * than TOKEN_MAX, as none can that fit ROLE_LIST_MAX. RESOURCE_EXHAUSTED: no
 * memory.
 */
NODISCARD enum code token_issue(const struct keyring *keyring,
                                const struct token_policy *policy,
                                struct arena *arena,
                                const struct token_claims *claims, char **out);

/* What tokens are verified with: one for the process. */
struct token_verifier {
	const struct keyring *keyring;
	const struct token_policy *policy;
	struct token_cache *cache; /* of this keyring and policy; NULL: none */
};

/*
 * token_verify checks a token and fills *claims, from nothing else than the
 * text: whether user and session are still good is the caller's question.
 * Types in `accepted` (bit set: 1 << TOKEN_ACCESS | ...) are accepted. After a
 * fault the claims of a token whose signature is good are filled in as far as
 * they can be read, for the log; all others are zero. Allocates nothing that
 * outlives it. The cache changes no answer.
 */
enum token_fault token_verify(const struct token_verifier *verifier,
                              const char *text, unsigned accepted, int64_t now,
                              struct token_claims *claims);

#endif
