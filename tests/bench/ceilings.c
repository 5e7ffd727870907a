#include "tests/bench/ceilings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/argon2_ceiling.h"
#include "tests/bench/bail.h"
#include "tests/bench/echo_load.h"
#include "tests/bench/http_load.h"
#include "tests/bench/http_socket.h"
#include "tests/bench/lmdb_ceiling.h"

#define URL_SIZE 128
#define NUMBER_SIZE 16
#define ECHO_CONTEXTS "512"
#define GROUP 64 /* writes in one commit, as the server's group_max */

/* The processes of a ceiling and the load on them. */
struct chain {
	struct child echo_server;
	struct child skeleton;
	char echo_url[URL_SIZE];
	struct load load;
};

static const char *const no_env[] = { NULL };

static void
stop_chain(void *self)
{
	struct chain *chain = self;

	chain->load.stop(chain->load.self);
	child_stop(&chain->skeleton);
	child_stop(&chain->echo_server);
	free(chain);
}

/* Starts a program that says "ready PORT". */
static unsigned
start(struct child *child, const char *const *argv)
{
	char port[NUMBER_SIZE];

	child_start(child, &(struct child_options){ argv, no_env, NULL });
	if (!child_expect(child, "ready ", port, sizeof(port)))
		bail("%s does not start", argv[0]);
	return (unsigned)strtoul(port, NULL, 10);
}

static void
start_echo(struct chain *chain, const struct stage *stage, size_t reply_size)
{
	enum hop_kind kind = stage->deployment.hop;
	char url[URL_SIZE] = "tls+tcp://127.0.0.1:0", size[NUMBER_SIZE];
	struct hop hop = deployment_listen(&stage->deployment, url);
	const char *argv[] = { stage->echo_server,
		               size,
		               ECHO_CONTEXTS,
		               url,
		               kind == HOP_TLS ? hop.ca_path : NULL,
		               hop.cert_path,
		               hop.key_path,
		               NULL };
	unsigned port;

	if (kind == HOP_IPC)
		(void)snprintf(url, sizeof(url), "ipc://%s/echo.sock",
		               stage->dir);
	(void)snprintf(size, sizeof(size), "%zu", reply_size);
	port = start(&chain->echo_server, argv);
	memcpy(chain->echo_url, url, sizeof(url));
	if (kind == HOP_TLS)
		(void)snprintf(chain->echo_url, URL_SIZE,
		               "tls+tcp://127.0.0.1:%u", port);
}

static struct hop
dial_echo(const struct chain *chain, const struct stage *stage)
{
	struct hop hop = deployment_dial(&stage->deployment);

	hop.url = chain->echo_url;
	return hop;
}

static unsigned
start_skeleton(struct chain *chain, const struct stage *stage)
{
	enum hop_kind kind = stage->deployment.hop;
	struct hop hop = dial_echo(chain, stage);
	char loops[NUMBER_SIZE];
	const char *argv[] = {
		stage->skeleton, loops,
		hop.url,         kind == HOP_TLS ? hop.ca_path : NULL,
		hop.cert_path,   hop.key_path,
		hop.server_name, NULL
	};

	(void)snprintf(loops, sizeof(loops), "%u", stage->cores);
	return start(&chain->skeleton, argv);
}

static struct load
start_argon2_ceiling(struct stage *stage, const struct row *row,
                     struct meter *meter)
{
	(void)row;
	return argon2_ceiling_start(stage->cores, meter);
}

/* The row's request, without a care for what the answer says. */
static struct load
start_skeleton_ceiling(struct stage *stage, const struct row *row,
                       struct meter *meter)
{
	struct chain *chain = bail_alloc(1, sizeof(*chain));
	struct http_load_options options = {
		.connections = row_in_flight(stage, row),
		.script = row->http(&stage->jar),
	};
	char body[HTTP_SOCKET_REPLY_MAX];
	size_t body_len =
		http_socket_exchange(stage->deployment.gateway_port,
	                             &options.script, 0, body, sizeof(body));

	options.script.hear = NULL;
	start_echo(chain, stage, body_len);
	options.port = (uint16_t)start_skeleton(chain, stage);
	chain->load = http_load_start(&options, meter);
	return (struct load){ chain, stop_chain };
}

static struct load
start_echo_ceiling(struct stage *stage, const struct row *row,
                   struct meter *meter)
{
	struct chain *chain = bail_alloc(1, sizeof(*chain));
	struct hop server = deployment_dial(&stage->deployment);
	struct rpc_script script = row->rpc(stage);
	struct rpc_sizes sizes = rpc_load_probe(&server, &script);
	struct echo_load_options options = {
		.calls = row_in_flight(stage, row),
		.request_size = sizes.call,
		.reply_size = sizes.reply,
	};

	start_echo(chain, stage, sizes.reply);
	options.hop = dial_echo(chain, stage);
	chain->load = echo_load_start(&options, meter);
	return (struct load){ chain, stop_chain };
}

static struct load
start_lmdb(const struct stage *stage, enum lmdb_writes writes,
           unsigned per_commit, struct meter *meter)
{
	struct lmdb_ceiling_options options = {
		.dir = stage->dir,
		.writes = writes,
		.per_commit = per_commit,
	};

	return lmdb_ceiling_start(&options, meter);
}

static struct load
start_rotation_group(struct stage *stage, const struct row *row,
                     struct meter *meter)
{
	(void)row;
	return start_lmdb(stage, LMDB_ROTATION, GROUP, meter);
}

static struct load
start_rotation_single(struct stage *stage, const struct row *row,
                      struct meter *meter)
{
	(void)row;
	return start_lmdb(stage, LMDB_ROTATION, 1, meter);
}

static struct load
start_login_group(struct stage *stage, const struct row *row,
                  struct meter *meter)
{
	(void)row;
	return start_lmdb(stage, LMDB_LOGIN, GROUP, meter);
}

static struct load
start_login_single(struct stage *stage, const struct row *row,
                   struct meter *meter)
{
	(void)row;
	return start_lmdb(stage, LMDB_LOGIN, 1, meter);
}

const struct ceiling ceiling_argon2 = {
	"argon2id",
	start_argon2_ceiling,
};
const struct ceiling ceiling_skeleton = {
	"HTTP skeleton",
	start_skeleton_ceiling,
};
const struct ceiling ceiling_echo = {
	"NNG echo",
	start_echo_ceiling,
};
const struct ceiling ceiling_lmdb_rotation = {
	"LMDB, 64 a commit",
	start_rotation_group,
};

static const struct ceiling references[] = {
	{ "LMDB, a rotation's put, one a commit", start_rotation_single },
	{ "LMDB, a login's six puts, 64 a commit", start_login_group },
	{ "LMDB, a login's six puts, one a commit", start_login_single },
};

const struct ceiling *
ceilings_list_reference(size_t *count)
{
	*count = sizeof(references) / sizeof(references[0]);
	return references;
}
