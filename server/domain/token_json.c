#include "server/domain/token_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/encoding.h"
#include "server/store/role_store.h"
#include "server/store/user_store.h"

#define TIME_MAX 253402300799 /* the end of the year 9999, Unix seconds */
#define COUNTER_MAX ((1ULL << 53) - 1)
#define USER_ID_SIZE 17 /* 16 digits and the NUL */

/* is_shallow counts brackets outside strings; jansson checks the rest. */
static bool
is_shallow(struct bytes json)
{
	const char *text = json.data;
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < json.len; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (in_string)
			continue;
		else if (text[i] == '{' || text[i] == '[')
			depth++;
		else if (text[i] == '}' || text[i] == ']')
			depth--;
		if (depth > TOKEN_DEPTH_MAX)
			return false;
	}
	return true;
}

/*
 * errno tells a text that is bad from memory that is short: jansson itself
 * reports both as a syntax error.
 */
enum code
token_json_load(struct bytes json, json_t **out)
{
	json_t *object;

	if (!is_shallow(json))
		return CODE_INVALID_ARGUMENT;
	errno = 0;
	object = json_loadb(json.data, json.len, JSON_REJECT_DUPLICATES, NULL);
	if (object == NULL)
		return errno == ENOMEM ? CODE_RESOURCE_EXHAUSTED
		                       : CODE_INVALID_ARGUMENT;
	if (!json_is_object(object)) {
		json_decref(object);
		return CODE_INVALID_ARGUMENT;
	}
	*out = object;
	return CODE_OK;
}

static bool
read_header(const json_t *object, struct token_header *out)
{
	static const char *const refused[] = { "crit", "jku", "jwk", "x5u",
		                               "x5c" };
	const json_t *typ = json_object_get(object, "typ");
	const json_t *kid = json_object_get(object, "kid");
	const char *alg = json_string_value(json_object_get(object, "alg"));

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (json_object_get(object, refused[i]) != NULL)
			return false;
	if (alg == NULL || !key_alg_from_name(alg, &out->alg))
		return false;
	if (typ != NULL && (!json_is_string(typ) ||
	                    strcasecmp(json_string_value(typ), "JWT") != 0))
		return false;
	if (kid == NULL)
		return true;
	if (!json_is_string(kid) || json_string_length(kid) > KEY_ID_MAX)
		return false;
	out->has_kid = true;
	memcpy(out->kid, json_string_value(kid), json_string_length(kid));
	return true;
}

enum code
token_header_read(struct bytes json, struct token_header *out)
{
	struct token_header header = { 0 };
	json_t *object;
	enum code code = token_json_load(json, &object);

	if (code != CODE_OK)
		return code;
	if (read_header(object, &header))
		*out = header;
	else
		code = CODE_INVALID_ARGUMENT;
	json_decref(object);
	return code;
}

/* How a claim looks. */
enum reading { ABSENT, GOOD, BAD };

/* read_time takes an integer or a fraction (RFC 7519, section 2), cut off. */
static enum reading
read_time(const json_t *value, int64_t *out)
{
	double number = json_number_value(value);

	if (value == NULL)
		return ABSENT;
	if (!json_is_number(value) || !(number >= 0 && number <= TIME_MAX))
		return BAD;
	*out = (int64_t)number;
	return GOOD;
}

static enum reading
read_type(const json_t *value, enum token_type *out)
{
	const char *name = json_string_value(value);

	if (value == NULL)
		return ABSENT;
	if (name != NULL && strcmp(name, "access") == 0)
		*out = TOKEN_ACCESS;
	if (name != NULL && strcmp(name, "refresh") == 0)
		*out = TOKEN_REFRESH;
	return GOOD;
}

static enum reading
read_id(const json_t *value, uint8_t out[16])
{
	const char *text = json_string_value(value);

	if (value == NULL || (text != NULL && text[0] == '\0'))
		return ABSENT;
	return text != NULL && hex_decode(text, out, 16) ? GOOD : BAD;
}

/* read_number takes an integer from min to max. */
static enum reading
read_number(const json_t *value, uint64_t min, uint64_t max, uint64_t *out)
{
	json_int_t number = json_integer_value(value);

	if (value == NULL)
		return ABSENT;
	if (!json_is_integer(value) || number < 0 || (uint64_t)number < min ||
	    (uint64_t)number > max)
		return BAD;
	*out = (uint64_t)number;
	return GOOD;
}

