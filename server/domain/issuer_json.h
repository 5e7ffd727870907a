#ifndef SERVER_DOMAIN_ISSUER_JSON_H
#define SERVER_DOMAIN_ISSUER_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"

struct signing_key;

/*
 * The JSON that other issuers write: the claims of an ID token (OpenID Connect
 * Core, section 2) and the set of keys that verify it (RFC 7517). As strict as
 * token_json.h: one object, no repeated members, not deep.
 */
#define ID_TOKEN_AUDIENCES_MAX 8
#define ISSUER_KEYS_MAX 16 /* usable keys of a set; more are not read */

/* Texts live in the arena; "" is absent, and so is 0. */
struct id_token_claims {
	const char *issuer;
	const char *subject;
	const char *audiences[ID_TOKEN_AUDIENCES_MAX];
	size_t audience_count;
	const char *authorized_party; /* `azp` */
	int64_t expires_at;           /* Unix seconds */
	int64_t issued_at;
	int64_t not_before;
	const char *email;
	bool email_verified;
	const char *hosted_domain; /* `hd`, Google's */
	const char *given_name;
	const char *family_name;
};

/*
 * id_token_claims_read wants iss, sub, aud, exp and iat, all of their types
 * and without NULs; the others may be absent. INVALID_ARGUMENT for anything
 * else, RESOURCE_EXHAUSTED without memory.
 */
NODISCARD enum code id_token_claims_read(struct bytes json, struct arena *arena,
                                         struct id_token_claims *out);

/*
 * issuer_keys_read opens the RSA keys of a set that have a kid and may verify
 * RS256; others are passed over. The caller closes the *count keys it gets.
 * INVALID_ARGUMENT: no such set, or no such key in it.
 */
NODISCARD enum code issuer_keys_read(struct bytes json,
                                     struct signing_key *out[ISSUER_KEYS_MAX],
                                     size_t *count);

#endif
