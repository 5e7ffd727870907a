/*
 * libjwt as the second reader: what other software makes of our tokens. The
 * server itself does not verify with it, since it lets a token's header choose
 * the algorithm; here the algorithm it found is looked at.
 */
#include "server/domain/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jwt.h>
#include <sodium.h>

#include "base/encoding.h"
#include "server/domain/test_keyring.h"

#define NOW 1800000000
#define SECRET "a secret shared with a Django, 32 bytes at least"

/* Everything of a P-256 SubjectPublicKeyInfo (RFC 5480) before x and y. */
static const uint8_t spki_head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
	                             0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
	                             0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
	                             0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };

static const struct token_policy policy = { .issuer = "https://auth.example",
	                                    .audience = "" };

static char *
issue(const struct test_keyring *test, struct arena *arena,
      enum token_type type)
{
	struct token_claims claims = { .type = type,
		                       .user_id = 42,
		                       .issued_at = NOW,
		                       .expires_at = NOW + 60 };
	char *text = NULL;

	assert_int_equal(
		token_issue(test->keyring, &policy, arena, &claims, &text),
		CODE_OK);
	return text;
}

static void
write_pem(const struct public_key *key, char *out, size_t size)
{
	uint8_t der[sizeof(spki_head) + 64];
	char text[256];
	size_t len;

	memcpy(der, spki_head, sizeof(spki_head));
	assert_true(base64url_decode(key->x, strlen(key->x),
	                             der + sizeof(spki_head), 32, &len));
	assert_true(base64url_decode(key->y, strlen(key->y),
	                             der + sizeof(spki_head) + 32, 32, &len));
	(void)sodium_bin2base64(text, sizeof(text), der, sizeof(der),
	                        sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(out, size,
	               "-----BEGIN PUBLIC KEY-----\n%.64s\n%s\n"
	               "-----END PUBLIC KEY-----\n",
	               text, text + 64);
}

static void
check_claims(jwt_t *jwt, jwt_alg_t alg)
{
	assert_int_equal(jwt_get_alg(jwt), alg);
	assert_string_equal(jwt_get_header(jwt, "typ"), "JWT");
	assert_string_equal(jwt_get_grant(jwt, "token_type"), "access");
	assert_string_equal(jwt_get_grant(jwt, "user_id"), "42");
	assert_string_equal(jwt_get_grant(jwt, "iss"), "https://auth.example");
	assert_int_equal(jwt_get_grant_int(jwt, "exp"), NOW + 60);
	jwt_free(jwt);
}

/* One bit of the signature's last whole byte. */
static void
spoil(char *token)
{
	char *at = token + strlen(token) - 3;

	*at = *at == 'A' ? 'B' : 'A';
}

static void
add_secret(struct test_keyring *test)
{
	const struct key_order order = { .alg = KEY_HS256,
		                         .purpose = KEY_PURPOSE_ACCESS,
		                         .secret = { SECRET, strlen(SECRET) },
		                         .now_us = 1 };

	test_keyring_order(test, &order, NULL);
}

static void
libjwt_takes_our_es256_tokens_with_the_published_key(void **state)
{
	struct test_keyring test;
	struct arena arena;
	static uint8_t memory[16384];
	struct public_key *keys;
	char pem[512], *token;
	jwt_t *jwt = NULL;
	size_t count;

	(void)state;
	arena_init(&arena, memory, sizeof(memory));
	test_keyring_init(&test);
	test_keyring_add(&test, KEY_ES256, KEY_PURPOSE_ACCESS, 1);
	test_keyring_add(&test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_open(&test);
	assert_int_equal(
		keyring_list_public(test.keyring, &arena, &keys, &count),
		CODE_OK);
	assert_int_equal(count, 1);
	write_pem(&keys[0], pem, sizeof(pem));
	token = issue(&test, &arena, TOKEN_ACCESS);
	assert_int_equal(
		jwt_decode(&jwt, token, (const uint8_t *)pem, (int)strlen(pem)),
		0);
	check_claims(jwt, JWT_ALG_ES256);
	spoil(token);
	assert_int_not_equal(
		jwt_decode(&jwt, token, (const uint8_t *)pem, (int)strlen(pem)),
		0);
	test_keyring_reset(&test);
}

static void
libjwt_takes_our_hs256_tokens_with_the_shared_secret(void **state)
{
	struct test_keyring test;
	struct arena arena;
	static uint8_t memory[16384];
	const uint8_t *secret = (const uint8_t *)SECRET;
	jwt_t *jwt = NULL;
	char *token;

	(void)state;
	arena_init(&arena, memory, sizeof(memory));
	test_keyring_init(&test);
	add_secret(&test);
	test_keyring_add(&test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_open(&test);
	token = issue(&test, &arena, TOKEN_ACCESS);
	assert_int_equal(jwt_decode(&jwt, token, secret, (int)strlen(SECRET)),
	                 0);
	check_claims(jwt, JWT_ALG_HS256);
	spoil(token);
	assert_int_not_equal(
		jwt_decode(&jwt, token, secret, (int)strlen(SECRET)), 0);
	test_keyring_reset(&test);
}

/* A token as libjwt makes one, with the right secret and nothing else. */
static void
a_token_that_libjwt_made_without_our_header_is_refused(void **state)
{
	struct test_keyring test;
	struct token_verifier verifier;
	struct token_claims claims;
	const uint8_t *secret = (const uint8_t *)SECRET;
	jwt_t *jwt = NULL;
	char *token;

	(void)state;
	test_keyring_init(&test);
	add_secret(&test);
	test_keyring_add(&test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_open(&test);
	verifier = (struct token_verifier){ .keyring = test.keyring,
		                            .policy = &policy };
	assert_int_equal(jwt_new(&jwt), 0);
	assert_int_equal(
		jwt_set_alg(jwt, JWT_ALG_HS256, secret, (int)strlen(SECRET)),
		0);
	assert_int_equal(jwt_add_grant(jwt, "token_type", "access"), 0);
	assert_int_equal(jwt_add_grant_int(jwt, "exp", NOW + 60), 0);
	token = jwt_encode_str(jwt);
	assert_non_null(token);
	assert_int_equal(token_verify(&verifier, token, 1U << TOKEN_ACCESS, NOW,
	                              &claims),
	                 TOKEN_FAULT_INVALID);
	free(token);
	jwt_free(jwt);
	test_keyring_reset(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			libjwt_takes_our_es256_tokens_with_the_published_key),
		cmocka_unit_test(
			libjwt_takes_our_hs256_tokens_with_the_shared_secret),
		cmocka_unit_test(
			a_token_that_libjwt_made_without_our_header_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
