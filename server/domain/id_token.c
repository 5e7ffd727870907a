#include "server/domain/id_token.h"

#include <string.h>
#include <strings.h>

#include "base/encoding.h"
#include "server/domain/issuer_keys.h"
#include "server/domain/token_json.h"
#include "server/domain/token_parts.h"

static enum code
refuse(struct id_token_check *check, const char *fault)
{
	check->fault = fault;
	return CODE_UNAUTHENTICATED;
}

static enum code
refuse_unless_memory(struct id_token_check *check, enum code code,
                     const char *fault)
{
	return code == CODE_RESOURCE_EXHAUSTED ? code : refuse(check, fault);
}

static bool
decode(struct bytes segment, char out[TOKEN_JSON_MAX], struct bytes *json)
{
	json->data = out;
	return base64url_decode(segment.data, segment.len, out, TOKEN_JSON_MAX,
	                        &json->len);
}

static enum code
read_header(struct id_token_check *check, const struct token_parts *parts,
            struct token_header *out)
{
	char buffer[TOKEN_JSON_MAX];
	struct bytes json;
	enum code code;

	if (!decode(parts->header, buffer, &json))
		return refuse(check, "malformed");
	code = token_header_read(json, out);
	if (code != CODE_OK)
		return refuse_unless_memory(check, code, "header");
	if (out->alg != KEY_RS256)
		return refuse(check, "algorithm");
	return out->has_kid && out->kid[0] != '\0' ? CODE_OK
	                                           : refuse(check, "no kid");
}

static enum code
read_claims(struct id_token_check *check, const struct token_parts *parts,
            struct id_token_claims *out)
{
	char buffer[TOKEN_JSON_MAX];
	struct bytes json;
	enum code code;

	if (!decode(parts->payload, buffer, &json))
		return refuse(check, "malformed");
	code = id_token_claims_read(json, check->arena, out);
	explicit_bzero(buffer, sizeof(buffer));
	return code == CODE_OK ? code
	                       : refuse_unless_memory(check, code, "claims");
}

static const struct issuer *
find_issuer(const struct id_token_check *check, const char *url)
{
	for (size_t i = 0; i < check->issuer_count; i++) {
		const struct issuer *issuer = &check->issuers[i];

		if (strcmp(issuer->url, url) == 0 ||
		    (*issuer->alias != '\0' && strcmp(issuer->alias, url) == 0))
			return issuer;
	}
	return NULL;
}

static enum code
verify_signature(struct id_token_check *check, const struct issuer *issuer,
                 const char *kid, const struct token_parts *parts)
{
	uint8_t signature[SIGNATURE_MAX];
	struct issuer_signature what = { .kid = kid,
		                         .message = parts->signed_text };
	enum code code;

	what.signature.data = signature;
	if (!base64url_decode(parts->signature.data, parts->signature.len,
	                      signature, sizeof(signature),
	                      &what.signature.len))
		return refuse(check, "malformed");
	code = issuer_keys_verify(issuer->keys, &what, check->now_ms,
	                          &check->retry_ms);
	return code == CODE_UNAUTHENTICATED ? refuse(check, "signature") : code;
}

static bool
is_audience(const struct issuer *issuer, const char *name)
{
	for (size_t i = 0; i < issuer->audience_count; i++)
		if (strcmp(issuer->audiences[i], name) == 0)
			return true;
	return false;
}

/* A token for others too is for us only if we alone may present it. */
static bool
is_for_us(const struct issuer *issuer, const struct id_token_claims *claims)
{
	for (size_t i = 0; i < claims->audience_count; i++)
		if (!is_audience(issuer, claims->audiences[i]))
			return false;
	if (*claims->authorized_party == '\0')
		return claims->audience_count == 1;
	return is_audience(issuer, claims->authorized_party);
}

static enum code
judge(struct id_token_check *check, const struct issuer *issuer,
      const struct id_token_claims *claims)
{
	const int64_t late = check->now - ID_TOKEN_LEEWAY_S;
	const int64_t early = check->now + ID_TOKEN_LEEWAY_S;

	if (!is_for_us(issuer, claims))
		return refuse(check, "audience");
	if (claims->expires_at <= late)
		return refuse(check, "expired");
	if (claims->issued_at > early || claims->not_before > early ||
	    claims->expires_at <= claims->issued_at)
		return refuse(check, "not yet valid");
	if (*claims->email == '\0' || !claims->email_verified)
		return refuse(check, "address not verified");
	if (*issuer->hosted_domain != '\0' &&
	    strcasecmp(issuer->hosted_domain, claims->hosted_domain) != 0)
		return refuse(check, "hosted domain");
	return CODE_OK;
}

enum code
id_token_verify(struct id_token_check *check, const char *text,
                const struct issuer **issuer, struct id_token_claims *claims)
{
	struct bytes token = { text, strnlen(text, TOKEN_MAX + 1) };
	struct token_header header = { .has_kid = false };
	struct id_token_claims read = { .audience_count = 0 };
	const struct issuer *found = NULL;
	struct token_parts parts;
	enum code code;

	if (token.len > TOKEN_MAX || !token_parts_split(token, &parts))
		return refuse(check, "malformed");
	code = read_header(check, &parts, &header);
	if (code == CODE_OK)
		code = read_claims(check, &parts, &read);
	if (code != CODE_OK)
		return code;
	found = find_issuer(check, read.issuer);
	if (found == NULL)
		return refuse(check, "issuer");
	/* What costs nothing comes first: a key may have to be fetched. */
	code = judge(check, found, &read);
	if (code == CODE_OK)
		code = verify_signature(check, found, header.kid, &parts);
	if (code != CODE_OK)
		return code;
	*issuer = found;
	*claims = read;
	return CODE_OK;
}

bool
issuer_owns_address(const struct issuer *issuer,
                    const struct id_token_claims *claims)
{
	const char *at = strrchr(claims->email, '@');

	if (at == NULL || !claims->email_verified)
		return false;
	for (size_t i = 0; i < issuer->domain_count; i++)
		if (strcasecmp(issuer->domains[i], at + 1) == 0)
			return true;
	return issuer->owns_hosted_domain && *claims->hosted_domain != '\0' &&
	       strcasecmp(claims->hosted_domain, at + 1) == 0;
}
