#include "base/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cmocka.h>

#define DAY_S 86400L
#define DIR_TEMPLATE "/tmp/certificate.XXXXXX"

static const char *const file_names[] = { "ca.crt",    "ca.key",    "leaf.crt",
	                                  "leaf.key",  "other.crt", "other.key",
	                                  "other2.key" };

struct fixture {
	char dir[sizeof(DIR_TEMPLATE)];
	char ca_cert[64], ca_key[64], cert[64], key[64], other_cert[64],
		other_key[64];
	struct certificate_order order;
};

static int
make_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char(*paths[])[64] = { &f->ca_cert, &f->ca_key,     &f->cert,
		               &f->key,     &f->other_cert, &f->other_key };

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), DIR_TEMPLATE);
	assert_non_null(mkdtemp(f->dir));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		(void)snprintf(*paths[i], sizeof(*paths[i]), "%s/%s", f->dir,
		               file_names[i]);
	assert_int_equal(certificate_make_authority("test-ca", 10 * DAY_S,
	                                            f->ca_cert, f->ca_key),
	                 CODE_OK);
	f->order = (struct certificate_order){
		.name = "latchkeyd",
		.use = CERTIFICATE_SERVER,
		.not_before = time(NULL) - 300,
		.lifetime_s = DAY_S,
		.ca_cert_path = f->ca_cert,
		.ca_key_path = f->ca_key,
		.cert_path = f->cert,
		.key_path = f->key,
	};
	*state = f;
	return 0;
}

/* Fails when a file was left behind that nobody asked for. */
static int
drop_fixture(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(file_names) / sizeof(file_names[0]);
	     i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "%s/%s", f->dir,
		               file_names[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static uint32_t
verify_flags(const struct fixture *f, const char *name)
{
	mbedtls_x509_crt ca, leaf;
	uint32_t flags = 0;

	mbedtls_x509_crt_init(&ca);
	mbedtls_x509_crt_init(&leaf);
	assert_int_equal(mbedtls_x509_crt_parse_file(&ca, f->ca_cert), 0);
	assert_int_equal(mbedtls_x509_crt_parse_file(&leaf, f->cert), 0);
	(void)mbedtls_x509_crt_verify(&leaf, &ca, NULL, name, &flags, NULL,
	                              NULL);
	mbedtls_x509_crt_free(&leaf);
	mbedtls_x509_crt_free(&ca);
	return flags;
}

static void
a_leaf_verifies_under_its_authority_by_its_name_only(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(certificate_issue(&f->order), CODE_OK);
	assert_int_equal(verify_flags(f, "latchkeyd"), 0);
	assert_int_equal(verify_flags(f, "latchkey"),
	                 MBEDTLS_X509_BADCERT_CN_MISMATCH);
}

static void
another_authority_of_the_same_name_does_not_verify_it(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(certificate_issue(&f->order), CODE_OK);
	assert_int_equal(certificate_make_authority(
				 "test-ca", DAY_S, f->other_cert, f->other_key),
	                 CODE_OK);
	(void)snprintf(f->ca_cert, sizeof(f->ca_cert), "%s", f->other_cert);
	assert_int_equal(verify_flags(f, "latchkeyd"),
	                 MBEDTLS_X509_BADCERT_NOT_TRUSTED);
	(void)snprintf(f->ca_cert, sizeof(f->ca_cert), "%s/ca.crt", f->dir);
}

static void
check_use(const struct fixture *f, bool server)
{
	mbedtls_x509_crt leaf;
	int as_server, as_client;

	mbedtls_x509_crt_init(&leaf);
	assert_int_equal(mbedtls_x509_crt_parse_file(&leaf, f->cert), 0);
	as_server = mbedtls_x509_crt_check_extended_key_usage(
		&leaf, MBEDTLS_OID_SERVER_AUTH,
		MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH));
	as_client = mbedtls_x509_crt_check_extended_key_usage(
		&leaf, MBEDTLS_OID_CLIENT_AUTH,
		MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH));
	assert_int_equal(as_server == 0, server);
	assert_int_equal(as_client == 0, !server);
	assert_int_equal(leaf.ca_istrue, 0);
	assert_int_equal(leaf.key_usage, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
	assert_int_equal(leaf.serial.len, 16);
	assert_true(leaf.serial.p[0] < 0x80);
	mbedtls_x509_crt_free(&leaf);
}

static void
a_leaf_is_for_one_use(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(certificate_issue(&f->order), CODE_OK);
	check_use(f, true);
	(void)unlink(f->cert);
	(void)unlink(f->key);
	f->order.use = CERTIFICATE_CLIENT;
	assert_int_equal(certificate_issue(&f->order), CODE_OK);
	check_use(f, false);
}

static X509 *
read_x509(const char *path)
{
	FILE *from = fopen(path, "r");
	X509 *cert;

	assert_non_null(from);
	cert = PEM_read_X509(from, NULL, NULL, NULL);
	assert_int_equal(fclose(from), 0);
	assert_non_null(cert);
	return cert;
}

static int
openssl_verdict(const struct fixture *f, const char *purpose, const char *host)
{
	X509_STORE *trust = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *ca = read_x509(f->ca_cert), *leaf = read_x509(f->cert);
	X509_VERIFY_PARAM *param;
	int verdict;

	assert_int_equal(X509_STORE_add_cert(trust, ca), 1);
	assert_int_equal(X509_STORE_CTX_init(ctx, trust, leaf, NULL), 1);
	assert_int_equal(X509_STORE_CTX_set_default(ctx, purpose), 1);
	param = X509_STORE_CTX_get0_param(ctx);
	assert_int_equal(X509_VERIFY_PARAM_set1_host(param, host, 0), 1);
	assert_int_equal(
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT), 1);
	(void)X509_verify_cert(ctx);
	verdict = X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(trust);
	X509_free(leaf);
	X509_free(ca);
	return verdict;
}

