#ifndef TESTS_BENCH_SUPERVISOR_H
#define TESTS_BENCH_SUPERVISOR_H

#include <stddef.h>

#define SUPERVISOR_DIR_SIZE 64 /* short: unix sockets lie below it */

/*
 * supervisor_start splits the program in two. It returns in the half that
 * works, with a new empty directory below `parent` in dir. The other half only
 * waits: when the worker has ended, however it did, and everything it started
 * is gone, it removes the directory and exits with the worker's status. So a
 * run leaves nothing behind, interrupted or not.
 */
void supervisor_start(const char *parent, char dir[SUPERVISOR_DIR_SIZE]);

#endif
