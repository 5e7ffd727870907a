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

#define CERTIFICATE_LIFETIME_S ((int64_t)5 * 365 * 24 * 3600) /* of a leaf */
#define CERTIFICATE_BACKDATED_S 300 /* for peers whose clock is behind */
#define CERTIFICATE_NAME_MAX 63     /* letters, digits, '_', inside also '.-' */

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

/* What certificate_renew replaces, and by whom it was signed. */
struct certificate_renewal {
	const char *cert_path;
	const char *ca_cert_path;
	const char *ca_key_path;
	int64_t now; /* Unix seconds */
	int64_t lifetime_s;
};

/*
 * certificate_renew replaces a leaf, at once and durably (0644), by one with
 * the same name, use and key, which is not needed for it: what goes with the
 * old certificate goes with the new one at every moment. It ends no later than
 * its authority. Codes as of certificate_issue; INVALID_ARGUMENT also for a
 * certificate that this authority has not signed, FAILED_PRECONDITION for an
 * authority that has expired.
 */
NODISCARD enum code
certificate_renew(const struct certificate_renewal *renewal);

/* certificate_expires_at reads a PEM certificate's notAfter, Unix seconds. */
NODISCARD enum code certificate_expires_at(const char *cert_path, int64_t *out);

#endif