/* read_user_id takes a number, or the same as a string in its one spelling. */
static enum reading
read_user_id(const json_t *value, uint64_t *out)
{
	const char *text = json_string_value(value);
	uint64_t id = 0;
	size_t len;

	if (!json_is_string(value))
		return read_number(value, 1, USER_ID_MAX, out);
	len = strspn(text, "0123456789");
	if (len == 0 || len >= USER_ID_SIZE || text[len] != '\0' ||
	    text[0] == '0')
		return BAD;
	for (size_t i = 0; i < len; i++)
		id = id * 10 + (uint64_t)(text[i] - '0');
	if (id > USER_ID_MAX)
		return BAD;
	*out = id;
	return GOOD;
}

/* is_from tells whether `iss` or `aud` is what it must be, if anything. */
static bool
is_from(const json_t *value, const char *wanted)
{
	const char *text = json_string_value(value);
	const json_t *item;
	size_t i;

	if (wanted[0] == '\0')
		return true;
	if (text != NULL)
		return strcmp(text, wanted) == 0;
	json_array_foreach(value, i, item)
	{
		text = json_string_value(item);
		if (text != NULL && strcmp(text, wanted) == 0)
			return true;
	}
	return false;
}

/* note takes down how a claim looked; bit 0 for one that may be absent. */
static void
note(struct token_content *content, enum reading reading, unsigned bit)
{
	if (reading == GOOD)
		content->has |= bit;
	if (reading == BAD)
		content->is_malformed = true;
}

static void
read_claims(const json_t *object, struct token_content *out)
{
	struct token_claims *claims = &out->claims;

	note(out,
	     read_time(json_object_get(object, "exp"), &claims->expires_at),
	     TOKEN_HAS_EXPIRY);
	note(out, read_time(json_object_get(object, "iat"), &claims->issued_at),
	     0);
	note(out,
	     read_time(json_object_get(object, "nbf"), &claims->not_before), 0);
	note(out,
	     read_type(json_object_get(object, "token_type"), &claims->type),
	     TOKEN_HAS_TYPE);
	note(out, read_id(json_object_get(object, "jti"), claims->id),
	     TOKEN_HAS_ID);
	note(out,
	     read_user_id(json_object_get(object, "user_id"), &claims->user_id),
	     TOKEN_HAS_USER_ID);
	note(out, read_id(json_object_get(object, "sid"), claims->session_id),
	     TOKEN_HAS_SESSION);
	note(out,
	     read_number(json_object_get(object, "ctr"), 0, COUNTER_MAX,
	                 &claims->counter),
	     TOKEN_HAS_COUNTER);
}

enum code
token_content_read(struct bytes json, const struct token_policy *policy,
                   struct token_content *out)
{
	json_t *object;
	enum code code = token_json_load(json, &object);

	if (code != CODE_OK)
		return code;
	read_claims(object, out);
	if (json_is_array(json_object_get(object, "iss")) ||
	    !is_from(json_object_get(object, "iss"), policy->issuer) ||
	    !is_from(json_object_get(object, "aud"), policy->audience))
		out->is_malformed = true;
	json_decref(object);
	return CODE_OK;
}

/* dump writes the object, which it releases; NULL is lack of memory. */
static enum code
dump(json_t *object, bool complete, char out[TOKEN_JSON_MAX], size_t *len)
{
	size_t needed = 0;

	if (object != NULL && complete)
		needed = json_dumpb(object, out, TOKEN_JSON_MAX, JSON_COMPACT);
	json_decref(object);
	if (needed == 0)
		return CODE_RESOURCE_EXHAUSTED;
	if (needed > TOKEN_JSON_MAX)
		return CODE_FAILED_PRECONDITION;
	*len = needed;
	return CODE_OK;
}

/* set takes `value` and returns whether it is a member now. */
static bool
set(json_t *object, const char *name, json_t *value)
{
	return json_object_set_new_nocheck(object, name, value) == 0;
}

