#ifndef SERVER_DOMAIN_TOKEN_JSON_H
#define SERVER_DOMAIN_TOKEN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/code.h"
#include "server/domain/signing_key.h"
#include "server/domain/token.h"

/*
 * The JSON inside a token: header and claims, read strictly and written in a
 * fixed order. Only this module and issuer_json.c, the JSON of other issuers,
 * include jansson. The reading functions return
 * INVALID_ARGUMENT for anything but one JSON object without repeated members,
 * at most TOKEN_DEPTH_MAX levels deep, and RESOURCE_EXHAUSTED without memory.
 */
#define TOKEN_DEPTH_MAX 8
#define TOKEN_JSON_MAX ((size_t)TOKEN_MAX / 4 * 3) /* bytes, decoded */

struct json_t;

/* token_json_load reads such an object; json_decref frees it. */
NODISCARD enum code token_json_load(struct bytes json, struct json_t **out);

struct token_header {
	enum key_alg alg;
	bool has_kid;
	char kid[KEY_ID_MAX + 1];
};

/*
 * token_header_read also refuses (INVALID_ARGUMENT) an algorithm of ours it
 * does not find, a `typ` that is not JWT, and members that would have us take
 * keys or rules from the token: crit, jku, jwk, x5u, x5c.
 */
NODISCARD enum code token_header_read(struct bytes json,
                                      struct token_header *out);

/* Which claims are there and make sense. */
enum {
	TOKEN_HAS_EXPIRY = 1 << 0,
	TOKEN_HAS_TYPE = 1 << 1, /* some type; claims.type is 0 if unknown */
	TOKEN_HAS_ID = 1 << 2,
	TOKEN_HAS_USER_ID = 1 << 3,
	TOKEN_HAS_SESSION = 1 << 4,
	TOKEN_HAS_COUNTER = 1 << 5,
	TOKEN_HAS_ALL = (1 << 6) - 1,
};

struct token_content {
	struct token_claims claims;
	unsigned has;
	bool is_malformed; /* a claim makes no sense, or iss, aud are others */
};

/* token_content_read fills *out, which no claim it cannot read touches. */
NODISCARD enum code token_content_read(struct bytes json,
                                       const struct token_policy *policy,
                                       struct token_content *out);

/*
 * The two write compact JSON, without a NUL, and its length. RESOURCE_EXHAUSTED
 * without memory, FAILED_PRECONDITION if it is longer than TOKEN_JSON_MAX,
 * INTERNAL if a text is not UTF-8.
 */
NODISCARD enum code token_header_write(const struct signing_key *key,
                                       char out[TOKEN_JSON_MAX], size_t *len);
NODISCARD enum code token_claims_write(const struct token_policy *policy,
                                       const struct token_claims *claims,
                                       char out[TOKEN_JSON_MAX], size_t *len);

#endif
