#include "server/domain/token.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/encoding.h"
#include "server/domain/test_claims.h"
#include "server/domain/test_keyring.h"
#include "server/store/role_store.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW 1800000000
#define ACCESS (1U << TOKEN_ACCESS)
#define REFRESH (1U << TOKEN_REFRESH)
#define BOTH (ACCESS | REFRESH)
#define JTI "000102030405060708090a0b0c0d0e0f"
#define SID "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"

struct fixture {
	struct test_keyring test;
	struct token_policy policy;
	struct token_verifier verifier;
	struct arena arena;
	char memory[1 << 18];
};

static void
mark_hs256_access(struct stored_key *key)
{
	key->accept_without_kid = strcmp(key->alg, "HS256") == 0 &&
	                          key->purpose == KEY_PURPOSE_ACCESS;
}

/* One keyring for all cases: ES256 signs, HS256 takes tokens without a kid. */
static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	test_keyring_init(&f->test);
	test_keyring_add(&f->test, KEY_ES256, KEY_PURPOSE_ACCESS, 3);
	test_keyring_add(&f->test, KEY_HS256, KEY_PURPOSE_ACCESS, 2);
	test_keyring_add(&f->test, KEY_RS256, KEY_PURPOSE_ACCESS, 1);
	test_keyring_add(&f->test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_change(&f->test, mark_hs256_access);
	test_keyring_open(&f->test);
	f->verifier = (struct token_verifier){ .keyring = f->test.keyring,
		                               .policy = &f->policy };
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	test_keyring_reset(&f->test);
	free(f);
	return 0;
}

static int
begin(void **state)
{
	struct fixture *f = *state;

	f->policy = (struct token_policy){ .issuer = "", .audience = "" };
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	return 0;
}

static struct token_claims
claims_of(enum token_type type)
{
	struct token_claims claims = { .type = type,
		                       .user_id = 42,
		                       .counter = 7,
		                       .issued_at = NOW,
		                       .expires_at = NOW + 3600 };

	assert_true(hex_decode(JTI, claims.id, sizeof(claims.id)));
	assert_true(
		hex_decode(SID, claims.session_id, sizeof(claims.session_id)));
	if (type == TOKEN_ACCESS)
		claims.counter = 0;
	return claims;
}

static char *
issue(struct fixture *f, const struct token_claims *claims)
{
	char *text = NULL;

	assert_int_equal(token_issue(f->test.keyring, &f->policy, &f->arena,
	                             claims, &text),
	                 CODE_OK);
	return text;
}

static enum token_fault
verify(struct fixture *f, const char *text, unsigned accepted,
       struct token_claims *claims)
{
	memset(claims, 0xa5, sizeof(*claims));
	return token_verify(&f->verifier, text, accepted, NOW, claims);
}

static char *
encode(struct fixture *f, const void *data, size_t len)
{
	char *text = arena_alloc(&f->arena, BASE64URL_SIZE(len));

	assert_non_null(text);
	base64url_encode(data, len, text);
	return text;
}

/* sign makes a token of two segments that are texts already. */
static char *
sign(struct fixture *f, const struct signing_key *key, const char *header,
     const char *payload)
{
	char *message = arena_printf(&f->arena, "%s.%s", header, payload);
	uint8_t signature[SIGNATURE_MAX];
	size_t len;

	assert_non_null(message);
	assert_int_equal(
		signing_key_sign(key,
	                         (struct bytes){ message, strlen(message) },
	                         signature, &len),
		CODE_OK);
	return arena_printf(&f->arena, "%s.%s", message,
	                    encode(f, signature, len));
}

static const struct signing_key *
key_for(struct fixture *f, enum key_purpose purpose)
{
	return keyring_signer(f->test.keyring, purpose, INT64_MAX);
}

static char *
header_for(struct fixture *f, const struct signing_key *key)
{
	return arena_printf(
		&f->arena, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
		key_alg_name(signing_key_alg(key)), signing_key_kid(key));
}

/* craft signs any header and any claims; NULL header: the right one. */
static char *
craft(struct fixture *f, const struct signing_key *key, const char *header,
      const char *payload)
{
	if (header == NULL)
		header = header_for(f, key);
	return sign(f, key, encode(f, header, strlen(header)),
	            encode(f, payload, strlen(payload)));
}

static char *
decode_segment(struct fixture *f, const char *token, int index)
{
	const char *at = token;
	char *out;
	size_t len;

	for (int i = 0; i < index; i++)
		at = strchr(at, '.') + 1;
	out = arena_alloc(&f->arena, TOKEN_MAX);
	assert_non_null(out);
	assert_true(base64url_decode(at, strcspn(at, "."), out, TOKEN_MAX - 1,
	                             &len));
	return out;
}

static void
an_issued_token_verifies_and_gives_its_claims_back(void **state)
{
	struct fixture *f = *state;

	for (int t = TOKEN_ACCESS; t <= TOKEN_REFRESH; t++) {
		struct token_claims in = claims_of((enum token_type)t), out;

		assert_int_equal(verify(f, issue(f, &in), BOTH, &out),
		                 TOKEN_OK);
		assert_true(test_claims_equal(&in, &out));
	}
}

