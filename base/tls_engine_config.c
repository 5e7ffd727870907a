#include "base/tls_engine_config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <mbedtls/oid.h>

static const int suites[] = {
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	0,
};

static const mbedtls_ecp_group_id curves[] = {
	MBEDTLS_ECP_DP_SECP256R1,
	MBEDTLS_ECP_DP_SECP384R1,
	MBEDTLS_ECP_DP_NONE,
};

static const int hashes[] = {
	MBEDTLS_MD_SHA256,
	MBEDTLS_MD_SHA384,
	MBEDTLS_MD_NONE,
};

/* The kernel's generator: no state of ours to seed or to lock. */
static int
random_bytes(void *ctx, unsigned char *out, size_t len)
{
	(void)ctx;
	for (size_t at = 0; at < len;) {
		ssize_t n = getrandom(out + at, len - at, 0);

		if (n < 0)
			return MBEDTLS_ERR_SSL_NO_RNG;
		at += (size_t)n;
	}
	return 0;
}

static void
config_fini(nng_tls_engine_config *cfg)
{
	mbedtls_ssl_config_free(&cfg->ssl);
	mbedtls_x509_crt_free(&cfg->authority);
	mbedtls_x509_crt_free(&cfg->cert);
	mbedtls_pk_free(&cfg->key);
	free(cfg->server_name);
	*cfg = (nng_tls_engine_config){ 0 };
}

