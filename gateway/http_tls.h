#ifndef GATEWAY_HTTP_TLS_H
#define GATEWAY_HTTP_TLS_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/code.h"

/*
 * The certificate and key with which servers speak TLS 1.2 and 1.3 (RFC 5246,
 * RFC 8446), and all that is said to GnuTLS. They may be exchanged at any
 * time, from any thread: each handshake takes what is there when it begins,
 * and connections live on.
 */
struct http_tls;

/*
 * http_tls_open reads PEM files: the certificate with its intermediates behind
 * it, and its key. NOT_FOUND, INVALID_ARGUMENT (no certificate or key, or not
 * of each other), RESOURCE_EXHAUSTED; err gets one sentence that names the
 * file.
 */
NODISCARD enum code http_tls_open(const char *cert_path, const char *key_path,
                                  struct http_tls **out, char *err,
                                  size_t err_size);

/* http_tls_load reads other files, likewise; when it fails nothing changes. */
NODISCARD enum code http_tls_load(struct http_tls *tls, const char *cert_path,
                                  const char *key_path, char *err,
                                  size_t err_size);

/* http_tls_close accepts NULL; no server may use it any more. */
void http_tls_close(struct http_tls *tls);

/* For libmicrohttpd's options: priorities, and its certificate callback of the
 * type gnutls_certificate_retrieve_function3. */
const char *http_tls_priorities(void);
typedef void http_tls_function(void);
http_tls_function *http_tls_retriever(void);

/*
 * http_tls_send sends a last short text and close_notify on a connection's
 * GnuTLS session without waiting: what does not fit is lost.
 */
void http_tls_send(void *session, struct bytes head, struct bytes body);

#endif
