#ifndef BASE_TLS_REASON_H
#define BASE_TLS_REASON_H

#include <stdint.h>

/* Why a TLS peer was refused, in words for the log. Static texts. */

/*
 * tls_reason_of_verdict names the gravest fault that mbedTLS found with a
 * certificate (MBEDTLS_X509_BADCERT_*); NULL if none, or none was looked at.
 */
const char *tls_reason_of_verdict(uint32_t flags);

/* tls_reason_of_alert says why the peer refused us (RFC 5246, 7.2.2). */
const char *tls_reason_of_alert(uint8_t alert);

#endif
