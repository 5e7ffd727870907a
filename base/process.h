#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <signal.h>
#include <stdint.h>

#include "base/code.h"

/*
 * What a program arranges with the kernel before it handles secrets or starts
 * threads.
 */

/*
 * process_harden: no core dumps, no debugger of the same user, files made for
 * their owner only, SIGPIPE ignored. Cannot fail on Linux.
 */
void process_harden(void);

/*
 * process_limit_files sets how many descriptors may be open. PERMISSION_DENIED
 * when the hard limit is lower; it is then what applies.
 */
NODISCARD enum code process_limit_files(uint64_t count);

/* process_cpu_count returns how many cores this process may use; 1 or more. */
unsigned process_cpu_count(void);

/*
 * process_block_signals fills *set with SIGTERM, SIGINT and SIGHUP and blocks
 * them, for this thread and those it starts: process_wait_signal takes them.
 */
void process_block_signals(sigset_t *set);

/*
 * process_unblock_signal lets one of them end the process at once, as it does
 * by default: for who does not want to wait for an orderly end.
 */
void process_unblock_signal(int signal);

/* process_wait_signal returns one of them, or 0 after timeout_ms. */
int process_wait_signal(const sigset_t *set, int64_t timeout_ms);

#endif
