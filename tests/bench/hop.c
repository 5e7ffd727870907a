#include "tests/bench/hop.h"

#include <arpa/inet.h>
#include <nng/supplemental/tls/tls.h>
#include <string.h>

#include "base/tls_config.h"
#include "tests/bench/bail.h"

bool
hop_is_tls(const struct hop *hop)
{
	return strncmp(hop->url, "tls+", 4) == 0;
}

static nng_tls_config *
load_tls(const struct hop *hop)
{
	struct tls_config_files files = {
		.cert_path = hop->cert_path,
		.key_path = hop->key_path,
		.ca_path = hop->ca_path,
		.server_name = hop->server_name,
	};
	nng_tls_config *tls = NULL;
	char err[256];

	if (tls_config_load(&files, &tls, err, sizeof(err)) != CODE_OK)
		bail("%s", err);
	return tls;
}

void
hop_dial(nng_socket socket, const struct hop *hop)
{
	nng_dialer dialer;
	nng_tls_config *tls;

	bail_nng(
		nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, HOP_MESSAGE_MAX),
		"socket");
	bail_nng(nng_dialer_create(&dialer, socket, hop->url), hop->url);
	if (hop_is_tls(hop)) {
		tls = load_tls(hop);
		bail_nng(nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, tls),
		         hop->url);
		/* The config alone does not make NNG check the name. */
		bail_nng(nng_dialer_set_string(dialer, NNG_OPT_TLS_SERVER_NAME,
		                               hop->server_name),
		         hop->url);
		nng_tls_config_free(tls);
	}
	bail_nng(nng_dialer_start(dialer, 0), hop->url);
}

uint16_t
hop_listen(nng_socket socket, const struct hop *hop)
{
	nng_sockaddr address = { 0 };
	nng_listener listener;
	nng_tls_config *tls;

	bail_nng(
		nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, HOP_MESSAGE_MAX),
		"socket");
	bail_nng(nng_listener_create(&listener, socket, hop->url), hop->url);
	if (hop_is_tls(hop)) {
		tls = load_tls(hop);
		bail_nng(
			nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, tls),
			hop->url);
		nng_tls_config_free(tls);
	}
	bail_nng(nng_listener_start(listener, 0), hop->url);
	bail_nng(nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &address),
	         hop->url);
	return address.s_family == NNG_AF_INET ? ntohs(address.s_in.sa_port)
	                                       : 0;
}
