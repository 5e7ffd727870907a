#include "base/tls_reason.h"

#include <stddef.h>

#include <mbedtls/x509.h>

/* What is wrong with a certificate, the gravest first. */
static const struct {
	uint32_t flags;
	const char *reason;
} verdicts[] = {
	{ MBEDTLS_X509_BADCERT_MISSING, "no client certificate" },
	{ MBEDTLS_X509_BADCERT_NOT_TRUSTED, "unknown authority" },
	{ MBEDTLS_X509_BADCERT_REVOKED, "certificate revoked" },
	{ MBEDTLS_X509_BADCERT_EXPIRED, "certificate expired" },
	{ MBEDTLS_X509_BADCERT_FUTURE, "certificate not valid yet" },
	{ MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE |
	          MBEDTLS_X509_BADCERT_NS_CERT_TYPE,
	  "wrong key usage" },
	{ MBEDTLS_X509_BADCERT_CN_MISMATCH, "wrong name" },
	{ MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK |
	          MBEDTLS_X509_BADCERT_BAD_KEY,
	  "weak certificate" },
};

/* The alerts that a refused certificate or version earns. */
static const struct {
	uint8_t alert;
	const char *reason;
} alerts[] = {
	{ 40, "refused by the peer: handshake_failure" },
	{ 42, "refused by the peer: bad_certificate" },
	{ 43, "refused by the peer: unsupported_certificate" },
	{ 44, "refused by the peer: certificate_revoked" },
	{ 45, "refused by the peer: certificate_expired" },
	{ 46, "refused by the peer: certificate_unknown" },
	{ 48, "refused by the peer: unknown_ca" },
	{ 49, "refused by the peer: access_denied" },
	{ 70, "refused by the peer: protocol_version" },
};

const char *
tls_reason_of_verdict(uint32_t flags)
{
	/* All bits are set while no certificate was looked at. */
	if (flags == UINT32_MAX)
		return NULL;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if ((flags & verdicts[i].flags) != 0)
			return verdicts[i].reason;
	return NULL;
}

const char *
tls_reason_of_alert(uint8_t alert)
{
	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
		if (alerts[i].alert == alert)
			return alerts[i].reason;
	return "refused by the peer";
}