static void
header_and_claims_stand_in_their_order(void **state)
{
	static const char *const roles[] = { "admin", "caf\xc3\xa9 \"x\"" };
	struct fixture *f = *state;
	struct token_claims access = claims_of(TOKEN_ACCESS);
	struct token_claims refresh = claims_of(TOKEN_REFRESH);
	char *token = issue(f, &access);

	assert_string_equal(decode_segment(f, token, 0),
	                    header_for(f, key_for(f, KEY_PURPOSE_ACCESS)));
	assert_string_equal(decode_segment(f, token, 1),
	                    "{\"token_type\":\"access\",\"exp\":1800003600,"
	                    "\"iat\":1800000000,\"jti\":\"" JTI
	                    "\",\"user_id\":\"42\","
	                    "\"sub\":\"42\",\"sid\":\"" SID "\"}");
	f->policy = (struct token_policy){ .issuer = "https://a.example/x",
		                           .audience = "b",
		                           .user_id_is_number = true,
		                           .with_roles = true };
	access.roles = refresh.roles = roles;
	access.role_count = refresh.role_count = 2;
	assert_string_equal(decode_segment(f, issue(f, &access), 1),
	                    "{\"token_type\":\"access\",\"exp\":1800003600,"
	                    "\"iat\":1800000000,\"jti\":\"" JTI
	                    "\",\"user_id\":42,"
	                    "\"sub\":\"42\",\"sid\":\"" SID "\","
	                    "\"iss\":\"https://a.example/x\",\"aud\":\"b\","
	                    "\"roles\":[\"admin\",\"caf\xc3\xa9 \\\"x\\\"\"]}");
	assert_string_equal(decode_segment(f, issue(f, &refresh), 1),
	                    "{\"token_type\":\"refresh\",\"exp\":1800003600,"
	                    "\"iat\":1800000000,\"jti\":\"" JTI
	                    "\",\"user_id\":42,"
	                    "\"sub\":\"42\",\"sid\":\"" SID "\",\"ctr\":7,"
	                    "\"iss\":\"https://a.example/x\",\"aud\":\"b\"}");
}

static void
equal_claims_give_the_same_refresh_token_again(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims = claims_of(TOKEN_REFRESH);
	char *first = issue(f, &claims);

	assert_string_equal(first, issue(f, &claims));
	claims.counter++;
	assert_string_not_equal(first, issue(f, &claims));
}

static void
every_algorithm_of_the_keyring_verifies(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims = claims_of(TOKEN_ACCESS), out;
	char *payload = decode_segment(f, issue(f, &claims), 1);
	struct public_key *public;
	const struct signing_key *key;
	size_t count;

	assert_int_equal(keyring_list_public(f->test.keyring, &f->arena,
	                                     &public, &count),
	                 CODE_OK);
	assert_int_equal(count, 2);
	for (size_t i = 0; i < count; i++) {
		key = keyring_find(f->test.keyring, public[i].kid,
		                   public[i].alg);
		assert_int_equal(
			verify(f, craft(f, key, NULL, payload), ACCESS, &out),
			TOKEN_OK);
	}
	key = keyring_find(f->test.keyring, NULL, KEY_HS256);
	assert_int_equal(verify(f, craft(f, key, NULL, payload), ACCESS, &out),
	                 TOKEN_OK);
	assert_int_equal(verify(f,
	                        craft(f, key, "{\"alg\":\"HS256\"}", payload),
	                        ACCESS, &out),
	                 TOKEN_OK);
}

static void
a_token_changed_in_any_one_character_is_invalid(void **state)
{
	struct fixture *f = *state;
	struct token_claims out;

	for (int t = TOKEN_ACCESS; t <= TOKEN_REFRESH; t++) {
		struct token_claims claims = claims_of((enum token_type)t);
		char *token = issue(f, &claims);

		for (size_t i = 0; token[i] != '\0'; i++) {
			char before = token[i];

			token[i] = before == 'A' ? 'B' : 'A';
			assert_int_equal(verify(f, token, BOTH, &out),
			                 TOKEN_FAULT_INVALID);
			token[i] = before;
		}
		for (size_t i = strlen(token); i-- > 0;) {
			token[i] = '\0';
			assert_int_equal(verify(f, token, BOTH, &out),
			                 TOKEN_FAULT_INVALID);
			assert_int_equal(out.user_id, 0);
		}
	}
}

static void
only_three_canonical_segments_are_a_token(void **state)
{
	static const char *const formats[] = {
		"",    ".",      "..",     "...",    "%s.",
		".%s", "%s.%s",  "%s\n",   " %s",    "%s ",
		"%s=", "%s.e30", "%s\xc3", "%s.%s.", "Bearer %s",
	};
	struct fixture *f = *state;
	struct token_claims claims = claims_of(TOKEN_REFRESH), out;
	const struct signing_key *key = key_for(f, KEY_PURPOSE_REFRESH);
	char *good = issue(f, &claims), *header = header_for(f, key);
	char text[3 * TOKEN_MAX];

	for (size_t i = 0; i < COUNT(formats); i++) {
		const char *at = strstr(formats[i], "%s");
		size_t before = at == NULL ? strlen(formats[i])
		                           : (size_t)(at - formats[i]);

		(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)before,
		               formats[i], at == NULL ? "" : good,
		               at == NULL ? "" : at + 2);
		assert_int_equal(verify(f, text, BOTH, &out),
		                 TOKEN_FAULT_INVALID);
	}
	/* Padding and spare bits under a good signature. */
	assert_int_equal(
		verify(f,
	               sign(f, key,
	                    arena_printf(&f->arena, "%s=",
	                                 encode(f, header, strlen(header))),
	                    "e30"),
	               BOTH, &out),
		TOKEN_FAULT_INVALID);
	assert_int_equal(
		verify(f,
	               sign(f, key, encode(f, header, strlen(header)), "e31"),
	               BOTH, &out),
		TOKEN_FAULT_INVALID);
}

