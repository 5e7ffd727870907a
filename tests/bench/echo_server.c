/*
 * The least an RPC server can be: NNG contexts that answer from their receive
 * callbacks, without reading what they are asked. The answers have a fixed
 * size. What a call costs beyond this is the server's own work.
 *
 *   echo_server REPLY_SIZE CONTEXTS URL [CA CERTIFICATE KEY]
 *
 * Writes "ready PORT" to standard output once it listens; ends when killed.
 */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bail.h"
#include "tests/bench/hop.h"

#define CONTEXTS_MAX 4096

/* One call at a time: receives, answers, and only then receives again. */
struct responder {
	nng_ctx ctx;
	nng_aio *aio;
	size_t reply_size;
	bool sending;
};

static void
receive(struct responder *responder)
{
	responder->sending = false;
	nng_ctx_recv(responder->ctx, responder->aio);
}

static void
answer(struct responder *responder)
{
	nng_msg *msg = nng_aio_get_msg(responder->aio);

	bail_nng(nng_msg_realloc(msg, responder->reply_size), "reply");
	memset(nng_msg_body(msg), 'x', responder->reply_size);
	responder->sending = true;
	nng_ctx_send(responder->ctx, responder->aio);
}

static void
step(void *arg)
{
	struct responder *responder = arg;
	int rv = nng_aio_result(responder->aio);

	/* A peer that has gone took its call with it: on to the next one. */
	if (rv != 0 && responder->sending)
		nng_msg_free(nng_aio_get_msg(responder->aio));
	if (rv != 0 || responder->sending)
		receive(responder);
	else
		answer(responder);
}

static void
responder_start(struct responder *responder, nng_socket socket,
                size_t reply_size)
{
	responder->reply_size = reply_size;
	bail_nng(nng_ctx_open(&responder->ctx, socket), "context");
	bail_nng(nng_aio_alloc(&responder->aio, step, responder), "aio");
	receive(responder);
}

static size_t
parse_size(const char *text, size_t max)
{
	char *end = NULL;
	unsigned long number = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || number == 0 || number > max)
		bail("%s is not a number from 1 to %zu", text, max);
	return number;
}

int
main(int argc, char **argv)
{
	struct responder *responders;
	struct hop hop = { 0 };
	nng_socket socket;
	size_t reply_size, count;

	if (argc != 4 && argc != 7)
		bail("usage: echo_server REPLY_SIZE CONTEXTS URL "
		     "[CA CERTIFICATE KEY]");
	reply_size = parse_size(argv[1], HOP_MESSAGE_MAX);
	count = parse_size(argv[2], CONTEXTS_MAX);
	hop.url = argv[3];
	if (argc == 7) {
		hop.ca_path = argv[4];
		hop.cert_path = argv[5];
		hop.key_path = argv[6];
	}
	responders = bail_alloc(count, sizeof(*responders));
	bail_nng(nng_rep0_open(&socket), "socket");
	for (size_t i = 0; i < count; i++)
		responder_start(&responders[i], socket, reply_size);
	(void)printf("ready %u\n", hop_listen(socket, &hop));
	(void)fflush(stdout);
	for (;;)
		(void)pause();
}
