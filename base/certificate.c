#include "base/certificate.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "base/clock.h"
#include "base/new_file.h"

#define PEM_MAX 4096           /* bytes; a P-256 certificate is about 800 */
#define SERIAL_SIZE 16         /* bytes */
#define TIME_TEXT_SIZE 15      /* YYYYMMDDhhmmss and the NUL */
#define DN_MAX 256             /* bytes of a subject as text */
#define YEAR_9999 253370764800 /* Unix seconds: the last year X.509 has */

/* Everything that making one certificate needs; wiped when done. */
struct maker {
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
	mbedtls_pk_context key;    /* of the new certificate */
	mbedtls_pk_context ca_key; /* unused for an authority */
	mbedtls_x509_crt ca;
	mbedtls_x509_crt old; /* a certificate to renew; unused else */
	mbedtls_x509write_cert cert;
	mbedtls_mpi serial;
	char subject[DN_MAX];
	char issuer[DN_MAX];
	unsigned char cert_pem[PEM_MAX];
	unsigned char key_pem[PEM_MAX];
};

static void
maker_init(struct maker *maker)
{
	memset(maker, 0, sizeof(*maker));
	mbedtls_entropy_init(&maker->entropy);
	mbedtls_ctr_drbg_init(&maker->random);
	mbedtls_pk_init(&maker->key);
	mbedtls_pk_init(&maker->ca_key);
	mbedtls_x509_crt_init(&maker->ca);
	mbedtls_x509_crt_init(&maker->old);
	mbedtls_x509write_crt_init(&maker->cert);
	mbedtls_mpi_init(&maker->serial);
}

static void
maker_reset(struct maker *maker)
{
	mbedtls_mpi_free(&maker->serial);
	mbedtls_x509write_crt_free(&maker->cert);
	mbedtls_x509_crt_free(&maker->old);
	mbedtls_x509_crt_free(&maker->ca);
	mbedtls_pk_free(&maker->ca_key);
	mbedtls_pk_free(&maker->key);
	mbedtls_ctr_drbg_free(&maker->random);
	mbedtls_entropy_free(&maker->entropy);
	explicit_bzero(maker, sizeof(*maker));
}

int
certificate_name_is_valid(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_";
	size_t len = strnlen(name, CERTIFICATE_NAME_MAX + 1);

	return len > 0 && len <= CERTIFICATE_NAME_MAX && *name != '.' &&
	       *name != '-' && name[strspn(name, allowed)] == '\0';
}

static int
seed(struct maker *maker)
{
	static const char label[] = "latchkey certificate";

	return mbedtls_ctr_drbg_seed(
		&maker->random, mbedtls_entropy_func, &maker->entropy,
		(const unsigned char *)label, sizeof(label) - 1);
}

static enum code
make_key(struct maker *maker)
{
	int rc = seed(maker);

	if (rc == 0)
		rc = mbedtls_pk_setup(&maker->key, mbedtls_pk_info_from_type(
							   MBEDTLS_PK_ECKEY));
	if (rc == 0)
		rc = mbedtls_ecp_gen_key(
			MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(maker->key),
			mbedtls_ctr_drbg_random, &maker->random);
	return rc == 0 ? CODE_OK : CODE_INTERNAL;
}

static bool
time_text(int64_t when, char out[TIME_TEXT_SIZE])
{
	time_t seconds = (time_t)when;
	struct tm tm;

	return when >= 0 && when < YEAR_9999 &&
	       gmtime_r(&seconds, &tm) != NULL &&
	       strftime(out, TIME_TEXT_SIZE, "%Y%m%d%H%M%S", &tm) ==
	               TIME_TEXT_SIZE - 1;
}