enum code
token_header_write(const struct signing_key *key, char out[TOKEN_JSON_MAX],
                   size_t *len)
{
	const char *kid = signing_key_kid(key);
	json_t *object = json_object();
	bool ok;

	ok = set(object, "alg",
	         json_string(key_alg_name(signing_key_alg(key)))) &&
	     set(object, "typ", json_string("JWT")) &&
	     set(object, "kid", json_string(kid));
	return dump(object, ok, out, len);
}

static bool
set_id(json_t *object, const char *name, const uint8_t id[16])
{
	char text[HEX_SIZE(16)];

	hex_encode(id, 16, text);
	return set(object, name, json_string(text));
}

static bool
set_roles(json_t *object, const struct token_claims *claims)
{
	json_t *roles = json_array();
	bool ok = set(object, "roles", roles);

	for (size_t i = 0; ok && i < claims->role_count; i++)
		ok = json_array_append_new(roles,
		                           json_string(claims->roles[i])) == 0;
	return ok;
}

static bool
set_user(json_t *object, const struct token_policy *policy, uint64_t user_id)
{
	char text[USER_ID_SIZE + 4];
	json_t *id;

	(void)snprintf(text, sizeof(text), "%" PRIu64, user_id);
	id = policy->user_id_is_number ? json_integer((json_int_t)user_id)
	                               : json_string(text);
	return set(object, "user_id", id) &&
	       set(object, "sub", json_string(text));
}

static bool
is_utf8(const char *text)
{
	return utf8_is_valid(text, strlen(text));
}

/* The longest access token of all: every part that varies at its limit. */
#define TEXT_LEN(text) (sizeof(text) - 1)
#define INT64_LEN ((size_t)20)
#define USER_ID_LEN ((size_t)16) /* of USER_ID_MAX */
#define HEADER_LEN                                                             \
	(TEXT_LEN("{'alg':'ES256','typ':'JWT','kid':''}") + KEY_ID_MAX)
#define CLAIMS_LEN                                                             \
	(TEXT_LEN("{'token_type':'access','exp':,'iat':,'jti':'','user_id':"   \
	          "'','sub':'','sid':'','iss':'','aud':'','roles':}") +        \
	 2 * INT64_LEN + 2 * (HEX_SIZE((size_t)TOKEN_ID_SIZE) - 1) +           \
	 2 * USER_ID_LEN + TOKEN_ISSUER_MAX + TOKEN_AUDIENCE_MAX +             \
	 ROLE_LIST_MAX)

_Static_assert(CLAIMS_LEN <= TOKEN_JSON_MAX, "they fit the buffer");
/* Each size counts a NUL; the token has two dots and one NUL. */
_Static_assert(BASE64URL_SIZE(HEADER_LEN) + BASE64URL_SIZE(CLAIMS_LEN) +
                               BASE64URL_SIZE(SIGNATURE_MAX) <=
                       TOKEN_MAX + 1,
               "a user's roles always fit into a token");

enum code
token_claims_write(const struct token_policy *policy,
                   const struct token_claims *claims, char out[TOKEN_JSON_MAX],
                   size_t *len)
{
	bool is_refresh = claims->type == TOKEN_REFRESH, ok;
	json_t *object;

	if (!is_utf8(policy->issuer) || !is_utf8(policy->audience))
		return CODE_INTERNAL;
	for (size_t i = 0; i < claims->role_count; i++)
		if (!is_utf8(claims->roles[i]))
			return CODE_INTERNAL;
	object = json_object();
	ok = set(object, "token_type",
	         json_string(is_refresh ? "refresh" : "access")) &&
	     set(object, "exp", json_integer(claims->expires_at)) &&
	     set(object, "iat", json_integer(claims->issued_at)) &&
	     set_id(object, "jti", claims->id) &&
	     set_user(object, policy, claims->user_id) &&
	     set_id(object, "sid", claims->session_id);
	if (ok && is_refresh)
		ok = set(object, "ctr",
		         json_integer((json_int_t)claims->counter));
	if (ok && policy->issuer[0] != '\0')
		ok = set(object, "iss", json_string(policy->issuer));
	if (ok && policy->audience[0] != '\0')
		ok = set(object, "aud", json_string(policy->audience));
	if (ok && policy->with_roles && !is_refresh)
		ok = set_roles(object, claims);
	return dump(object, ok, out, len);
}
