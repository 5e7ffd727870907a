#include "server/domain/issuer_json.h"

#include <string.h>

#include <jansson.h>

#include "base/encoding.h"
#include "server/domain/signing_key.h"
#include "server/domain/token_json.h"

#define TIME_MAX 253402300799 /* the end of the year 9999, Unix seconds */
#define EXPONENT_SIZE 8       /* bytes: room to see that it is too large */

/* Claims being read; `code` keeps the first failure. */
struct reader {
	const json_t *object;
	struct arena *arena;
	enum code code;
};

static const char *
copy(struct reader *r, const json_t *value)
{
	const char *text;

	if (!json_is_string(value)) {
		r->code = CODE_INVALID_ARGUMENT;
		return "";
	}
	text = arena_strdup(r->arena, json_string_value(value));
	if (text != NULL)
		return text;
	r->code = CODE_RESOURCE_EXHAUSTED;
	return "";
}

/* A text that may be absent; what jansson gives has no NUL in it. */
static const char *
read_text(struct reader *r, const char *name)
{
	const json_t *value = json_object_get(r->object, name);

	return value == NULL ? "" : copy(r, value);
}

static int64_t
read_time(struct reader *r, const char *name)
{
	const json_t *value = json_object_get(r->object, name);
	double number = json_number_value(value);

	if (value == NULL)
		return 0;
	if (json_is_number(value) && number >= 1 && number <= TIME_MAX)
		return (int64_t)number;
	r->code = CODE_INVALID_ARGUMENT;
	return 0;
}

static void
read_audiences(struct reader *r, struct id_token_claims *out)
{
	const json_t *value = json_object_get(r->object, "aud");
	size_t count = json_array_size(value);

	if (!json_is_array(value)) {
		out->audiences[0] = copy(r, value);
		out->audience_count = 1;
		return;
	}
	if (count == 0 || count > ID_TOKEN_AUDIENCES_MAX) {
		r->code = CODE_INVALID_ARGUMENT;
		return;
	}
	for (size_t i = 0; i < count; i++)
		out->audiences[i] = copy(r, json_array_get(value, i));
	out->audience_count = count;
}

static void
read_claims(struct reader *r, struct id_token_claims *out)
{
	const json_t *verified = json_object_get(r->object, "email_verified");

	out->issuer = read_text(r, "iss");
	out->subject = read_text(r, "sub");
	read_audiences(r, out);
	out->authorized_party = read_text(r, "azp");
	out->expires_at = read_time(r, "exp");
	out->issued_at = read_time(r, "iat");
	out->not_before = read_time(r, "nbf");
	out->email = read_text(r, "email");
	out->email_verified = json_is_true(verified);
	out->hosted_domain = read_text(r, "hd");
	out->given_name = read_text(r, "given_name");
	out->family_name = read_text(r, "family_name");
	if (r->code == CODE_OK &&
	    (*out->issuer == '\0' || *out->subject == '\0' ||
	     out->expires_at == 0 || out->issued_at == 0))
		r->code = CODE_INVALID_ARGUMENT;
}

enum code
id_token_claims_read(struct bytes json, struct arena *arena,
                     struct id_token_claims *out)
{
	struct reader r = { .arena = arena };
	struct id_token_claims claims = { 0 };
	json_t *object;
	enum code code = token_json_load(json, &object);

	if (code != CODE_OK)
		return code;
	r.object = object;
	read_claims(&r, &claims);
	json_decref(object);
	if (r.code == CODE_OK)
		*out = claims;
	return r.code;
}

/* Whether a member is absent or this text. */
static bool
may_be(const json_t *key, const char *name, const char *want)
{
	const json_t *value = json_object_get(key, name);
	const char *text = json_string_value(value);

	return value == NULL || (text != NULL && strcmp(text, want) == 0);
}

static bool
read_number(const json_t *key, const char *name, uint8_t *out, size_t size,
            size_t *len)
{
	const json_t *value = json_object_get(key, name);

	return json_is_string(value) &&
	       base64url_decode(json_string_value(value),
	                        json_string_length(value), out, size, len);
}

static bool
read_key(const json_t *key, struct signing_key **out)
{
	const char *kid = json_string_value(json_object_get(key, "kid"));
	const char *type = json_string_value(json_object_get(key, "kty"));
	uint8_t n[RSA_BITS_MAX / 8], e[EXPONENT_SIZE];
	size_t n_len, e_len;

	return kid != NULL && type != NULL && strcmp(type, "RSA") == 0 &&
	       may_be(key, "use", "sig") && may_be(key, "alg", "RS256") &&
	       read_number(key, "n", n, sizeof(n), &n_len) &&
	       read_number(key, "e", e, sizeof(e), &e_len) &&
	       signing_key_open_public(kid, (struct bytes){ n, n_len },
	                               (struct bytes){ e, e_len },
	                               out) == CODE_OK;
}

enum code
issuer_keys_read(struct bytes json, struct signing_key *out[ISSUER_KEYS_MAX],
                 size_t *count)
{
	const json_t *list;
	json_t *object;
	size_t found = 0;
	enum code code = token_json_load(json, &object);

	if (code != CODE_OK)
		return code;
	list = json_object_get(object, "keys");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (found < ISSUER_KEYS_MAX &&
		    read_key(json_array_get(list, i), &out[found]))
			found++;
	json_decref(object);
	*count = found;
	return found > 0 ? CODE_OK : CODE_INVALID_ARGUMENT;
}
