#ifndef SERVER_RPC_DISPATCH_H
#define SERVER_RPC_DISPATCH_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/code.h"
#include "server/rpc/rpc.h"

/*
 * From the bytes of a Call to a handler's request, and from what the handler
 * said to the bytes of a Reply: no sockets and no threads, so that any bytes
 * can be tried on it.
 */
struct dispatch {
	const struct server *server;
	rpc_authenticator *authenticate;
	const struct rpc_method *methods; /* sorted by name, none twice */
	size_t method_count;
};

/*
 * dispatch_admit reads and checks a packed Call in this order: envelope,
 * method, size of the payload, payload, caller and role, memory. `call` has
 * its arena and listener set; the rest is filled as far as it could be read,
 * so that the reply can be packed whatever the outcome. On success *in is the
 * unpacked request, in the arena. Any failure has been told by rpc_fail.
 */
NODISCARD enum code dispatch_admit(const struct dispatch *dispatch,
                                   struct rpc_call *call, struct bytes packed,
                                   const void **in);

/*
 * dispatch_run runs an admitted call's handler. On success *out is the
 * response, in the arena; a failure that the handler did not explain is
 * explained by its code.
 */
NODISCARD enum code dispatch_run(struct rpc_call *call, const void *in,
                                 const ProtobufCMessage **out);

#endif
