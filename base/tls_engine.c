#include "base/tls_engine.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

#include <mbedtls/aes.h>
#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <nng/nng.h>
#include <nng/supplemental/tls/engine.h>

#include "base/log.h"
#include "base/refusal_log.h"
#include "base/tls_engine_config.h"
#include "base/tls_reason.h"

#define NAME_SIZE 64
#define ADDRESS_SIZE (INET6_ADDRSTRLEN + sizeof("[]:65535"))

/* Zeroed by NNG; NNG may free one that never began. */
enum conn_state { CONN_UNUSED, CONN_HANDSHAKE, CONN_READY, CONN_REFUSED };

struct nng_tls_engine_conn {
	mbedtls_ssl_context ssl;
	void *stream; /* NNG's, for nng_tls_engine_send and _recv */
	enum conn_state state;
	bool is_server;
	char peer[NAME_SIZE];       /* common name of its certificate, or "" */
	char address[ADDRESS_SIZE]; /* of the peer, with its port, or "" */
};

static int
stream_send(void *stream, const unsigned char *data, size_t len)
{
	switch (nng_tls_engine_send(stream, data, &len)) {
	case 0:
		return (int)len;
	case NNG_EAGAIN:
		return MBEDTLS_ERR_SSL_WANT_WRITE;
	default:
		return MBEDTLS_ERR_SSL_CONN_EOF;
	}
}

static int
stream_recv(void *stream, unsigned char *data, size_t len)
{
	switch (nng_tls_engine_recv(stream, data, &len)) {
	case 0:
		return (int)len;
	case NNG_EAGAIN:
		return MBEDTLS_ERR_SSL_WANT_READ;
	default:
		return MBEDTLS_ERR_SSL_CONN_EOF;
	}
}

/* Adds to mbedTLS's verdict; called for each certificate of the peer's. */
static int
inspect(void *ctx, mbedtls_x509_crt *cert, int depth, uint32_t *flags)
{
	nng_tls_engine_conn *conn = ctx;
	const mbedtls_asn1_named_data *name;

	if (depth != 0)
		return 0;
	/* mbedTLS takes a certificate without the extension for any use. */
	if ((cert->ext_types & MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE) == 0)
		*flags |= MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
	name = mbedtls_asn1_find_named_data(
		&cert->subject, MBEDTLS_OID_AT_CN,
		MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_CN));
	if (name != NULL && name->val.len < sizeof(conn->peer)) {
		memcpy(conn->peer, name->val.p, name->val.len);
		conn->peer[name->val.len] = '\0';
	}
	return 0;
}

static int
conn_init(nng_tls_engine_conn *conn, void *stream, nng_tls_engine_config *cfg)
{
	mbedtls_ssl_init(&conn->ssl);
	conn->stream = stream;
	conn->is_server = cfg->is_server;
	if (!cfg->has_authority || !cfg->has_cert ||
	    (!cfg->is_server && cfg->server_name == NULL))
		return NNG_EPEERAUTH;
	if (mbedtls_ssl_setup(&conn->ssl, &cfg->ssl) != 0)
		return NNG_ENOMEM;
	if (!cfg->is_server &&
	    mbedtls_ssl_set_hostname(&conn->ssl, cfg->server_name) != 0)
		return NNG_ENOMEM;
	mbedtls_ssl_set_bio(&conn->ssl, stream, stream_send, stream_recv, NULL);
	mbedtls_ssl_set_verify(&conn->ssl, inspect, conn);
	conn->state = CONN_HANDSHAKE;
	return 0;
}

/*
 * note_address asks while the connection is there: one that broke has no
 * address any more. NNG gives an engine no name for its stream but the pointer
 * that the two transfer functions take. It is an nng_stream, which that library
 * nowhere promises; the test of this file notices if it is not.
 */
static void
note_address(nng_tls_engine_conn *conn)
{
	char text[INET6_ADDRSTRLEN];
	nng_sockaddr address;

	if (nng_stream_get_addr(conn->stream, NNG_OPT_REMADDR, &address) != 0)
		return;
	if (address.s_family == NNG_AF_INET &&
	    inet_ntop(AF_INET, &address.s_in.sa_addr, text, sizeof(text)) !=
	            NULL)
		(void)snprintf(conn->address, sizeof(conn->address), "%s:%u",
		               text, ntohs(address.s_in.sa_port));
	else if (address.s_family == NNG_AF_INET6 &&
	         inet_ntop(AF_INET6, address.s_in6.sa_addr, text,
	                   sizeof(text)) != NULL)
		(void)snprintf(conn->address, sizeof(conn->address), "[%s]:%u",
		               text, ntohs(address.s_in6.sa_port));
}

