/*
 * Any bytes as the claims of an ID token, as a set of keys and as the header
 * that says how long to keep one: what is accepted is within its bounds.
 */
#include "server/domain/issuer_json.h"

#include <stdlib.h>
#include <string.h>

#include "server/domain/https_fetch.h"
#include "server/domain/signing_key.h"
#include "tests/fuzz/fuzz.h"

static void
must(int condition)
{
	if (!condition)
		abort();
}

static void
read_claims(struct bytes json)
{
	uint8_t memory[16384];
	struct id_token_claims claims;
	struct arena arena;

	arena_init(&arena, memory, sizeof(memory));
	if (id_token_claims_read(json, &arena, &claims) != CODE_OK)
		return;
	must(*claims.issuer != '\0' && *claims.subject != '\0');
	must(claims.audience_count > 0 &&
	     claims.audience_count <= ID_TOKEN_AUDIENCES_MAX);
	for (size_t i = 0; i < claims.audience_count; i++)
		must(claims.audiences[i] != NULL);
	must(claims.expires_at > 0 && claims.issued_at > 0);
	must(claims.email != NULL && claims.given_name != NULL);
}

static void
read_keys(struct bytes json)
{
	struct signing_key *keys[ISSUER_KEYS_MAX];
	size_t count;

	if (issuer_keys_read(json, keys, &count) != CODE_OK)
		return;
	must(count > 0 && count <= ISSUER_KEYS_MAX);
	for (size_t i = 0; i < count; i++) {
		must(*signing_key_kid(keys[i]) != '\0');
		signing_key_close(keys[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes json = { data, size };

	read_claims(json);
	read_keys(json);
	must(https_max_age_read((const char *)data, size) >= -1);
	return 0;
}
