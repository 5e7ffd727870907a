#ifndef TESTS_BENCH_HTTP_SCRIPTS_H
#define TESTS_BENCH_HTTP_SCRIPTS_H

#include "tests/bench/http_script.h"
#include "tests/bench/token_jar.h"

/* What is said to the gateway; the jar is lent for as long as the script. */

/* http_script_login: the same person logs in again and again. */
struct http_script http_script_login(struct token_jar *jar);

/* http_script_refresh: a new access token for the pair's refresh token. */
struct http_script http_script_refresh(struct token_jar *jar);

/* http_script_rotate: the same, going on with the token of the answer. */
struct http_script http_script_rotate(struct token_jar *jar);

/* http_script_me: who the pair's access token belongs to. */
struct http_script http_script_me(struct token_jar *jar);

#endif