static void
log_refused(const nng_tls_engine_conn *conn, const char *reason)
{
	REFUSAL_LOG(
		"tls_refused",
		LOG_T("side", conn->is_server ? "server" : "client"),
		LOG_T("reason", reason),
		LOG_T("cn", conn->peer[0] != '\0' ? conn->peer : NULL),
		LOG_T("peer", conn->address[0] != '\0' ? conn->address : NULL));
}

/* Ends the connection's hopes; an error that makes NNG go on listening. */
static int
refuse(nng_tls_engine_conn *conn, int rc)
{
	char text[160] = "protocol error: ";
	const char *reason = tls_reason_of_verdict(
		mbedtls_ssl_get_verify_result(&conn->ssl));

	conn->state = CONN_REFUSED;
	if (rc == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE)
		reason = "no client certificate";
	else if (rc == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
		reason = tls_reason_of_alert(conn->ssl.in_msg[1]);
	else if (rc == MBEDTLS_ERR_SSL_CONN_EOF ||
	         rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		reason = "connection lost during the handshake";
	if (reason == NULL) {
		size_t len = strlen(text);

		mbedtls_strerror(rc, text + len, sizeof(text) - len);
		reason = text;
	}
	log_refused(conn, reason);
	return rc == MBEDTLS_ERR_SSL_CONN_EOF ? NNG_ECONNRESET : NNG_EPEERAUTH;
}

/* NNG may ask to send before it asks for the handshake: all come by here. */
static int
conn_handshake(nng_tls_engine_conn *conn)
{
	int rc;

	if (conn->state == CONN_READY)
		return 0;
	if (conn->state != CONN_HANDSHAKE)
		return NNG_ECONNRESET;
	if (conn->address[0] == '\0')
		note_address(conn);
	rc = mbedtls_ssl_handshake(&conn->ssl);
	if (rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE)
		return NNG_EAGAIN;
	if (rc != 0)
		return refuse(conn, rc);
	if (mbedtls_ssl_get_verify_result(&conn->ssl) != 0)
		return refuse(conn, MBEDTLS_ERR_SSL_PEER_VERIFY_FAILED);
	conn->state = CONN_READY;
	return 0;
}

/* For what mbedTLS says of an established connection. */
static int
transfer_result(int rc, size_t *len)
{
	if (rc > 0) {
		*len = (size_t)rc;
		return 0;
	}
	if (rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE)
		return NNG_EAGAIN;
	return NNG_ECONNSHUT;
}

static int
conn_recv(nng_tls_engine_conn *conn, uint8_t *data, size_t *len)
{
	int rv = conn_handshake(conn);

	if (rv != 0)
		return rv;
	return transfer_result(mbedtls_ssl_read(&conn->ssl, data, *len), len);
}

static int
conn_send(nng_tls_engine_conn *conn, const uint8_t *data, size_t *len)
{
	int rv = conn_handshake(conn);

	if (rv != 0)
		return rv;
	return transfer_result(mbedtls_ssl_write(&conn->ssl, data, *len), len);
}

static void
conn_close(nng_tls_engine_conn *conn)
{
	if (conn->state == CONN_READY)
		(void)mbedtls_ssl_close_notify(&conn->ssl);
}

/* A connection that breaks on the way is not shown to the engine before. */
static void
conn_fini(nng_tls_engine_conn *conn)
{
	if (conn->state == CONN_HANDSHAKE)
		log_refused(conn, "connection lost during the handshake");
	mbedtls_ssl_free(&conn->ssl);
	*conn = (nng_tls_engine_conn){ 0 };
}

static bool
conn_verified(nng_tls_engine_conn *conn)
{
	return conn->state == CONN_READY;
}

static nng_tls_engine_conn_ops conn_ops = {
	.size = sizeof(nng_tls_engine_conn),
	.init = conn_init,
	.fini = conn_fini,
	.close = conn_close,
	.handshake = conn_handshake,
	.recv = conn_recv,
	.send = conn_send,
	.verified = conn_verified,
};

static const nng_tls_engine engine = {
	.version = NNG_TLS_ENGINE_VERSION,
	.config_ops = &tls_engine_config_ops,
	.conn_ops = &conn_ops,
	.name = "latchkey",
	.description = "mbedTLS, TLS 1.2 with certificates on both sides",
};

/* mbedTLS makes its AES tables at the first key, unlocked: have them made. */
static void
prepare(void)
{
	const uint8_t key[16] = { 0 };
	mbedtls_aes_context aes;

	mbedtls_aes_init(&aes);
	(void)mbedtls_aes_setkey_enc(&aes, key, 128);
	mbedtls_aes_free(&aes);
}

enum code
tls_engine_register(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (pthread_once(&once, prepare) != 0)
		return CODE_INTERNAL;
	/* Asking for the name makes NNG initialise itself. */
	(void)nng_tls_engine_name();
	return nng_tls_engine_register(&engine) == 0 ? CODE_OK : CODE_INTERNAL;
}
