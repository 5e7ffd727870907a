#include "server/domain/signing_key.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/encoding.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The examples of RFC 7515, appendices A.1 to A.3; the keys as PKCS#8. */
static const char payload[] =
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9l"
	"eGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

static const char hs256_secret[] =
	"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-"
	"EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

static const char es256_key[] =
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL-Y"
	"BIffH1136cspYG6-0iY7X1fCE9-E9LKhRANCAAR_zc4ncPbEXUGDy-"
	"5v20t7WAczNXvp7xO6z248e9FURcfxRM0bvZt-"
	"hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt";

static const char es256_signature[] =
	"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-"
	"F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

static const char rs256_key[] =
	"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh-BYK4uPJ"
	"tGXOjS1lYmM2K5J9vinh8CR3_BYlzJChNuOL2TSXxbbqY913EeZ8dCn5VrD7"
	"io8ImtxLaYk8wTM_U-"
	"3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNnjuygxm"
	"j3AbONv_s4yDQs4v5tJ_reSlpIdJed1LnPmt7Ex1sFhSwsD174pcF1A5L5RO"
	"jtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGU"
	"kftoaHLFcW9Qr4NY2ai50Xw0Byj3-"
	"H2JoY2PyrZ62EWQwuz3WTOTY8BwNNb2BvniHgVFbK5emhAgMBAAECggEAEq5"
	"xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_"
	"GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-"
	"pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkq"
	"zjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehN"
	"YTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLh"
	"BOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQKBgQDgHM"
	"QQ60imZV1URk0KpLttoLhyt3SmqdEf_kgHePDdtzEafpAu-cS191R2JiuoF2"
	"yzWXnwFDcqGigp5BNr0AHQfD8_Lk8l1Mk09jxxCfui5nYooNyac8YFjm3vIt"
	"zVCVDnEd3BbVWG8qf6deqElMGAg-C2V0L4oNXnP7LZcPAZRwKBgQC5A8R-"
	"CZW2MvRTLLHzwZkUXV866cff7tx6kqa0finGG0KgeqlaZPxgCZnFp7AeAcCM"
	"tiynVlJ7vMVgePsLq6XtON4tB5kP9jAPrq3rbAOal78eUH5OcED6eNuCV8ix"
	"Eu1eWcPNCS_l1OW1EnXUEoEHKl54Xrrz2uNwkgMTP1FZ1wKBgAcCn1dwJKuf"
	"zBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7_Ls5bkUp5u9SN0Ai3Ya6hNnvWJMb"
	"7sXQX6U_zyO2M_hTip7tUeh7CXgwo59dkpN75gJLVds29-"
	"DAncu3KXU4f2Fa-"
	"7bLNrur53k8KwPOq2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf_evpitUf-"
	"4JYbLpvNXWcY052Mpz22aR84mY3nh3F2LF2mjMJDpTg7FmuyPcVw6EcGyoAe"
	"9fa65iNqCq-jdw6PVNGo2hxfjSiZ8IIzHdsPXI89__pMjZcQK9r-"
	"CCoRjaZjOYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOh"
	"rWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScG"
	"Lq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1c"
	"q9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U";

static const char rs256_n[] =
	"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHm"
	"fHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-"
	"pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"
	"bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg6"
	"65xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWN"
	"moudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

static const char rs256_signature[] =
	"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5R"
	"Zmh7AAuHIm4Bh-"
	"0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRF"
	"diuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0G"
	"arZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOP"
	"qvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywl"
	"VmtVrBp0igcN_IoypGlUPQGe77Rw";

static const char rsa_1024_key[] =
	"MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAMrZ0_wN0n01"
	"6FI6ZZGVGCs_sEZ_wVeZC1RvsVMEjHbRCDxHVlf7OH3YtHPwIK5e5qX3hN0Y"
	"HZyz9HRkxKKXmlhXNtUEgySpTf5AtKsZWJ7b10ZCP9QRN2fLkuvDQ0NLI-Mr"
	"QdeK7caDOPa6tgQBsSgPEMw6aOVYwdZx9C-"
	"CdV3dAgMBAAECgYB7GYOuc0joWT16IRwgI-"
	"V94XF85uyS1zpr7DglFB6VwDaKNhRs4fSfUlH4BaIfj1HTKAlGDutxfDd-Ju"
	"S5ctzjZy9_bFOZzbuwrJKqIkmE_cR8Jm1tQcm04bbxEJAkK4wYEvxYRG_DL1"
	"9AJossrMjQvxG0d9mnG2nUGUvXlNw4IQJBAP1UH8m6kwbWq84qM0Lw23T9ad"
	"_AwhLkQE8DtYBMqMAH7FS-"
	"dUOPkH06uwBV8Bww3mGzbAYrKQSvbO2Kk8qT9KUCQQDM_W-uOm3z-"
	"QdGtClXJqjAWI7VidqimZT7Kr88CTHtYQIgrq7XEGehoH12ZMTOol-"
	"7CKGWBcfHdZZ_RRYcSKbZAkEAk9NaNVplX3E3kje38BEiztLtzD7sQR_mkvU"
	"kHbkeI-i7tPvq68DD3P-"
	"_jcOYOKsfqb2MhND8v5oqozbhZS4PbQJAPk29Nvg9WQzUgFHbyshOO__ukcq"
	"PcCI73McWTpoA2cRFUEenjmhHByHvYB-qjZ9ed0tdSWrCWMZNkqsd2ETgqQJ"
	"AKZfIq5Ezh14gAzD-"
	"t0KYJXKfR1i60FuXRdBAzLVAT8MfROav2Xm_OaQk1ghZRFmRq84CM8jr6NQ-"
	"zuBWsBJTxg";

