#ifndef BASE_TLS_ENGINE_CONFIG_H
#define BASE_TLS_ENGINE_CONFIG_H

#include <stdbool.h>

#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <nng/nng.h>
#include <nng/supplemental/tls/engine.h>

/*
 * One side's part of every connection that it makes: what TLS is spoken, who
 * may be the peer, who we are. Part of tls_engine; NNG calls the functions, and
 * changes a configuration no more once connections use it.
 */
struct nng_tls_engine_config {
	mbedtls_ssl_config ssl;
	mbedtls_x509_crt authority; /* of the peers */
	mbedtls_x509_crt cert;      /* ours */
	mbedtls_pk_context key;     /* ours */
	char *server_name;          /* client: what the peer must prove */
	bool is_server;
	bool has_authority;
	bool has_cert;
};

extern nng_tls_engine_config_ops tls_engine_config_ops;

#endif
