#include "server/domain/token.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "base/encoding.h"
#include "server/domain/keyring.h"
#include "server/domain/token_cache.h"
#include "server/domain/token_json.h"
#include "server/domain/token_parts.h"

#define US_PER_S 1000000

const char *
token_fault_name(enum token_fault fault)
{
	static const char *const names[] = {
		[TOKEN_OK] = "ok",
		[TOKEN_FAULT_INVALID] = "invalid",
		[TOKEN_FAULT_NO_EXPIRY] = "no_expiry",
		[TOKEN_FAULT_EXPIRED] = "expired",
		[TOKEN_FAULT_NO_TYPE] = "no_type",
		[TOKEN_FAULT_WRONG_TYPE] = "wrong_type",
		[TOKEN_FAULT_NO_ID] = "no_id",
		[TOKEN_FAULT_NO_USER_ID] = "no_user_id",
		[TOKEN_FAULT_NO_MEMORY] = "no_memory",
	};

	return names[fault];
}

static enum key_purpose
purpose_of(enum token_type type)
{
	return type == TOKEN_REFRESH ? KEY_PURPOSE_REFRESH : KEY_PURPOSE_ACCESS;
}

/* A token being written, on the stack: a token is a credential. */
struct draft {
	char text[TOKEN_MAX + 1];
	size_t len;
};

/* append adds a segment, behind a dot unless it is the first. */
static enum code
append(struct draft *draft, const void *data, size_t len)
{
	size_t dot = draft->len > 0;
	size_t size = BASE64URL_SIZE(len);

	if (draft->len + dot + size > sizeof(draft->text))
		return CODE_FAILED_PRECONDITION;
	if (dot)
		draft->text[draft->len++] = '.';
	base64url_encode(data, len, draft->text + draft->len);
	draft->len += size - 1;
	return CODE_OK;
}

static enum code
write_draft(const struct signing_key *key, const struct token_policy *policy,
            const struct token_claims *claims, struct draft *draft)
{
	uint8_t signature[SIGNATURE_MAX];
	char json[TOKEN_JSON_MAX];
	size_t len = 0;
	enum code code = token_header_write(key, json, &len);

	if (code == CODE_OK)
		code = append(draft, json, len);
	if (code == CODE_OK)
		code = token_claims_write(policy, claims, json, &len);
	if (code == CODE_OK)
		code = append(draft, json, len);
	if (code == CODE_OK)
		code = signing_key_sign(
			key, (struct bytes){ draft->text, draft->len },
			signature, &len);
	if (code == CODE_OK)
		code = append(draft, signature, len);
	sodium_memzero(signature, sizeof(signature));
	return code;
}

enum code
token_issue(const struct keyring *keyring, const struct token_policy *policy,
            struct arena *arena, const struct token_claims *claims, char **out)
{
	const struct signing_key *key =
		keyring_signer(keyring, purpose_of(claims->type),
	                       claims->issued_at * US_PER_S);
	struct draft draft = { .len = 0 };
	enum code code;
	char *text;

	assert(claims->type == TOKEN_ACCESS || claims->type == TOKEN_REFRESH);
	assert(key != NULL); /* keyring_open has seen to it */
	code = write_draft(key, policy, claims, &draft);
	if (code == CODE_OK) {
		text = arena_memdup(arena, draft.text, draft.len);
		if (text == NULL)
			code = CODE_RESOURCE_EXHAUSTED;
		else
			*out = text;
	}
	sodium_memzero(&draft, sizeof(draft));
	return code;
}

static enum token_fault
fault_of(enum code code)
{
	if (code == CODE_OK)
		return TOKEN_OK;
	return code == CODE_RESOURCE_EXHAUSTED ? TOKEN_FAULT_NO_MEMORY
	                                       : TOKEN_FAULT_INVALID;
}

/* find_key reads the header and returns the key that it may name. */
static enum token_fault
find_key(const struct keyring *keyring, struct bytes segment,
         const struct signing_key **out)
{
	struct token_header header;
	char json[TOKEN_JSON_MAX];
	size_t len;
	enum code code;

	if (!base64url_decode(segment.data, segment.len, json, sizeof(json),
	                      &len))
		return TOKEN_FAULT_INVALID;
	code = token_header_read((struct bytes){ json, len }, &header);
	if (code != CODE_OK)
		return fault_of(code);
	*out = keyring_find(keyring, header.has_kid ? header.kid : NULL,
	                    header.alg);
	return *out == NULL ? TOKEN_FAULT_INVALID : TOKEN_OK;
}

