#ifndef CLIENT_CHANNEL_FIXTURE_H
#define CLIENT_CHANNEL_FIXTURE_H

#include "client/channel.h"
#include "client/test_server.h"

#define CHANNEL_FIXTURE_CALLS_MAX 64

/*
 * For tests: a channel to a unix socket in a folder of the test's own. Nobody
 * listens there yet, and the channel is not open; both are ended with it.
 */
struct channel_fixture {
	struct test_server server;
	struct channel *channel;
	struct channel_options options; /* a test may change them */
	char dir[32];
	char path[48]; /* of the socket */
	char url[64];  /* of the same */
	char err[256];
};

/* For cmocka: *state is a struct channel_fixture. */
int channel_fixture_setup(void **state);
int channel_fixture_teardown(void **state);

/* channel_fixture_open opens the channel with the options; it must succeed. */
void channel_fixture_open(struct channel_fixture *f);

#endif