static const char p384_key[] =
	"MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBc0msGq8i-"
	"fcBTY3roO_Zj7mmb5UiFnbeIhiL10dHIB0Nfu-bVjHqtaiZXKU6VbPGhZANi"
	"AASW8unJOu8IVcQEFuID7r6ziZVH1weI1e0ohjmwkYvJihTxl6dtfCcF-"
	"tCyDJLzL-PfEhzeQ69Qs-"
	"iwSpjrRpZZbbSxdROum81gDJeAezU3yzVFrlbCx1I_nIhnT8CjbZ0";

#define HEADER_HS256 "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
#define HEADER_ES256 "eyJhbGciOiJFUzI1NiJ9"
#define HEADER_RS256 "eyJhbGciOiJSUzI1NiJ9"
static const char hs256_signature[] =
	"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

struct blob {
	uint8_t data[PRIVATE_KEY_MAX];
	size_t len;
};

static struct blob
decode(const char *text)
{
	struct blob blob;

	assert_true(base64url_decode(text, strlen(text), blob.data,
	                             sizeof(blob.data), &blob.len));
	return blob;
}

static struct bytes
bytes_of(const struct blob *blob)
{
	return (struct bytes){ blob->data, blob->len };
}

static struct bytes
text_bytes(const char *text)
{
	return (struct bytes){ text, strlen(text) };
}

static enum code
try_open(const char *alg, struct bytes private_key, struct signing_key **out)
{
	const struct stored_key about = { .kid = "k1",
		                          .alg = alg,
		                          .purpose = KEY_PURPOSE_ACCESS };

	return signing_key_open(&about, private_key, out);
}

static struct signing_key *
open_text(const char *alg, const char *private_key)
{
	struct blob blob = decode(private_key);
	struct signing_key *key = NULL;

	assert_int_equal(try_open(alg, bytes_of(&blob), &key), CODE_OK);
	assert_non_null(key);
	return key;
}

static struct signing_key *
open_new(enum key_alg alg)
{
	struct signing_key *key = NULL;
	struct blob blob;

	assert_int_equal(signing_key_make(alg, blob.data, &blob.len), CODE_OK);
	assert_int_equal(try_open(key_alg_name(alg), bytes_of(&blob), &key),
	                 CODE_OK);
	return key;
}

static bool
verifies(const struct signing_key *key, const char *header,
         const char *signature)
{
	struct blob blob = decode(signature);
	char message[512];

	(void)snprintf(message, sizeof(message), "%s.%s", header, payload);
	return signing_key_verify(key, text_bytes(message), bytes_of(&blob));
}

static void
the_examples_of_rfc_7515_verify(void **state)
{
	struct signing_key *hs = open_text("HS256", hs256_secret);
	struct signing_key *es = open_text("ES256", es256_key);
	struct signing_key *rs = open_text("RS256", rs256_key);

	(void)state;
	assert_true(verifies(hs, HEADER_HS256, hs256_signature));
	assert_true(verifies(es, HEADER_ES256, es256_signature));
	assert_true(verifies(rs, HEADER_RS256, rs256_signature));
	assert_false(verifies(hs, HEADER_ES256, hs256_signature));
	assert_false(verifies(es, HEADER_HS256, es256_signature));
	assert_false(verifies(rs, HEADER_HS256, rs256_signature));
	signing_key_close(hs);
	signing_key_close(es);
	signing_key_close(rs);
}

