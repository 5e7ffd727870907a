#ifndef TESTS_BENCH_RPC_SCRIPTS_H
#define TESTS_BENCH_RPC_SCRIPTS_H

#include "tests/bench/rpc_load.h"
#include "tests/bench/stage.h"

/*
 * What is said to the server directly; the stage is lent for as long as the
 * script.
 */

/* rpc_script_verify: is the access token of a session in the jar good? */
struct rpc_script rpc_script_verify(struct stage *stage);

/* rpc_script_verify_new: the same of the next token on the pile. */
struct rpc_script rpc_script_verify_new(struct stage *stage);

/* rpc_script_rotate: Refresh, going on with the token of the answer. */
struct rpc_script rpc_script_rotate(struct stage *stage);

#endif