/* describe sets what authorities and leaves have in common. */
static enum code
describe(struct maker *maker, const char *name, int64_t not_before,
         int64_t lifetime_s)
{
	mbedtls_x509write_cert *cert = &maker->cert;
	unsigned char serial[SERIAL_SIZE];
	char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];
	int rc;

	if (lifetime_s <= 0 || lifetime_s > YEAR_9999 ||
	    !time_text(not_before, from) ||
	    !time_text(not_before + lifetime_s, to))
		return CODE_INVALID_ARGUMENT;
	(void)snprintf(maker->subject, sizeof(maker->subject), "CN=%s", name);
	rc = mbedtls_ctr_drbg_random(&maker->random, serial, sizeof(serial));
	/* RFC 5280, 4.1.2.2: positive; the second bit keeps it from zero. */
	serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40);
	if (rc == 0)
		rc = mbedtls_mpi_read_binary(&maker->serial, serial,
		                             sizeof(serial));
	if (rc == 0)
		rc = mbedtls_x509write_crt_set_serial(cert, &maker->serial);
	if (rc == 0)
		rc = mbedtls_x509write_crt_set_validity(cert, from, to);
	if (rc == 0)
		rc = mbedtls_x509write_crt_set_subject_name(cert,
		                                            maker->subject);
	mbedtls_x509write_crt_set_version(cert, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(cert, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(
		cert, maker->old.raw.p != NULL ? &maker->old.pk : &maker->key);
	return rc == 0 ? CODE_OK : CODE_INTERNAL;
}

static enum code
write_cert(struct maker *maker)
{
	int rc = mbedtls_x509write_crt_set_subject_key_identifier(&maker->cert);

	if (rc == 0)
		rc = mbedtls_x509write_crt_set_authority_key_identifier(
			&maker->cert);
	if (rc == 0)
		rc = mbedtls_x509write_crt_pem(
			&maker->cert, maker->cert_pem, sizeof(maker->cert_pem),
			mbedtls_ctr_drbg_random, &maker->random);
	return rc == 0 ? CODE_OK : CODE_INTERNAL;
}

static enum code
write_pem(struct maker *maker)
{
	enum code code = write_cert(maker);

	if (code == CODE_OK &&
	    mbedtls_pk_write_key_pem(&maker->key, maker->key_pem,
	                             sizeof(maker->key_pem)) != 0)
		code = CODE_INTERNAL;
	return code;
}

static struct bytes
pem_bytes(const unsigned char *pem)
{
	return (struct bytes){ pem, strlen((const char *)pem) };
}

/* save writes both files or neither. */
static enum code
save(const struct maker *maker, const char *cert_path, const char *key_path)
{
	enum code code =
		new_file_write(key_path, pem_bytes(maker->key_pem), 0600);

	if (code != CODE_OK)
		return code;
	code = new_file_write(cert_path, pem_bytes(maker->cert_pem), 0644);
	if (code != CODE_OK)
		(void)unlink(key_path);
	return code;
}

static enum code
extend_authority(struct maker *maker)
{
	mbedtls_x509write_cert *cert = &maker->cert;
	int rc = mbedtls_x509write_crt_set_issuer_name(cert, maker->subject);

	mbedtls_x509write_crt_set_issuer_key(cert, &maker->key);
	if (rc == 0)
		rc = mbedtls_x509write_crt_set_basic_constraints(cert, 1, 0);
	if (rc == 0)
		rc = mbedtls_x509write_crt_set_key_usage(
			cert, MBEDTLS_X509_KU_KEY_CERT_SIGN |
				      MBEDTLS_X509_KU_CRL_SIGN);
	return rc == 0 ? CODE_OK : CODE_INTERNAL;
}

enum code
certificate_make_authority(const char *name, int64_t lifetime_s,
                           const char *cert_path, const char *key_path)
{
	int64_t now = clock_wall_us() / 1000000;
	struct maker maker;
	enum code code;

	if (!certificate_name_is_valid(name) || lifetime_s <= 0 ||
	    lifetime_s > YEAR_9999)
		return CODE_INVALID_ARGUMENT;
	maker_init(&maker);
	code = make_key(&maker);
	if (code == CODE_OK)
		code = describe(&maker, name, now - CERTIFICATE_BACKDATED_S,
		                lifetime_s + CERTIFICATE_BACKDATED_S);
	if (code == CODE_OK)
		code = extend_authority(&maker);
	if (code == CODE_OK)
		code = write_pem(&maker);
	if (code == CODE_OK)
		code = save(&maker, cert_path, key_path);
	maker_reset(&maker);
	return code;
}

static enum code
read_code(int rc)
{
	if (rc == 0)
		return CODE_OK;
	return rc == MBEDTLS_ERR_PK_FILE_IO_ERROR ||
	                       rc == MBEDTLS_ERR_X509_FILE_IO_ERROR
	               ? CODE_NOT_FOUND
	               : CODE_INVALID_ARGUMENT;
}

/* readable tells a missing file from one that is not ours to read. */
static enum code
readable(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return CODE_NOT_FOUND;
	return access(path, R_OK) == 0 ? CODE_OK : CODE_PERMISSION_DENIED;
}

static enum code
load_authority(struct maker *maker, const char *cert_path, const char *key_path)
{
	enum code code = readable(cert_path);
	int len;

	if (code == CODE_OK)
		code = readable(key_path);
	if (code == CODE_OK)
		code = read_code(
			mbedtls_x509_crt_parse_file(&maker->ca, cert_path));
	if (code == CODE_OK)
		code = read_code(mbedtls_pk_parse_keyfile(&maker->ca_key,
		                                          key_path, NULL));
	if (code != CODE_OK)
		return code;
	len = mbedtls_x509_dn_gets(maker->issuer, sizeof(maker->issuer),
	                           &maker->ca.subject);
	if (len < 0 || maker->ca.ca_istrue == 0 ||
	    mbedtls_pk_check_pair(&maker->ca.pk, &maker->ca_key) != 0)
		return CODE_INVALID_ARGUMENT;
	return CODE_OK;
}

/* set_alt_name writes SubjectAltName ::= { [2] IA5String } by hand. */
static int
set_alt_name(mbedtls_x509write_cert *cert, const char *name)
{
	unsigned char der[4 + CERTIFICATE_NAME_MAX + 1];
	size_t len = strlen(name);

	der[0] = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
	der[1] = (unsigned char)(len + 2);
	der[2] = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 2;
	der[3] = (unsigned char)len;
	memcpy(der + 4, name, len + 1);
	return mbedtls_x509write_crt_set_extension(
		cert, MBEDTLS_OID_SUBJECT_ALT_NAME,
		MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0, der,
		len + 4);
}

/* set_use writes ExtKeyUsageSyntax ::= { OBJECT IDENTIFIER } by hand. */
static int
set_use(mbedtls_x509write_cert *cert, enum certificate_use use)
{
	const char *oid = use == CERTIFICATE_SERVER ? MBEDTLS_OID_SERVER_AUTH
	                                            : MBEDTLS_OID_CLIENT_AUTH;
	const size_t len = MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH);
	unsigned char der[4 + sizeof(MBEDTLS_OID_SERVER_AUTH)];

	der[0] = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
	der[1] = (unsigned char)(len + 2);
	der[2] = MBEDTLS_ASN1_OID;
	der[3] = (unsigned char)len;
	memcpy(der + 4, oid, len);
	return mbedtls_x509write_crt_set_extension(
		cert, MBEDTLS_OID_EXTENDED_KEY_USAGE,
		MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE), 0, der,
		len + 4);
}

