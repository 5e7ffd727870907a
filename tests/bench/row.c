#include "tests/bench/row.h"

#include "tests/bench/bail.h"
#include "tests/bench/ceilings.h"
#include "tests/bench/http_load.h"
#include "tests/bench/rpc_load.h"

/* Logins wait for a core, not for each other: a few keep all cores busy. */
#define LOGINS 16
#define READS 128
#define CALLS 64

static const struct row rows[] = {
	{ .name = "login",
	  .mode = MODE_KEEPING,
	  .in_flight = LOGINS,
	  .http = http_script_login,
	  .ceiling = &ceiling_argon2,
	  .writes = true },
	{ .name = "users/me",
	  .mode = MODE_KEEPING,
	  .in_flight = READS,
	  .http = http_script_me,
	  .ceiling = &ceiling_skeleton },
	{ .name = "refresh",
	  .mode = MODE_KEEPING,
	  .in_flight = READS,
	  .http = http_script_refresh,
	  .ceiling = &ceiling_skeleton },
	{ .name = "VerifyToken",
	  .mode = MODE_KEEPING,
	  .in_flight = CALLS,
	  .rpc = rpc_script_verify,
	  .ceiling = &ceiling_echo },
	{ .name = "VerifyToken, unseen",
	  .mode = MODE_KEEPING,
	  .in_flight = CALLS,
	  .rpc = rpc_script_verify_new,
	  .ceiling = &ceiling_echo },
	{ .name = "refresh, rotating",
	  .mode = MODE_ROTATING,
	  .in_flight = CALLS,
	  .http = http_script_rotate,
	  .ceiling = &ceiling_skeleton,
	  .writes = true },
	{ .name = "durable rotation",
	  .mode = MODE_DURABLE,
	  .in_flight = CALLS,
	  .http = http_script_rotate,
	  .ceiling = &ceiling_lmdb_rotation,
	  .writes = true },
	{ .name = "durable rotation, RPC",
	  .mode = MODE_DURABLE,
	  .in_flight = CALLS,
	  .rpc = rpc_script_rotate,
	  .ceiling = &ceiling_lmdb_rotation,
	  .writes = true },
};

const struct row *
row_list(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

unsigned
row_in_flight(const struct stage *stage, const struct row *row)
{
	return row->in_flight < stage->in_flight_max ? row->in_flight
	                                             : stage->in_flight_max;
}

struct load
row_start_subject(struct stage *stage, const struct row *row,
                  struct meter *meter)
{
	unsigned count = row_in_flight(stage, row);
	struct http_load_options http;
	struct rpc_load_options rpc;

	if (row->http != NULL) {
		http = (struct http_load_options){
			.port = stage->deployment.gateway_port,
			.connections = count,
			.script = row->http(&stage->jar),
		};
		return http_load_start(&http, meter);
	}
	rpc = (struct rpc_load_options){
		.hop = deployment_dial(&stage->deployment),
		.calls = count,
		.script = row->rpc(stage),
	};
	return rpc_load_start(&rpc, meter);
}