static void
an_oversized_token_is_invalid(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims = claims_of(TOKEN_REFRESH), out;
	char *good = issue(f, &claims), *text;

	text = malloc((size_t)1 << 20);
	assert_non_null(text);
	memset(text, 'A', (size_t)1 << 20);
	text[((size_t)1 << 20) - 1] = '\0';
	assert_int_equal(verify(f, text, BOTH, &out), TOKEN_FAULT_INVALID);
	memcpy(text, good, strlen(good));
	assert_int_equal(verify(f, text, BOTH, &out), TOKEN_FAULT_INVALID);
	free(text);
}

/* padded makes a good token; spaces make its two segments longer. */
static char *
padded(struct fixture *f, int header_pad, int payload_pad)
{
	const struct signing_key *key = key_for(f, KEY_PURPOSE_REFRESH);
	char *header = arena_printf(&f->arena, "%*s%s", header_pad, "",
	                            header_for(f, key));
	char *payload =
		arena_printf(&f->arena,
	                     "{\"token_type\":\"refresh\",\"exp\":1900000000,"
	                     "\"jti\":\"" JTI "\",\"user_id\":\"42\","
	                     "\"sid\":\"" SID "\",\"ctr\":7%*s}",
	                     payload_pad, "");

	return craft(f, key, header, payload);
}

static void
the_longest_token_is_good_and_one_character_more_is_not(void **state)
{
	struct fixture *f = *state;
	int longest = 0, longer = 0;
	struct token_claims out;

	for (int i = 0; i < 800; i++) {
		char *token;

		begin(state);
		token = padded(f, i % 4, 2700 + i / 4);
		if (strlen(token) <= TOKEN_MAX)
			assert_int_equal(verify(f, token, BOTH, &out),
			                 TOKEN_OK);
		else
			assert_int_equal(verify(f, token, BOTH, &out),
			                 TOKEN_FAULT_INVALID);
		longest += strlen(token) == TOKEN_MAX;
		longer += strlen(token) == TOKEN_MAX + 1;
	}
	assert_true(longest > 0 && longer > 0);
}

/* K stands for the signer's kid, A for its algorithm. */
static void
check_header(struct fixture *f, const char *pattern, enum token_fault fault)
{
	const struct signing_key *key = key_for(f, KEY_PURPOSE_REFRESH);
	struct token_claims claims = claims_of(TOKEN_REFRESH), out;
	char *payload = decode_segment(f, issue(f, &claims), 1);
	char header[1024];
	size_t len = 0;

	for (const char *at = pattern; *at != '\0'; at++) {
		if (*at == 'K')
			len += (size_t)snprintf(header + len,
			                        sizeof(header) - len, "%s",
			                        signing_key_kid(key));
		else
			header[len++] = *at;
		assert_true(len < sizeof(header));
	}
	header[len] = '\0';
	if (verify(f, craft(f, key, header, payload), BOTH, &out) != fault)
		fail_msg("header %s", header);
}

