#include "server/domain/signing_key.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sodium.h>

#include "base/encoding.h"

#define RSA_EXPONENT_MAX 4 /* bytes: a larger one only costs time */
#define P256_SIZE 32       /* bytes of a coordinate, of r, and of s */
#define P256_DER_MAX 72    /* SEQUENCE of two INTEGERs of at most 33 bytes */

struct signing_key {
	char kid[KEY_ID_MAX + 1];
	enum key_alg alg;
	enum key_purpose purpose;
	/* ES256, RS256: ready for use. A call works on a duplicate: that costs
	 * a tenth of a microsecond, preparing one anew two. */
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *signer;
	EVP_PKEY_CTX *verifier;
	crypto_auth_hmacsha256_state hmac; /* HS256: has taken the secret in */
};

static const char *const alg_names[] = {
	[KEY_HS256] = "HS256",
	[KEY_ES256] = "ES256",
	[KEY_RS256] = "RS256",
};

#define ALG_COUNT (sizeof(alg_names) / sizeof(alg_names[0]))

const char *
key_alg_name(enum key_alg alg)
{
	return alg_names[alg];
}

bool
key_alg_from_name(const char *name, enum key_alg *out)
{
	for (size_t i = 0; i < ALG_COUNT; i++) {
		if (strcmp(name, alg_names[i]) == 0) {
			*out = (enum key_alg)i;
			return true;
		}
	}
	return false;
}

/* write_private writes a key as PKCS#8 DER. */
static enum code
write_private(const EVP_PKEY *pkey, uint8_t out[PRIVATE_KEY_MAX],
              size_t *out_len)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
	enum code code = CODE_INTERNAL;
	unsigned char *der = NULL;
	int len = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);

	if (len > 0 && len <= PRIVATE_KEY_MAX) {
		memcpy(out, der, (size_t)len);
		*out_len = (size_t)len;
		code = CODE_OK;
	}
	if (len > 0)
		OPENSSL_clear_free(der, (size_t)len);
	PKCS8_PRIV_KEY_INFO_free(info);
	return code;
}

enum code
signing_key_make(enum key_alg alg, uint8_t out[PRIVATE_KEY_MAX],
                 size_t *out_len)
{
	EVP_PKEY *pkey;
	enum code code;

	if (sodium_init() < 0)
		return CODE_INTERNAL;
	if (alg == KEY_HS256) {
		randombytes_buf(out, SECRET_MIN);
		*out_len = SECRET_MIN;
		return CODE_OK;
	}
	pkey = alg == KEY_ES256 ? EVP_EC_gen("P-256")
	                        : EVP_RSA_gen(RSA_BITS_NEW);
	if (pkey == NULL)
		return CODE_INTERNAL;
	code = write_private(pkey, out, out_len);
	EVP_PKEY_free(pkey);
	return code;
}

static bool
is_p256(const EVP_PKEY *pkey)
{
	char name[32];
	size_t len;

	return EVP_PKEY_is_a(pkey, "EC") == 1 &&
	       EVP_PKEY_get_group_name(pkey, name, sizeof(name), &len) == 1 &&
	       (strcmp(name, "prime256v1") == 0 || strcmp(name, "P-256") == 0);
}

static bool
is_rsa(const EVP_PKEY *pkey)
{
	int bits = EVP_PKEY_get_bits(pkey);

	return EVP_PKEY_is_a(pkey, "RSA") == 1 && bits >= RSA_BITS_MIN &&
	       bits <= RSA_BITS_MAX;
}

/* read_private parses PKCS#8 DER, to its last byte. */
static EVP_PKEY *
read_private(enum key_alg alg, struct bytes der)
{
	const unsigned char *at = der.data;
	PKCS8_PRIV_KEY_INFO *info;
	EVP_PKEY *pkey = NULL;

	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len);
	if (info != NULL && at == (const unsigned char *)der.data + der.len)
		pkey = EVP_PKCS82PKEY(info);
	PKCS8_PRIV_KEY_INFO_free(info);
	if (pkey != NULL && (alg == KEY_ES256 ? is_p256(pkey) : is_rsa(pkey)))
		return pkey;
	EVP_PKEY_free(pkey);
	return NULL;
}

/* prepare makes the contexts that calls duplicate. */
static bool
prepare(struct signing_key *key)
{
	key->signer = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	key->verifier = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	if (key->signer == NULL || key->verifier == NULL ||
	    EVP_PKEY_sign_init(key->signer) != 1 ||
	    EVP_PKEY_verify_init(key->verifier) != 1)
		return false;
	if (key->alg == KEY_RS256 &&
	    (EVP_PKEY_CTX_set_rsa_padding(key->signer, RSA_PKCS1_PADDING) !=
	             1 ||
	     EVP_PKEY_CTX_set_rsa_padding(key->verifier, RSA_PKCS1_PADDING) !=
	             1))
		return false;
	return EVP_PKEY_CTX_set_signature_md(key->signer, EVP_sha256()) == 1 &&
	       EVP_PKEY_CTX_set_signature_md(key->verifier, EVP_sha256()) == 1;
}