static void
a_second_library_takes_it_strictly_too(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(certificate_issue(&f->order), CODE_OK);
	assert_int_equal(openssl_verdict(f, "ssl_server", "latchkeyd"),
	                 X509_V_OK);
	assert_int_equal(openssl_verdict(f, "ssl_client", "latchkeyd"),
	                 X509_V_ERR_INVALID_PURPOSE);
	assert_int_equal(openssl_verdict(f, "ssl_server", "other"),
	                 X509_V_ERR_HOSTNAME_MISMATCH);
}

static void
an_order_in_the_past_makes_an_expired_certificate(void **state)
{
	struct fixture *f = *state;
	int64_t expires_at = 0;

	f->order.not_before = 1000000000;
	f->order.lifetime_s = 60;
	assert_int_equal(certificate_issue(&f->order), CODE_OK);
	assert_int_equal(verify_flags(f, "latchkeyd"),
	                 MBEDTLS_X509_BADCERT_EXPIRED);
	assert_int_equal(certificate_expires_at(f->cert, &expires_at), CODE_OK);
	assert_int_equal(expires_at, 1000000060);
}

static void
assert_mode(const char *path, mode_t mode)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void
keys_are_for_their_owner_only(void **state)
{
	struct fixture *f = *state;
	mode_t old = umask(0);

	assert_int_equal(certificate_issue(&f->order), CODE_OK);
	(void)umask(old);
	assert_mode(f->key, 0600);
	assert_mode(f->cert, 0644);
	assert_mode(f->ca_key, 0600);
	assert_mode(f->ca_cert, 0644);
}

static void
a_key_belongs_to_its_certificate(void **state)
{
	struct fixture *f = *state;
	mbedtls_x509_crt leaf;
	mbedtls_pk_context key;

	assert_int_equal(certificate_issue(&f->order), CODE_OK);
	mbedtls_x509_crt_init(&leaf);
	mbedtls_pk_init(&key);
	assert_int_equal(mbedtls_x509_crt_parse_file(&leaf, f->cert), 0);
	assert_int_equal(mbedtls_pk_parse_keyfile(&key, f->key, NULL), 0);
	assert_int_equal(mbedtls_pk_check_pair(&leaf.pk, &key), 0);
	mbedtls_pk_free(&key);
	mbedtls_x509_crt_free(&leaf);
}