static void
only_a_plain_header_is_accepted(void **state)
{
	static const char *const good[] = {
		"{\"alg\":\"HS256\",\"kid\":\"K\"}",
		"{\"kid\":\"K\",\"typ\":\"jwt\",\"alg\":\"HS256\"}",
		" {\"alg\":\"HS256\",\"kid\":\"K\",\"cty\":\"x\"} ",
	};
	static const char *const bad[] = {
		"{}",
		"[]",
		"\"HS256\"",
		"null",
		"1",
		"",
		"{",
		"{\"alg\":\"HS256\",\"kid\":\"K\"}{}",
		"{\"alg\":\"HS256\",\"kid\":\"K\"}\xff",
		"{\"alg\":\"HS256\"}",
		"{\"kid\":\"K\"}",
		"{\"alg\":\"hs256\",\"kid\":\"K\"}",
		"{\"alg\":\"HS384\",\"kid\":\"K\"}",
		"{\"alg\":\"ES256\",\"kid\":\"K\"}",
		"{\"alg\":\"none\",\"kid\":\"K\"}",
		"{\"alg\":\"None\",\"kid\":\"K\"}",
		"{\"alg\":\"\",\"kid\":\"K\"}",
		"{\"alg\":null,\"kid\":\"K\"}",
		"{\"alg\":[\"HS256\"],\"kid\":\"K\"}",
		"{\"alg\":256,\"kid\":\"K\"}",
		"{\"alg\":\"HS256\",\"kid\":\"\"}",
		"{\"alg\":\"HS256\",\"kid\":null}",
		"{\"alg\":\"HS256\",\"kid\":1}",
		"{\"alg\":\"HS256\",\"kid\":[\"K\"]}",
		"{\"alg\":\"HS256\",\"kid\":\"K \"}",
		"{\"alg\":\"HS256\",\"kid\":\"K\\u0000\"}",
		"{\"alg\":\"HS256\\u0000\",\"kid\":\"K\"}",
		"{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}",
		"{\"alg\":\"HS256\",\"kid\":\"KKKKKKKKKKKKKKKKKKKK\"}",
		"{\"alg\":\"HS256\",\"kid\":\"K\",\"typ\":\"JWE\"}",
		"{\"alg\":\"HS256\",\"kid\":\"K\",\"typ\":\"\"}",
		"{\"alg\":\"HS256\",\"kid\":\"K\",\"typ\":null}",
		"{\"alg\":\"HS256\",\"kid\":\"K\",\"crit\":[]}",
		"{\"alg\":\"HS256\",\"kid\":\"K\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"HS256\",\"kid\":\"K\",\"crit\":null}",
		"{\"alg\":\"HS256\",\"kid\":\"K\",\"jku\":\"https://x\"}",
		"{\"alg\":\"HS256\",\"kid\":\"K\",\"jwk\":{}}",
		"{\"alg\":\"HS256\",\"kid\":\"K\",\"x5u\":\"https://x\"}",
		"{\"alg\":\"HS256\",\"kid\":\"K\",\"x5c\":[]}",
		"{\"alg\":\"HS256\",\"alg\":\"HS256\",\"kid\":\"K\"}",
		"{\"alg\":\"none\",\"alg\":\"HS256\",\"kid\":\"K\"}",
		"{\"alg\":\"HS256\",\"kid\":\"K\",\"\\u006bid\":\"K\"}",
		"{\"alg\":\"HS256\",\"kid\":\"K\",\"x\":{\"a\":1,\"a\":1}}",
		"{\"alg\":\"HS256\",\"kid\":\"K\",\"x\":[[[[[[[[1]]]]]]]]}",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(good); i++)
		check_header(f, good[i], TOKEN_OK);
	for (size_t i = 0; i < COUNT(bad); i++)
		check_header(f, bad[i], TOKEN_FAULT_INVALID);
}

static void
a_token_without_signature_is_invalid(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims = claims_of(TOKEN_ACCESS), out;
	char *payload = decode_segment(f, issue(f, &claims), 1);
	static const char *const headers[] = {
		"{\"alg\":\"none\"}", "{\"alg\":\"none\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\"}"
	};

	for (size_t i = 0; i < COUNT(headers); i++) {
		char *bare =
			arena_printf(&f->arena, "%s.%s",
		                     encode(f, headers[i], strlen(headers[i])),
		                     encode(f, payload, strlen(payload)));

		assert_int_equal(verify(f, bare, BOTH, &out),
		                 TOKEN_FAULT_INVALID);
		assert_int_equal(verify(f, arena_printf(&f->arena, "%s.", bare),
		                        BOTH, &out),
		                 TOKEN_FAULT_INVALID);
	}
}

/* Who knows the public key must not be able to use it as an HMAC secret. */
static void
a_public_key_is_no_hmac_secret(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims = claims_of(TOKEN_ACCESS), out;
	char *payload = decode_segment(f, issue(f, &claims), 1);
	struct stored_key about = { .kid = "", .alg = "HS256" };
	char *header, *header_without;
	struct public_key *public;
	struct signing_key *forger;
	char secrets[3][256];
	size_t count, len;

	assert_int_equal(keyring_list_public(f->test.keyring, &f->arena,
	                                     &public, &count),
	                 CODE_OK);
	about.kid = public[0].kid;
	(void)snprintf(secrets[0], sizeof(secrets[0]), "%s%s", public[0].x,
	               public[0].y);
	memset(secrets[1], 4, sizeof(secrets[1]));
	assert_true(
		base64url_decode(public[0].x, 43, secrets[1] + 1, 32, &len));
	assert_true(
		base64url_decode(public[0].y, 43, secrets[1] + 33, 32, &len));
	(void)snprintf(secrets[2], sizeof(secrets[2]),
	               "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\","
	               "\"y\":\"%s\"}",
	               public[0].x, public[0].y);
	header = arena_printf(&f->arena, "{\"alg\":\"HS256\",\"kid\":\"%s\"}",
	                      public[0].kid);
	header_without = "{\"alg\":\"HS256\"}";
	for (size_t i = 0; i < COUNT(secrets); i++) {
		size_t size = i == 1 ? 65 : strlen(secrets[i]);

		assert_int_equal(
			signing_key_open(&about,
		                         (struct bytes){ secrets[i], size },
		                         &forger),
			CODE_OK);
		assert_int_equal(verify(f, craft(f, forger, header, payload),
		                        BOTH, &out),
		                 TOKEN_FAULT_INVALID);
		assert_int_equal(
			verify(f, craft(f, forger, header_without, payload),
		               BOTH, &out),
			TOKEN_FAULT_INVALID);
		signing_key_close(forger);
	}
}

static void
the_kid_of_another_key_is_invalid(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims = claims_of(TOKEN_ACCESS), out;
	char *payload = decode_segment(f, issue(f, &claims), 1);
	const struct signing_key *shared =
		keyring_find(f->test.keyring, NULL, KEY_HS256);
	const struct signing_key *refresh = key_for(f, KEY_PURPOSE_REFRESH);

	assert_int_equal(
		verify(f, craft(f, shared, header_for(f, refresh), payload),
	               BOTH, &out),
		TOKEN_FAULT_INVALID);
	assert_int_equal(
		verify(f, craft(f, refresh, header_for(f, shared), payload),
	               BOTH, &out),
		TOKEN_FAULT_INVALID);
}