static enum code
extend_leaf(struct maker *maker, const char *name, enum certificate_use use)
{
	mbedtls_x509write_cert *cert = &maker->cert;
	int rc = mbedtls_x509write_crt_set_issuer_name(cert, maker->issuer);

	mbedtls_x509write_crt_set_issuer_key(cert, &maker->ca_key);
	if (rc == 0)
		rc = mbedtls_x509write_crt_set_basic_constraints(cert, 0, 0);
	if (rc == 0)
		rc = mbedtls_x509write_crt_set_key_usage(
			cert, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
	if (rc == 0)
		rc = set_use(cert, use);
	if (rc == 0)
		rc = set_alt_name(cert, name);
	return rc == 0 ? CODE_OK : CODE_INTERNAL;
}

enum code
certificate_issue(const struct certificate_order *order)
{
	struct maker maker;
	enum code code;

	if (!certificate_name_is_valid(order->name))
		return CODE_INVALID_ARGUMENT;
	maker_init(&maker);
	code = load_authority(&maker, order->ca_cert_path, order->ca_key_path);
	if (code == CODE_OK)
		code = make_key(&maker);
	if (code == CODE_OK)
		code = describe(&maker, order->name, order->not_before,
		                order->lifetime_s);
	if (code == CODE_OK)
		code = extend_leaf(&maker, order->name, order->use);
	if (code == CODE_OK)
		code = write_pem(&maker);
	if (code == CODE_OK)
		code = save(&maker, order->cert_path, order->key_path);
	maker_reset(&maker);
	return code;
}

static int64_t
unix_time(const mbedtls_x509_time *time)
{
	struct tm tm = {
		.tm_year = time->year - 1900,
		.tm_mon = time->mon - 1,
		.tm_mday = time->day,
		.tm_hour = time->hour,
		.tm_min = time->min,
		.tm_sec = time->sec,
	};

	return (int64_t)timegm(&tm);
}

/* load_old reads the certificate to renew, which must be of this authority. */
static enum code
load_old(struct maker *maker, const char *cert_path)
{
	const uint32_t aged =
		MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE;
	enum code code = readable(cert_path);
	uint32_t flags = 0;

	if (code == CODE_OK)
		code = read_code(
			mbedtls_x509_crt_parse_file(&maker->old, cert_path));
	if (code != CODE_OK)
		return code;
	(void)mbedtls_x509_crt_verify(&maker->old, &maker->ca, NULL, NULL,
	                              &flags, NULL, NULL);
	return (flags & ~aged) == 0 && maker->old.ca_istrue == 0
	               ? CODE_OK
	               : CODE_INVALID_ARGUMENT;
}

/* read_name copies the common name, if it is one that a leaf may have. */
static bool
read_name(mbedtls_x509_crt *cert, char out[CERTIFICATE_NAME_MAX + 1])
{
	const mbedtls_asn1_named_data *name = mbedtls_asn1_find_named_data(
		&cert->subject, MBEDTLS_OID_AT_CN,
		MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_CN));

	if (name == NULL || name->val.len > CERTIFICATE_NAME_MAX)
		return false;
	memcpy(out, name->val.p, name->val.len);
	out[name->val.len] = '\0';
	return strlen(out) == name->val.len && certificate_name_is_valid(out);
}

