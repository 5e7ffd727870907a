#ifndef BASE_CERTIFICATE_H
#define BASE_CERTIFICATE_H

#include <stdint.h>

#include "base/code.h"

/*
 * X.509 v3 certificates (RFC 5280) of the private authorities that guard the
 * RPC listeners: P-256 keys, ECDSA with SHA-256, made by mbedTLS. A leaf has a
 * subjectAltName with its name and one extendedKeyUsage: serverAuth for a
 * listener, clientAuth for a dialer, so that neither can pose as the other.
 */
enum certificate_use { CERTIFICATE_SERVER, CERTIFICATE_CLIENT };

#define CERTIFICATE_NAME_MAX 63 /* letters, digits, '_', inside also '.-' */

/* certificate_name_is_valid tells whether a name may stand in a leaf. */
int certificate_name_is_valid(const char *name);

/*
 * certificate_make_authority writes a new self-signed authority, valid since
 * five minutes ago (clocks differ) and for lifetime_s from now: cert_path
 * (0644) and key_path (0600), neither of which may exist (ALREADY_EXISTS).
 */
NODISCARD enum code certificate_make_authority(const char *name,
                                               int64_t lifetime_s,
                                               const char *cert_path,
                                               const char *key_path);

/* What certificate_issue makes and from what. */
struct certificate_order {
	const char *name; /* common name and DNS name */
	enum certificate_use use;
	int64_t not_before; /* Unix seconds; some minutes ago for use now */
	int64_t lifetime_s;
	const char *ca_cert_path;
	const char *ca_key_path;
	const char *cert_path; /* 0644, must not exist */
	const char *key_path;  /* 0600, must not exist */
};

/*
 * certificate_issue makes a key pair and a certificate for it, signed by the
 * authority. ALREADY_EXISTS, NOT_FOUND (no authority or directory there),
 * PERMISSION_DENIED (files), INVALID_ARGUMENT (name, times, an authority that
 * is none or whose key is another's), INTERNAL. Leaves no half-written file.
 */
NODISCARD enum code certificate_issue(const struct certificate_order *order);

/* certificate_expires_at reads a PEM certificate's notAfter, Unix seconds. */
NODISCARD enum code certificate_expires_at(const char *cert_path, int64_t *out);

#endif