static void
a_key_verifies_only_the_type_it_is_for(void **state)
{
	struct fixture *f = *state;
	struct token_claims access = claims_of(TOKEN_ACCESS), out;
	struct token_claims refresh = claims_of(TOKEN_REFRESH);
	char *access_payload = decode_segment(f, issue(f, &access), 1);
	char *refresh_payload = decode_segment(f, issue(f, &refresh), 1);

	assert_int_equal(verify(f,
	                        craft(f, key_for(f, KEY_PURPOSE_REFRESH), NULL,
	                              access_payload),
	                        BOTH, &out),
	                 TOKEN_FAULT_INVALID);
	assert_int_equal(verify(f,
	                        craft(f, key_for(f, KEY_PURPOSE_ACCESS), NULL,
	                              refresh_payload),
	                        BOTH, &out),
	                 TOKEN_FAULT_INVALID);
	assert_int_equal(
		verify(f,
	               craft(f, keyring_find(f->test.keyring, NULL, KEY_HS256),
	                     "{\"alg\":\"HS256\"}", refresh_payload),
	               BOTH, &out),
		TOKEN_FAULT_INVALID);
}

/* Claims of a good token, one of which each row replaces or leaves out. */
static const char *const whole[][2] = {
	{ "token_type", "\"refresh\"" },
	{ "exp", "1800000001" },
	{ "iat", "1799999999" },
	{ "jti", "\"" JTI "\"" },
	{ "user_id", "\"42\"" },
	{ "sid", "\"" SID "\"" },
	{ "ctr", "7" },
};

static char *
payload_with(struct fixture *f, enum token_type type, const char *name,
             const char *value)
{
	char *text = arena_strdup(&f->arena, "{\"a\":0");

	for (size_t i = 0; i < COUNT(whole); i++) {
		const char *v = whole[i][1];

		if (i == 0 && type == TOKEN_ACCESS)
			v = "\"access\"";
		if (strcmp(name, whole[i][0]) != 0)
			text = arena_printf(&f->arena, "%s,\"%s\":%s", text,
			                    whole[i][0], v);
	}
	if (value == NULL)
		return arena_printf(&f->arena, "%s}", text);
	return arena_printf(&f->arena, "%s,\"%s\":%s}", text, name, value);
}

