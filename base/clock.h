#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Read once per request and passed on as a value, so that tests can set it. */

/* clock_wall_us returns microseconds since the Unix epoch, UTC. */
int64_t clock_wall_us(void);

/* clock_monotonic_ms returns milliseconds that never jump: for deadlines. */
int64_t clock_monotonic_ms(void);

/* clock_utc_text writes "2026-01-31T23:59:59Z", or "?", and returns it. */
#define CLOCK_UTC_SIZE 24 /* bytes, with the NUL */
const char *clock_utc_text(int64_t wall_us, char out[CLOCK_UTC_SIZE]);

#endif