static void
signing_gives_the_signatures_of_rfc_7515_where_they_are_not_random(void **state)
{
	static const struct {
		const char *alg, *key, *message, *signature;
	} rows[] = {
		{ "HS256", hs256_secret, HEADER_HS256, hs256_signature },
		{ "RS256", rs256_key, HEADER_RS256, rs256_signature },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct signing_key *key = open_text(rows[i].alg, rows[i].key);
		struct blob want = decode(rows[i].signature);
		uint8_t out[SIGNATURE_MAX];
		char message[512];
		size_t len;

		(void)snprintf(message, sizeof(message), "%s.%s",
		               rows[i].message, payload);
		assert_int_equal(
			signing_key_sign(key, text_bytes(message), out, &len),
			CODE_OK);
		assert_int_equal(len, want.len);
		assert_memory_equal(out, want.data, len);
		signing_key_close(key);
	}
}

static void
public_halves_are_those_of_rfc_7515(void **state)
{
	struct signing_key *hs = open_text("HS256", hs256_secret);
	struct signing_key *es = open_text("ES256", es256_key);
	struct signing_key *rs = open_text("RS256", rs256_key);
	struct public_key out = { 0 };
	struct arena arena;
	char memory[4096];

	(void)state;
	arena_init(&arena, memory, sizeof(memory));
	assert_int_equal(signing_key_public(hs, &arena, &out), CODE_NOT_FOUND);
	assert_int_equal(signing_key_public(es, &arena, &out), CODE_OK);
	assert_string_equal(out.kid, "k1");
	assert_int_equal(out.alg, KEY_ES256);
	assert_string_equal(out.x,
	                    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
	assert_string_equal(out.y,
	                    "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
	assert_null(out.n);
	assert_int_equal(signing_key_public(rs, &arena, &out), CODE_OK);
	assert_string_equal(out.n, rs256_n);
	assert_string_equal(out.e, "AQAB");
	assert_null(out.x);
	for (size_t size = 0; size < 64; size += 8) {
		arena_init(&arena, memory, size);
		assert_int_equal(signing_key_public(es, &arena, &out),
		                 CODE_RESOURCE_EXHAUSTED);
	}
	signing_key_close(hs);
	signing_key_close(es);
	signing_key_close(rs);
}

static void
new_keys_sign_what_they_verify_and_nothing_else(void **state)
{
	(void)state;
	for (int alg = KEY_HS256; alg <= KEY_RS256; alg++) {
		struct signing_key *key = open_new((enum key_alg)alg);
		struct signing_key *other = open_new((enum key_alg)alg);
		uint8_t sig[SIGNATURE_MAX];
		size_t len;

		assert_int_equal(
			signing_key_sign(key, text_bytes("a.b"), sig, &len),
			CODE_OK);
		assert_true(signing_key_verify(key, text_bytes("a.b"),
		                               (struct bytes){ sig, len }));
		assert_false(signing_key_verify(other, text_bytes("a.b"),
		                                (struct bytes){ sig, len }));
		assert_false(signing_key_verify(key, text_bytes("a.c"),
		                                (struct bytes){ sig, len }));
		for (size_t i = 0; i < len; i++) {
			sig[i] ^= 1;
			assert_false(
				signing_key_verify(key, text_bytes("a.b"),
			                           (struct bytes){ sig, len }));
			sig[i] ^= 1;
		}
		for (size_t i = 0; i < len; i++)
			assert_false(
				signing_key_verify(key, text_bytes("a.b"),
			                           (struct bytes){ sig, i }));
		signing_key_close(key);
		signing_key_close(other);
	}
}

/* About every 128th r or s begins with a zero byte or more. */
static void
signatures_with_short_numbers_keep_their_length(void **state)
{
	struct signing_key *key = open_new(KEY_ES256);
	uint8_t sig[SIGNATURE_MAX];
	int short_ones = 0;
	size_t len;

	(void)state;
	for (uint32_t i = 0; short_ones < 4; i++) {
		struct bytes message = { &i, sizeof(i) };

		assert_int_equal(signing_key_sign(key, message, sig, &len),
		                 CODE_OK);
		assert_int_equal(len, 64);
		assert_true(signing_key_verify(key, message,
		                               (struct bytes){ sig, len }));
		short_ones += sig[0] == 0 || sig[32] == 0;
	}
	signing_key_close(key);
}

/* CVE-2022-21449 and the like: r = s = 0 must not pass for every message. */
static void
numbers_out_of_range_are_no_signature(void **state)
{
	struct signing_key *key = open_new(KEY_ES256);
	uint8_t sig[64];

	(void)state;
	for (int fill = 0; fill < 256; fill += 255) {
		memset(sig, fill, sizeof(sig));
		assert_false(signing_key_verify(key, text_bytes("a.b"),
		                                (struct bytes){ sig, 64 }));
	}
	signing_key_close(key);
}

static void
keys_that_are_too_weak_or_of_another_kind_do_not_open(void **state)
{
	static const struct {
		const char *alg, *key;
	} rows[] = {
		{ "ES256", p384_key },     { "ES256", rs256_key },
		{ "RS256", rsa_1024_key }, { "RS256", es256_key },
		{ "ES256", hs256_secret }, { "RS256", hs256_secret },
		{ "none", hs256_secret },  { "HS512", hs256_secret },
		{ "es256", es256_key },    { "", hs256_secret },
	};
	struct signing_key *key = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct blob blob = decode(rows[i].key);

		assert_int_equal(try_open(rows[i].alg, bytes_of(&blob), &key),
		                 CODE_INVALID_ARGUMENT);
	}
	assert_null(key);
}

static void
a_secret_has_at_least_32_bytes(void **state)
{
	const uint8_t secret[PRIVATE_KEY_MAX + 1] = { 0 };
	struct signing_key *key = NULL;

	(void)state;
	for (size_t len = 0; len < 32; len++)
		assert_int_equal(
			try_open("HS256", (struct bytes){ secret, len }, &key),
			CODE_INVALID_ARGUMENT);
	assert_int_equal(try_open("HS256",
	                          (struct bytes){ secret, sizeof(secret) },
	                          &key),
	                 CODE_INVALID_ARGUMENT);
	assert_int_equal(try_open("HS256", (struct bytes){ secret, 32 }, &key),
	                 CODE_OK);
	signing_key_close(key);
}

static void
a_damaged_private_key_does_not_open(void **state)
{
	struct blob blob = decode(es256_key);
	struct signing_key *key = NULL;

	(void)state;
	for (size_t len = 0; len < blob.len; len++)
		assert_int_equal(try_open("ES256",
		                          (struct bytes){ blob.data, len },
		                          &key),
		                 CODE_INVALID_ARGUMENT);
	blob.data[blob.len] = 0;
	assert_int_equal(try_open("ES256",
	                          (struct bytes){ blob.data, blob.len + 1 },
	                          &key),
	                 CODE_INVALID_ARGUMENT);
	assert_null(key);
	signing_key_close(NULL);
}

static void
names_of_algorithms_are_exact(void **state)
{
	static const char *const strangers[] = { "none",  "",       "es256",
		                                 "HS384", "ES256 ", "ES2567" };
	enum key_alg alg = KEY_HS256;

	(void)state;
	for (int i = KEY_HS256; i <= KEY_RS256; i++) {
		assert_true(
			key_alg_from_name(key_alg_name((enum key_alg)i), &alg));
		assert_int_equal(alg, i);
	}
	for (size_t i = 0; i < COUNT(strangers); i++)
		assert_false(key_alg_from_name(strangers[i], &alg));
}

static void *
sign_and_verify(void *key)
{
	uint8_t sig[SIGNATURE_MAX];
	size_t len;

	for (uint32_t i = 0; i < 50; i++) {
		struct bytes message = { &i, sizeof(i) };

		if (signing_key_sign(key, message, sig, &len) != CODE_OK ||
		    !signing_key_verify(key, message,
		                        (struct bytes){ sig, len }))
			return NULL;
	}
	return key;
}

static void
many_threads_use_one_key_at_the_same_time(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (int alg = KEY_HS256; alg <= KEY_RS256; alg++) {
		struct signing_key *key = open_new((enum key_alg)alg);

		for (size_t i = 0; i < COUNT(threads); i++)
			assert_int_equal(pthread_create(&threads[i], NULL,
			                                sign_and_verify, key),
			                 0);
		for (size_t i = 0; i < COUNT(threads); i++) {
			void *result = NULL;

			assert_int_equal(pthread_join(threads[i], &result), 0);
			assert_ptr_equal(result, key);
		}
		signing_key_close(key);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_rfc_7515_verify),
		cmocka_unit_test(
			signing_gives_the_signatures_of_rfc_7515_where_they_are_not_random),
		cmocka_unit_test(public_halves_are_those_of_rfc_7515),
		cmocka_unit_test(
			new_keys_sign_what_they_verify_and_nothing_else),
		cmocka_unit_test(
			signatures_with_short_numbers_keep_their_length),
		cmocka_unit_test(numbers_out_of_range_are_no_signature),
		cmocka_unit_test(
			keys_that_are_too_weak_or_of_another_kind_do_not_open),
		cmocka_unit_test(a_secret_has_at_least_32_bytes),
		cmocka_unit_test(a_damaged_private_key_does_not_open),
		cmocka_unit_test(names_of_algorithms_are_exact),
		cmocka_unit_test(many_threads_use_one_key_at_the_same_time),
	};

	return cmocka_run_group_tests_name("signing_key", tests, NULL, NULL);
}