static const struct {
	const char *name;
	const char *value; /* NULL: left out */
	enum token_fault refresh;
	enum token_fault access;
} claim_rows[] = {
#define INVALID TOKEN_FAULT_INVALID, TOKEN_FAULT_INVALID
#define GOOD TOKEN_OK, TOKEN_OK
	{ "exp", NULL, TOKEN_FAULT_NO_EXPIRY, TOKEN_FAULT_NO_EXPIRY },
	{ "exp", "1800000000", TOKEN_FAULT_EXPIRED, TOKEN_FAULT_EXPIRED },
	{ "exp", "1800000000.9", TOKEN_FAULT_EXPIRED, TOKEN_FAULT_EXPIRED },
	{ "exp", "1799999999", TOKEN_FAULT_EXPIRED, TOKEN_FAULT_EXPIRED },
	{ "exp", "0", TOKEN_FAULT_EXPIRED, TOKEN_FAULT_EXPIRED },
	{ "exp", "1800000001.5", GOOD },
	{ "exp", "1.8000000010e9", GOOD },
	{ "exp", "253402300799", GOOD },
	{ "exp", "253402300800", INVALID },
	{ "exp", "9223372036854775807", INVALID },
	{ "exp", "1e300", INVALID },
	{ "exp", "1e999", INVALID },
	{ "exp", "99999999999999999999", INVALID },
	{ "exp", "-1", INVALID },
	{ "exp", "-1.5", INVALID },
	{ "exp", "\"abc\"", INVALID },
	{ "exp", "\"1800000001\"", INVALID },
	{ "exp", "null", INVALID },
	{ "exp", "true", INVALID },
	{ "exp", "[1800000001]", INVALID },
	{ "exp", "{}", INVALID },
	{ "exp", "NaN", INVALID },
	{ "iat", NULL, GOOD },
	{ "iat", "1900000000", GOOD },
	{ "iat", "\"x\"", INVALID },
	{ "iat", "-1", INVALID },
	{ "nbf", "1800000000", GOOD },
	{ "nbf", "1800000001", INVALID },
	{ "nbf", "\"x\"", INVALID },
	{ "token_type", NULL, TOKEN_FAULT_NO_TYPE, TOKEN_FAULT_NO_TYPE },
	{ "token_type", "\"sliding\"", TOKEN_FAULT_WRONG_TYPE,
	  TOKEN_FAULT_WRONG_TYPE },
	{ "token_type", "\"\"", TOKEN_FAULT_WRONG_TYPE,
	  TOKEN_FAULT_WRONG_TYPE },
	{ "token_type", "1", TOKEN_FAULT_WRONG_TYPE, TOKEN_FAULT_WRONG_TYPE },
	{ "token_type", "null", TOKEN_FAULT_WRONG_TYPE,
	  TOKEN_FAULT_WRONG_TYPE },
	{ "jti", NULL, TOKEN_FAULT_NO_ID, TOKEN_FAULT_NO_ID },
	{ "jti", "\"\"", TOKEN_FAULT_NO_ID, TOKEN_FAULT_NO_ID },
	{ "jti", "\"x\"", INVALID },
	{ "jti", "\"F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF\"", INVALID },
	{ "jti", "null", INVALID },
	{ "jti", "7", INVALID },
	{ "user_id", NULL, TOKEN_FAULT_INVALID, TOKEN_FAULT_NO_USER_ID },
	{ "user_id", "42", GOOD },
	{ "user_id", "\"1\"", GOOD },
	{ "user_id", "9007199254740991", GOOD },
	{ "user_id", "\"9007199254740991\"", GOOD },
	{ "user_id", "9007199254740992", INVALID },
	{ "user_id", "\"9007199254740992\"", INVALID },
	{ "user_id", "\"18446744073709551617\"", INVALID },
	{ "user_id", "\"100000000000000000000000000000000001\"", INVALID },
	{ "user_id", "0", INVALID },
	{ "user_id", "-1", INVALID },
	{ "user_id", "1.0", INVALID },
	{ "user_id", "1e3", INVALID },
	{ "user_id", "\"0\"", INVALID },
	{ "user_id", "\"01\"", INVALID },
	{ "user_id", "\"+1\"", INVALID },
	{ "user_id", "\" 1\"", INVALID },
	{ "user_id", "\"1 \"", INVALID },
	{ "user_id", "\"1\\u0000\"", INVALID },
	{ "user_id", "\"\"", INVALID },
	{ "user_id", "null", INVALID },
	{ "user_id", "true", INVALID },
	{ "user_id", "[1]", INVALID },
	{ "sid", NULL, INVALID },
	{ "sid", "\"\"", INVALID },
	{ "sid", "\"f0\"", INVALID },
	{ "sid", "null", INVALID },
	{ "sid", "\"" SID "00\"", INVALID },
	{ "ctr", NULL, TOKEN_FAULT_INVALID, TOKEN_OK },
	{ "ctr", "0", GOOD },
	{ "ctr", "9007199254740991", GOOD },
	{ "ctr", "9007199254740992", INVALID },
	{ "ctr", "-1", INVALID },
	{ "ctr", "1.0", INVALID },
	{ "ctr", "\"7\"", INVALID },
	{ "ctr", "null", INVALID },
	{ "x", "\"\\u0000\"", INVALID },
	{ "x", "\"\\ud800\"", INVALID },
	{ "x", "\"\xff\"", INVALID },
	{ "x", "1, \"x\": 1", INVALID },
	{ "x", "1, \"exp\": 1900000000", INVALID },
	{ "x", "{\"y\":{\"z\":1,\"z\":2}}", INVALID },
	{ "x", "[{\"z\":1,\"z\":1}]", INVALID },
	{ "x", "[[[[[[[1]]]]]]]", GOOD },
	{ "x", "\"[[[[[[[[[[{{{{{{{\\\"[[[[[[\"", GOOD },
	{ "x", "[[[[[[[[1]]]]]]]]", INVALID },
	{ "x", "1}", INVALID },
	{ "x", "1,", INVALID },
	{ "x", "'1'", INVALID },
};

static void
check_claim(struct fixture *f, size_t row, enum token_type type)
{
	const char *name = claim_rows[row].name, *value = claim_rows[row].value;
	enum token_fault want = type == TOKEN_ACCESS ? claim_rows[row].access
	                                             : claim_rows[row].refresh;
	const struct signing_key *key =
		key_for(f, type == TOKEN_ACCESS ? KEY_PURPOSE_ACCESS
	                                        : KEY_PURPOSE_REFRESH);
	struct token_claims out;
	enum token_fault is = verify(
		f, craft(f, key, NULL, payload_with(f, type, name, value)),
		BOTH, &out);

	if (is != want)
		fail_msg("%s = %s: %s, not %s", name, value,
		         token_fault_name(is), token_fault_name(want));
}

static void
every_claim_is_what_it_must_be(void **state)
{
	for (size_t i = 0; i < COUNT(claim_rows); i++) {
		begin(state);
		check_claim(*state, i, TOKEN_ACCESS);
		check_claim(*state, i, TOKEN_REFRESH);
	}
}

static void
a_payload_is_one_object_and_nothing_else(void **state)
{
	static const char *const bad[] = { "[]", "\"x\"", "1",    "null",
		                           "",   "{",     "{}{}", "{} x" };
	struct fixture *f = *state;
	struct token_claims out;

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(
			verify(f,
		               craft(f, key_for(f, KEY_PURPOSE_REFRESH), NULL,
		                     bad[i]),
		               BOTH, &out),
			TOKEN_FAULT_INVALID);
	assert_int_equal(
		verify(f, craft(f, key_for(f, KEY_PURPOSE_REFRESH), NULL, "{}"),
	               BOTH, &out),
		TOKEN_FAULT_NO_EXPIRY);
}

