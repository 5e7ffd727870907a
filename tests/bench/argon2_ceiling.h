#ifndef TESTS_BENCH_ARGON2_CEILING_H
#define TESTS_BENCH_ARGON2_CEILING_H

#include "tests/bench/meter.h"

/*
 * Threads that do nothing but verify one argon2id string by libsodium, with
 * the parameters of server/domain/password.h.
 */
#define ARGON2_OPSLIMIT 2
#define ARGON2_MEMLIMIT (19456UL * 1024) /* bytes */

/* argon2_ceiling_start starts the threads; one per core is the ceiling. */
struct load argon2_ceiling_start(unsigned threads, struct meter *meter);

#endif
