#ifndef SERVER_RPC_LISTENER_H
#define SERVER_RPC_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nng/nng.h>

#include "base/code.h"
#include "server/rpc/rpc_server.h"

/*
 * The URLs a socket listens on, and which of them a message came by. Plain TCP
 * is refused: passwords pass here.
 */
struct listener_set;

/* What every listener of a set shares. */
struct listener_set_options {
	const struct listener_options *listeners; /* copied as needed */
	size_t count;
	size_t message_max; /* bytes; a longer message ends its connection */
};

/*
 * listener_set_open listens on all of the URLs or on none. The set must
 * outlive the socket. err gets one sentence that names the URL or the file.
 */
NODISCARD enum code
listener_set_open(nng_socket socket, const struct listener_set_options *options,
                  struct listener_set **out, char *err, size_t err_size);

/* listener_set_reload reads the TLS files again: all of them or none. */
NODISCARD enum code listener_set_reload(struct listener_set *set, char *err,
                                        size_t err_size);

/* listener_set_kind tells by which kind of listener a message came. */
bool listener_set_kind(const struct listener_set *set, const nng_msg *msg,
                       enum listener_kind *out);

/* listener_set_port: see rpc_server_port. */
uint16_t listener_set_port(const struct listener_set *set, size_t place);

/* listener_set_free frees the set of a closed socket. Accepts NULL. */
void listener_set_free(struct listener_set *set);

/*
 * listener_admits_uid: our own user and those on the list may connect; a peer
 * that the system cannot name, UINT64_MAX, may not.
 */
bool listener_admits_uid(const uid_t *uids, size_t count, uint64_t uid);

/* listener_kind_name returns "service", "front" or "local". */
const char *listener_kind_name(enum listener_kind kind);

#endif