static void
faults_are_found_in_their_order(void **state)
{
	static const struct {
		const char *payload;
		enum token_fault fault;
	} rows[] = {
		{ "{\"exp\":\"x\",\"token_type\":\"access\"}",
		  TOKEN_FAULT_INVALID },
		{ "{\"token_type\":\"access\"}", TOKEN_FAULT_INVALID },
		{ "{\"exp\":1,\"nbf\":1900000000}", TOKEN_FAULT_INVALID },
		{ "{\"token_type\":\"x\"}", TOKEN_FAULT_NO_EXPIRY },
		{ "{\"exp\":1}", TOKEN_FAULT_EXPIRED },
		{ "{\"exp\":1,\"token_type\":\"x\"}", TOKEN_FAULT_EXPIRED },
		{ "{\"exp\":1900000000}", TOKEN_FAULT_NO_TYPE },
		{ "{\"exp\":1900000000,\"token_type\":\"x\"}",
		  TOKEN_FAULT_WRONG_TYPE },
		{ "{\"exp\":1900000000,\"token_type\":\"refresh\"}",
		  TOKEN_FAULT_NO_ID },
		{ "{\"exp\":1900000000,\"token_type\":\"refresh\","
		  "\"jti\":\"" JTI "\"}",
		  TOKEN_FAULT_INVALID },
	};
	struct fixture *f = *state;
	struct token_claims out;

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(
			verify(f,
		               craft(f, key_for(f, KEY_PURPOSE_REFRESH), NULL,
		                     rows[i].payload),
		               REFRESH, &out),
			rows[i].fault);
}

static void
a_type_that_is_not_accepted_is_the_wrong_one(void **state)
{
	struct fixture *f = *state;
	struct token_claims access = claims_of(TOKEN_ACCESS), out;
	struct token_claims refresh = claims_of(TOKEN_REFRESH);

	assert_int_equal(verify(f, issue(f, &access), REFRESH, &out),
	                 TOKEN_FAULT_WRONG_TYPE);
	assert_int_equal(verify(f, issue(f, &refresh), ACCESS, &out),
	                 TOKEN_FAULT_WRONG_TYPE);
	assert_int_equal(verify(f, issue(f, &refresh), 0, &out),
	                 TOKEN_FAULT_WRONG_TYPE);
}

static void
an_expired_token_still_tells_its_claims(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims = claims_of(TOKEN_REFRESH), out;
	char *token;

	claims.expires_at = NOW;
	token = issue(f, &claims);
	assert_int_equal(verify(f, token, BOTH, &out), TOKEN_FAULT_EXPIRED);
	assert_true(test_claims_equal(&out, &claims));
}

static void
being_expired_can_be_accepted_and_nothing_else_with_it(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims = claims_of(TOKEN_REFRESH), out;
	char *token;

	claims.expires_at = 1;
	token = issue(f, &claims);
	assert_int_equal(verify(f, token, REFRESH | TOKEN_ACCEPT_EXPIRED, &out),
	                 TOKEN_OK);
	assert_true(test_claims_equal(&out, &claims));
	assert_int_equal(verify(f, token, ACCESS | TOKEN_ACCEPT_EXPIRED, &out),
	                 TOKEN_FAULT_WRONG_TYPE);
	assert_int_equal(verify(f, token, TOKEN_ACCEPT_EXPIRED, &out),
	                 TOKEN_FAULT_WRONG_TYPE);
	token = craft(f, key_for(f, KEY_PURPOSE_REFRESH), NULL,
	              payload_with(f, TOKEN_REFRESH, "exp", NULL));
	assert_int_equal(verify(f, token, REFRESH | TOKEN_ACCEPT_EXPIRED, &out),
	                 TOKEN_FAULT_NO_EXPIRY);
}

static void
another_issuer_or_audience_is_invalid_if_one_is_configured(void **state)
{
	static const struct {
		const char *name, *value;
		enum token_fault fault;
	} rows[] = {
		{ "iss", "\"https://us\"", TOKEN_OK },
		{ "iss", NULL, TOKEN_FAULT_INVALID },
		{ "iss", "\"https://us/\"", TOKEN_FAULT_INVALID },
		{ "iss", "[\"https://us\"]", TOKEN_FAULT_INVALID },
		{ "iss", "null", TOKEN_FAULT_INVALID },
		{ "aud", "\"app\"", TOKEN_OK },
		{ "aud", "[\"other\",\"app\"]", TOKEN_OK },
		{ "aud", NULL, TOKEN_FAULT_INVALID },
		{ "aud", "[]", TOKEN_FAULT_INVALID },
		{ "aud", "[[\"app\"]]", TOKEN_FAULT_INVALID },
		{ "aud", "{\"app\":1}", TOKEN_FAULT_INVALID },
		{ "aud", "\"App\"", TOKEN_FAULT_INVALID },
	};
	struct fixture *f = *state;
	struct token_claims out;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *token = craft(f, key_for(f, KEY_PURPOSE_ACCESS), NULL,
		                    payload_with(f, TOKEN_ACCESS, rows[i].name,
		                                 rows[i].value));
		bool is_issuer = strcmp(rows[i].name, "iss") == 0;

		f->policy.issuer = is_issuer ? "https://us" : "";
		f->policy.audience = is_issuer ? "" : "app";
		assert_int_equal(verify(f, token, ACCESS, &out), rows[i].fault);
	}
}

