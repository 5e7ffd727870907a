/*
 * A gateway with everything left out but the way of a request: the HTTP server
 * of gateway/http.h, one NNG hop, and back. What a route costs beyond this is
 * what the gateway and the server do with it.
 *
 *   skeleton LOOPS URL [CA CERTIFICATE KEY SERVER_NAME]
 *
 * Listens on a free port of 127.0.0.1 and writes "ready PORT" to standard
 * output; ends when killed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/bail.h"
#include "tests/bench/hop.h"
#include "tests/bench/relay.h"

#define ERRANDS_MAX 512 /* requests on their way at the same time */

static struct http_options
options_make(struct relay *relay, unsigned loops)
{
	return (struct http_options){
		.address = "127.0.0.1",
		.loops = loops,
		.limits = {
			.body_max = 65536,
			.head_max = 16384,
			.url_max = 4096,
			.head_timeout_ms = 10000,
			.request_timeout_ms = 10000,
			.idle_timeout_ms = 60000,
			.drain_idle_timeout_ms = 1000,
			.connections_max = ERRANDS_MAX,
			.connections_per_address_max = ERRANDS_MAX,
		},
		.arena_size = 131072,
		.handler = relay_handle,
		.refuser = relay_refuse,
		.ctx = relay,
	};
}

int
main(int argc, char **argv)
{
	struct http_options options;
	struct http_server *server = NULL;
	struct hop hop = { 0 };
	char err[256];
	unsigned loops;

	if (argc != 3 && argc != 7)
		bail("usage: skeleton LOOPS URL "
		     "[CA CERTIFICATE KEY SERVER_NAME]");
	loops = (unsigned)strtoul(argv[1], NULL, 10);
	hop.url = argv[2];
	if (argc == 7) {
		hop.ca_path = argv[3];
		hop.cert_path = argv[4];
		hop.key_path = argv[5];
		hop.server_name = argv[6];
	}
	options = options_make(relay_open(&hop, ERRANDS_MAX), loops);
	if (http_server_open(&options, &server, err, sizeof(err)) != CODE_OK)
		bail("%s", err);
	(void)printf("ready %u\n", http_server_port(server));
	(void)fflush(stdout);
	for (;;)
		(void)pause();
}
