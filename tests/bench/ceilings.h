#ifndef TESTS_BENCH_CEILINGS_H
#define TESTS_BENCH_CEILINGS_H

#include "tests/bench/row.h"

/* argon2id by libsodium alone, a thread on each core. */
extern const struct ceiling ceiling_argon2;

/* http_load -> skeleton -> echo_server, with the row's own request and an
 * answer as long as the row's. */
extern const struct ceiling ceiling_skeleton;

/* Bare NNG contexts -> echo_server, with the lengths of the row's envelopes. */
extern const struct ceiling ceiling_echo;

/* LMDB alone, one thread, the puts of a rotation, 64 in one commit. */
extern const struct ceiling ceiling_lmdb_rotation;

/*
 * ceilings_list_reference returns further ceilings that no row is compared
 * with, measured for the reader's own comparisons. They take no row (NULL).
 */
const struct ceiling *ceilings_list_reference(size_t *count);

#endif
