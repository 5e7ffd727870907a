#ifndef SERVER_SWEEP_H
#define SERVER_SWEEP_H

#include <stdint.h>

struct store;

/*
 * sweep_run deletes what has had its time: sessions, links, throttles,
 * repetitions. A little at a time, because writers are waiting; what is left
 * comes with the next run. Logs what it did, or that it failed.
 */
void sweep_run(struct store *store, int64_t now_us);

#endif