static bool
is_signed_by(const struct signing_key *key, const struct token_parts *parts)
{
	uint8_t signature[SIGNATURE_MAX];
	size_t len;
	bool ok;

	ok = base64url_decode(parts->signature.data, parts->signature.len,
	                      signature, sizeof(signature), &len) &&
	     signing_key_verify(key, parts->signed_text,
	                        (struct bytes){ signature, len });
	sodium_memzero(signature, sizeof(signature));
	return ok;
}

/* read_token does what depends on neither the time nor the question. */
static enum token_fault
read_token(const struct token_verifier *verifier, struct bytes text,
           struct token_content *out)
{
	const struct signing_key *key;
	char json[TOKEN_JSON_MAX];
	struct token_parts parts;
	enum token_fault fault;
	size_t len;

	if (text.len > TOKEN_MAX || !token_parts_split(text, &parts) ||
	    !base64url_decode(parts.payload.data, parts.payload.len, json,
	                      sizeof(json), &len))
		return TOKEN_FAULT_INVALID;
	fault = find_key(verifier->keyring, parts.header, &key);
	if (fault == TOKEN_OK && !is_signed_by(key, &parts))
		fault = TOKEN_FAULT_INVALID;
	if (fault == TOKEN_OK)
		fault = fault_of(token_content_read((struct bytes){ json, len },
		                                    verifier->policy, out));
	sodium_memzero(json, sizeof(json));
	if (fault == TOKEN_OK && out->claims.type != 0 &&
	    purpose_of(out->claims.type) != signing_key_purpose(key))
		out->is_malformed = true;
	return fault;
}

/* judge holds what a token says against the time and the question. */
static enum token_fault
judge(const struct token_content *content, unsigned accepted, int64_t now)
{
	const struct token_claims *claims = &content->claims;
	unsigned needed = TOKEN_HAS_ALL;

	if (content->is_malformed || claims->not_before > now)
		return TOKEN_FAULT_INVALID;
	if ((content->has & TOKEN_HAS_EXPIRY) == 0)
		return TOKEN_FAULT_NO_EXPIRY;
	if (claims->expires_at <= now && (accepted & TOKEN_ACCEPT_EXPIRED) == 0)
		return TOKEN_FAULT_EXPIRED;
	if ((content->has & TOKEN_HAS_TYPE) == 0)
		return TOKEN_FAULT_NO_TYPE;
	if (claims->type == 0 || (accepted & 1U << claims->type) == 0)
		return TOKEN_FAULT_WRONG_TYPE;
	if ((content->has & TOKEN_HAS_ID) == 0)
		return TOKEN_FAULT_NO_ID;
	if (claims->type == TOKEN_ACCESS) {
		needed &= ~(unsigned)TOKEN_HAS_COUNTER;
		if ((content->has & TOKEN_HAS_USER_ID) == 0)
			return TOKEN_FAULT_NO_USER_ID;
	}
	return (content->has & needed) == needed ? TOKEN_OK
	                                         : TOKEN_FAULT_INVALID;
}

enum token_fault
token_verify(const struct token_verifier *verifier, const char *text,
             unsigned accepted, int64_t now, struct token_claims *claims)
{
	struct bytes token = { text, strnlen(text, TOKEN_MAX + 1) };
	bool may_cache = (accepted & 1U << TOKEN_ACCESS) != 0;
	unsigned era = token_cache_era(verifier->cache);
	struct token_content content = { 0 };
	enum token_fault fault;

	*claims = (struct token_claims){ 0 };
	if (may_cache && token_cache_find(verifier->cache, token, claims)) {
		content.claims = *claims;
		content.has = TOKEN_HAS_ALL;
		return judge(&content, accepted, now);
	}
	fault = read_token(verifier, token, &content);
	*claims = content.claims;
	if (fault != TOKEN_OK)
		return fault;
	fault = judge(&content, accepted, now);
	if (fault == TOKEN_OK && may_cache && claims->type == TOKEN_ACCESS)
		token_cache_put(verifier->cache, token, now, claims, era);
	return fault;
}
