#ifndef SERVER_RPC_RPC_SERVER_H
#define SERVER_RPC_RPC_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/code.h"
#include "server/rpc/rpc.h"

/*
 * The listening side of the RPC: sockets, lanes and the dispatcher between
 * them. A call is received by a callback, checked, and run inline or handed to
 * its lane; its answer goes out on the context it came in on.
 */
struct rpc_server;

/* How many threads serve a lane and how many calls may wait for one. */
struct lane_options {
	unsigned threads;
	unsigned queue_max;
};

/* One URL to listen on. TLS members are NULL for ipc:// and inproc://. */
struct listener_options {
	enum listener_kind kind;
	const char *url;
	const char *cert_path;  /* our certificate, PEM */
	const char *key_path;   /* its key, PEM */
	const char *ca_path;    /* authority of the peers, PEM */
	const uid_t *peer_uids; /* ipc: who may connect beside our own user */
	size_t peer_uid_count;
};

struct rpc_server_options {
	const struct server *server;
	const struct rpc_method *methods;
	size_t method_count;
	rpc_authenticator *authenticate;
	struct lane_options lanes[LANE_COUNT]; /* LANE_INLINE is ignored */
	unsigned inline_contexts; /* calls received beyond what queues hold */
	size_t arena_size;        /* bytes a call may use */
	size_t message_max;       /* bytes of a call, with its envelope */
	size_t reply_max;         /* bytes of a reply, likewise */
	const struct listener_options *listeners;
	size_t listener_count;
};

/*
 * rpc_server_open listens on every URL or on none. err gets one sentence that
 * names the URL or file at fault.
 */
NODISCARD enum code rpc_server_open(const struct rpc_server_options *options,
                                    struct rpc_server **out, char *err,
                                    size_t err_size);

/*
 * rpc_server_port returns the TCP port that the listener at this place in the
 * options is bound to, useful after ":0"; 0 if it is not TCP.
 */
uint16_t rpc_server_port(const struct rpc_server *rpc, size_t listener);

/*
 * rpc_server_reload reads the certificates again; new connections use them,
 * save the very next of each listener, which NNG has prepared already. On
 * failure the old ones stay and err says why.
 */
NODISCARD enum code rpc_server_reload(struct rpc_server *rpc, char *err,
                                      size_t err_size);

/*
 * rpc_server_drain answers new calls with UNAVAILABLE (SHUTTING_DOWN) and
 * returns when what was running has been answered, or after timeout_ms.
 */
void rpc_server_drain(struct rpc_server *rpc, int64_t timeout_ms);

/* rpc_server_is_draining: for the health service. */
bool rpc_server_is_draining(const struct rpc_server *rpc);

/* rpc_server_close accepts NULL. Ends every thread of the lanes. */
void rpc_server_close(struct rpc_server *rpc);

#endif
