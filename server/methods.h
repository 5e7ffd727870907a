#ifndef SERVER_METHODS_H
#define SERVER_METHODS_H

#include <stddef.h>

#include "server/rpc/rpc.h"

struct server;

#define METHODS_MAX 64

/*
 * methods_make writes a row for every call the server answers and returns how
 * many there are. Where a row depends on the configuration it follows the
 * server's: Refresh waits for commits only when refresh tokens rotate.
 */
size_t methods_make(const struct server *server,
                    struct rpc_method rows[METHODS_MAX]);

#endif
