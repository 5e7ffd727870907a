#include "gateway/http_tls.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/http_connection.h"

#define CHAIN_MAX 16 /* certificates in a file */
#define KEY_ID_MAX 64

/* What a pair of files holds. */
struct identity {
	gnutls_x509_crt_t chain[CHAIN_MAX];
	unsigned count;
	gnutls_x509_privkey_t key;
};

struct http_tls {
	pthread_mutex_t mutex; /* guards what follows */
	struct identity identity;
};

/*
 * Forward secrecy and authenticated encryption only. No session tickets: they
 * would need a key of their own to look after.
 */
const char *
http_tls_priorities(void)
{
	return "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:"
	       "+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:+AES-256-GCM:"
	       "+CHACHA20-POLY1305:+AES-128-GCM:-MAC-ALL:+AEAD:"
	       "%SERVER_PRECEDENCE";
}

static void
drop(struct identity *identity)
{
	for (unsigned i = 0; i < identity->count; i++)
		gnutls_x509_crt_deinit(identity->chain[i]);
	if (identity->key != NULL)
		gnutls_x509_privkey_deinit(identity->key);
	*identity = (struct identity){ 0 };
}

static enum code
translate(int rc)
{
	switch (rc) {
	case GNUTLS_E_SUCCESS:
		return CODE_OK;
	case GNUTLS_E_FILE_ERROR:
		return CODE_NOT_FOUND;
	case GNUTLS_E_MEMORY_ERROR:
		return CODE_RESOURCE_EXHAUSTED;
	default:
		return CODE_INVALID_ARGUMENT;
	}
}

static enum code
fail(int rc, const char *path, char *err, size_t err_size)
{
	(void)snprintf(err, err_size, "%.300s: %s", path, gnutls_strerror(rc));
	return translate(rc);
}

static void
wipe(gnutls_datum_t *file)
{
	if (file->data != NULL)
		explicit_bzero(file->data, file->size);
	gnutls_free(file->data);
	file->data = NULL;
}