static void
roles_that_make_a_token_too_long_are_refused_when_it_is_issued(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims = claims_of(TOKEN_ACCESS), out;
	const char *roles[1024];
	char role[32], *text = NULL;
	enum code code = CODE_OK;

	f->policy.with_roles = true;
	(void)snprintf(role, sizeof(role), "%031d", 7);
	for (size_t i = 0; i < COUNT(roles); i++)
		roles[i] = role;
	claims.roles = roles;
	for (claims.role_count = 0; claims.role_count <= COUNT(roles);
	     claims.role_count++) {
		begin(state);
		f->policy.with_roles = true;
		code = token_issue(f->test.keyring, &f->policy, &f->arena,
		                   &claims, &text);
		if (code != CODE_OK)
			break;
		assert_true(strlen(text) <= TOKEN_MAX);
		assert_int_equal(verify(f, text, ACCESS, &out), TOKEN_OK);
	}
	assert_int_equal(code, CODE_FAILED_PRECONDITION);
	assert_true(claims.role_count > 64);
	claims.role_count = COUNT(roles);
	assert_int_equal(token_issue(f->test.keyring, &f->policy, &f->arena,
	                             &claims, &text),
	                 CODE_FAILED_PRECONDITION);
}

static void
roles_up_to_their_limit_fit_beside_the_longest_of_everything(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims = claims_of(TOKEN_ACCESS), out;
	char role[ROLE_LIST_MAX], text[TOKEN_ISSUER_MAX + 1];
	const char *roles[] = { role };
	char *token = NULL;

	memset(role, 'r', sizeof(role));
	role[ROLE_LIST_MAX - 4] = '\0'; /* two brackets, two quotes */
	memset(text, 't', sizeof(text));
	text[TOKEN_ISSUER_MAX] = '\0';
	f->policy.with_roles = true;
	f->policy.issuer = text;
	f->policy.audience = text;
	claims.user_id = (1ULL << 53) - 1;
	claims.roles = roles;
	claims.role_count = 1;
	assert_int_equal(token_issue(f->test.keyring, &f->policy, &f->arena,
	                             &claims, &token),
	                 CODE_OK);
	assert_int_equal(verify(f, token, ACCESS, &out), TOKEN_OK);
}

static void
issuing_in_too_small_an_arena_is_resource_exhausted(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims = claims_of(TOKEN_REFRESH);
	char *text = NULL;
	enum code code;
	size_t size = 0;

	do {
		arena_init(&f->arena, f->memory, size);
		code = token_issue(f->test.keyring, &f->policy, &f->arena,
		                   &claims, &text);
		assert_true(code == CODE_OK || code == CODE_RESOURCE_EXHAUSTED);
		assert_int_equal(code == CODE_OK, text != NULL);
		size += 8;
	} while (code != CODE_OK);
}

static int allowed; /* allocations until memory ends */

static void *
failing_malloc(size_t size)
{
	if (allowed-- > 0)
		return malloc(size);
	errno = ENOMEM; /* as malloc does */
	return NULL;
}

static void
without_memory_a_token_is_not_called_bad(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims = claims_of(TOKEN_REFRESH), out;
	enum token_fault fault = TOKEN_FAULT_NO_MEMORY;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	char *token = issue(f, &claims), *again = NULL;

	json_set_alloc_funcs(failing_malloc, free);
	for (int i = 0; fault == TOKEN_FAULT_NO_MEMORY && i < 1000; i++) {
		allowed = i;
		fault = verify(f, token, REFRESH, &out);
	}
	for (int i = 0; code == CODE_RESOURCE_EXHAUSTED && i < 1000; i++) {
		allowed = i;
		code = token_issue(f->test.keyring, &f->policy, &f->arena,
		                   &claims, &again);
	}
	json_set_alloc_funcs(malloc, free);
	assert_int_equal(fault, TOKEN_OK);
	assert_int_equal(code, CODE_OK);
	assert_string_equal(token, again);
}

#define CASE(name) cmocka_unit_test_setup(name, begin)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_issued_token_verifies_and_gives_its_claims_back),
		CASE(header_and_claims_stand_in_their_order),
		CASE(equal_claims_give_the_same_refresh_token_again),
		CASE(every_algorithm_of_the_keyring_verifies),
		CASE(a_token_changed_in_any_one_character_is_invalid),
		CASE(only_three_canonical_segments_are_a_token),
		CASE(an_oversized_token_is_invalid),
		CASE(the_longest_token_is_good_and_one_character_more_is_not),
		CASE(only_a_plain_header_is_accepted),
		CASE(a_token_without_signature_is_invalid),
		CASE(a_public_key_is_no_hmac_secret),
		CASE(the_kid_of_another_key_is_invalid),
		CASE(a_key_verifies_only_the_type_it_is_for),
		CASE(every_claim_is_what_it_must_be),
		CASE(a_payload_is_one_object_and_nothing_else),
		CASE(faults_are_found_in_their_order),
		CASE(a_type_that_is_not_accepted_is_the_wrong_one),
		CASE(an_expired_token_still_tells_its_claims),
		CASE(being_expired_can_be_accepted_and_nothing_else_with_it),
		CASE(another_issuer_or_audience_is_invalid_if_one_is_configured),
		CASE(roles_up_to_their_limit_fit_beside_the_longest_of_everything),
		CASE(roles_that_make_a_token_too_long_are_refused_when_it_is_issued),
		CASE(issuing_in_too_small_an_arena_is_resource_exhausted),
		CASE(without_memory_a_token_is_not_called_bad),
	};

	return cmocka_run_group_tests_name("token", tests, setup, teardown);
}