static int
config_init(nng_tls_engine_config *cfg, nng_tls_mode mode)
{
	mbedtls_ssl_config *ssl = &cfg->ssl;

	cfg->is_server = mode == NNG_TLS_MODE_SERVER;
	mbedtls_ssl_config_init(ssl);
	mbedtls_x509_crt_init(&cfg->authority);
	mbedtls_x509_crt_init(&cfg->cert);
	mbedtls_pk_init(&cfg->key);
	if (mbedtls_ssl_config_defaults(ssl,
	                                cfg->is_server ? MBEDTLS_SSL_IS_SERVER
	                                               : MBEDTLS_SSL_IS_CLIENT,
	                                MBEDTLS_SSL_TRANSPORT_STREAM,
	                                MBEDTLS_SSL_PRESET_DEFAULT) != 0) {
		config_fini(cfg);
		return NNG_ENOMEM;
	}
	mbedtls_ssl_conf_min_version(ssl, MBEDTLS_SSL_MAJOR_VERSION_3,
	                             MBEDTLS_SSL_MINOR_VERSION_3);
	mbedtls_ssl_conf_max_version(ssl, MBEDTLS_SSL_MAJOR_VERSION_3,
	                             MBEDTLS_SSL_MINOR_VERSION_3);
	mbedtls_ssl_conf_rng(ssl, random_bytes, NULL);
	mbedtls_ssl_conf_authmode(ssl, MBEDTLS_SSL_VERIFY_REQUIRED);
	mbedtls_ssl_conf_ciphersuites(ssl, suites);
	mbedtls_ssl_conf_curves(ssl, curves);
	mbedtls_ssl_conf_sig_hashes(ssl, hashes);
	mbedtls_ssl_conf_cert_profile(ssl, &mbedtls_x509_crt_profile_suiteb);
	mbedtls_ssl_conf_renegotiation(ssl, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
	mbedtls_ssl_conf_legacy_renegotiation(
		ssl, MBEDTLS_SSL_LEGACY_NO_RENEGOTIATION);
	mbedtls_ssl_conf_session_tickets(ssl,
	                                 MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
	return 0;
}

static int
config_server_name(nng_tls_engine_config *cfg, const char *name)
{
	char *copy = strdup(name);

	if (copy == NULL)
		return NNG_ENOMEM;
	free(cfg->server_name);
	cfg->server_name = copy;
	return 0;
}

/*
 * There is one mode, whatever is asked for. Not an error, because NNG sets
 * "none" on the configuration that every listener has before it is given one.
 */
static int
config_auth(nng_tls_engine_config *cfg, nng_tls_auth_mode mode)
{
	(void)cfg;
	(void)mode;
	return 0;
}

/*
 * mbedTLS 2.28 computes a curve's table at a key's first use and keeps it in
 * the key, unlocked. These keys are shared by every connection, so they are
 * used once before any of them: the signature need not be good for that.
 */
static void
warm(mbedtls_pk_context *key)
{
	static const uint8_t one_and_one[] = { 0x30, 6, 2, 1, 1, 2, 1, 1 };
	uint8_t hash[32];

	memset(hash, 0x5a, sizeof(hash));
	(void)mbedtls_pk_verify(key, MBEDTLS_MD_SHA256, hash, sizeof(hash),
	                        one_and_one, sizeof(one_and_one));
}

static int
config_ca_chain(nng_tls_engine_config *cfg, const char *certs, const char *crl)
{
	if (crl != NULL || cfg->has_authority)
		return NNG_ENOTSUP;
	if (mbedtls_x509_crt_parse(&cfg->authority, (const uint8_t *)certs,
	                           strlen(certs) + 1) != 0) {
		mbedtls_x509_crt_free(&cfg->authority);
		return NNG_ECRYPTO;
	}
	for (mbedtls_x509_crt *c = &cfg->authority; c != NULL; c = c->next)
		warm(&c->pk);
	mbedtls_ssl_conf_ca_chain(&cfg->ssl, &cfg->authority, NULL);
	cfg->has_authority = true;
	return 0;
}

static int
parse_own(nng_tls_engine_config *cfg, const char *cert, const char *key)
{
	int rc = mbedtls_x509_crt_parse(&cfg->cert, (const uint8_t *)cert,
	                                strlen(cert) + 1);

	if (rc == 0)
		rc = mbedtls_pk_parse_key(&cfg->key, (const uint8_t *)key,
		                          strlen(key) + 1, NULL, 0);
	if (rc == 0)
		rc = mbedtls_pk_check_pair(&cfg->cert.pk, &cfg->key);
	return rc;
}

/* A certificate of the other side would be refused by every peer. */
static bool
fits_side(const nng_tls_engine_config *cfg)
{
	const char *use = cfg->is_server ? MBEDTLS_OID_SERVER_AUTH
	                                 : MBEDTLS_OID_CLIENT_AUTH;

	return (cfg->cert.ext_types & MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE) !=
	               0 &&
	       mbedtls_x509_crt_check_extended_key_usage(&cfg->cert, use,
	                                                 strlen(use)) == 0;
}

static int
config_own_cert(nng_tls_engine_config *cfg, const char *cert, const char *key,
                const char *password)
{
	int rv = 0;

	if (password != NULL || cfg->has_cert)
		return NNG_ENOTSUP;
	if (parse_own(cfg, cert, key) != 0)
		rv = NNG_ECRYPTO;
	else if (!fits_side(cfg))
		rv = NNG_EPERM;
	if (rv != 0) {
		mbedtls_x509_crt_free(&cfg->cert);
		mbedtls_pk_free(&cfg->key);
		return rv;
	}
	if (mbedtls_ssl_conf_own_cert(&cfg->ssl, &cfg->cert, &cfg->key) != 0)
		return NNG_ENOMEM;
	warm(&cfg->key);
	cfg->has_cert = true;
	return 0;
}

static int
config_version(nng_tls_engine_config *cfg, nng_tls_version min,
               nng_tls_version max)
{
	(void)cfg;
	return min <= NNG_TLS_1_2 && max >= NNG_TLS_1_2 ? 0 : NNG_ENOTSUP;
}

nng_tls_engine_config_ops tls_engine_config_ops = {
	.size = sizeof(nng_tls_engine_config),
	.init = config_init,
	.fini = config_fini,
	.server = config_server_name,
	.auth = config_auth,
	.ca_chain = config_ca_chain,
	.own_cert = config_own_cert,
	.version = config_version,
};