static int
read_chain(const char *path, struct identity *identity)
{
	gnutls_datum_t file = { 0 };
	unsigned count = CHAIN_MAX;
	int rc = gnutls_load_file(path, &file);

	if (rc < 0)
		return rc;
	rc = gnutls_x509_crt_list_import(
		identity->chain, &count, &file, GNUTLS_X509_FMT_PEM,
		GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED |
			GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
	wipe(&file);
	if (rc < 0)
		return rc;
	identity->count = (unsigned)rc;
	return rc == 0 ? GNUTLS_E_NO_CERTIFICATE_FOUND : GNUTLS_E_SUCCESS;
}

static int
read_key(const char *path, struct identity *identity)
{
	gnutls_datum_t file = { 0 };
	int rc = gnutls_load_file(path, &file);

	if (rc < 0)
		return rc;
	rc = gnutls_x509_privkey_init(&identity->key);
	if (rc == GNUTLS_E_SUCCESS)
		rc = gnutls_x509_privkey_import2(identity->key, &file,
		                                 GNUTLS_X509_FMT_PEM, NULL, 0);
	wipe(&file);
	return rc;
}

static bool
belong_together(const struct identity *identity)
{
	unsigned char of_cert[KEY_ID_MAX], of_key[KEY_ID_MAX];
	size_t cert_len = sizeof(of_cert), key_len = sizeof(of_key);

	return gnutls_x509_crt_get_key_id(identity->chain[0],
	                                  GNUTLS_KEYID_USE_SHA256, of_cert,
	                                  &cert_len) == GNUTLS_E_SUCCESS &&
	       gnutls_x509_privkey_get_key_id(identity->key,
	                                      GNUTLS_KEYID_USE_SHA256, of_key,
	                                      &key_len) == GNUTLS_E_SUCCESS &&
	       cert_len == key_len && memcmp(of_cert, of_key, key_len) == 0;
}

static enum code
read_identity(const char *cert_path, const char *key_path,
              struct identity *identity, char *err, size_t err_size)
{
	int rc = read_chain(cert_path, identity);

	if (rc != GNUTLS_E_SUCCESS)
		return fail(rc, cert_path, err, err_size);
	rc = read_key(key_path, identity);
	if (rc != GNUTLS_E_SUCCESS)
		return fail(rc, key_path, err, err_size);
	if (belong_together(identity))
		return CODE_OK;
	(void)snprintf(err, err_size,
	               "%.200s is not the key of the certificate in %.200s.",
	               key_path, cert_path);
	return CODE_INVALID_ARGUMENT;
}

enum code
http_tls_load(struct http_tls *tls, const char *cert_path, const char *key_path,
              char *err, size_t err_size)
{
	struct identity fresh = { 0 };
	struct identity before;
	enum code code =
		read_identity(cert_path, key_path, &fresh, err, err_size);

	if (code != CODE_OK) {
		drop(&fresh);
		return code;
	}
	(void)pthread_mutex_lock(&tls->mutex);
	before = tls->identity;
	tls->identity = fresh;
	(void)pthread_mutex_unlock(&tls->mutex);
	drop(&before);
	return CODE_OK;
}

enum code
http_tls_open(const char *cert_path, const char *key_path,
              struct http_tls **out, char *err, size_t err_size)
{
	struct http_tls *tls = calloc(1, sizeof(*tls));
	enum code code;

	if (tls == NULL) {
		(void)snprintf(err, err_size, "No memory for TLS.");
		return CODE_RESOURCE_EXHAUSTED;
	}
	(void)pthread_mutex_init(&tls->mutex, NULL);
	code = http_tls_load(tls, cert_path, key_path, err, err_size);
	if (code != CODE_OK) {
		http_tls_close(tls);
		return code;
	}
	*out = tls;
	return CODE_OK;
}

void
http_tls_close(struct http_tls *tls)
{
	if (tls == NULL)
		return;
	drop(&tls->identity);
	(void)pthread_mutex_destroy(&tls->mutex);
	free(tls);
}

/* A copy, which outlives a change of the identity in mid-handshake. */
static int
copy_key(const struct identity *identity, gnutls_privkey_t *out)
{
	gnutls_privkey_t key;
	int rc = gnutls_privkey_init(&key);

	if (rc != GNUTLS_E_SUCCESS)
		return rc;
	rc = gnutls_privkey_import_x509(key, identity->key,
	                                GNUTLS_PRIVKEY_IMPORT_COPY);
	if (rc == GNUTLS_E_SUCCESS)
		*out = key;
	else
		gnutls_privkey_deinit(key);
	return rc;
}

static int
copy_chain(struct identity *identity, gnutls_pcert_st **out)
{
	gnutls_pcert_st *chain = gnutls_calloc(identity->count, sizeof(*chain));
	int rc = GNUTLS_E_SUCCESS;
	unsigned count = 0;

	if (chain == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	while (count < identity->count && rc == GNUTLS_E_SUCCESS) {
		rc = gnutls_pcert_import_x509(&chain[count],
		                              identity->chain[count], 0);
		count += rc == GNUTLS_E_SUCCESS;
	}
	if (rc == GNUTLS_E_SUCCESS) {
		*out = chain;
		return rc;
	}
	while (count > 0)
		gnutls_pcert_deinit(&chain[--count]);
	gnutls_free(chain);
	return rc;
}

static int
// NOLINTNEXTLINE(readability-function-size): GnuTLS's type
retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
         gnutls_pcert_st **chain, unsigned *count, gnutls_ocsp_data_st **ocsp,
         unsigned *ocsp_count, gnutls_privkey_t *key, unsigned *flags)
{
	/* libmicrohttpd's connection is the session's pointer. */
	struct http_tls *tls =
		http_connection_tls(gnutls_session_get_ptr(session));
	struct identity *identity = &tls->identity;
	int rc;

	(void)info;
	(void)pthread_mutex_lock(&tls->mutex);
	rc = copy_key(identity, key);
	if (rc == GNUTLS_E_SUCCESS) {
		rc = copy_chain(identity, chain);
		if (rc != GNUTLS_E_SUCCESS)
			gnutls_privkey_deinit(*key);
	}
	*count = identity->count;
	(void)pthread_mutex_unlock(&tls->mutex);
	*ocsp = NULL;
	*ocsp_count = 0;
	*flags = GNUTLS_CERT_RETR_DEINIT_ALL;
	return rc == GNUTLS_E_SUCCESS ? 0 : -1;
}

http_tls_function *
http_tls_retriever(void)
{
	return (http_tls_function *)retrieve;
}

void
http_tls_send(void *session, struct bytes head, struct bytes body)
{
	(void)gnutls_record_send(session, head.data, head.len);
	if (body.len > 0)
		(void)gnutls_record_send(session, body.data, body.len);
	(void)gnutls_bye(session, GNUTLS_SHUT_WR);
}
