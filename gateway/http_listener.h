#ifndef GATEWAY_HTTP_LISTENER_H
#define GATEWAY_HTTP_LISTENER_H

#include <stddef.h>
#include <stdint.h>

#include "base/code.h"

#define HTTP_BACKLOG 1024 /* connections that wait to be accepted */

/*
 * http_listener_open makes the one listening socket, which every loop accepts
 * from: non-blocking, without SO_REUSEPORT, so that a second gateway cannot
 * share the port unnoticed. *port receives the real one. ALREADY_EXISTS,
 * PERMISSION_DENIED, INVALID_ARGUMENT (the address), RESOURCE_EXHAUSTED, with
 * a sentence in err.
 */
NODISCARD enum code http_listener_open(const char *address, uint16_t *port,
                                       int *fd, char *err, size_t err_size);

#endif
