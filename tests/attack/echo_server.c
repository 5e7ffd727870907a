/*
 * A bare NNG server that sends back what it is asked, for as long as it is
 * attacked. It is built twice: with the library as Debian ships it, which a
 * hostile peer silences for good (nng issue 1518), and with the cured one
 * that Latchkey links. The attack test thereby shows that its attacks are the
 * ones that matter.
 *
 *   echo_server URL [CERTIFICATE KEY]     the PEM files are for tls+tcp://
 *
 * Writes "ready" and the TCP port to standard output once it listens.
 */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/supplemental/tls/tls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
check(int rv, const char *step)
{
	if (rv == 0)
		return;
	(void)fprintf(stderr, "echo_server: %s: %s\n", step, nng_strerror(rv));
	exit(EXIT_FAILURE);
}

/* read_text returns a file's text, to be freed. */
static char *
read_text(const char *path)
{
	enum { TEXT_MAX = 65536 };
	char *text = calloc(1, TEXT_MAX);
	FILE *file = fopen(path, "re");

	if (text == NULL || file == NULL) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	(void)fread(text, 1, TEXT_MAX - 1, file);
	(void)fclose(file);
	return text;
}

static void
configure_tls(nng_listener listener, char **files)
{
	char *cert = read_text(files[0]);
	char *key = read_text(files[1]);
	nng_tls_config *tls = NULL;

	check(nng_tls_config_alloc(&tls, NNG_TLS_MODE_SERVER), "tls");
	check(nng_tls_config_own_cert(tls, cert, key, NULL), files[0]);
	check(nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, tls), "tls");
	nng_tls_config_free(tls);
	free(cert);
	free(key);
}

static void
print_ready(nng_listener listener)
{
	nng_sockaddr address = { 0 };
	unsigned port = 0;

	check(nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &address),
	      "address");
	if (address.s_family == NNG_AF_INET) {
		const unsigned char *p =
			(const unsigned char *)&address.s_in.sa_port;

		port = ((unsigned)p[0] << 8) | p[1];
	}
	(void)printf("ready %u\n", port);
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	nng_socket socket;
	nng_listener listener;
	nng_msg *message = NULL;

	if (argc != 2 && argc != 4) {
		(void)fputs("usage: echo_server URL [CERTIFICATE KEY]\n",
		            stderr);
		return 2;
	}
	check(nng_rep0_open(&socket), "socket");
	check(nng_listener_create(&listener, socket, argv[1]), argv[1]);
	if (argc == 4)
		configure_tls(listener, argv + 2);
	check(nng_listener_start(listener, 0), argv[1]);
	print_ready(listener);
	for (;;) {
		if (nng_recvmsg(socket, &message, 0) != 0)
			continue;
		if (nng_sendmsg(socket, message, 0) != 0)
			nng_msg_free(message);
	}
}