static void
nothing_is_overwritten_and_half_a_pair_is_not_left(void **state)
{
	struct fixture *f = *state;
	struct stat before, after;

	assert_int_equal(certificate_issue(&f->order), CODE_OK);
	assert_int_equal(stat(f->cert, &before), 0);
	assert_int_equal(certificate_issue(&f->order), CODE_ALREADY_EXISTS);
	f->order.key_path = f->other_key;
	assert_int_equal(certificate_issue(&f->order), CODE_ALREADY_EXISTS);
	assert_int_not_equal(access(f->other_key, F_OK), 0);
	assert_int_equal(stat(f->cert, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(
		certificate_make_authority("x", DAY_S, f->ca_cert, f->ca_key),
		CODE_ALREADY_EXISTS);
}

static void
bad_orders_are_refused(void **state)
{
	char too_long[CERTIFICATE_NAME_MAX + 2] = "";
	const char *const names[] = {
		"",       ".a",  "-a",       "a b",    "a/b",
		"a,CN=b", "a\n", "\xc3\xa9", too_long,
	};
	struct fixture *f = *state;

	memset(too_long, 'a', sizeof(too_long) - 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		f->order.name = names[i];
		assert_int_equal(certificate_issue(&f->order),
		                 CODE_INVALID_ARGUMENT);
	}
	f->order.name = "fine";
	f->order.lifetime_s = 0;
	assert_int_equal(certificate_issue(&f->order), CODE_INVALID_ARGUMENT);
	f->order.lifetime_s = INT64_MAX;
	assert_int_equal(certificate_issue(&f->order), CODE_INVALID_ARGUMENT);
	f->order.lifetime_s = DAY_S;
	f->order.not_before = -1;
	assert_int_equal(certificate_issue(&f->order), CODE_INVALID_ARGUMENT);
}

static void
only_a_whole_authority_signs(void **state)
{
	struct fixture *f = *state;
	struct certificate_order second = f->order;

	f->order.ca_cert_path = "/tmp/no/such/ca.crt";
	assert_int_equal(certificate_issue(&f->order), CODE_NOT_FOUND);
	f->order.ca_cert_path = f->ca_key;
	assert_int_equal(certificate_issue(&f->order), CODE_INVALID_ARGUMENT);
	f->order.ca_cert_path = f->ca_cert;
	assert_int_equal(certificate_issue(&f->order), CODE_OK);
	/* A leaf is no authority, and a certificate goes with its own key. */
	second.cert_path = f->other_cert;
	second.key_path = f->other_key;
	second.ca_cert_path = f->cert;
	second.ca_key_path = f->key;
	assert_int_equal(certificate_issue(&second), CODE_INVALID_ARGUMENT);
	second.ca_cert_path = f->ca_cert;
	assert_int_equal(certificate_issue(&second), CODE_INVALID_ARGUMENT);
}

static enum code
renew(struct fixture *f, int64_t now, int64_t lifetime_s)
{
	const struct certificate_renewal renewal = {
		.cert_path = f->cert,
		.ca_cert_path = f->ca_cert,
		.ca_key_path = f->ca_key,
		.now = now,
		.lifetime_s = lifetime_s,
	};

	return certificate_renew(&renewal);
}

static size_t
read_file(const char *path, char text[8192])
{
	FILE *from = fopen(path, "re");
	size_t len;

	assert_non_null(from);
	len = fread(text, 1, 8191, from);
	(void)fclose(from);
	text[len] = '\0';
	return len;
}

static void
a_renewed_certificate_is_the_old_one_with_more_time(void **state)
{
	struct fixture *f = *state;
	int64_t now = time(NULL), until = 0;
	char before[8192], after[8192];
	mbedtls_x509_crt old, new;

	assert_int_equal(certificate_issue(&f->order), CODE_OK);
	(void)read_file(f->cert, before);
	assert_int_equal(renew(f, now, 5 * DAY_S), CODE_OK);
	(void)read_file(f->cert, after);
	assert_int_equal(certificate_expires_at(f->cert, &until), CODE_OK);
	assert_int_equal(until, now + 5 * DAY_S);
	mbedtls_x509_crt_init(&old);
	mbedtls_x509_crt_init(&new);
	assert_int_equal(mbedtls_x509_crt_parse(&old, (uint8_t *)before,
	                                        strlen(before) + 1),
	                 0);
	assert_int_equal(mbedtls_x509_crt_parse(&new, (uint8_t *)after,
	                                        strlen(after) + 1),
	                 0);
	assert_int_equal(old.subject_raw.len, new.subject_raw.len);
	assert_memory_equal(old.subject_raw.p, new.subject_raw.p,
	                    old.subject_raw.len);
	assert_int_equal(old.pk_raw.len, new.pk_raw.len);
	assert_memory_equal(old.pk_raw.p, new.pk_raw.p, old.pk_raw.len);
	assert_memory_not_equal(old.serial.p, new.serial.p, old.serial.len);
	assert_int_equal(mbedtls_x509_crt_check_extended_key_usage(
				 &new, MBEDTLS_OID_SERVER_AUTH,
				 MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)),
	                 0);
	assert_int_not_equal(mbedtls_x509_crt_check_extended_key_usage(
				     &new, MBEDTLS_OID_CLIENT_AUTH,
				     MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH)),
	                     0);
	mbedtls_x509_crt_free(&old);
	mbedtls_x509_crt_free(&new);
}

