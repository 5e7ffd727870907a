/*
 * Feeds tokens to token_verify. The first byte chooses what the rest is: a
 * token as it is, a header or a payload that is put into a token with a good
 * signature, so that the fuzzer reaches what lies behind the signature.
 * Besides not crashing: an accepted token has sensible claims, and the cache
 * answers like no cache.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "server/domain/test_claims.h"
#include "server/domain/test_keyring.h"
#include "server/domain/token.h"
#include "server/domain/token_cache.h"
#include "server/store/user_store.h"

#define NOW 1800000000
#define ANY (1U << TOKEN_ACCESS | 1U << TOKEN_REFRESH)

static const struct token_policy policy = { .issuer = "", .audience = "" };
static struct token_verifier verifier = { .policy = &policy };
static struct test_keyring test;

static void
clean_up(void)
{
	token_cache_close(verifier.cache);
	test_keyring_reset(&test);
}

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
prepare(void)
{
	test_keyring_init(&test);
	test_keyring_add(&test, KEY_HS256, KEY_PURPOSE_ACCESS, 1);
	test_keyring_add(&test, KEY_HS256, KEY_PURPOSE_REFRESH, 1);
	test_keyring_open(&test);
	verifier.keyring = test.keyring;
	must(token_cache_open(&verifier.cache) == CODE_OK);
	must(atexit(clean_up) == 0);
}

static void
check(const char *text, unsigned accepted)
{
	const struct token_verifier plain = { .keyring = verifier.keyring,
		                              .policy = &policy };
	struct token_claims claims, again;
	enum token_fault fault =
		token_verify(&verifier, text, accepted, NOW, &claims);

	must(fault != TOKEN_FAULT_NO_MEMORY);
	must(token_verify(&plain, text, accepted, NOW, &again) == fault);
	must(test_claims_equal(&claims, &again));
	if (fault != TOKEN_OK)
		return;
	must((accepted & 1U << claims.type) != 0);
	must(claims.user_id >= 1 && claims.user_id <= USER_ID_MAX);
	must(claims.expires_at > NOW || (accepted & TOKEN_ACCEPT_EXPIRED) != 0);
}

/* append adds a segment behind what is there and returns its new length. */
static size_t
append(char *out, size_t len, const void *data, size_t data_len)
{
	if (len > 0)
		out[len++] = '.';
	base64url_encode(data, data_len, out + len);
	return len + strlen(out + len);
}

static void
sign(const struct signing_key *key, struct bytes header, struct bytes payload,
     char out[8 * TOKEN_MAX])
{
	uint8_t signature[SIGNATURE_MAX];
	size_t len = append(out, 0, header.data, header.len), signature_len;

	len = append(out, len, payload.data, payload.len);
	must(signing_key_sign(key, (struct bytes){ out, len }, signature,
	                      &signature_len) == CODE_OK);
	(void)append(out, len, signature, signature_len);
}

static void
check_signed(char kind, const uint8_t *data, size_t size)
{
	static const char payload[] =
		"{\"token_type\":\"access\",\"exp\":1900000000,"
		"\"jti\":\"000102030405060708090a0b0c0d0e0f\","
		"\"user_id\":\"42\","
		"\"sid\":\"000102030405060708090a0b0c0d0e0f\"}";
	const struct signing_key *key = keyring_signer(
		test.keyring,
		kind == 'r' ? KEY_PURPOSE_REFRESH : KEY_PURPOSE_ACCESS,
		INT64_MAX);
	static char text[8 * TOKEN_MAX];
	struct bytes input = { data, size };
	char header[128];

	if (size > (size_t)4 * TOKEN_MAX)
		return;
	(void)snprintf(header, sizeof(header),
	               "{\"alg\":\"HS256\",\"kid\":\"%s\"}",
	               signing_key_kid(key));
	if (kind == 'h')
		sign(key, input, (struct bytes){ payload, strlen(payload) },
		     text);
	else
		sign(key, (struct bytes){ header, strlen(header) }, input,
		     text);
	check(text, ANY);
	check(text, ANY | TOKEN_ACCEPT_EXPIRED);
	check(text, 1U << TOKEN_ACCESS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (test.store == NULL)
		prepare();
	if (size == 0)
		return 0;
	if (data[0] != 't') {
		check_signed((char)data[0], data + 1, size - 1);
		return 0;
	}
	text = malloc(size);
	must(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	check(text, ANY);
	free(text);
	return 0;
}
