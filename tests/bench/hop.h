#ifndef TESTS_BENCH_HOP_H
#define TESTS_BENCH_HOP_H

#include <stdbool.h>
#include <stdint.h>

#include <nng/nng.h>

/*
 * The way between two processes that speak NNG: where it is and, for
 * tls+tcp://, what its ends show each other. Ceilings and programs alike use
 * the TLS of base/tls_config.h, so that they compare equal things.
 */
struct hop {
	const char *url;
	const char *ca_path;     /* authority of the other end, PEM */
	const char *cert_path;   /* this end's certificate, PEM */
	const char *key_path;    /* its key, PEM */
	const char *server_name; /* dialing end: whom it expects */
};

#define HOP_MESSAGE_MAX 65536 /* bytes an end accepts */

/* hop_is_tls tells which kind it is by its URL. */
bool hop_is_tls(const struct hop *hop);

/* hop_dial connects a socket and waits until it is connected. */
void hop_dial(nng_socket socket, const struct hop *hop);

/* hop_listen listens; returns the TCP port, 0 for other transports. */
uint16_t hop_listen(nng_socket socket, const struct hop *hop);

#endif