static void
a_renewed_certificate_ends_no_later_than_its_authority(void **state)
{
	struct fixture *f = *state;
	int64_t now = time(NULL), until = 0, ca_until = 0;

	assert_int_equal(certificate_issue(&f->order), CODE_OK);
	assert_int_equal(renew(f, now, 1000 * DAY_S), CODE_OK);
	assert_int_equal(certificate_expires_at(f->cert, &until), CODE_OK);
	assert_int_equal(certificate_expires_at(f->ca_cert, &ca_until),
	                 CODE_OK);
	assert_int_equal(until, ca_until);
	assert_int_equal(renew(f, ca_until, DAY_S), CODE_FAILED_PRECONDITION);
}

static void
an_expired_certificate_can_be_renewed(void **state)
{
	struct fixture *f = *state;

	f->order.not_before -= 3 * DAY_S;
	assert_int_equal(certificate_issue(&f->order), CODE_OK);
	assert_int_equal(renew(f, time(NULL), DAY_S), CODE_OK);
}

static void
what_another_signed_is_not_renewed(void **state)
{
	struct fixture *f = *state;
	char before[8192], after[8192];

	assert_int_equal(renew(f, time(NULL), DAY_S), CODE_NOT_FOUND);
	assert_int_equal(certificate_issue(&f->order), CODE_OK);
	assert_int_equal(certificate_make_authority("test-ca", 10 * DAY_S,
	                                            f->other_cert,
	                                            f->other_key),
	                 CODE_OK);
	(void)read_file(f->cert, before);
	assert_int_equal(rename(f->other_cert, f->ca_cert), 0);
	assert_int_equal(rename(f->other_key, f->ca_key), 0);
	assert_int_equal(renew(f, time(NULL), DAY_S), CODE_INVALID_ARGUMENT);
	(void)read_file(f->cert, after);
	assert_string_equal(before, after);
	/* An authority is not a leaf. */
	assert_int_equal(rename(f->ca_cert, f->cert), 0);
	assert_int_equal(link(f->cert, f->ca_cert), 0);
	assert_int_equal(renew(f, time(NULL), DAY_S), CODE_INVALID_ARGUMENT);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make_fixture, drop_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_leaf_verifies_under_its_authority_by_its_name_only),
		CASE(another_authority_of_the_same_name_does_not_verify_it),
		CASE(a_leaf_is_for_one_use),
		CASE(a_second_library_takes_it_strictly_too),
		CASE(an_order_in_the_past_makes_an_expired_certificate),
		CASE(keys_are_for_their_owner_only),
		CASE(a_key_belongs_to_its_certificate),
		CASE(nothing_is_overwritten_and_half_a_pair_is_not_left),
		CASE(bad_orders_are_refused),
		CASE(only_a_whole_authority_signs),
		CASE(a_renewed_certificate_is_the_old_one_with_more_time),
		CASE(a_renewed_certificate_ends_no_later_than_its_authority),
		CASE(an_expired_certificate_can_be_renewed),
		CASE(what_another_signed_is_not_renewed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
