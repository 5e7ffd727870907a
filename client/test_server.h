#ifndef CLIENT_TEST_SERVER_H
#define CLIENT_TEST_SERVER_H

#include <stdint.h>
#include <sys/types.h>

#include "base/test_authority.h"

/*
 * For tests: a server in a process of its own, so that it can be stopped and
 * killed. It answers any request by its method's name:
 *   t/Echo     the request's payload, as the response
 *   t/Silent   nothing, ever
 *   t/Fail     RESOURCE_EXHAUSTED, QUEUE_FULL, a violation, retry after 1234
 *   t/Strange  a status code that nobody knows
 *   t/OtherId  as t/Echo, but to another call
 *   t/NoStatus a reply without a status
 *   t/Garbage  bytes that are no reply
 *   t/Payload  success with a payload that is no message
 */
struct test_server {
	pid_t pid;
	uint16_t port; /* TLS only */
};

/*
 * test_server_main is to be called first in main: it is the server, and does
 * not return, if this process was started to be one.
 */
void test_server_main(int argc, char **argv);

/* test_server_start returns once it listens; identity is NULL without TLS. */
void test_server_start(struct test_server *server, const char *url,
                       const struct test_identity *identity,
                       const struct test_authority *clients);

/* test_server_stop, _continue and _kill return when it has happened. */
void test_server_stop(const struct test_server *server);
void test_server_continue(const struct test_server *server);
void test_server_kill(struct test_server *server);

#endif
