#ifndef TESTS_BENCH_HTTP_SOCKET_H
#define TESTS_BENCH_HTTP_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "tests/bench/http_script.h"

#define HTTP_SOCKET_REPLY_MAX 16384 /* bytes of a whole reply */

/* http_socket_open connects to 127.0.0.1 and returns the descriptor or -1. */
int http_socket_open(uint16_t port);

/*
 * http_socket_exchange says one thing of the script, for `index`, on a
 * connection of its own, and waits for the reply, which is heard and copied:
 * returns the length of its body, at most size. Anything but a 200 ends the
 * run.
 */
size_t http_socket_exchange(uint16_t port, const struct http_script *script,
                            unsigned index, char *body, size_t size);

/* http_socket_status asks for a path by GET; 0 if nobody answers. */
unsigned http_socket_status(uint16_t port, const char *path);

#endif