/* take_private gives the key its secret or its parsed private key. */
static bool
take_private(struct signing_key *key, struct bytes private_key)
{
	if (key->alg != KEY_HS256) {
		key->pkey = read_private(key->alg, private_key);
		return key->pkey != NULL && prepare(key);
	}
	if (private_key.len < SECRET_MIN)
		return false;
	crypto_auth_hmacsha256_init(&key->hmac, private_key.data,
	                            private_key.len);
	return true;
}

enum code
signing_key_open(const struct stored_key *about, struct bytes private_key,
                 struct signing_key **out)
{
	size_t kid_len = strnlen(about->kid, KEY_ID_MAX + 1);
	struct signing_key *key;
	enum key_alg alg;

	if (kid_len == 0 || kid_len > KEY_ID_MAX || private_key.len == 0 ||
	    private_key.len > PRIVATE_KEY_MAX ||
	    !key_alg_from_name(about->alg, &alg))
		return CODE_INVALID_ARGUMENT;
	key = calloc(1, sizeof(*key));
	if (key == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	memcpy(key->kid, about->kid, kid_len);
	key->alg = alg;
	key->purpose = about->purpose;
	if (!take_private(key, private_key)) {
		signing_key_close(key);
		return CODE_INVALID_ARGUMENT;
	}
	*out = key;
	return CODE_OK;
}

/* make_rsa makes a public key of its numbers, or NULL. */
static EVP_PKEY *
make_rsa(struct bytes modulus, struct bytes exponent)
{
	BIGNUM *n = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
	BIGNUM *e = BN_bin2bn(exponent.data, (int)exponent.len, NULL);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (n != NULL && e != NULL && bld != NULL &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		params = OSSL_PARAM_BLD_to_param(bld);
	if (ctx == NULL || params == NULL || BN_is_odd(e) != 1 ||
	    BN_is_one(e) == 1 || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(e);
	BN_free(n);
	return pkey;
}

enum code
signing_key_open_public(const char *kid, struct bytes modulus,
                        struct bytes exponent, struct signing_key **out)
{
	size_t kid_len = strnlen(kid, KEY_ID_MAX + 1);
	struct signing_key *key;

	if (kid_len == 0 || kid_len > KEY_ID_MAX || modulus.len == 0 ||
	    modulus.len > RSA_BITS_MAX / 8 || exponent.len == 0 ||
	    exponent.len > RSA_EXPONENT_MAX)
		return CODE_INVALID_ARGUMENT;
	key = calloc(1, sizeof(*key));
	if (key == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	memcpy(key->kid, kid, kid_len);
	key->alg = KEY_RS256;
	key->pkey = make_rsa(modulus, exponent);
	if (key->pkey == NULL || !is_rsa(key->pkey) || !prepare(key)) {
		signing_key_close(key);
		return CODE_INVALID_ARGUMENT;
	}
	*out = key;
	return CODE_OK;
}

/* EVP_PKEY_free clears the private numbers itself. */
void
signing_key_close(struct signing_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_CTX_free(key->signer);
	EVP_PKEY_CTX_free(key->verifier);
	EVP_PKEY_free(key->pkey);
	sodium_memzero(key, sizeof(*key));
	free(key);
}

const char *
signing_key_kid(const struct signing_key *key)
{
	return key->kid;
}

enum key_alg
signing_key_alg(const struct signing_key *key)
{
	return key->alg;
}

enum key_purpose
signing_key_purpose(const struct signing_key *key)
{
	return key->purpose;
}

static void
authenticate(const struct signing_key *key, struct bytes message,
             uint8_t out[crypto_auth_hmacsha256_BYTES])
{
	crypto_auth_hmacsha256_state state = key->hmac;

	crypto_auth_hmacsha256_update(&state, message.data, message.len);
	crypto_auth_hmacsha256_final(&state, out);
	sodium_memzero(&state, sizeof(state));
}

/* raw_from_der turns libcrypto's ECDSA signature into r||s (RFC 7518, 3.4). */
static bool
raw_from_der(const uint8_t *der, size_t len, uint8_t out[2 * P256_SIZE])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	bool ok;

	if (sig == NULL)
		return false;
	ok = BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, P256_SIZE) == P256_SIZE &&
	     BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + P256_SIZE, P256_SIZE) ==
	             P256_SIZE;
	ECDSA_SIG_free(sig);
	return ok;
}

/* write_integer writes one DER INTEGER of an unsigned number. */
static size_t
write_integer(const uint8_t number[P256_SIZE], uint8_t *out)
{
	size_t skip = 0, pad, len;

	while (skip < P256_SIZE - 1 && number[skip] == 0)
		skip++;
	pad = number[skip] >> 7;
	len = P256_SIZE - skip + pad;
	out[0] = 0x02;
	out[1] = (uint8_t)len;
	out[2] = 0;
	memcpy(out + 2 + pad, number + skip, P256_SIZE - skip);
	return 2 + len;
}

/* der_from_raw is the way back, on the stack: verification is the hot path. */
static size_t
der_from_raw(const uint8_t raw[2 * P256_SIZE], uint8_t out[P256_DER_MAX])
{
	size_t len = write_integer(raw, out + 2);

	len += write_integer(raw + P256_SIZE, out + 2 + len);
	out[0] = 0x30;
	out[1] = (uint8_t)len;
	return 2 + len;
}

static enum code
sign_by_pkey(const struct signing_key *key, struct bytes message,
             uint8_t out[SIGNATURE_MAX], size_t *out_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_dup(key->signer);
	uint8_t digest[crypto_hash_sha256_BYTES], signature[SIGNATURE_MAX];
	size_t len = sizeof(signature);
	bool ok;

	(void)crypto_hash_sha256(digest, message.data, message.len);
	ok = ctx != NULL &&
	     EVP_PKEY_sign(ctx, signature, &len, digest, sizeof(digest)) == 1;
	EVP_PKEY_CTX_free(ctx);
	if (ok && key->alg == KEY_ES256) {
		ok = raw_from_der(signature, len, out);
		len = (size_t)2 * P256_SIZE;
	} else if (ok) {
		memcpy(out, signature, len);
	}
	if (!ok)
		return CODE_INTERNAL;
	*out_len = len;
	return CODE_OK;
}

enum code
signing_key_sign(const struct signing_key *key, struct bytes message,
                 uint8_t out[SIGNATURE_MAX], size_t *out_len)
{
	if (key->alg != KEY_HS256)
		return sign_by_pkey(key, message, out, out_len);
	authenticate(key, message, out);
	*out_len = crypto_auth_hmacsha256_BYTES;
	return CODE_OK;
}

static bool
verify_by_pkey(const struct signing_key *key, struct bytes message,
               const uint8_t *signature, size_t len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_dup(key->verifier);
	uint8_t digest[crypto_hash_sha256_BYTES];
	bool ok;

	(void)crypto_hash_sha256(digest, message.data, message.len);
	ok = ctx != NULL &&
	     EVP_PKEY_verify(ctx, signature, len, digest, sizeof(digest)) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

bool
signing_key_verify(const struct signing_key *key, struct bytes message,
                   struct bytes signature)
{
	uint8_t mac[crypto_auth_hmacsha256_BYTES], der[P256_DER_MAX];
	bool ok;

	switch (key->alg) {
	case KEY_HS256:
		authenticate(key, message, mac);
		ok = signature.len == sizeof(mac) &&
		     sodium_memcmp(mac, signature.data, sizeof(mac)) == 0;
		sodium_memzero(mac, sizeof(mac));
		return ok;
	case KEY_ES256:
		return signature.len == (size_t)2 * P256_SIZE &&
		       verify_by_pkey(key, message, der,
		                      der_from_raw(signature.data, der));
	case KEY_RS256:
		return verify_by_pkey(key, message, signature.data,
		                      signature.len);
	}
	return false;
}

/* number_text writes a number of the key, unsigned and big-endian. */
static char *
number_text(const struct signing_key *key, const char *name, int width,
            struct arena *arena)
{
	uint8_t bytes[RSA_BITS_MAX / 8];
	BIGNUM *number = NULL;
	char *text = NULL;
	int len;

	if (EVP_PKEY_get_bn_param(key->pkey, name, &number) != 1)
		return NULL;
	len = width > 0 ? width : BN_num_bytes(number);
	if (len <= (int)sizeof(bytes) &&
	    BN_bn2binpad(number, bytes, len) == len)
		text = arena_alloc(arena, BASE64URL_SIZE((size_t)len));
	if (text != NULL)
		base64url_encode(bytes, (size_t)len, text);
	BN_free(number);
	return text;
}

enum code
signing_key_public(const struct signing_key *key, struct arena *arena,
                   struct public_key *out)
{
	struct public_key public = { .alg = key->alg };
	bool ok;

	if (key->alg == KEY_HS256)
		return CODE_NOT_FOUND;
	public.kid = arena_strdup(arena, key->kid);
	if (key->alg == KEY_ES256) {
		public.x = number_text(key, OSSL_PKEY_PARAM_EC_PUB_X, P256_SIZE,
		                       arena);
		public.y = number_text(key, OSSL_PKEY_PARAM_EC_PUB_Y, P256_SIZE,
		                       arena);
		ok = public.x != NULL && public.y != NULL;
	} else {
		public.n = number_text(key, OSSL_PKEY_PARAM_RSA_N, 0, arena);
		public.e = number_text(key, OSSL_PKEY_PARAM_RSA_E, 0, arena);
		ok = public.n != NULL && public.e != NULL;
	}
	if (public.kid == NULL || !ok)
		return arena->full ? CODE_RESOURCE_EXHAUSTED : CODE_INTERNAL;
	*out = public;
	return CODE_OK;
}
