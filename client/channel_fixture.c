#include "client/channel_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

int
channel_fixture_setup(void **state)
{
	struct channel_fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/channel.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->path, sizeof(f->path), "%s/s", f->dir);
	(void)snprintf(f->url, sizeof(f->url), "ipc://%s", f->path);
	f->options =
		(struct channel_options){ .url = f->url,
		                          .calls_max =
		                                  CHANNEL_FIXTURE_CALLS_MAX,
		                          .arena_size = 16384,
		                          .message_max = 8192 };
	*state = f;
	return 0;
}

int
channel_fixture_teardown(void **state)
{
	struct channel_fixture *f = *state;

	channel_close(f->channel);
	test_server_kill(&f->server);
	(void)unlink(f->path);
	(void)rmdir(f->dir);
	free(f);
	return 0;
}

void
channel_fixture_open(struct channel_fixture *f)
{
	if (channel_open(&f->options, &f->channel, f->err, sizeof(f->err)) !=
	    CODE_OK)
		fail_msg("%s", f->err);
}
