#ifndef TESTS_BENCH_RPC_SCRIPTS_H
#define TESTS_BENCH_RPC_SCRIPTS_H

#include "tests/bench/rpc_load.h"
#include "tests/bench/token_jar.h"

/*
 * What is said to the server directly; the jar is lent for as long as the
 * script.
 */

/* rpc_script_verify: is the pair's access token good? */
struct rpc_script rpc_script_verify(struct token_jar *jar);

/* rpc_script_rotate: Refresh, going on with the token of the answer. */
struct rpc_script rpc_script_rotate(struct token_jar *jar);

#endif
