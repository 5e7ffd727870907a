#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Read once per request and passed on as a value, so that tests can set it. */

/* clock_wall_us returns microseconds since the Unix epoch, UTC. */
int64_t clock_wall_us(void);

/* clock_monotonic_ms returns milliseconds that never jump: for deadlines. */
int64_t clock_monotonic_ms(void);

#endif