static bool
is_for(const mbedtls_x509_crt *cert, const char *oid, size_t len)
{
	return (cert->ext_types & MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE) != 0 &&
	       mbedtls_x509_crt_check_extended_key_usage(cert, oid, len) == 0;
}

/* write_renewed makes the certificate anew from what the old one says. */
static enum code
write_renewed(struct maker *maker, const struct certificate_renewal *renewal)
{
	int64_t left_s = unix_time(&maker->ca.valid_to) - renewal->now;
	char name[CERTIFICATE_NAME_MAX + 1];
	enum certificate_use use = CERTIFICATE_CLIENT;
	enum code code;

	if (is_for(&maker->old, MBEDTLS_OID_SERVER_AUTH,
	           MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)))
		use = CERTIFICATE_SERVER;
	if (!read_name(&maker->old, name) || renewal->lifetime_s <= 0)
		return CODE_INVALID_ARGUMENT;
	if (left_s <= 0)
		return CODE_FAILED_PRECONDITION;
	if (left_s > renewal->lifetime_s)
		left_s = renewal->lifetime_s;
	if (seed(maker) != 0)
		return CODE_INTERNAL;
	code = describe(maker, name, renewal->now - CERTIFICATE_BACKDATED_S,
	                left_s + CERTIFICATE_BACKDATED_S);
	if (code == CODE_OK)
		code = extend_leaf(maker, name, use);
	return code == CODE_OK ? write_cert(maker) : code;
}

enum code
certificate_renew(const struct certificate_renewal *renewal)
{
	struct maker maker;
	enum code code;

	maker_init(&maker);
	code = load_authority(&maker, renewal->ca_cert_path,
	                      renewal->ca_key_path);
	if (code == CODE_OK)
		code = load_old(&maker, renewal->cert_path);
	if (code == CODE_OK)
		code = write_renewed(&maker, renewal);
	if (code == CODE_OK)
		code = new_file_replace(renewal->cert_path,
		                        pem_bytes(maker.cert_pem), 0644);
	maker_reset(&maker);
	return code;
}

enum code
certificate_expires_at(const char *cert_path, int64_t *out)
{
	enum code code = readable(cert_path);
	mbedtls_x509_crt cert;

	if (code != CODE_OK)
		return code;
	mbedtls_x509_crt_init(&cert);
	code = read_code(mbedtls_x509_crt_parse_file(&cert, cert_path));
	if (code == CODE_OK)
		*out = unix_time(&cert.valid_to);
	mbedtls_x509_crt_free(&cert);
	return code;
}
