#ifndef BASE_CERTIFICATE_WATCH_H
#define BASE_CERTIFICATE_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/finding.h"

/* How long before its end a certificate is warned of, in days. */
#define CERTIFICATE_WARNING_DAYS 30

#define CERTIFICATE_DETAIL_SIZE 80 /* bytes */

/*
 * certificate_judge says how long a certificate is good for yet, for people:
 * a failure if it has expired or cannot be read, a warning in its last
 * CERTIFICATE_WARNING_DAYS. now_us is Unix microseconds.
 */
enum finding_level certificate_judge(const char *path, int64_t now_us,
                                     char detail[CERTIFICATE_DETAIL_SIZE]);

/*
 * certificate_warn logs event=certificate_expires with the seconds left if
 * that is a warning or a failure; a file that cannot be read is somebody
 * else's to report. "" is no file.
 */
void certificate_warn(const char *path, int64_t now_us);

#endif
